//! Who may reads what was done, finds it, and takes it away; that he took it is on the trail too.

use tests::{Actor, Answer, both, json};

const TRAIL: &str = "/api/v1/audit-events";

/// Operations of a page, newest first.
fn operations(page: &Answer) -> Vec<String> {
    let items = page.json["items"].as_array().unwrap().iter();
    items
        .map(|e| e["operation"].as_str().unwrap().to_owned())
        .collect()
}

async fn list(actor: &Actor, query: &str) -> Answer {
    actor.get(&format!("{TRAIL}?{query}")).await.expect(200)
}

both! {
    async fn what_was_done_is_found_by_target_actor_operation_and_time(w: World) {
        let (boss, recruiter) = (w.as_boss(), w.as_recruiter());
        let before = w.server.app.clock.now();
        let made = recruiter.post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
        let path = format!("/api/v1/customers/{}", made.id());
        recruiter.patch(&path, &json!({"intent": 3})).await.expect(200);
        w.as_manager().patch(&path, &json!({"intent": 4})).await.expect(200);
        recruiter.post("/api/v1/customers", &w.new_customer("李娜")).await.expect(201);
        let of_target = list(&boss, &format!("target_id={}", made.id())).await;
        assert_eq!(operations(&of_target), ["changeCustomer", "changeCustomer", "createCustomer"]);
        let mine = list(&boss, &format!("target_id={}&actor_id={}", made.id(), recruiter.principal)).await;
        assert_eq!(operations(&mine), ["changeCustomer", "createCustomer"]);
        let created = list(&boss, "operation=createCustomer&target_kind=customer&outcome=done").await;
        assert_eq!(created.ids().len(), 2);
        assert!(list(&boss, "outcome=refused").await.ids().is_empty());
        assert_eq!(list(&boss, &format!("time%5Bgte%5D={before}")).await.ids().len(), 4);
        assert!(!list(&boss, &format!("time%5Blt%5D={before}")).await.ids().is_empty());
    }

    async fn a_page_follows_the_other_until_all_is_seen_once(w: World) {
        let boss = w.as_boss();
        for name in ["张伟", "李娜", "王芳", "刘洋", "陈静"] {
            w.as_recruiter().post("/api/v1/customers", &w.new_customer(name)).await.expect(201);
        }
        let whole = list(&boss, "limit=200&operation=createCustomer").await.ids();
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = list(&boss, &format!("limit=2&operation=createCustomer{cursor}")).await;
            seen.extend(page.ids());
            match page.json["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(seen, whole);
        assert_eq!(seen.len(), 5);
    }

    async fn a_record_shows_what_was_before_and_after_without_personal_values(w: World) {
        let (boss, recruiter) = (w.as_boss(), w.as_recruiter());
        let made = recruiter.post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
        let path = format!("/api/v1/customers/{}", made.id());
        let changed = recruiter.patch(&path, &json!({"intent": 3, "note": "canary-9f"})).await.expect(200);
        let found = list(&boss, &format!("target_id={}&limit=1", made.id())).await;
        let record = boss.get(&format!("{TRAIL}/{}", found.ids()[0])).await.expect(200);
        assert_eq!(record.json["request_id"], changed.header("x-request-id").unwrap());
        let sessions = recruiter.get("/api/v1/auth/sessions").await.expect(200);
        let session = &sessions.json["items"][0]["id"];
        assert_eq!(record.json["actor"], json!({"id": recruiter.principal, "kind": "staff", "session_id": session}));
        assert_eq!(record.json["targets"], json!([{"kind": "customer", "id": made.id()}]));
        let change = &record.json["changes"][0];
        assert_eq!((&change["before"]["intent"], &change["after"]["intent"]), (&json!(null), &json!(3)));
        assert!(!record.text.contains("canary-9f"));
        let erase = "UPDATE audit_payloads SET salt = NULL, payload = NULL WHERE institution_id = ?";
        w.execute(erase, vec![w.institution.uuid().into()]).await.unwrap();
        let erased = boss.get(&format!("{TRAIL}/{}", found.ids()[0])).await.expect(200);
        assert_eq!((&erased.json["changes"], &erased.json["origin"]), (&json!(null), &json!(null)));
    }

    async fn a_record_shows_where_the_request_came_from(w: World) {
        let (boss, recruiter) = (w.as_boss(), w.as_recruiter());
        let create = recruiter.request(reqwest::Method::POST, "/api/v1/customers")
            .header("idempotency-key", "k")
            .header("user-agent", format!("Canary\t/1 {}", "x".repeat(300)))
            .json(&w.new_customer("张伟"));
        let made = recruiter.send(create).await.expect(201);
        let found = list(&boss, &format!("target_id={}", made.id())).await;
        let record = boss.get(&format!("{TRAIL}/{}", found.ids()[0])).await.expect(200);
        let origin = &record.json["origin"];
        assert_eq!(origin["address"], "127.0.0.1");
        let agent = origin["user_agent"].as_str().unwrap();
        assert!(agent.starts_with("Canary/1 x") && agent.len() == 256, "{agent}");
        assert!(!found.text.contains("Canary"), "only the whole record tells it");
    }

    async fn every_target_of_one_transaction_finds_its_record(w: World) {
        let boss = w.as_boss();
        // The founding of the school touched all of its people at once.
        let people = boss.get("/api/v1/staff?limit=200").await.expect(200).ids();
        assert!(people.len() > 5);
        let mut records = Vec::new();
        for person in people {
            records.push(list(&boss, &format!("target_id={person}&operation=settle")).await.ids());
        }
        records.dedup();
        assert_eq!(records.len(), 1, "all in one record");
        assert_eq!(records[0].len(), 1);
    }

    async fn nobody_else_reads_the_trail(w: World) {
        let boss = w.as_boss();
        w.as_recruiter().post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
        let one = format!("{TRAIL}/{}", list(&boss, "limit=1").await.ids()[0]);
        for name in w.names().filter(|name| *name != "boss") {
            let actor = w.actor(name);
            actor.get(TRAIL).await.expect_problem(403, "permission_missing");
            actor.get(&one).await.expect_problem(403, "permission_missing");
            let body = json!({"format": "csv"});
            actor.post(&format!("{TRAIL}/export"), &body).await.expect_problem(403, "permission_missing");
        }
        w.as_anonymous().get(&one).await.expect_problem(401, "unauthenticated");
        let stranger = w.as_stranger();
        let nothing = stranger.get(&format!("{TRAIL}/{}", uuid::Uuid::now_v7())).await.expect(404);
        assert_eq!(stranger.get(&one).await.expect(404).essence(), nothing.essence());
        let theirs = list(&stranger, "limit=200").await.ids();
        assert!(list(&boss, "limit=200").await.ids().iter().all(|id| !theirs.contains(id)));
    }

    async fn records_leave_as_a_file_and_that_is_on_the_trail(w: World) {
        let boss = w.as_boss();
        let made = w.as_recruiter().post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
        let export = format!("{TRAIL}/export");
        let csv = boss.post(&export, &json!({"format": "csv", "target_id": made.id()})).await.expect(200);
        assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
        assert!(csv.header("content-disposition").unwrap().starts_with("attachment"));
        let lines: Vec<_> = csv.text.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].starts_with("time,position,id,"));
        assert!(lines[1].contains("createCustomer") && lines[1].contains(&made.id()));
        let jsonl = boss.post(&export, &json!({"format": "jsonl", "operation": "exportAuditEvents"})).await.expect(200);
        let line: tests::Value = serde_json::from_str(jsonl.text.trim()).unwrap();
        assert_eq!(line["request_id"], csv.header("x-request-id").unwrap());
        let exports = json!({"format": "jsonl", "target_kind": "export", "outcome": "done"});
        let jsonl = boss.post(&export, &exports).await.expect(200);
        assert_eq!(jsonl.text.trim().lines().count(), 2);
        let refused = json!({"format": "csv", "target_kind": "export", "outcome": "refused"});
        assert_eq!(boss.post(&export, &refused).await.expect(200).text.lines().count(), 1);
        assert_eq!(operations(&list(&boss, "target_kind=export").await), ["exportAuditEvents"; 4]);
        boss.post(&export, &json!({"format": "xml"})).await.expect_problem(422, "validation_failed");
        boss.post(&export, &json!({"format": "csv", "cursor": "x"})).await.expect_problem(422, "validation_failed");
    }
}
