//! Records told apart into valid and invalid: by hand, and by the rules of the institution.

mod by_hand;
mod rules;
mod runs;

use tests::{Actor, Answer, Value, World, json};

const CUSTOMERS: &str = "/api/v1/customers";
const RULES: &str = "/api/v1/screening-rules";
const RUNS: &str = "/api/v1/screening-runs";
const PREVIEW: &str = "/api/v1/screening-preview";

/// A customer of the north campus with an intent, or of whom none is known.
async fn lead(w: &World, name: &str, intent: Option<i64>) -> String {
    let mut body = w.new_customer(name);
    if let Some(intent) = intent {
        body["intent"] = json!(intent);
    }
    let made = w.as_boss().post(CUSTOMERS, &body).await;
    made.expect(201).id()
}

async fn screen(by: &Actor, customer: &str, outcome: &str, reason: &str) -> Answer {
    let path = format!("{CUSTOMERS}/{customer}/screen");
    by.post(&path, &json!({"outcome": outcome, "reason": reason}))
        .await
}

async fn standing(by: &Actor, customer: &str) -> Value {
    let path = format!("{CUSTOMERS}/{customer}/screening-standing");
    by.get(&path).await.expect(200).json["standing"].clone()
}

/// Outcomes and reasons of what was said of a customer, the newest first.
async fn history(by: &Actor, customer: &str) -> Vec<(String, String)> {
    let path = format!("{CUSTOMERS}/{customer}/screenings");
    let page = by.get(&path).await.expect(200);
    let items = page.json["items"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    items
        .map(|item| (text(&item["outcome"]), text(&item["reason"])))
        .collect()
}

fn said(outcome: &str, reason: &str) -> (String, String) {
    (outcome.into(), reason.into())
}

/// A rule in force, on records of a field.
async fn rule(by: &Actor, conditions: Value, outcome: &str) -> String {
    let reason = match outcome {
        "valid" => "meets_criteria",
        _ => "outside_criteria",
    };
    let body = json!({"name": "筛选", "conditions": conditions, "outcome": outcome, "reason": reason, "state": "in_force"});
    by.post(RULES, &body).await.expect(201).id()
}

fn intent(op: &str, value: i64) -> Value {
    json!({"field": "intent", "op": op, "value": value})
}

async fn preview(by: &Actor, body: &Value) -> Value {
    by.post(PREVIEW, body).await.expect(200).json
}

/// How many each rule marks, in their order, and how many stay as they are.
fn counts(told: &Value) -> (Vec<i64>, i64) {
    let rules = told["rules"].as_array().unwrap().iter();
    let marked = rules.map(|rule| rule["marked"].as_i64().unwrap());
    (marked.collect(), told["unmatched"].as_i64().unwrap())
}

/// A run, once its job has succeeded.
async fn run(by: &Actor, body: &Value) -> Value {
    let job = by.post(RUNS, body).await.expect(202);
    let ended = by.ended_job(&job.id()).await;
    assert_eq!(ended.json["status"], "succeeded", "{}", ended.text);
    let id = ended.json["result"]["id"].as_str().unwrap();
    by.get(&format!("{RUNS}/{id}")).await.expect(200).json
}

/// Names that a list finds by what was last said.
async fn listed(by: &Actor, screening: &str) -> Vec<String> {
    let path = format!("{CUSTOMERS}?screening={screening}&sort=created_at&limit=200");
    names(&by.get(&path).await.expect(200).json)
}

/// The same of a search.
async fn found(by: &Actor, conditions: &Value) -> Vec<String> {
    let body = json!({"conditions": conditions, "sort": "created_at"});
    let page = by.post(&format!("{CUSTOMERS}/search"), &body).await;
    names(&page.expect(200).json)
}

fn names(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap().iter();
    items
        .map(|item| item["name"].as_str().unwrap().to_owned())
        .collect()
}
