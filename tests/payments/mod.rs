//! Charges, payments, receipts, and the books behind them.

mod access;
mod balances;
mod charges;
mod journal;
mod ledger;
mod model;
mod pay;
mod races;
mod receipts;
mod void;
mod years;

use tests::{Actor, Answer, Value, World, json};

/// An amount of renminbi.
fn cny(minor: i64) -> Value {
    json!({"amount_minor": minor, "currency": "CNY"})
}

/// A student of the north campus, held by the recruiter.
async fn student(w: &World) -> String {
    let mut body = w.new_customer("张伟");
    body["holder_id"] = json!(w.as_recruiter().principal);
    let made = w.as_boss().post("/api/v1/customers", &body).await;
    made.expect(201).id()
}

async fn charge(w: &World, customer: &str, minor: i64) -> String {
    let body = json!({"customer_id": customer, "amount": cny(minor), "description": "学费"});
    let made = cashier(w).post("/api/v1/charges", &body).await;
    made.expect(201).id()
}

/// A payment of the customer by cash at the north campus.
fn payment(w: &World, customer: &str, minor: i64) -> Value {
    json!({"payer_id": customer, "campus_id": w.places.north, "method": "cash", "amount": cny(minor)})
}

async fn pay(w: &World, customer: &str, minor: i64) -> Answer {
    let body = payment(w, customer, minor);
    cashier(w).post("/api/v1/payments", &body).await.expect(201)
}

/// Finance of the north campus.
fn cashier(w: &World) -> Actor {
    w.actor("finance")
}

async fn outstanding(w: &World, charge: &str) -> i64 {
    let read = cashier(w).get(&format!("/api/v1/charges/{charge}")).await;
    read.expect(200).json["outstanding"]["amount_minor"]
        .as_i64()
        .unwrap()
}

/// What a customer was charged, was credited, paid, owes, and has to its credit.
async fn balance(w: &World, customer: &str) -> [i64; 5] {
    let path = format!("/api/v1/customers/{customer}/balance");
    let read = cashier(w).get(&path).await.expect(200);
    ["charged", "credited", "paid", "outstanding", "credit"]
        .map(|part| read.json[part]["amount_minor"].as_i64().unwrap())
}
