//! A share opens one customer to a person or a team beyond holder and campus.

use std::collections::BTreeSet;

use sea_orm::Value as SqlValue;
use tests::{Actor, Engine, Server, World, both, json, run_on};
use uuid::Uuid;

const HOUR: i64 = 3_600_000_000;

/// Shares a customer, until a time in microseconds or for ever.
async fn share(w: &World, customer: &str, grantee: Uuid, can_write: bool, until: Option<i64>) {
    w.execute(
        "INSERT INTO customer_shares (institution_id, grantee_id, customer_id, customer_created_at, \
         can_write, until, created_at) \
         SELECT institution_id, ?, id, created_at, ?, ?, created_at FROM customers \
         WHERE institution_id = ? AND id = ?",
        vec![
            grantee.into(),
            can_write.into(),
            SqlValue::BigInt(until),
            w.institution.uuid().into(),
            customer.parse::<Uuid>().unwrap().into(),
        ],
    )
    .await
    .unwrap();
}

fn now(w: &World) -> i64 {
    w.server.app.clock.now().as_microsecond()
}

/// Customers of the south campus's pool, oldest first.
async fn southern(w: &World, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for _ in 0..count {
        let mut body = w.new_customer("张伟");
        body["campus_id"] = json!(w.places.south);
        body["holder_id"] = json!(w.places.south);
        ids.push(
            w.as_boss()
                .post("/api/v1/customers", &body)
                .await
                .expect(201)
                .id(),
        );
    }
    ids
}

fn path(id: &str) -> String {
    format!("/api/v1/customers/{id}")
}

/// Every page of the list of customers, joined.
async fn walk(actor: &Actor, limit: usize, sort: &str) -> Vec<String> {
    walk_list(actor, "customers", limit, sort).await
}

/// Every page of a list, joined.
async fn walk_list(actor: &Actor, list: &str, limit: usize, sort: &str) -> Vec<String> {
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = actor
            .get(&format!("/api/v1/{list}?limit={limit}&sort={sort}{cursor}"))
            .await
            .expect(200);
        seen.extend(page.ids());
        match page.json["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return seen,
        }
    }
}

