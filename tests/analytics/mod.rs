//! Reports: numbers without the people.

mod day;
mod days;

use tests::{Actor, Answer, Value, World, json};

/// The day of the north campus; today, without `on`.
async fn report(actor: &Actor, w: &World, on: Option<&str>) -> Answer {
    let on = on.map(|day| format!("?on={day}")).unwrap_or_default();
    let path = format!("/api/v1/campuses/{}/day-report{on}", w.places.north);
    actor.get(&path).await
}

/// New leads, follow-ups done and due, new enrollments.
fn counts(report: &Value) -> [i64; 4] {
    [
        &report["new_leads"],
        &report["follow_ups"]["done"],
        &report["follow_ups"]["due"],
        &report["new_enrollments"],
    ]
    .map(|count| count.as_i64().unwrap())
}

/// Received, voided and net of what came in, or of one method of it.
fn money(takings: &Value) -> [i64; 3] {
    ["received", "voided", "net"].map(|part| takings[part]["amount_minor"].as_i64().unwrap())
}

/// Takes money at the north campus.
async fn pay(cashier: &Actor, w: &World, customer: &str, method: &str, minor: i64) -> Answer {
    let body = json!({
        "payer_id": customer, "campus_id": w.places.north, "method": method,
        "amount": { "amount_minor": minor, "currency": "CNY" },
    });
    cashier.post("/api/v1/payments", &body).await.expect(201)
}

async fn void(cashier: &Actor, payment: &Answer) {
    let path = format!("/api/v1/payments/{}/void", payment.id());
    cashier
        .post(&path, &json!({"reason": "录错"}))
        .await
        .expect(200);
}
