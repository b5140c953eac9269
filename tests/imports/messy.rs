//! Lists as schools really keep them, against what a careful clerk would store.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
};

use domain::{email::Email, phone::Phone};
use tests::{Actor, Engine, Value, World, both, leads, run};

use super::{begin, ended, rows};

const CUSTOMERS: &str = "/api/v1/customers";

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

/// Every customer that somebody reaches, by id.
async fn kept(who: &Actor) -> HashMap<String, Value> {
    let (mut path, mut all) = (format!("{CUSTOMERS}?limit=200"), HashMap::new());
    loop {
        let page = who.get(&path).await.expect(200);
        for customer in page.json["items"].as_array().unwrap() {
            let id = customer["id"].as_str().unwrap();
            all.insert(id.to_owned(), customer.clone());
        }
        let Some(cursor) = page.json["next_cursor"].as_str() else {
            return all;
        };
        path = format!("{CUSTOMERS}?limit=200&cursor={cursor}");
    }
}

/// The contact values of a customer of one kind, in their safe form.
fn contacts(customer: &Value, kind: &str) -> Vec<String> {
    let points = customer["contact_points"].as_array().unwrap().iter();
    let points = points.filter(|point| point["kind"] == kind);
    points
        .map(|point| point["value"].as_str().unwrap().to_owned())
        .collect()
}

/// New rows of which something else is kept than the truth has it. A phone may be the guardian's.
fn lost(truth: &[Value], rows: &[Value], kept: &HashMap<String, Value>) -> Vec<String> {
    let phones: HashSet<String> = kept
        .values()
        .flat_map(|one| contacts(one, "phone"))
        .collect();
    let mut lost = Vec::new();
    for (truth, row) in truth.iter().zip(rows) {
        let Some(child) = row["customer_id"]
            .as_str()
            .filter(|_| row["outcome"] == "created")
        else {
            continue;
        };
        let (store, child) = (&truth["store"], &kept[child]);
        let or = |value: &Value, other: &str| value.as_str().unwrap_or(other).to_owned();
        let email = store["email"]
            .as_str()
            .map(|text| Email::parse(text).unwrap().masked());
        let is_kept = child["name"] == store["name"]
            && child["gender"] == or(&store["gender"], "not_given")
            && child["birth_date"] == store["birth_date"]
            && child["intent"] == store["intent"]
            && child["source_channel"] == or(&store["channel"], "other")
            && contacts(child, "email") == email.into_iter().collect::<Vec<_>>()
            && store["phones"].as_array().unwrap().iter().all(|phone| {
                phones.contains(&Phone::parse(phone.as_str().unwrap()).unwrap().masked())
            });
        if !is_kept {
            lost.push(format!("{truth}, ours {child}"));
        }
    }
    lost
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
            let lost = lost(&truth, &rows, &kept(&boss).await);
            assert!(lost.is_empty(), "{name}: {} {lost:#?}", lost.len());
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
