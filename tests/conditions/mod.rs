//! Conditions: what they mean, who may ask for what, and how much.

mod agreement;
mod bounds;
mod language;
mod rights;

use tests::{Actor, Value, json};

const SEARCH: &str = "/api/v1/customers/search";

/// Whom conditions find, on as many pages as there are.
async fn found(actor: &Actor, conditions: &Value) -> Vec<String> {
    let (mut ids, mut body) = (Vec::new(), json!({"conditions": conditions, "limit": 200}));
    loop {
        let page = actor.post(SEARCH, &body).await.expect(200);
        ids.extend(page.ids());
        match page.json["next_cursor"].as_str() {
            Some(cursor) => body["cursor"] = json!(cursor),
            None => return ids,
        }
    }
}
