//! Receipts over the turn of the year, by servers whose clock is moved (I-05).

use jiff::{Timestamp, tz::TimeZone};
use tests::{Actor, Engine, Server, Value, World, json, run_on};

use super::{payment, student};

/// The boss, once the clock stands at an instant.
async fn boss_at(w: &World, instant: &str) -> Actor {
    let instant: Timestamp = instant.parse().unwrap();
    let clock = &w.server.app.clock;
    clock.advance(instant.duration_since(clock.now()));
    w.acting_as(w.institution, w.as_boss().principal).await
}

/// The id of a new payment at a campus, and the number of its receipt.
async fn paid(boss: &Actor, w: &World, customer: &str, campus: &str) -> (String, String) {
    let mut body = payment(w, customer, 100);
    body["campus_id"] = json!(campus);
    receipt_of(boss, body).await
}

async fn receipt_of(boss: &Actor, body: Value) -> (String, String) {
    let made = boss.post("/api/v1/payments", &body).await.expect(201);
    let number = made.json["receipt_number"].as_str().unwrap();
    (made.id(), number.to_owned())
}

async fn story(w: World) {
    let (north, south) = (w.places.north.to_string(), w.places.south.to_string());
    let zone = json!({"time_zone": "America/New_York"});
    let path = format!("/api/v1/campuses/{south}");
    w.as_boss().patch(&path, &zone).await.expect(200);
    let customer = student(&w).await;
    let shanghai = TimeZone::get("Asia/Shanghai").unwrap();
    let old = w.server.app.clock.now().to_zoned(shanghai).year();
    let new = old + 1;

    let boss = boss_at(&w, &format!("{old}-12-31T23:00:00+08:00")).await;
    let (first, number) = paid(&boss, &w, &customer, &north).await;
    assert_eq!(number, format!("R{old}-01-000001"));
    let (_, number) = paid(&boss, &w, &customer, &north).await;
    assert_eq!(number, format!("R{old}-01-000002"));

    // It is a new year at the one campus, and not yet at the other.
    let boss = boss_at(&w, &format!("{new}-01-01T00:00:01+08:00")).await;
    let (_, number) = paid(&boss, &w, &customer, &north).await;
    assert_eq!(number, format!("R{new}-01-000001"));
    let (_, number) = paid(&boss, &w, &customer, &south).await;
    assert_eq!(number, format!("R{old}-02-000001"));

    // What is voided keeps its number, and nobody gets it again.
    let void = format!("/api/v1/payments/{first}/void");
    boss.post(&void, &json!({"reason": "录错"}))
        .await
        .expect(200);
    let path = format!("/api/v1/payments/{first}/receipt");
    let receipt = boss.get(&path).await.expect(200);
    assert_eq!(receipt.json["number"], format!("R{old}-01-000001"));
    assert!(receipt.json["voided_at"].is_string(), "{}", receipt.text);
    let (_, number) = paid(&boss, &w, &customer, &north).await;
    assert_eq!(number, format!("R{new}-01-000002"));

    // The books go by when it was taken, not by when it is said to have come in.
    let mut late = payment(&w, &customer, 100);
    late["paid_on"] = json!(format!("{old}-12-31"));
    let (_, number) = receipt_of(&boss, late).await;
    assert_eq!(number, format!("R{new}-01-000003"));

    let boss = boss_at(&w, &format!("{new}-01-01T00:00:01-05:00")).await;
    let (_, number) = paid(&boss, &w, &customer, &south).await;
    assert_eq!(number, format!("R{new}-02-000001"));
}

fn tell(engine: Engine) {
    if let Some(server) = Server::own(engine, &[]) {
        run_on(server, story);
    }
}

#[test]
fn numbers_begin_anew_with_the_year_of_the_campus_on_sqlite() {
    tell(Engine::Sqlite);
}

#[test]
fn numbers_begin_anew_with_the_year_of_the_campus_on_postgres() {
    tell(Engine::Postgres);
}