/// Every page of a search, joined.
async fn find(actor: &Actor, limit: usize) -> Vec<String> {
    let mut seen = Vec::new();
    let mut body = json!({"query": "张伟", "limit": limit});
    loop {
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
}

/// Whether somebody sees a customer, by every way of seeing it at once.
async fn sees(actor: &Actor, id: &str) -> bool {
    let answers = [
        actor.get(&path(id)).await.status == 200,
        walk(actor, 50, "-created_at")
            .await
            .contains(&id.to_owned()),
        find(actor, 50).await.contains(&id.to_owned()),
    ];
    assert!(
        answers.iter().all(|a| *a == answers[0]),
        "get, list, search: {answers:?}"
    );
    answers[0]
}

both! {
    async fn a_share_opens_a_customer_to_a_person(w: World) {
        let id = &southern(&w, 2).await[0];
        let recruiter = w.as_recruiter();
        assert!(!sees(&recruiter, id).await);
        share(&w, id, recruiter.principal.uuid(), false, None).await;
        assert!(sees(&recruiter, id).await);
        assert_eq!(walk(&recruiter, 50, "-created_at").await, [id.as_str()]);
        assert!(!sees(&w.as_colleague(), id).await);
        assert!(!sees(&w.as_manager(), id).await);
    }

    async fn a_share_opens_a_customer_to_everybody_whose_home_is_the_team(w: World) {
        let id = &southern(&w, 1).await[0];
        share(&w, id, w.places.team.uuid(), false, None).await;
        for (who, opened) in [("recruiter", true), ("colleague", true), ("supervisor", false), ("outsider", false), ("service", false)] {
            assert_eq!(sees(&w.actor(who), id).await, opened, "{who}");
        }
    }

    async fn a_share_to_read_opens_no_change(w: World) {
        let ids = southern(&w, 2).await;
        let recruiter = w.as_recruiter();
        let manager = w.as_manager();
        manager.get(&path(&ids[0])).await.expect(404);
        for id in &ids {
            share(&w, id, recruiter.principal.uuid(), false, None).await;
            share(&w, id, manager.principal.uuid(), false, None).await;
        }
        w.as_boss().delete(&path(&ids[1])).await.expect(204);
        let before = w.server.contents(w.institution).await;
        let nothing = path(&Uuid::now_v7().to_string());
        for change in [json!({"intent": 1}), json!({"name": "张伟"}), json!({})] {
            let refused = recruiter.patch(&path(&ids[0]), &change).await.expect_problem(404, "not_found");
            assert_eq!(refused.essence(), recruiter.patch(&nothing, &change).await.essence());
        }
        manager.delete(&path(&ids[0])).await.expect_problem(404, "not_found");
        manager.post(&format!("{}/restore", path(&ids[1])), &json!(null)).await
            .expect_problem(404, "not_found");
        assert_eq!(before, w.server.contents(w.institution).await);
    }

    async fn a_share_to_write_opens_changes_too(w: World) {
        let ids = southern(&w, 2).await;
        let recruiter = w.as_recruiter();
        share(&w, &ids[0], recruiter.principal.uuid(), true, None).await;
        share(&w, &ids[1], w.places.team.uuid(), true, None).await;
        for id in &ids {
            recruiter.patch(&path(id), &json!({"intent": 2})).await.expect(200);
        }
        w.as_outsider().patch(&path(&ids[0]), &json!({"intent": 3})).await.expect(404);
        // To write by one share and only to read by the other is to write.
        share(&w, &ids[0], w.places.team.uuid(), false, None).await;
        recruiter.patch(&path(&ids[0]), &json!({"intent": 4})).await.expect(200);
        w.as_colleague().patch(&path(&ids[0]), &json!({"intent": 3})).await.expect(404);
    }

    async fn a_share_gives_no_permission(w: World) {
        let id = &southern(&w, 1).await[0];
        let (finance, teacher, recruiter) = (w.actor("finance"), w.actor("teacher"), w.as_recruiter());
        let employee = w.hire(&["employee"], w.places.north, None).await;
        for actor in [&finance, &teacher, &employee, &recruiter] {
            share(&w, id, actor.principal.uuid(), true, None).await;
        }
        finance.get(&path(id)).await.expect(200);
        finance.patch(&path(id), &json!({"intent": 1})).await.expect_problem(403, "permission_missing");
        employee.get(&path(id)).await.expect_problem(403, "permission_missing");
        // Who reaches own students only reaches no one else by a share.
        teacher.get(&path(id)).await.expect_problem(404, "not_found");
        recruiter.delete(&path(id)).await.expect_problem(403, "permission_missing");
    }

    async fn a_share_that_has_ended_opens_nothing(w: World) {
        let ids = southern(&w, 3).await;
        let recruiter = w.as_recruiter();
        for (id, until) in ids.iter().zip([now(&w) - 1, 0, now(&w) + HOUR]) {
            share(&w, id, recruiter.principal.uuid(), true, Some(until)).await;
        }
        for (id, open) in ids.iter().zip([false, false, true]) {
            assert_eq!(sees(&recruiter, id).await, open);
            let status = if open { 200 } else { 404 };
            recruiter.patch(&path(id), &json!({"intent": 1})).await.expect(status);
        }
    }

    async fn a_deleted_customer_is_shared_with_nobody(w: World) {
        let id = &southern(&w, 1).await[0];
        let recruiter = w.as_recruiter();
        share(&w, id, recruiter.principal.uuid(), true, None).await;
        w.as_boss().delete(&path(id)).await.expect(204);
        assert!(!sees(&recruiter, id).await);
        recruiter.patch(&path(id), &json!({"intent": 1})).await.expect(404);
    }

    async fn a_customer_that_is_open_in_several_ways_is_listed_once(w: World) {
        let recruiter = w.as_recruiter();
        let service = w.actor("service");
        let mut all = Vec::new();
        for _ in 0..7 {
            all.push(recruiter.post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201).id());
            all.extend(southern(&w, 1).await);
        }
        let both_ways = w.hire(&["recruiter", "customer_service"], w.places.north, Some(w.places.team)).await;
        for id in &all {
            for grantee in [recruiter.principal.uuid(), service.principal.uuid(), both_ways.principal.uuid(), w.places.team.uuid()] {
                share(&w, id, grantee, false, None).await;
            }
        }
        let newest: Vec<_> = all.iter().rev().cloned().collect();
        for actor in [&recruiter, &service, &both_ways] {
            for limit in [1, 2, 3, 5, 13, 14, 200] {
                assert_eq!(walk(actor, limit, "-created_at").await, newest, "limit {limit}");
                assert_eq!(walk(actor, limit, "created_at").await, all, "limit {limit}");
                assert_eq!(find(actor, limit).await, newest, "search, limit {limit}");
            }
        }
    }

    async fn what_several_people_of_a_team_hold_is_listed_in_one_order(w: World) {
        let mut team = vec![w.as_recruiter()];
        for _ in 0..4 {
            team.push(w.hire(&["recruiter"], w.places.north, Some(w.places.team)).await);
        }
        let leader = w.actor("supervisor");
        let (mut customers, mut follow_ups) = (Vec::new(), Vec::new());
        // Some hold many in a row, one holds none.
        for holder in [0, 0, 0, 1, 3, 2, 3, 0, 1, 1, 1, 2, 0] {
            let id = team[holder].post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201).id();
            let said = json!({"customer_id": id, "method": "phone", "outcome": "interested"});
            follow_ups.push(team[holder].post("/api/v1/follow-ups", &said).await.expect(201).id());
            customers.push(id);
        }
        // One of them is open to the leader in another way too.
        share(&w, &customers[4], leader.principal.uuid(), false, None).await;
        for (list, oldest) in [("customers", &customers), ("follow-ups", &follow_ups)] {
            let newest: Vec<_> = oldest.iter().rev().cloned().collect();
            for limit in [1, 2, 5, 12, 13, 200] {
                assert_eq!(walk_list(&leader, list, limit, "-created_at").await, newest, "{list}, limit {limit}");
                assert_eq!(walk_list(&leader, list, limit, "created_at").await, *oldest, "{list}, limit {limit}");
            }
        }
    }

    async fn filters_hold_for_shared_customers_too(w: World) {
        let ids = southern(&w, 4).await;
        let recruiter = w.as_recruiter();
        for id in &ids {
            share(&w, id, recruiter.principal.uuid(), false, None).await;
        }
        w.as_boss().patch(&path(&ids[2]), &json!({"stage": "interested", "intent": 3})).await.expect(200);
        for (query, expected) in [
            ("stage=interested".to_owned(), vec![&ids[2]]),
            ("intent=3".to_owned(), vec![&ids[2]]),
            (format!("holder_id={}", w.places.south), vec![&ids[3], &ids[2], &ids[1], &ids[0]]),
            (format!("campus_id={}", w.places.north), vec![]),
        ] {
            let seen = recruiter.get(&format!("/api/v1/customers?{query}")).await.expect(200).ids();
            assert_eq!(seen.iter().collect::<Vec<_>>(), expected, "{query}");
        }
    }

    async fn a_share_opens_no_row_of_another_institution(w: World) {
        let stranger = w.as_stranger();
        let mine = southern(&w, 1).await.remove(0);
        let mut body = w.new_customer("张伟");
        body["campus_id"] = json!(w.other_places.north);
        let theirs = stranger.post("/api/v1/customers", &body).await.expect(201).id();
        // Grantees are not checked against the institution by the database.
        share(&w, &mine, stranger.principal.uuid(), true, None).await;
        assert!(!sees(&stranger, &mine).await);
        stranger.patch(&path(&mine), &json!({"intent": 1})).await.expect_problem(404, "not_found");
        // A row that would open theirs to us can't be written.
        let written = w.execute(
            "INSERT INTO customer_shares (institution_id, grantee_id, customer_id, \
             customer_created_at, can_write, created_at) VALUES (?, ?, ?, 0, ?, 0)",
            vec![
                w.institution.uuid().into(),
                w.as_recruiter().principal.uuid().into(),
                theirs.parse::<Uuid>().unwrap().into(),
                true.into(),
            ],
        ).await;
        assert!(written.is_err());
        assert!(!sees(&w.as_recruiter(), &theirs).await);
    }

    async fn a_share_opens_one_customer_and_no_more(w: World) {
        let ids = southern(&w, 5).await;
        let recruiter = w.as_recruiter();
        share(&w, &ids[2], recruiter.principal.uuid(), true, None).await;
        let seen: BTreeSet<_> = find(&recruiter, 1).await.into_iter().collect();
        assert_eq!(seen, BTreeSet::from([ids[2].clone()]));
        for id in [0, 1, 3, 4].map(|n| &ids[n]) {
            recruiter.get(&path(id)).await.expect(404);
        }
    }
}

/// On a clock that moves: a share ends in time although nothing is written.
async fn ending(w: World) {
    let id = southern(&w, 1).await.remove(0);
    let recruiter = w.as_recruiter();
    let minute = HOUR / 60;
    share(
        &w,
        &id,
        recruiter.principal.uuid(),
        true,
        Some(now(&w) + minute),
    )
    .await;
    assert!(sees(&recruiter, &id).await);
    w.server
        .app
        .clock
        .advance(jiff::SignedDuration::from_mins(1));
    assert!(!sees(&recruiter, &id).await);
    recruiter
        .patch(&path(&id), &json!({"intent": 1}))
        .await
        .expect(404);
}

fn with_own_clock(engine: Engine) {
    if let Some(server) = Server::own(engine, &[]) {
        run_on(server, ending);
    }
}

#[test]
fn a_share_ends_with_its_time_on_sqlite() {
    with_own_clock(Engine::Sqlite);
}

#[test]
fn a_share_ends_with_its_time_on_postgres() {
    with_own_clock(Engine::Postgres);
}
