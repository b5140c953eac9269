//! Lists as schools really keep them, against what a careful clerk would store.

use std::{collections::HashMap, path::Path};

use tests::{Engine, Value, World, both, leads, run};

use super::{begin, ended, rows};

/// Rows whose outcome is not as the truth has it.
fn wrong(truth: &[Value], rows: &[Value]) -> Vec<String> {
    // The header is row 1 in our count.
    let number = |row: &Value| row["row"].as_i64().unwrap();
    let told: HashMap<i64, &Value> = rows.iter().map(|row| (number(row) - 1, row)).collect();
    let mut wrong = Vec::new();
    for row in truth {
        let problems = row["problems"].as_array().unwrap();
        let expected = if !problems.is_empty() {
            "failed"
        } else if row["duplicate_of_row"].is_number() {
            "duplicate"
        } else {
            "created"
        };
        let ours = told[&number(row)];
        let codes = ours["problems"].as_array().unwrap();
        let has = |code: &Value| codes.iter().any(|ours| ours["code"] == *code);
        if ours["outcome"] != expected || !problems.iter().all(has) {
            wrong.push(format!("{row}, ours {ours}"));
        }
    }
    wrong
}

fn given(engine: Engine) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let Ok(truth) = std::fs::read_to_string(folder.join("leads-truth.jsonl")) else {
        return;
    };
    let parse = |line: &str| -> Value { serde_json::from_str(line).unwrap() };
    let truth: Vec<Value> = truth.lines().map(parse).collect();
    for name in ["leads-gb18030.csv", "leads-utf8-bom.csv", "leads.xlsx"] {
        let content = std::fs::read(folder.join(name)).unwrap();
        let truth = truth.clone();
        run(engine, |w: World| async move {
            let boss = w.as_boss();
            let begun = std::time::Instant::now();
            let job = begin(&w, &boss, name, &content, "commit").await;
            let done = ended(&boss, &job).await;
            println!("{name} on {engine:?}: {:?}", begun.elapsed());
            let rows = rows(&boss, &done).await;
            assert_eq!(rows.len(), truth.len(), "{name}");
            let wrong = wrong(&truth, &rows);
            assert!(
                wrong.len() * 100 < truth.len(),
                "{name}: {} {wrong:#?}",
                wrong.len()
            );
            let refused = truth
                .iter()
                .filter(|row| row["problems"] != tests::json!([]));
            assert_eq!(done.json["counts"]["failed"], refused.count());
        });
    }
}

#[test]
fn the_given_lists_are_taken_in_as_a_clerk_would_on_sqlite() {
    given(Engine::Sqlite);
}

#[test]
fn the_given_lists_are_taken_in_as_a_clerk_would_on_postgres() {
    given(Engine::Postgres);
}

both! {
    async fn a_list_of_our_own_is_taken_in_as_it_was_meant(w: World) {
        let list = leads::generate(7, 300);
        let boss = w.as_boss();
        for (mode, content) in [("validate", list.csv.clone().into_bytes()), ("commit", list.gb18030())] {
            let done = ended(&boss, &begin(&w, &boss, "a.csv", &content, mode).await).await;
            let wrong = wrong(&list.truth, &rows(&boss, &done).await);
            assert!(wrong.is_empty(), "{wrong:#?}");
        }
    }
}
