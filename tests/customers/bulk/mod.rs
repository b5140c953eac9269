//! Many operations on customers in one call.

mod access;
mod modes;
mod races;
mod refusals;

use tests::{Actor, Answer, Value, World, json};

const BULK: &str = "/api/v1/customers/bulk";

/// Asks for operations, those that are refused left out.
async fn best_effort(actor: &Actor, operations: Value) -> Answer {
    let call = json!({"mode": "best_effort", "operations": operations});
    actor.post(BULK, &call).await
}

/// Asks for all operations or none.
async fn all_or_nothing(actor: &Actor, operations: Value) -> Answer {
    let call = json!({"mode": "all_or_nothing", "operations": operations});
    actor.post(BULK, &call).await
}

fn create(w: &World, name: &str) -> Value {
    json!({"op": "create", "data": w.new_customer(name)})
}

fn update(id: &str, version: i64, data: Value) -> Value {
    json!({"op": "update", "id": id, "version": version, "data": data})
}

fn delete(id: &str, version: i64) -> Value {
    json!({"op": "delete", "id": id, "version": version})
}

fn transfer(id: &str, holder: impl serde::Serialize) -> Value {
    json!({"op": "transfer", "id": id, "data": {"holder_id": holder, "reason": "分班调整"}})
}

/// A customer of somebody's, by its id.
async fn customer(actor: &Actor, w: &World) -> String {
    let body = w.new_customer("张伟");
    let made = actor.post("/api/v1/customers", &body).await;
    made.expect(201).id()
}

/// What came of each operation: its status, and the code of its problem.
fn outcomes(answer: &Answer) -> Vec<(u64, String)> {
    let results = answer.json["results"].as_array().unwrap().iter();
    let outcome = |result: &Value| {
        let code = result["problem"]["code"].as_str().unwrap_or_default();
        (result["status"].as_u64().unwrap(), code.to_owned())
    };
    results.map(outcome).collect()
}

/// What is seen of a customer: its status, version and intent.
async fn seen(actor: &Actor, id: &str) -> (u16, Value, Value) {
    let read = actor.get(&format!("/api/v1/customers/{id}")).await;
    let field = |name: &str| read.json[name].clone();
    (read.status, field("version"), field("intent"))
}
