//! T-08 and T-02 in small counts; `drill crash` and `drill idem` run them long.
use std::path::Path;

use tests::{Engine, drills};

const DRILL: &str = env!("CARGO_BIN_EXE_drill");

fn killed(engine: Engine) {
    if let Some(report) = drills::crash(Path::new(DRILL), engine, 5, 8) {
        println!("{report}");
    }
}

fn repeated(engine: Engine) {
    if let Some(report) = drills::repetition(Path::new(DRILL), engine, 60, 4, 2) {
        println!("{report}");
    }
}

#[test]
fn what_was_acknowledged_outlives_a_kill_on_sqlite() {
    killed(Engine::Sqlite);
}

#[test]
fn what_was_acknowledged_outlives_a_kill_on_postgres() {
    killed(Engine::Postgres);
}

#[test]
fn a_key_has_one_effect_and_one_answer_on_sqlite() {
    repeated(Engine::Sqlite);
}

#[test]
fn a_key_has_one_effect_and_one_answer_on_postgres() {
    repeated(Engine::Postgres);
}
