//! Positions are given to what is committed, late or early, once and without gaps (I-15, I-46).

use std::collections::BTreeSet;

use domain::{access::PrincipalKind, id::Id, organization::Institution};
use persistence::{Error, Operation, Tx, database::Change};
use sea_orm::ConnectionTrait;
use tests::{Server, World, both, chance::Chance, json};
use tokio::sync::watch;
use uuid::Uuid;

fn operation(server: &Server, institution: Id<Institution>) -> Operation {
    let stamp = server.app.clock.stamp();
    Operation::system(institution, PrincipalKind::Operator, "test", stamp)
}

/// Writes an event, and what the trail says of it, as a transaction does that goes on for a while.
async fn tell(server: &Server, tx: &Tx, event: Uuid) -> Result<(), Error> {
    let sql = "INSERT INTO events (institution_id, id, at, type, schema_version, subject_kind, \
               subject_id, subject_version, actor_id, actor_kind, data) \
               VALUES (?, ?, ?, 'customer.changed', 1, 'customer', ?, 1, ?, 'operator', ?)";
    let own = tx.operation().institution.uuid();
    let values = vec![
        own.into(),
        event.into(),
        tx.now().as_microsecond().into(),
        event.into(),
        Uuid::nil().into(),
        json!({}).into(),
    ];
    tx.execute_raw(server.statement(sql, values)).await?;
    tx.record(Change::new("customer", event, 1, json!({})));
    Ok(())
}

/// Tells of an event, and commits when `release` says so.
async fn late(
    w: &World,
    event: Uuid,
    mut release: watch::Receiver<bool>,
    begun: watch::Sender<bool>,
) {
    let (server, operation) = (w.server, operation(w.server, w.institution));
    let db = server.app.db.clone();
    let told = server
        .inside(async move {
            let (release, begun) = (&mut release, &begun);
            let release = &tokio::sync::Mutex::new(release);
            db.transaction(&operation, |tx| async move {
                tell(server, &tx, event).await?;
                begun.send_replace(true);
                let _ = release
                    .lock()
                    .await
                    .wait_for(|released| *released)
                    .await
                    .is_ok();
                Ok::<_, Error>(())
            })
            .await
        })
        .await;
    told.unwrap();
}

/// Ids of events behind a position, and the position of the last.
async fn news(w: &World, after: i64) -> (Vec<String>, i64) {
    let part = w
        .as_boss()
        .get(&format!("/api/v1/events?after={after}&limit=200"))
        .await
        .expect(200);
    (part.ids(), part.json["next_after"].as_i64().unwrap())
}

both! {
    async fn what_is_committed_late_is_not_missed(w: World) {
        let first = w.server.app.clock.stamp().id::<()>().uuid();
        let (release, released) = watch::channel(false);
        let (begun, mut has_begun) = watch::channel(false);
        let slow = late(&w, first, released, begun);
        let story = async {
            // SQLite has one writer: there the earlier id can only be written later.
            if w.server.app.db.is_postgres() {
                has_begun.wait_for(|begun| *begun).await.unwrap();
                w.as_recruiter().post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
            }
            w.server.settle().await;
            let (before, after) = news(&w, 0).await;
            release.send(true).unwrap();
            (before, after)
        };
        if !w.server.app.db.is_postgres() {
            w.as_recruiter().post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
        }
        let ((), (before, after)) = if w.server.app.db.is_postgres() {
            tokio::join!(slow, story)
        } else {
            let seen = story.await;
            (slow.await, seen)
        };
        assert!(!before.contains(&first.to_string()));
        assert!(before.last().unwrap() > &first.to_string(), "a later id was seen first");
        w.server.settle().await;
        assert_eq!(news(&w, after).await, (vec![first.to_string()], after + 1));
    }

    async fn many_writers_that_commit_or_fail_by_chance_leave_no_gap_and_nothing_out(w: World) {
        let (server, institution) = (w.server, w.institution);
        let writers = (0..16).map(|seed| async move {
            let mut chance = Chance::new(seed);
            let mut committed = Vec::new();
            for _ in 0..12 {
                let operation = operation(server, institution);
                let event = operation.stamp.id::<()>().uuid();
                let (pauses, fails) = (chance.below(20), chance.below(3) == 0);
                let db = server.app.db.clone();
                let done = server.inside(async move {
                    db.transaction(&operation, |tx| async move {
                        tell(server, &tx, event).await?;
                        for _ in 0..pauses {
                            tokio::task::yield_now().await;
                        }
                        if fails {
                            return Err(Error::Busy);
                        }
                        Ok(())
                    }).await
                }).await;
                assert_eq!(done.is_err(), fails, "{done:?}");
                if !fails {
                    committed.push(event.to_string());
                }
            }
            committed
        });
        let (finished, mut finish) = watch::channel(false);
        let write = async {
            let all = futures_util::future::join_all(writers).await;
            finished.send_replace(true);
            all
        };
        let follow = async {
            let (mut seen, mut after, mut last_look) = (Vec::new(), 0, false);
            loop {
                let (events, next) = news(&w, after).await;
                seen.extend(events);
                if last_look && next == after {
                    return seen;
                }
                if *finish.borrow_and_update() {
                    w.server.settle().await;
                    last_look = true;
                }
                after = next;
            }
        };
        let (committed, seen) = tokio::join!(write, follow);
        let committed: BTreeSet<String> = committed.into_iter().flatten().collect();
        let told: BTreeSet<String> = seen.iter().cloned().collect();
        assert_eq!(told.len(), seen.len(), "an event was seen twice");
        let own = "SELECT CAST(count(*) AS text) FROM events WHERE institution_id = ? AND type = 'customer.changed'";
        assert_eq!(w.server.texts(own, vec![institution.uuid().into()]).await, [committed.len().to_string()]);
        assert!(committed.is_subset(&told), "{:?}", committed.difference(&told));
        let gaps = "SELECT CAST(max(position) - count(*) AS text) FROM events WHERE institution_id = ?";
        assert_eq!(w.server.texts(gaps, vec![institution.uuid().into()]).await, ["0"]);
    }
}

#[test]
fn two_instances_order_one_feed_without_gaps() {
    let Some(first) = Server::own(tests::Engine::Postgres, &[]) else {
        return;
    };
    let second = first.twin();
    tests::run_on(first, |w: World| async move {
        let here = w.as_recruiter();
        let there = here.at(second);
        let body = w.new_customer("张伟");
        for _ in 0..10 {
            let (a, b) = tokio::join!(
                here.post("/api/v1/customers", &body),
                there.post("/api/v1/customers", &body)
            );
            a.expect(201);
            b.expect(201);
        }
        let since = std::time::Instant::now();
        loop {
            let part = w
                .as_boss()
                .at(second)
                .get("/api/v1/events?type=customer.created")
                .await
                .expect(200);
            if part.ids().len() == 20 {
                break;
            }
            assert!(
                since.elapsed().as_secs() < 120,
                "the other instance's events did not come"
            );
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let gaps = "SELECT CAST(max(position) - count(position) AS text) FROM events WHERE institution_id = ?";
        assert_eq!(
            w.server
                .texts(gaps, vec![w.institution.uuid().into()])
                .await,
            ["0"]
        );
    });
}
