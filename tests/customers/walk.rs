//! A walk by cursor while others write (I-45).

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

use futures_util::future::{join, join_all};
use tests::{Actor, World, both, json, patience::patiently};

const ROWS: usize = 300;
const WRITERS: usize = 4;

/// Makes customers, sixteen at a time.
async fn make(w: &World, actor: &Actor, count: usize) -> Vec<String> {
    let body = w.new_customer("张伟");
    let mut ids = Vec::new();
    while ids.len() < count {
        let some = (count - ids.len()).min(16);
        let made = join_all((0..some).map(|_| actor.post("/api/v1/customers", &body))).await;
        ids.extend(made.into_iter().map(|answer| answer.expect(201).id()));
    }
    ids
}

/// Inserts, changes and deletes until the walks are over.
async fn write(w: &World, mut mine: Vec<String>, over: &AtomicBool, written: &AtomicUsize) {
    let manager = w.as_manager();
    let body = w.new_customer("李雷");
    let mut turn = 0;
    while !over.load(Ordering::Relaxed) {
        let made = manager
            .post("/api/v1/customers", &body)
            .await
            .expect(201)
            .id();
        written.fetch_add(1, Ordering::Relaxed);
        mine.push(made);
        turn += 1;
        let path = format!("/api/v1/customers/{}", mine[turn * 7 % mine.len()]);
        let change = json!({ "intent": turn % 4 + 1 });
        manager.patch(&path, &change).await.expect(200);
        written.fetch_add(1, Ordering::Relaxed);
        let gone = mine.swap_remove(turn * 13 % mine.len());
        let path = format!("/api/v1/customers/{gone}");
        manager.delete(&path).await.expect(204);
        written.fetch_add(1, Ordering::Relaxed);
    }
}

/// Waits until something more is written.
async fn more(written: &AtomicUsize) {
    let before = written.load(Ordering::Relaxed);
    let now = patiently(
        async || written.load(Ordering::Relaxed),
        |now| *now == before,
    );
    assert!(now.await > before, "nothing was written meanwhile");
}

/// Every page of the list; behind each, `meanwhile`.
async fn walk(actor: &Actor, query: &str, meanwhile: impl AsyncFn()) -> Vec<String> {
    let mut seen = Vec::new();
    let mut cursor = String::new();
    for _ in 0..1_000 {
        let page = actor
            .get(&format!("/api/v1/customers?{query}{cursor}"))
            .await
            .expect(200);
        seen.extend(page.ids());
        match page.json["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return seen,
        }
        meanwhile().await;
    }
    unreachable!("the walk does not end")
}

/// Every page of a search.
async fn search(actor: &Actor, query: &str, limit: usize) -> Vec<String> {
    let mut seen = Vec::new();
    let mut body = json!({"query": query, "limit": limit});
    for _ in 0..1_000 {
        let page = actor
            .post("/api/v1/customers/search", &body)
            .await
            .expect(200);
        seen.extend(page.ids());
        match page.json["next_cursor"].as_str() {
            Some(next) => body["cursor"] = json!(next),
            None => return seen,
        }
    }
    unreachable!("the search does not end")
}

fn assert_complete(what: &str, seen: &[String], stayed: &BTreeSet<String>) {
    let set: BTreeSet<String> = seen.iter().cloned().collect();
    assert_eq!(set.len(), seen.len(), "{what}: a row was seen twice");
    let missed: Vec<_> = stayed.difference(&set).collect();
    assert!(
        missed.is_empty(),
        "{what}: {} rows were not seen",
        missed.len()
    );
}

both! {
    async fn a_row_that_stays_is_seen_once_while_others_come_and_go(w: World) {
        let manager = w.as_manager();
        let mut stayed = BTreeSet::new();
        let mut theirs = vec![Vec::new(); WRITERS];
        // Rows that stay and rows that the writers will take away, mixed.
        for n in 0..10 {
            let ids = make(&w, &manager, ROWS / 10).await;
            stayed.extend(ids);
            theirs[n % WRITERS].extend(make(&w, &w.as_recruiter(), 8).await);
        }
        assert_eq!(stayed.len(), ROWS);
        let over = AtomicBool::new(false);
        let written = AtomicUsize::new(0);
        let writers = join_all(theirs.into_iter().map(|mine| write(&w, mine, &over, &written)));
        let walks = async {
            for (actor, query) in [
                (w.as_manager(), "limit=17"),
                (w.as_boss(), "limit=19&sort=created_at"),
                (w.as_manager(), "limit=23&stage=lead&sort=created_at"),
            ] {
                let seen = walk(&actor, query, async || more(&written).await).await;
                assert_complete(query, &seen, &stayed);
            }
            let seen = search(&w.as_manager(), "张伟", 31).await;
            assert_complete("search", &seen, &stayed);
            over.store(true, Ordering::Relaxed);
        };
        join(writers, walks).await;
    }

    async fn rows_of_the_same_moment_are_told_apart_by_their_ids(w: World) {
        let ids = make(&w, &w.as_manager(), 40).await;
        let moment = vec![w.institution.uuid().into()];
        w.execute("UPDATE customers SET created_at = 1700000000000000 WHERE institution_id = ?", moment)
            .await.unwrap();
        let mut expected = ids;
        expected.sort();
        for limit in [1, 3, 39, 40] {
            assert_eq!(walk(&w.as_manager(), &format!("limit={limit}&sort=created_at"), async || ()).await, expected);
            let mut newest = walk(&w.as_boss(), &format!("limit={limit}"), async || ()).await;
            newest.reverse();
            assert_eq!(newest, expected);
        }
    }
}
