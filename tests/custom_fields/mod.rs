mod definitions;
mod finding;
mod merge;
mod rights;
mod values;

use tests::{Actor, Answer, Value, World, json};

const FIELDS: &str = "/api/v1/custom-fields";
const CUSTOMERS: &str = "/api/v1/customers";

/// Adds a field of customers.
async fn define(actor: &Actor, code: &str, field_type: &str, more: Value) -> Answer {
    let mut body = json!({"entity": "customer", "code": code, "name": code, "type": field_type});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    actor.post(FIELDS, &body).await
}

/// A field of each type, named by it.
pub(crate) async fn define_all(w: &World) {
    let choices = json!([{"code": "bus", "name": "校车"}, {"code": "walk", "name": "步行"}, {"code": "bike", "name": "自行车"}]);
    for field_type in [
        "text",
        "number",
        "date",
        "choice",
        "multi_choice",
        "yes_no",
        "money",
        "person",
    ] {
        let more = match field_type {
            "choice" | "multi_choice" => json!({ "choices": choices }),
            "number" => json!({"decimals": 1}),
            _ => json!({}),
        };
        define(&w.as_boss(), field_type, field_type, more)
            .await
            .expect(201);
    }
}

/// A value of each.
fn one_of_each(w: &World) -> Value {
    json!({
        "text": "对花生过敏\n随身带药", "number": -1355, "date": "2026-09-01", "choice": "bus",
        "multi_choice": ["bike", "walk"], "yes_no": false,
        "money": {"amount_minor": 129_900, "currency": "CNY"}, "person": w.as_recruiter().principal,
    })
}

/// A customer with these values.
async fn customer(w: &World, values: &Value) -> Answer {
    let mut body = w.new_customer("张伟");
    body["custom_fields"] = values.clone();
    w.as_recruiter().post(CUSTOMERS, &body).await
}
