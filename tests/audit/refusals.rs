//! What was refused is on the trail too, in measure (I-31).

use educrm::access::refusals;
use jiff::SignedDuration;
use tests::{Actor, Answer, Engine, Server, Value, World, both, json, run_on};

const TRAIL: &str = "/api/v1/audit-events";

/// Refusals on the trail, oldest first, each with what it says.
async fn refused(w: &World, query: &str) -> Vec<Answer> {
    w.server.settle().await;
    let boss = w.as_boss();
    let page = boss
        .get(&format!("{TRAIL}?outcome=refused&limit=200{query}"))
        .await
        .expect(200);
    let mut records = Vec::new();
    for id in page.ids().iter().rev() {
        records.push(boss.get(&format!("{TRAIL}/{id}")).await.expect(200));
    }
    records
}

fn after(record: &Answer) -> &Value {
    &record.json["changes"][0]["after"]
}

async fn customer(w: &World) -> String {
    let made = w
        .as_recruiter()
        .post("/api/v1/customers", &w.new_customer("张伟"))
        .await;
    format!("/api/v1/customers/{}", made.expect(201).id())
}

fn finance(w: &World) -> Actor {
    w.actor("finance")
}

both! {
    async fn a_refused_reveal_is_on_the_trail_with_who_what_and_under_which_request(w: World) {
        let path = customer(&w).await;
        let why = json!({"reason": "canary-4d1a"});
        let answer = finance(&w).post(&format!("{path}/reveal"), &why).await.expect_problem(403, "permission_missing");
        let records = refused(&w, "").await;
        assert_eq!(records.len(), 1);
        let record = &records[0];
        assert_eq!(record.json["outcome"], "refused");
        assert_eq!(record.json["operation"], "revealCustomer");
        let actor = &record.json["actor"];
        assert_eq!((&actor["id"], &actor["kind"]), (&json!(finance(&w).principal), &json!("staff")));
        assert!(actor["session_id"].is_string() && record.json["origin"]["address"].is_string());
        assert_eq!(record.json["request_id"], answer.header("x-request-id").unwrap());
        let id = path.rsplit('/').next().unwrap();
        assert_eq!(record.json["targets"], json!([{"kind": "refusal", "id": id}]));
        assert_eq!(*after(record), json!({"rule": "permission_missing", "count": 1}));
        assert!(record.json["position"].as_i64().unwrap() > 0);
        assert!(!record.text.contains("canary-4d1a"));
        assert_eq!(refused(&w, &format!("&target_id={id}")).await.len(), 1);
    }

    async fn what_changes_leaves_or_governs_is_noted_when_it_is_refused_and_a_read_is_not(w: World) {
        let path = customer(&w).await;
        let (finance, employee) = (finance(&w), w.actor("employee"));
        finance.patch(&path, &json!({"intent": 1})).await.expect(403);
        finance.delete(&path).await.expect(403);
        finance.post("/api/v1/roles", &json!({})).await.expect(403);
        finance.post(&format!("{TRAIL}/export"), &json!({"format": "csv"})).await.expect(403);
        finance.get(TRAIL).await.expect(403);
        employee.get(&path).await.expect(403);
        employee.get("/api/v1/customers").await.expect(403);
        employee.post("/api/v1/customers/search", &json!({"query": "张伟"})).await.expect(403);
        w.as_anonymous().delete(&path).await.expect(401);
        w.as_colleague().patch(&path, &json!({"intent": 1})).await.expect(404);
        let operations: Vec<_> = refused(&w, "").await.iter()
            .map(|record| record.json["operation"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(operations, ["changeCustomer", "deleteCustomer", "createRole", "exportAuditEvents", "listAuditEvents"]);
    }

    async fn a_refusal_is_on_the_trail_of_whoever_was_refused(w: World) {
        let path = customer(&w).await;
        finance(&w).delete(&path).await.expect(403);
        w.server.settle().await;
        let theirs = w.as_stranger().get(&format!("{TRAIL}?outcome=refused")).await.expect(200);
        assert!(theirs.ids().is_empty());
    }
}

/// Ten of a kind a minute stand alone, the rest of the minute together.
fn storm(engine: Engine) {
    let Some(server) = Server::own(engine, &[]) else {
        return;
    };
    run_on(server, |w: World| async move {
        let path = customer(&w).await;
        let finance = finance(&w);
        for _ in 0..25 {
            finance.delete(&path).await.expect(403);
        }
        finance
            .patch(&path, &json!({"intent": 1}))
            .await
            .expect(403);
        assert_eq!(refused(&w, "&operation=deleteCustomer").await.len(), 10);
        w.server.app.clock.advance(SignedDuration::from_secs(61));
        let records = refused(&w, "&operation=deleteCustomer").await;
        let counts: Vec<_> = records
            .iter()
            .map(|r| after(r)["count"].as_u64().unwrap())
            .collect();
        assert_eq!(counts, [[1; 10].as_slice(), &[15]].concat());
        let together = &records[10].json;
        assert_eq!(
            together["targets"],
            json!([{"kind": "refusal", "id": finance.principal}])
        );
        // Whoever stops does not wait for the minute.
        for _ in 0..12 {
            finance.delete(&path).await.expect(403);
        }
        let app = w.server.app.clone();
        w.server
            .inside(async move { refusals::write(&app, true).await.unwrap() })
            .await;
        let records = refused(&w, "").await;
        let all: u64 = records
            .iter()
            .map(|r| after(r)["count"].as_u64().unwrap())
            .sum();
        assert_eq!((records.len(), all), (11 + 1 + 11, 25 + 1 + 12));
    });
}

#[test]
fn a_storm_leaves_ten_records_and_one_with_the_count_of_the_rest_on_sqlite() {
    storm(Engine::Sqlite);
}

#[test]
fn a_storm_leaves_ten_records_and_one_with_the_count_of_the_rest_on_postgres() {
    storm(Engine::Postgres);
}
