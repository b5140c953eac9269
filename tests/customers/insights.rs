//! What is learned of customers from outside.

use tests::{Actor, Answer, Value, World, both, json};

use crate::access::fields::reader_with;

const CUSTOMERS: &str = "/api/v1/customers";

async fn guardian(w: &World) -> String {
    let mut body = w.new_customer("王芳");
    body["kind"] = json!("guardian");
    let made = w.as_recruiter().post(CUSTOMERS, &body).await;
    made.expect(201).id()
}

async fn record(by: &Actor, customer: &str, more: Value) -> Answer {
    let mut body = json!({"topic": "interests", "content": "关注少儿编程", "source": "social_media",
        "origin": "编程社区", "lawful_basis": "published", "authorisation": "本人公开发布"});
    for (field, value) in more.as_object().unwrap() {
        body[field] = value.clone();
    }
    by.post(&format!("{CUSTOMERS}/{customer}/insights"), &body)
        .await
}

async fn consent(w: &World, customer: &str, decision: &str) {
    let boss = w.as_boss();
    let mut body = json!({"purpose": "profiling", "decision": decision});
    if decision == "given" {
        let notice = json!({"purpose": "profiling", "language": "zh-CN", "title": "告知书", "text": "个性化推荐。"});
        let notice = boss
            .post("/api/v1/privacy-notices", &notice)
            .await
            .expect(201)
            .id();
        body["notice_id"] = json!(notice);
        body["evidence"] = json!("签字页");
    }
    let path = format!("{CUSTOMERS}/{customer}/consents");
    boss.post(&path, &body).await.expect(201);
    w.server
        .app
        .clock
        .advance(jiff::SignedDuration::from_secs(1));
}

