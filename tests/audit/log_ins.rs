//! Log-ins are on the trail, those that were refused too, in measure.

use jiff::SignedDuration;
use tests::{Answer, Engine, Server, World, both, json, run_on};

use crate::access::log_in::{GOOD, log_in, password_of, settled};

const TRAIL: &str = "/api/v1/audit-events";

/// Log-ins on the trail, oldest first, each with what it says.
async fn told(w: &World, query: &str) -> Vec<Answer> {
    w.server.settle().await;
    let boss = w.as_boss();
    let page = format!("{TRAIL}?operation=logIn&limit=200{query}");
    let page = boss.get(&page).await.expect(200);
    let mut records = Vec::new();
    for id in page.ids().iter().rev() {
        records.push(boss.get(&format!("{TRAIL}/{id}")).await.expect(200));
    }
    records
}

fn rules(records: &[Answer]) -> Vec<&str> {
    let rules = records.iter();
    rules
        .map(|r| r.json["changes"][0]["after"]["rule"].as_str().unwrap())
        .collect()
}

fn counts(records: &[Answer]) -> Vec<u64> {
    let counts = records.iter();
    counts
        .map(|r| r.json["changes"][0]["after"]["count"].as_u64().unwrap())
        .collect()
}

both! {
    async fn a_log_in_is_on_the_trail_whether_it_was_done_or_refused(w: World) {
        settled(&w, "recruiter").await;
        let before = told(&w, "&outcome=done").await.len();
        let opened = log_in(&w, "recruiter", GOOD).await.expect(200);
        let done = told(&w, "&outcome=done").await;
        assert_eq!(done.len(), before + 1);
        let session = json!([{"kind": "session", "id": opened.json["session_id"]}]);
        assert_eq!(done[before].json["targets"], session);

        let secret = "canary-9f3c not the password";
        let refused = log_in(&w, "recruiter", secret).await.expect_problem(401, "login_refused");
        log_in(&w, "nobody at all", secret).await.expect_problem(401, "login_refused");
        let records = told(&w, "&outcome=refused").await;
        assert_eq!(rules(&records), ["login_refused"]);
        let record = &records[0];
        let who = w.as_recruiter().principal;
        assert_eq!(record.json["targets"], json!([{"kind": "refusal", "id": who}]));
        let actor = &record.json["actor"];
        assert_eq!((&actor["id"], &actor["session_id"]), (&json!(who), &json!(null)));
        assert!(record.json["origin"]["address"].is_string());
        assert_eq!(record.json["request_id"], refused.header("x-request-id").unwrap());
        assert!(!record.text.contains("canary-9f3c"), "{}", record.text);
    }

    async fn a_lockout_is_on_the_trail_and_so_is_a_wrong_present_password(w: World) {
        let tokens = settled(&w, "recruiter").await;
        for _ in 0..5 {
            log_in(&w, "recruiter", "nonsense").await.expect_problem(401, "login_refused");
        }
        log_in(&w, "recruiter", GOOD).await.expect_problem(429, "login_throttled");
        let records = told(&w, "&outcome=refused").await;
        assert_eq!(rules(&records), [["login_refused"; 5].as_slice(), &["login_throttled"]].concat());
        // The other name of the account says nothing of it to whoever tries, but the trail does.
        let phone = json!({"phone": "+8613955501234"});
        w.as_boss().patch(&format!("/api/v1/staff/{}", w.as_recruiter().principal), &phone).await.expect(200);
        log_in(&w, "13955501234", GOOD).await.expect_problem(401, "login_refused");
        assert_eq!(rules(&told(&w, "&outcome=refused").await)[6..], ["login_throttled"]);

        let me = w.as_anonymous().with_token(tokens.json["access_token"].as_str().unwrap());
        let change = json!({"current_password": "nonsense", "new_password": "seven paper lanterns"});
        me.post("/api/v1/auth/password", &change).await.expect_problem(429, "login_throttled");
        w.server.settle().await;
        let told = w.as_boss().get(&format!("{TRAIL}?operation=changePassword&outcome=refused")).await.expect(200);
        assert_eq!(told.ids().len(), 1);
    }

    async fn a_refused_log_in_is_on_the_trail_of_its_institution_only(w: World) {
        password_of(&w, "recruiter").await;
        log_in(&w, "recruiter", "nonsense").await.expect_problem(401, "login_refused");
        assert_eq!(told(&w, "&outcome=refused").await.len(), 1);
        let theirs = w.as_stranger().get(&format!("{TRAIL}?operation=logIn")).await.expect(200);
        assert!(theirs.ids().is_empty());
    }
}

/// Whoever tries the passwords of many accounts leaves thirty records a minute and one with the rest.
fn flood(engine: Engine) {
    let Some(server) = Server::own(engine, &[]) else {
        return;
    };
    run_on(server, |w: World| async move {
        let names = ["recruiter", "colleague", "teacher", "finance"];
        for name in names {
            password_of(&w, name).await;
        }
        for _ in 0..12 {
            for name in names {
                let refused = log_in(&w, name, "nonsense").await;
                assert!([401, 429].contains(&refused.status), "{}", refused.text);
            }
        }
        w.server.app.clock.advance(SignedDuration::from_secs(61));
        let records = told(&w, "&outcome=refused").await;
        assert_eq!(counts(&records), [[1; 30].as_slice(), &[18]].concat());
        let rest = &records[30].json;
        assert_eq!(rest["actor"]["kind"], "system");
        // The next minute begins anew.
        log_in(&w, "recruiter", "nonsense").await;
        assert_eq!(told(&w, "&outcome=refused").await.len(), 32);
    });
}

#[test]
fn a_flood_of_log_ins_leaves_thirty_records_and_one_with_the_count_of_the_rest_on_sqlite() {
    flood(Engine::Sqlite);
}

#[test]
fn a_flood_of_log_ins_leaves_thirty_records_and_one_with_the_count_of_the_rest_on_postgres() {
    flood(Engine::Postgres);
}
