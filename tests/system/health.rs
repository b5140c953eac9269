//! What a balancer is told.

use std::path::Path;

use tests::{
    Engine,
    client::{Connection, request},
    process::{Process, Site},
};

const DRILL: &str = env!("CARGO_BIN_EXE_drill");

/// Status of an answer on a connection of its own; `None` once nobody answers.
fn asked(process: &Process, path: &str) -> Option<u16> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut connection = Connection::open(process.address).await.ok()?;
        let answer = connection.send(&request("GET", path, "", &[], "")).await;
        answer.ok().map(|answer| answer.status)
    })
}

fn drained(engine: Engine) {
    let Some(site) = Site::new(engine, &[("EDUCRM_DRAIN_SECONDS", "10")]) else {
        return;
    };
    site.prepare(async |_| ());
    let process = site.start(Path::new(DRILL));
    assert_eq!(asked(&process, "/readyz"), Some(200));
    process.ask_to_stop();
    process.until("it says that it stops", || {
        (asked(&process, "/readyz") != Some(200)).then_some(())
    });
    // It says so, and goes on serving those who have not heard it.
    assert_eq!(asked(&process, "/readyz"), Some(503));
    assert_eq!(asked(&process, "/api/v1/enums"), Some(200));
    assert!(process.ended_well());
}

#[test]
fn a_server_says_that_it_is_about_to_stop_and_still_serves_on_sqlite() {
    drained(Engine::Sqlite);
}

#[test]
fn a_server_says_that_it_is_about_to_stop_and_still_serves_on_postgres() {
    drained(Engine::Postgres);
}
