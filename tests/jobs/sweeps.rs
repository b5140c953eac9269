//! The nightly sweep: once a day in each institution, and to its end whoever goes on with it.

use std::time::Instant;

use domain::{access::PrincipalKind, id::Id};
use futures_util::future::join_all;
use persistence::{
    Operation,
    customers::cleaning::sweep::{Stage, Sweep, begin, come, enter, look, next, tell_next},
};
use tests::{
    Engine, Server, World, both, json,
    patience::{LONGEST_WAIT, commit},
    run_on,
};
use uuid::Uuid;

use super::fired_on;

const UNTIL_NOW: [(&str, &str); 2] = [
    ("EDUCRM_SWEEP_AT", "00:00"),
    ("EDUCRM_SWEEP_TIME_ZONE", "UTC"),
];

async fn sweeps(w: &World) -> Vec<String> {
    let sql = "SELECT status FROM jobs WHERE institution_id = ? AND kind = 'sweep_records'";
    w.server.texts(sql, vec![w.institution.uuid().into()]).await
}

#[test]
fn records_are_swept_once_a_day() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let Some(server) = Server::own(engine, &UNTIL_NOW) else {
            continue;
        };
        run_on(server, async |w| {
            let recruiter = w.as_recruiter();
            require_school(&w).await;
            let lean = w.new_customer("孙燕");
            recruiter.post("/api/v1/customers", &lean).await.expect(201);
            let begun = Instant::now();
            while sweeps(&w).await != ["succeeded"] {
                join_all((0..4).map(|_| fired_on(w.server))).await;
                assert!(sweeps(&w).await.len() < 2 && begun.elapsed() < LONGEST_WAIT);
            }
            fired_on(w.server).await;
            assert_eq!(sweeps(&w).await, ["succeeded"]);
            let list = recruiter.get("/api/v1/cleaning-entries").await.expect(200);
            assert_eq!(list.ids().len(), 1);
        });
    }
}

/// Lets records come on the list whose school is missing.
async fn require_school(w: &World) {
    let policy = json!({"required_fields": ["school"]});
    let boss = w.as_boss();
    boss.patch("/api/v1/quality-policy", &policy)
        .await
        .expect(200);
}

/// Goes on with a sweep to its end, as a job does.
async fn go_on(w: &World, job: Uuid) {
    let app = w.server.app.clone();
    let (institution, job) = (w.institution, Id::new(job));
    let more = async move {
        let stamp = app.clock.stamp();
        let operation = Operation::system(institution, PrincipalKind::System, "sweep", stamp);
        let (db, read, operation) = (&app.db, app.db.read(), &operation);
        let begun = commit(db, operation, |tx| async move { begin(&tx, job).await });
        let mut sweep = begun.await.unwrap();
        while sweep.stage == Stage::Looking {
            let ids = next(&read, institution, sweep.behind).await.unwrap();
            let now = app.clock.now();
            let found = look(&read, institution, &ids, now).await.unwrap();
            let found = &found;
            let entered = commit(
                db,
                operation,
                |tx| async move { enter(&tx, job, found).await },
            );
            entered.await.unwrap();
            let (stage, behind) = match ids.last() {
                Some(last) => (Stage::Looking, last.uuid()),
                None => (Stage::Telling, Uuid::nil()),
            };
            sweep = Sweep { stage, behind };
            let come = commit(
                db,
                operation,
                |tx| async move { come(&tx, job, sweep).await },
            );
            come.await.unwrap();
        }
        let tell = |tx| async move { tell_next(&tx, job).await };
        while commit(db, operation, tell).await.unwrap() {}
    };
    w.server.inside(more).await;
}

both! {
    async fn whoever_goes_on_with_a_sweep_begins_where_it_stood_and_tells_nobody_twice(w: World) {
        let recruiter = w.as_recruiter();
        require_school(&w).await;
        let mut customers = Vec::new();
        for name in ["孙燕", "李雷"] {
            let made = recruiter.post("/api/v1/customers", &w.new_customer(name)).await;
            customers.push(made.expect(201).id());
        }
        customers.sort();
        let job = Uuid::now_v7();
        let behind: Uuid = customers[0].parse().unwrap();
        w.execute("INSERT INTO sweeps (institution_id, job_id, stage, behind_id) VALUES (?, ?, 'looking', ?)",
            vec![w.institution.uuid().into(), job.into(), behind.into()]).await.unwrap();
        for _ in 0..2 {
            go_on(&w, job).await;
            let list = recruiter.get("/api/v1/cleaning-entries").await.expect(200);
            let found: Vec<_> = list.json["items"].as_array().unwrap().iter().map(|item| item["customer_id"].clone()).collect();
            assert_eq!(found, [json!(customers[1])]);
            let notices = recruiter.get("/api/v1/notices").await.expect(200);
            assert_eq!(notices.ids().len(), 1);
        }
    }
}