both! {
    async fn what_is_learned_from_outside_stands_beside_what_the_customer_said(w: World) {
        let recruiter = w.as_recruiter();
        let customer = guardian(&w).await;
        let path = format!("{CUSTOMERS}/{customer}");
        recruiter.patch(&path, &json!({"details": {"hobbies": ["围棋"]}})).await.expect(200);
        let before = recruiter.get(&format!("{path}?expand=details")).await.expect(200);
        let made = record(&recruiter, &customer, json!({"observed_on": "2026-06-01"})).await.expect(201);
        let after = recruiter.get(&format!("{path}?expand=details")).await.expect(200);
        assert_eq!(after.json, before.json);
        for (field, value) in [
            ("customer_id", json!(customer)), ("content", json!("关注少儿编程")), ("is_covered", json!(true)),
            ("observed_on", json!("2026-06-01")), ("recorded_by", json!(recruiter.principal)), ("withdrawn_at", Value::Null),
            ("consent_id", Value::Null), ("version", json!(1)),
        ] {
            assert_eq!(made.json[field], value, "{field}");
        }
        let one = format!("{path}/insights/{}", made.id());
        assert_eq!(recruiter.get(&one).await.expect(200).json, made.json);
        let second = record(&recruiter, &customer, json!({"topic": "background"})).await.expect(201);
        let listed = recruiter.get(&format!("{path}/insights")).await.expect(200);
        assert_eq!(listed.json["items"], json!([second.json, made.json]));
        let timeline = recruiter.get(&format!("{path}/timeline?kind=insight")).await.expect(200);
        let told: Vec<_> = timeline.json["items"].as_array().unwrap().iter().map(|entry| &entry["text"]).collect();
        assert_eq!(told, ["background", "interests"]);

        let gone = recruiter.post(&format!("{one}/withdraw"), &json!({"reason": "客户否认"})).await.expect(200);
        assert_eq!((&gone.json["content"], &gone.json["withdrawal_reason"], &gone.json["version"]), (&Value::Null, &json!("客户否认"), &json!(2)));
        assert_eq!(recruiter.get(&one).await.expect(200).json, gone.json);
        recruiter.post(&format!("{one}/withdraw"), &json!({"reason": "客户否认"})).await.expect_problem(409, "insight_withdrawn");
        for other in [guardian(&w).await, uuid::Uuid::now_v7().to_string()] {
            let path = format!("{CUSTOMERS}/{other}/insights/{}", second.id());
            recruiter.get(&path).await.expect_problem(404, "not_found");
            recruiter.post(&format!("{path}/withdraw"), &json!({"reason": "错"})).await.expect_problem(404, "not_found");
        }
    }

    async fn an_insight_that_rests_on_consent_is_shown_while_that_stands(w: World) {
        let recruiter = w.as_recruiter();
        let customer = guardian(&w).await;
        let by_consent = json!({"lawful_basis": "consent"});
        record(&recruiter, &customer, by_consent.clone()).await.expect_problem(409, "insight_not_agreed");
        consent(&w, &customer, "given").await;
        let made = record(&recruiter, &customer, by_consent).await.expect(201);
        assert!(made.json["consent_id"].is_string());
        let published = record(&recruiter, &customer, json!({})).await.expect(201);
        let shown = async || {
            let listed = recruiter.get(&format!("{CUSTOMERS}/{customer}/insights")).await.expect(200);
            let items = listed.json["items"].as_array().unwrap().iter().map(|item| (item["id"].clone(), item["content"].is_string(), item["is_covered"].clone()));
            items.collect::<Vec<_>>()
        };
        let told = |covered: bool| vec![(json!(published.id()), true, json!(true)), (json!(made.id()), covered, json!(covered))];
        assert_eq!(shown().await, told(true));
        consent(&w, &customer, "withdrawn").await;
        assert_eq!(shown().await, told(false));
        let one = recruiter.get(&format!("{CUSTOMERS}/{customer}/insights/{}", made.id())).await.expect(200);
        assert_eq!(one.json["content"], Value::Null);
    }

    async fn of_a_child_nothing_is_learned_without_its_guardian(w: World) {
        let recruiter = w.as_recruiter();
        let today = w.server.app.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
        let mut body = w.new_customer("张小明");
        body["birth_date"] = json!(format!("{}-01-01", today.year() - 8));
        let child = recruiter.post(CUSTOMERS, &body).await.expect(201).id();
        let refused = record(&recruiter, &child, json!({})).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/content".to_owned(), "guardian_consent_missing".to_owned())]);
        // Nor does somebody become a child of whom something was learned.
        let student = recruiter.post(CUSTOMERS, &w.new_customer("李雷")).await.expect(201).id();
        record(&recruiter, &student, json!({})).await.expect(201);
        let path = format!("{CUSTOMERS}/{student}");
        let refused = recruiter.patch(&path, &json!({"birth_date": body["birth_date"]})).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/birth_date".to_owned(), "guardian_consent_missing".to_owned())]);
    }

    async fn bad_insights_are_told_field_by_field(w: World) {
        let customer = guardian(&w).await;
        let recruiter = w.as_recruiter();
        let refused = record(&recruiter, &customer, json!({"content": " ", "origin": "\u{3000}", "authorisation": " ", "observed_on": "2199-01-01"})).await;
        let told: Vec<_> = refused.expect_problem(422, "validation_failed").errors().into_iter().map(|(at, _)| at).collect();
        assert_eq!(told, ["#/authorisation", "#/content", "#/observed_on", "#/origin"]);
        let tomorrow = w.server.app.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date() + jiff::Span::new().days(2);
        let refused = record(&recruiter, &customer, json!({"observed_on": tomorrow})).await.expect(422);
        assert_eq!(refused.errors(), [("#/observed_on".to_owned(), "observed_in_future".to_owned())]);
    }

    async fn a_rule_that_hides_the_like_hides_the_content(w: World) {
        let customer = guardian(&w).await;
        for topic in ["interests", "consumption", "background", "social_behaviour"] {
            record(&w.as_recruiter(), &customer, json!({"topic": topic})).await.expect(201);
        }
        for (field, access, left) in [
            ("details.hobbies", "hidden", 3), ("details.consumption_habits", "masked", 3), ("details.background", "hidden", 2),
        ] {
            let reader = reader_with(&w, &["customers:read"], json!([{"record": "customers", "field": field, "access": access}])).await;
            let listed = reader.get(&format!("{CUSTOMERS}/{customer}/insights")).await.expect(200);
            let items = listed.json["items"].as_array().unwrap();
            assert_eq!(items.iter().filter(|item| item["content"].is_string()).count(), left, "{field}");
        }
    }

    async fn a_merge_brings_insights_along_and_an_erasure_leaves_none(w: World) {
        let [kept, twin] = [guardian(&w).await, guardian(&w).await];
        let boss = w.as_boss();
        record(&boss, &twin, json!({})).await.expect(201);
        let version = boss.get(&format!("{CUSTOMERS}/{kept}")).await.expect(200).json["version"].clone();
        let other = boss.get(&format!("{CUSTOMERS}/{twin}")).await.expect(200).json["version"].clone();
        let merge = json!({"duplicate_id": twin, "version": version, "duplicate_version": other, "reason": "同一人"});
        boss.post(&format!("{CUSTOMERS}/{kept}/merge"), &merge).await.expect(201);
        let insights = format!("{CUSTOMERS}/{kept}/insights");
        assert_eq!(boss.get(&insights).await.expect(200).ids().len(), 1);
        let version = boss.get(&format!("{CUSTOMERS}/{kept}")).await.expect(200).json["version"].clone();
        let erased = json!({"version": version, "reason": "requested"});
        boss.post(&format!("{CUSTOMERS}/{kept}/erasure"), &erased).await.expect(201);
        boss.get(&insights).await.expect_problem(404, "not_found");
    }
}
