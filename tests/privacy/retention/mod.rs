//! Who is kept no longer goes at night by itself, and nobody else does.

mod kept;
mod nights;
mod rules;

use jiff::{SignedDuration, Timestamp, civil::Time, tz::TimeZone};
use tests::{Actor, Engine, Server, Value, World, json, patience::LONGEST_WAIT, run_on};

use super::erasures::{path, phone, take_in};
use crate::jobs::fired_on;

const POLICY: &str = "/api/v1/retention-policy";
const PREVIEW: &str = "/api/v1/retention-preview";
const RUNS: &str = "/api/v1/retention-runs";

/// When a night began, so that it is night now.
fn dusk(now: Timestamp) -> Time {
    let since = SignedDuration::from_mins(10);
    let began = now.to_zoned(TimeZone::UTC).time().wrapping_sub(since);
    Time::constant(began.hour(), began.minute(), 0, 0)
}

/// Tells a story on both databases that begins so many days ago; rules are applied at this time of the day.
fn begun_days_ago<F: Future<Output = ()>>(days: i64, story: fn(World) -> F) {
    let at = dusk(educrm::clock::Clock::default().now());
    told_on(days, &at.strftime("%H:%M").to_string(), story);
}

fn told_on<F: Future<Output = ()>>(days: i64, at: &str, story: fn(World) -> F) {
    let settings = [
        ("EDUCRM_RETENTION_AT", at),
        ("EDUCRM_RETENTION_TIME_ZONE", "UTC"),
    ];
    for engine in [Engine::Sqlite, Engine::Postgres] {
        if let Some(server) = Server::own(engine, &settings) {
            let back = SignedDuration::from_hours(-24 * days);
            server.app.clock.advance(back);
            run_on(server, story);
        }
    }
}

/// The boss, so many days later.
async fn days_later(w: &World, days: i64) -> Actor {
    let ahead = SignedDuration::from_hours(24 * days);
    w.server.app.clock.advance(ahead);
    w.acting_as(w.institution, w.as_boss().principal).await
}

async fn set(by: &Actor, rules: Value) -> tests::Answer {
    by.patch(POLICY, &rules).await
}

/// As though the rules had been made three days earlier.
async fn let_rules_be_in_force(w: &World) {
    let earlier: i64 = 3 * 86_400_000_000;
    let sql = "UPDATE retention_policies SET leads_in_force_from = leads_in_force_from - ?, \
               deleted_customers_in_force_from = deleted_customers_in_force_from - ? WHERE institution_id = ?";
    let values = vec![earlier.into(), earlier.into(), w.institution.uuid().into()];
    w.execute(sql, values).await.unwrap();
}

/// The jobs that apply rules, by their states.
async fn jobs(w: &World) -> Vec<String> {
    let sql = "SELECT status FROM jobs WHERE institution_id = ? AND kind = 'apply_retention'";
    w.server.texts(sql, vec![w.institution.uuid().into()]).await
}

/// Has the rules in force applied, as the next night would; what was done by each: class, how it ended, how
/// many were erased, and how many could not be.
async fn applied(w: &World, by: &Actor) -> Vec<(String, String, i64, i64)> {
    let before = by.get(RUNS).await.expect(200).ids();
    let sql =
        "DELETE FROM schedule_ticks WHERE institution_id = ? AND schedule = 'apply_retention'";
    w.execute(sql, vec![w.institution.uuid().into()])
        .await
        .unwrap();
    let done = jobs(w).await.len();
    let begun = std::time::Instant::now();
    loop {
        fired_on(w.server).await;
        let now = jobs(w).await;
        if now.len() > done && now.iter().all(|status| status == "succeeded") {
            break;
        }
        assert!(begun.elapsed() < LONGEST_WAIT, "it does not end: {now:?}");
    }
    let after = by.get(RUNS).await.expect(200);
    let items = after.json["items"].as_array().unwrap().iter();
    let new = items.filter(|run| !before.iter().any(|id| run["id"] == json!(id)));
    let mut told: Vec<_> = new
        .map(|run| {
            let count = |name: &str| run[name].as_i64().unwrap();
            let text = |name: &str| run[name].as_str().unwrap().to_owned();
            (
                text("class"),
                text("status"),
                count("erased"),
                count("failed"),
            )
        })
        .collect();
    told.sort();
    told
}

fn done(class: &str, erased: i64) -> (String, String, i64, i64) {
    (class.to_owned(), "finished".to_owned(), erased, 0)
}

/// Who would go of a class, in the order of their ids.
async fn due(by: &Actor, class: &str, days: i64) -> Vec<String> {
    let preview = by.get(&format!("{PREVIEW}?{class}_days={days}")).await;
    let preview = preview.expect(200);
    let classes = preview.json["classes"].as_array().unwrap();
    let found = classes.iter().find(|of| of["class"] == json!(class));
    let found = found.unwrap();
    let first = found["first"].as_array().unwrap().iter();
    let mut ids: Vec<_> = first.map(|id| id.as_str().unwrap().to_owned()).collect();
    assert_eq!(found["people"], json!(ids.len()));
    assert_eq!(found["is_capped"], json!(false));
    ids.sort();
    ids
}

