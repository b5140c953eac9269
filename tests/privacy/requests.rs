//! Requests of people about their own data.

use tests::{Actor, World, both, json};

const REQUESTS: &str = "/api/v1/privacy-requests";

async fn customer(w: &World, by: &Actor, name: &str) -> String {
    let body = w.new_customer(name);
    by.post("/api/v1/customers", &body).await.expect(201).id()
}

/// Kinds of the notices in somebody's inbox that are about a customer.
async fn told(by: &Actor, customer: &str) -> Vec<String> {
    let inbox = by.get("/api/v1/notices?limit=200").await.expect(200);
    let items = inbox.json["items"].as_array().unwrap().clone();
    let about = items
        .iter()
        .filter(|notice| notice["target"]["id"] == json!(customer));
    about
        .map(|notice| notice["kind"].as_str().unwrap().to_owned())
        .collect()
}

both! {
    async fn a_request_is_recorded_decided_and_done_once(w: World) {
        let (boss, recruiter) = (w.as_boss(), w.as_recruiter());
        let child = customer(&w, &recruiter, "张小明").await;
        let mother = customer(&w, &recruiter, "王芳").await;
        let body = json!({"customer_id": child, "kind": "deletion", "asked_by": mother, "details": "请删除资料",
            "received_at": "2026-11-20T02:00:00Z"});
        let made = recruiter.post(REQUESTS, &body).await.expect(201);
        // A Friday, and fifteen working days behind it.
        assert_eq!((&made.json["due_on"], &made.json["status"]), (&json!("2026-12-11"), &json!("open")));
        let path = made.header("location").unwrap().to_owned();
        assert_eq!(boss.get(&path).await.expect(200).json, made.json);
        recruiter.get(&path).await.expect_problem(403, "permission_missing");

        let (decide, complete) = (format!("{path}/decide"), format!("{path}/complete"));
        boss.post(&complete, &json!({"outcome": "已删除"})).await.expect_problem(409, "request_not_granted");
        let refused = boss.post(&decide, &json!({"verdict": "grant", "reason": "同意"})).await.expect(422);
        assert_eq!(refused.errors(), [("#/identity".into(), "request_unidentified".into())]);
        let grant = json!({"verdict": "grant", "reason": "同意", "identity": "当面核对身份证"});
        let answers = futures_util::future::join_all((0..4).map(|_| boss.post(&decide, &grant))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
        for refused in answers.into_iter().filter(|answer| answer.status != 200) {
            refused.expect_problem(409, "request_not_open");
        }
        assert_eq!(told(&recruiter, &child).await, ["privacy_request_granted"]);
        let done = boss.post(&complete, &json!({"outcome": "已删除并告知"})).await.expect(200);
        assert_eq!((&done.json["status"], &done.json["answer"], &done.json["version"]),
            (&json!("done"), &json!("已删除并告知"), &json!(3)));
        assert!(done.json["closed_at"].is_string());
        boss.post(&complete, &json!({"outcome": "再次"})).await.expect_problem(409, "request_not_granted");
    }

    async fn what_is_late_is_found(w: World) {
        let (boss, recruiter) = (w.as_boss(), w.as_recruiter());
        let person = customer(&w, &recruiter, "李雷").await;
        let ask = |kind: &'static str, at: &'static str| {
            let body = json!({"customer_id": person, "kind": kind, "received_at": at, "identity": "电话核实"});
            let recruiter = &recruiter;
            async move { recruiter.post(REQUESTS, &body).await.expect(201).id() }
        };
        let old = ask("copy", "2026-01-05T02:00:00Z").await;
        let refused = ask("access", "2026-01-05T02:00:00Z").await;
        ask("access", "2026-11-20T02:00:00Z").await;
        let path = format!("{REQUESTS}/{refused}/decide");
        let answer = boss.post(&path, &json!({"verdict": "refuse", "reason": "无法核实身份"})).await.expect(200);
        assert_eq!((&answer.json["status"], &answer.json["answer"]), (&json!("refused"), &json!("无法核实身份")));
        // Nobody has to adjust anything.
        assert_eq!(told(&recruiter, &person).await, Vec::<String>::new());
        let late = boss.get(&format!("{REQUESTS}?customer_id={person}&due_on[lt]=2026-02-28")).await.expect(200);
        assert_eq!(late.ids(), [old]);
        let some = boss.get(&format!("{REQUESTS}?customer_id={person}&status=refused&kind=access")).await.expect(200);
        assert_eq!(some.ids(), [refused]);
    }

    async fn who_is_out_of_reach_is_neither_the_subject_nor_the_asker(w: World) {
        let recruiter = w.as_recruiter();
        let own = customer(&w, &recruiter, "张伟").await;
        let hidden = customer(&w, &w.as_colleague(), "王芳").await;
        for (subject, asker, pointer) in [(&hidden, &own, "#/customer_id"), (&own, &hidden, "#/asked_by")] {
            let body = json!({"customer_id": subject, "kind": "access", "asked_by": asker});
            let refused = recruiter.post(REQUESTS, &body).await.expect(422);
            assert_eq!(refused.errors(), [(pointer.into(), "unknown_reference".into())]);
        }
        let later = w.server.app.clock.now() + jiff::SignedDuration::from_hours(1);
        let body = json!({"customer_id": own, "kind": "access", "received_at": later, "identity": " x"});
        let refused = recruiter.post(REQUESTS, &body).await.expect(422);
        assert_eq!(refused.errors(), [("#/identity", "blank"), ("#/received_at", "request_in_future")]
            .map(|(at, code)| (at.into(), code.into())));
        let made = recruiter.post(REQUESTS, &json!({"customer_id": own, "kind": "access"})).await.expect(201);
        w.as_stranger().get(made.header("location").unwrap()).await.expect_problem(404, "not_found");
    }
}
