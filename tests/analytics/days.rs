//! Several days of a campus, by servers whose clock is moved.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use tests::{Actor, Engine, Server, World, json, run_on};

use super::{counts, money, pay, report, void};

/// Tells a story on both databases, each time with a clock of its own.
fn with_own_clock<F: Future<Output = ()>>(story: fn(World) -> F) {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        if let Some(server) = Server::own(engine, &[]) {
            run_on(server, story);
        }
    }
}

/// The boss, once the clock stands at an instant.
async fn boss_at(w: &World, instant: &str) -> Actor {
    let instant: Timestamp = instant.parse().unwrap();
    let clock = &w.server.app.clock;
    clock.advance(instant.duration_since(clock.now()));
    w.acting_as(w.institution, w.as_boss().principal).await
}

fn shanghai(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::get("Asia/Shanghai").unwrap()).date()
}

#[test]
fn a_void_on_a_later_day_leaves_the_day_of_the_payment_as_it_was() {
    with_own_clock(|w| async move {
        let child = w.new_student("张伟").await;
        let first = shanghai(w.server.app.clock.now()).tomorrow().unwrap();
        let second = first.tomorrow().unwrap();
        let boss = boss_at(&w, &format!("{first}T10:00:00+08:00")).await;
        let paid = pay(&boss, &w, &child, "alipay", 700).await;
        let boss = boss_at(&w, &format!("{second}T10:00:00+08:00")).await;
        void(&boss, &paid).await;
        pay(&boss, &w, &child, "cash", 50).await;
        for (day, sums) in [(first, [700, 0, 700]), (second, [50, 700, -650])] {
            let read = report(&boss, &w, Some(&day.to_string())).await.expect(200);
            assert_eq!(money(&read.json["money_in"]), sums);
        }
    });
}

#[test]
fn a_day_is_as_long_as_the_clocks_of_the_campus_say() {
    with_own_clock(|w| async move {
        let zone = json!({"time_zone": "America/New_York"});
        let path = format!("/api/v1/campuses/{}", w.places.north);
        w.as_boss().patch(&path, &zone).await.expect(200);
        // On 1 November 2026 the clocks go back: the day has 25 hours.
        for instant in [
            "2026-10-31T23:30:00-04:00",
            "2026-11-01T00:00:00-04:00",
            "2026-11-01T23:30:00-05:00",
            "2026-11-02T00:00:00-05:00",
        ] {
            let boss = boss_at(&w, instant).await;
            let made = boss
                .post("/api/v1/customers", &w.new_customer("张伟"))
                .await;
            let said = json!({"customer_id": made.expect(201).json["id"], "method": "phone", "outcome": "agreed"});
            boss.post("/api/v1/follow-ups", &said).await.expect(201);
        }
        let boss = boss_at(&w, "2026-11-02T00:30:00-05:00").await;
        for (day, both) in [("2026-10-31", 1), ("2026-11-01", 2), ("2026-11-02", 1)] {
            let read = report(&boss, &w, Some(day)).await.expect(200);
            assert_eq!(read.json["time_zone"], "America/New_York");
            assert_eq!(counts(&read.json), [both, both, 0, 0], "{day}");
        }
        let today = report(&boss, &w, None).await.expect(200);
        assert_eq!(today.json["on"], "2026-11-02");
    });
}