fn sorted<const N: usize>(ids: [&String; N]) -> Vec<String> {
    let mut ids: Vec<_> = ids.into_iter().cloned().collect();
    ids.sort();
    ids
}

async fn relate(by: &Actor, customer: &str, role: &str, relative: &str, until: Option<String>) {
    let mut body = json!({"role": role, "relative_id": relative});
    if let Some(until) = until {
        body["valid_until"] = json!(until);
    }
    by.post(&format!("{}/relations", path(customer)), &body)
        .await
        .expect(201);
}

/// Somebody who bought.
async fn buyer(w: &World, name: &str) -> String {
    let buyer = take_in(w, name, json!({})).await;
    let amount = json!({"amount_minor": 100, "currency": "CNY"});
    let body = json!({"customer_id": buyer, "amount": amount, "description": "教材"});
    w.as_boss().post("/api/v1/charges", &body).await.expect(201);
    buyer
}

#[test]
fn households_go_when_their_time_is_over_and_each_has_a_certificate() {
    begun_days_ago(400, |w| async move {
        let lead = take_in(&w, "张伟", phone("13712350001")).await;
        let guardian = take_in(&w, "孙丽", json!({"kind": "guardian"})).await;
        relate(&w.as_boss(), &lead, "guardian", &guardian, None).await;
        let alone = take_in(&w, "李雷", json!({})).await;
        let spoken_to = take_in(&w, "李娜", json!({})).await;
        let bought = buyer(&w, "赵六").await;
        let partner = take_in(&w, "市图书馆", json!({"kind": "partner"})).await;
        let deleted = take_in(&w, "吴敏", json!({})).await;
        w.as_boss().delete(&path(&deleted)).await.expect(204);
        let elsewhere = w.fixture(w.other, "customer_id").await.unwrap().to_string();

        let boss = days_later(&w, 400).await;
        let body = json!({"customer_id": spoken_to, "method": "phone", "outcome": "interested"});
        boss.post("/api/v1/follow-ups", &body).await.expect(201);
        let leads = sorted([&lead, &guardian, &alone]);
        assert_eq!(due(&boss, "leads", 365).await, leads);
        assert_eq!(due(&boss, "leads", 401).await, Vec::<String>::new());
        let gone = [deleted.clone()];
        assert_eq!(due(&boss, "deleted_customers", 30).await, gone);
        let rules = json!({"leads_days": 365, "deleted_customers_days": 30});
        set(&boss, rules).await.expect(200);
        let_rules_be_in_force(&w).await;
        let told = applied(&w, &boss).await;
        assert_eq!(told, [done("deleted_customers", 1), done("leads", 3)]);

        for gone in leads.iter().chain(&gone) {
            boss.get(&path(gone)).await.expect_problem(404, "not_found");
        }
        for kept in [&spoken_to, &bought, &partner] {
            boss.get(&path(kept)).await.expect(200);
        }
        let stranger = w.as_stranger().principal;
        let stranger = w.acting_as(w.other, stranger).await;
        stranger.get(&path(&elsewhere)).await.expect(200);

        let runs = boss.get(&format!("{RUNS}?class=leads")).await.expect(200);
        let run = runs.ids()[0].clone();
        let one = boss.get(&format!("{RUNS}/{run}")).await.expect(200);
        assert_eq!(
            (&one.json["days"], &one.json["policy_version"]),
            (&json!(365), &json!(2))
        );
        assert!(one.json["version"].as_i64().unwrap() > 3, "{}", one.text);
        stranger
            .get(&format!("{RUNS}/{run}"))
            .await
            .expect_problem(404, "not_found");
        let certificates = boss.get("/api/v1/erasures").await.expect(200);
        let certificates = certificates.json["items"].as_array().unwrap().clone();
        assert_eq!(certificates.len(), 4);
        for one in &certificates {
            assert_eq!(
                (&one["reason"], &one["erased_by"]),
                (&json!("purpose_fulfilled"), &json!(null))
            );
            let is_lead = leads.iter().any(|id| one["customer_id"] == json!(id));
            assert_eq!(one["retention_run_id"] == json!(run), is_lead, "{one}");
        }
        let mut back = w.new_customer("张伟");
        back["contact_points"] = phone("13712350001")["contact_points"].clone();
        boss.post("/api/v1/customers", &back)
            .await
            .expect_problem(409, "erased_person");
        w.server.settle().await;
        let events = "SELECT CAST(data AS text) FROM events WHERE institution_id = ? AND type = 'retention_run.finished'";
        let own = vec![w.institution.uuid().into()];
        let events = w.server.texts(events, own).await;
        let events: Vec<Value> = events.iter().map(|data| data.parse().unwrap()).collect();
        let of_leads =
            json!({"class": "leads", "days": 365, "status": "finished", "erased": 3, "failed": 0});
        assert!(events.contains(&of_leads), "{events:?}");

        let again = applied(&w, &boss).await;
        assert_eq!(again, [done("deleted_customers", 0), done("leads", 0)]);
        let told = boss.get("/api/v1/notices").await.expect(200);
        assert_eq!(told.ids(), Vec::<String>::new());
    });
}
