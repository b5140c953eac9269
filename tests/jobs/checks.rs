//! The daily check of what must always hold.

use std::{fs, path::Path, time::Instant};

use domain::{access::PrincipalKind, id::Id, organization::Institution};
use educrm::app::App;
use futures_util::future::join_all;
use persistence::Operation;
use sea_orm::{ConnectionTrait, Statement};
use tests::{
    Actor, Engine, Server, Value, World,
    patience::LONGEST_WAIT,
    process::{LONGEST_START, Site},
    run_on,
};

use super::fired_on;

const UNTIL_NOW: [(&str, &str); 3] = [
    ("EDUCRM_CHECK_AT", "00:00"),
    ("EDUCRM_CHECK_TIME_ZONE", "UTC"),
    ("EDUCRM_METRICS_LISTEN", "127.0.0.1:0"),
];
/// Versions of which nobody was told.
const AHEAD: &str = "UPDATE departments SET version = version + 1 WHERE institution_id = ?";
const BROKEN: &str = "every_change_has_its_event";

/// What became of the checks of an institution, oldest first.
async fn checks(server: &Server, institution: Id<Institution>) -> Vec<String> {
    let sql = "SELECT status || ' ' || coalesce(problem, '-') FROM jobs \
               WHERE institution_id = ? AND kind = 'check_invariants' ORDER BY id";
    server.texts(sql, vec![institution.uuid().into()]).await
}

/// Looks after the schedules until an institution has so many checks behind it.
async fn checked(server: &Server, institution: Id<Institution>, count: usize) -> Vec<String> {
    let begun = Instant::now();
    loop {
        fired_on(server).await;
        let found = checks(server, institution).await;
        let ended = |check: &String| !check.starts_with("queued") && !check.starts_with("running");
        if found.len() >= count && found.iter().all(ended) {
            return found;
        }
        assert!(begun.elapsed() < LONGEST_WAIT, "it does not end: {found:?}");
    }
}

/// The day before is over, and another begins.
async fn next_day(server: &Server, institution: Id<Institution>) {
    let sql = "UPDATE schedule_ticks SET tick = tick - 1 WHERE institution_id = ?";
    let values = vec![institution.uuid().into()];
    server.execute(institution, sql, values).await.unwrap();
}

async fn notices(of: &Actor) -> Vec<Value> {
    let page = of.get("/api/v1/notices").await.expect(200);
    page.json["items"].as_array().unwrap().clone()
}

async fn violations(w: &World) -> String {
    let url = format!("http://{}/metrics", w.server.metrics.unwrap());
    let text = w
        .client
        .get(url)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let label = format!(r#"educrm_invariant_violations_total{{invariant="{BROKEN}"}} "#);
    let line = text.lines().find_map(|line| line.strip_prefix(&label));
    line.unwrap_or("absent").to_owned()
}

fn own<Fut: Future<Output = ()>>(engine: Engine, story: impl FnOnce(World) -> Fut + Send) {
    if let Some(server) = Server::own(engine, &UNTIL_NOW) {
        run_on(server, story);
    }
}

macro_rules! both_on_their_own {
    ($( fn $name:ident = $story:ident; )+) => {
        $(
            mod $name {
                use super::*;

                #[test]
                fn on_sqlite() {
                    own(Engine::Sqlite, $story);
                }

                #[test]
                fn on_postgres() {
                    own(Engine::Postgres, $story);
                }
            }
        )+
    };
}

both_on_their_own! {
    fn a_sound_institution_is_checked_once_a_day = sound;
    fn what_is_broken_is_told_where_it_is = broken;
}

async fn sound(w: World) {
    assert_eq!(violations(&w).await, "0");
    assert_eq!(checked(w.server, w.institution, 1).await, ["succeeded -"]);
    join_all((0..8).map(|_| fired_on(w.server))).await;
    assert_eq!(checked(w.server, w.other, 1).await, ["succeeded -"]);
    fired_on(w.server).await;
    assert_eq!(checks(w.server, w.institution).await.len(), 1);
    assert_eq!(checks(w.server, w.other).await.len(), 1);
    assert!(notices(&w.as_boss()).await.is_empty());
    next_day(w.server, w.institution).await;
    let checks = checked(w.server, w.institution, 2).await;
    assert_eq!(checks, ["succeeded -", "succeeded -"]);
    assert_eq!(violations(&w).await, "0");
}

async fn broken(w: World) {
    let values = vec![w.other.uuid().into()];
    let departments = w.server.execute(w.other, AHEAD, values).await.unwrap();
    // It may have been checked before it was broken.
    checked(w.server, w.other, 1).await;
    next_day(w.server, w.other).await;
    let checks = checked(w.server, w.other, 2).await;
    assert_eq!(checks.last().unwrap(), "failed invariants_broken");
    assert_eq!(checked(w.server, w.institution, 1).await, ["succeeded -"]);
    let failed = checks.iter().filter(|check| check.starts_with("failed"));
    let rows = departments * failed.count() as u64;
    assert_eq!(violations(&w).await, rows.to_string());
    let told = notices(&w.as_stranger()).await;
    assert_eq!(told[0]["kind"], "check_failed");
    assert!(notices(&w.as_boss()).await.is_empty());
}

#[test]
fn two_servers_check_an_institution_once() {
    let Some(server) = Server::own(Engine::Postgres, &UNTIL_NOW) else {
        return;
    };
    let twin = server.twin_with(&UNTIL_NOW);
    run_on(server, async |w| {
        for institution in [w.institution, w.other] {
            join_all([server, twin].map(fired_on)).await;
            checked(server, institution, 1).await;
        }
        join_all([server, twin].map(fired_on)).await;
        assert_eq!(checks(server, w.institution).await, ["succeeded -"]);
        assert_eq!(checks(server, w.other).await, ["succeeded -"]);
    });
}

fn logged(engine: Engine) {
    let Some(site) = Site::new(engine, &UNTIL_NOW) else {
        return;
    };
    let school = site.prepare(async |app: App| {
        let school = tests::world::settle(app.clone(), "school").await;
        let (institution, stamp) = (school.institution, app.clock.stamp());
        let operation = Operation::system(institution, PrincipalKind::Operator, "break", stamp);
        let sql = "UPDATE departments SET version = version + 1";
        app.db
            .transaction(&operation, |tx| async move {
                let statement = Statement::from_string(tx.get_database_backend(), sql);
                Ok(tx.execute_raw(statement).await?)
            })
            .await
            .unwrap();
        school
    });
    let server = site.start(Path::new(env!("CARGO_BIN_EXE_drill")));
    let begun = Instant::now();
    let line = loop {
        let log = fs::read_to_string(site.folder.join("log")).unwrap();
        if let Some(line) = log.lines().find(|l| l.contains("an invariant is broken")) {
            break serde_json::from_str::<Value>(line).unwrap();
        }
        assert!(begun.elapsed() < LONGEST_START, "nothing is logged: {log}");
    };
    server.stop();
    assert_eq!(line["level"], "ERROR");
    assert_eq!(line["invariant"], BROKEN);
    assert_eq!(line["institution"], school.institution.to_string());
    assert!(line["rows"].as_u64().unwrap() > 0);
}

#[test]
fn what_is_broken_is_an_error_in_the_log_on_sqlite() {
    logged(Engine::Sqlite);
}

#[test]
fn what_is_broken_is_an_error_in_the_log_on_postgres() {
    logged(Engine::Postgres);
}
