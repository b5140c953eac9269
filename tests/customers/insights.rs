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
        for (field, value) in [
            ("content", Value::Null), ("origin", Value::Null), ("is_covered", json!(false)), ("version", json!(2)),
            ("withdrawal_reason", json!("客户否认")), ("withdrawn_by", json!(recruiter.principal)), ("authorisation", json!("本人公开发布")),
        ] {
            assert_eq!(gone.json[field], value, "{field}");
        }
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
        let by_contract = record(&recruiter, &customer, json!({"lawful_basis": "contract"})).await.expect(201);
        let told = |covered: bool| {
            let of = |id: String, covered: bool| (json!(id), covered, json!(covered));
            vec![of(by_contract.id(), true), of(published.id(), covered), of(made.id(), covered)]
        };
        assert_eq!(shown().await, told(true));
        // What is public is not kept of who refused either.
        consent(&w, &customer, "withdrawn").await;
        assert_eq!(shown().await, told(false));
        record(&recruiter, &customer, json!({})).await.expect_problem(409, "insight_not_agreed");
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
        // Once the guardian takes that back, what was learned is covered no more.
        let guardian = guardian(&w).await;
        let path = format!("{CUSTOMERS}/{child}");
        recruiter.post(&format!("{path}/relations"), &json!({"role": "guardian", "relative_id": guardian})).await.expect(201);
        let notice = json!({"purpose": "child_data", "language": "zh-CN", "title": "告知书", "text": "儿童信息。"});
        let notice = w.as_boss().post("/api/v1/privacy-notices", &notice).await.expect(201).id();
        let given = json!({"purpose": "child_data", "decision": "given", "notice_id": notice, "evidence": "签字页", "decided_by": guardian});
        recruiter.post(&format!("{path}/consents"), &given).await.expect(201);
        let made = record(&recruiter, &child, json!({})).await.expect(201);
        assert_eq!(made.json["is_covered"], true);
        w.server.app.clock.advance(jiff::SignedDuration::from_secs(1));
        let withdrawn = json!({"purpose": "child_data", "decision": "withdrawn", "decided_by": guardian});
        recruiter.post(&format!("{path}/consents"), &withdrawn).await.expect(201);
        let left = recruiter.get(&format!("{path}/insights/{}", made.id())).await.expect(200);
        assert_eq!((&left.json["is_covered"], &left.json["content"]), (&json!(false), &Value::Null));
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

    async fn who_may_not_write_the_like_neither_records_nor_takes_back(w: World) {
        let customer = guardian(&w).await;
        let made = record(&w.as_recruiter(), &customer, json!({"topic": "background"})).await.expect(201);
        for (access, code) in [("hidden", "field_not_readable"), ("masked", "field_not_readable"), ("read_only", "field_read_only")] {
            let rules = json!([{"record": "customers", "field": "details.background", "access": access}]);
            let writer = reader_with(&w, &["customers:read", "customers:write"], rules).await;
            let told = |refused: Answer| refused.expect_problem(422, "validation_failed").errors();
            let refused = told(record(&writer, &customer, json!({"topic": "social_behaviour"})).await);
            assert_eq!(refused, [("#/topic".to_owned(), code.to_owned())]);
            let path = format!("{CUSTOMERS}/{customer}/insights/{}/withdraw", made.id());
            let refused = told(writer.post(&path, &json!({"reason": "错"})).await);
            assert_eq!(refused, [("#/topic".to_owned(), code.to_owned())]);
            record(&writer, &customer, json!({})).await.expect(201);
        }
    }

    async fn no_choice_of_a_merge_makes_a_child_of_whom_something_was_learned(w: World) {
        let boss = w.as_boss();
        let today = w.server.app.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
        let born = async |date: String| {
            let mut body = w.new_customer("张伟");
            body["birth_date"] = json!(date);
            boss.post(CUSTOMERS, &body).await.expect(201).id()
        };
        let [kept, twin] = [born("1990-01-01".into()).await, born(format!("{}-01-01", today.year() - 8)).await];
        record(&boss, &kept, json!({})).await.expect(201);
        let mut merge = json!({"duplicate_id": twin, "version": 1, "duplicate_version": 1, "reason": "同一人",
            "choices": [{"field": "birth_date", "from": "duplicate"}]});
        let path = format!("{CUSTOMERS}/{kept}/merge");
        boss.post(&path, &merge).await.expect_problem(409, "merge_obstructed");
        merge["choices"] = json!([]);
        boss.post(&path, &merge).await.expect(201);
    }

    async fn a_merge_is_not_undone_once_something_was_learned_since(w: World) {
        let [kept, twin] = [guardian(&w).await, guardian(&w).await];
        let boss = w.as_boss();
        let version = async |id: &str| boss.get(&format!("{CUSTOMERS}/{id}")).await.expect(200).json["version"].clone();
        let merge = json!({"duplicate_id": twin, "version": version(&kept).await, "duplicate_version": version(&twin).await, "reason": "同一人"});
        let merged = boss.post(&format!("{CUSTOMERS}/{kept}/merge"), &merge).await.expect(201).id();
        record(&boss, &kept, json!({})).await.expect(201);
        let refused = boss.post(&format!("/api/v1/customer-merges/{merged}/undo"), &json!(null)).await;
        refused.expect_problem(409, "merge_obstructed");
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
