mod due;
mod record;
mod timeline;

use tests::{Answer, World, json};

/// A customer of the recruiter.
async fn customer(w: &World) -> String {
    let body = w.new_customer("张伟");
    let made = w.as_recruiter().post("/api/v1/customers", &body).await;
    made.expect(201).id()
}

/// A day at the campuses, as many days from today.
fn day(w: &World, from_today: i64) -> String {
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
    let today = w.server.app.clock.now().to_zoned(zone).date();
    let day = today.saturating_add(jiff::Span::new().days(from_today));
    day.to_string()
}

/// A follow-up by the recruiter.
async fn record(w: &World, customer: &str, next_on: Option<&str>) -> Answer {
    let mut body = json!({"customer_id": customer, "method": "phone", "outcome": "considering"});
    if let Some(day) = next_on {
        body["next_on"] = json!(day);
    }
    let answer = w.as_recruiter().post("/api/v1/follow-ups", &body).await;
    answer.expect(201)
}
