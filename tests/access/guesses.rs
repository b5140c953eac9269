//! Guesses from many networks, as a trusted proxy tells of them: they are bounded, and lock nobody out.

use jiff::SignedDuration;
use reqwest::Method;
use tests::{Answer, Engine, Server, World, json, run_on};

use super::log_in::{GOOD, settled};

/// Tries an hour on one account from everywhere.
const HOURLY: usize = 60;

/// A log-in that comes through the proxy from an address.
async fn from(w: &World, address: &str, password: &str, device: Option<&Answer>) -> Answer {
    let mut body = json!({"institution": w.code, "user_name": "recruiter", "password": password});
    if let Some(tokens) = device {
        body["device_token"] = tokens.json["device_token"].clone();
    }
    let nobody = w.as_anonymous();
    let request = nobody
        .request(Method::POST, "/api/v1/auth/login")
        .header("content-type", "application/json")
        .header("x-forwarded-for", address)
        .body(body.to_string());
    nobody.send(request).await
}

fn network(number: usize) -> String {
    format!("203.0.{number}.7")
}

fn behind_a_proxy(engine: Engine) -> Option<&'static Server> {
    Server::own(engine, &[("EDUCRM_TRUSTED_PROXIES", "127.0.0.0/8")])
}

/// Each network climbs a ladder of its own, and what the client itself writes into the header moves it
/// to no other.
fn ladders(engine: Engine) {
    let Some(server) = behind_a_proxy(engine) else {
        return;
    };
    run_on(server, |w: World| async move {
        settled(&w, "recruiter").await;
        for _ in 0..5 {
            from(&w, "203.0.1.7", "nonsense", None)
                .await
                .expect_problem(401, "login_refused");
        }
        for address in ["203.0.1.7", "203.0.1.200", "198.51.100.9, 203.0.1.7"] {
            from(&w, address, GOOD, None)
                .await
                .expect_problem(429, "login_throttled");
        }
        from(&w, "203.0.2.7", GOOD, None).await.expect(200);
    });
}

/// Sixty tries an hour are evaluated, from however many networks; the real user's device passes by, and
/// everybody is let in again when the hour is over.
fn everywhere(engine: Engine) {
    let Some(server) = behind_a_proxy(engine) else {
        return;
    };
    run_on(server, |w: World| async move {
        settled(&w, "recruiter").await;
        let home = from(&w, "198.51.100.9", GOOD, None).await.expect(200);
        for number in 0..HOURLY {
            from(&w, &network(number / 4), "nonsense", None)
                .await
                .expect_problem(401, "login_refused");
        }
        // Even the right password is not looked at any more, wherever it comes from.
        for number in 100..103 {
            from(&w, &network(number), GOOD, None)
                .await
                .expect_problem(429, "login_throttled");
        }
        // The real user goes on, at home and abroad, as often as the attacker tries.
        for address in ["198.51.100.9", "192.0.2.33", "203.0.1.8"] {
            from(&w, address, GOOD, Some(&home)).await.expect(200);
            from(&w, address, "nonsense", None)
                .await
                .expect_problem(429, "login_throttled");
        }
        // A device is known to its account only by what that account was given.
        let made_up = json!("educrm_dt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        let mut stolen = from(&w, "198.51.100.9", GOOD, Some(&home))
            .await
            .expect(200);
        stolen.json["device_token"] = made_up;
        from(&w, "198.51.100.9", GOOD, Some(&stolen))
            .await
            .expect_problem(429, "login_throttled");
        w.server.app.clock.advance(SignedDuration::from_mins(61));
        from(&w, "203.0.113.7", GOOD, None).await.expect(200);
    });
}

#[test]
fn networks_behind_a_trusted_proxy_have_ladders_of_their_own_on_sqlite() {
    ladders(Engine::Sqlite);
}

#[test]
fn networks_behind_a_trusted_proxy_have_ladders_of_their_own_on_postgres() {
    ladders(Engine::Postgres);
}

#[test]
fn an_attacker_from_everywhere_can_not_lock_the_real_user_out_on_sqlite() {
    everywhere(Engine::Sqlite);
}

#[test]
fn an_attacker_from_everywhere_can_not_lock_the_real_user_out_on_postgres() {
    everywhere(Engine::Postgres);
}
