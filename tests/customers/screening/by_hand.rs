use tests::{both, json};

use super::{
    CUSTOMERS, PREVIEW, RUNS, found, history, lead, listed, names, said, screen, standing,
};
use crate::{
    access::fields::reader_with,
    customers::{
        merge::{merge, undo},
        quality::whole_student,
    },
};

both! {
    async fn what_was_last_said_counts_and_what_was_said_before_stays(w: World) {
        let boss = w.as_boss();
        let customer = lead(&w, "张伟", None).await;
        let before = boss.get(&format!("{CUSTOMERS}/{customer}")).await.expect(200);
        assert_eq!(standing(&boss, &customer).await, "unscreened");
        let path = format!("{CUSTOMERS}/{customer}/screen");
        let body = json!({"outcome": "invalid", "reason": "other", "details": "家长要求不再联系"});
        let first = boss.post(&path, &body).await.expect(201);
        assert_eq!((&first.json["details"], &first.json["rule_id"], &first.json["screened_by"]),
            (&json!("家长要求不再联系"), &json!(null), &json!(boss.principal)));
        let read = boss.get(first.header("location").unwrap()).await.expect(200);
        assert_eq!(read.json, first.json);
        screen(&boss, &customer, "valid", "verified").await.expect(201);
        assert_eq!(standing(&boss, &customer).await, "valid");
        assert_eq!(history(&boss, &customer).await, [said("valid", "verified"), said("invalid", "other")]);
        let after = boss.get(&format!("{CUSTOMERS}/{customer}")).await.expect(200);
        assert_eq!((after.header("etag"), after.text.as_str()), (before.header("etag"), before.text.as_str()));
        let timeline = boss.get(&format!("{CUSTOMERS}/{customer}/timeline?kind=screening")).await.expect(200);
        let told: Vec<_> = timeline.json["items"].as_array().unwrap().iter()
            .map(|item| (item["text"].as_str().unwrap(), item["category"].as_str().unwrap())).collect();
        assert_eq!(told, [("valid", "descriptive"), ("invalid", "descriptive")]);
        w.server.settle().await;
        let events = boss.get("/api/v1/events?type=screening.recorded").await.expect(200);
        let events = events.json["items"].as_array().unwrap();
        assert_eq!(events.len(), 2);
        assert_eq!(events[0]["data"]["customer_id"], json!(customer));
    }

    async fn a_reason_must_fit_and_something_else_be_explained(w: World) {
        let boss = w.as_boss();
        let customer = lead(&w, "张伟", None).await;
        let path = format!("{CUSTOMERS}/{customer}/screen");
        for (body, pointer, code) in [
            (json!({"outcome": "valid", "reason": "unreachable"}), "#/reason", "screening_reason_unfit"),
            (json!({"outcome": "invalid", "reason": "other"}), "#/details", "screening_details_missing"),
            (json!({"outcome": "invalid", "reason": "duplicate", "details": " "}), "#/details", "blank"),
        ] {
            let refused = boss.post(&path, &body).await.expect_problem(422, "validation_failed");
            assert_eq!(refused.errors(), [(pointer.to_owned(), code.to_owned())]);
        }
        assert!(history(&boss, &customer).await.is_empty());
        // Whoever only writes customers screens none.
        screen(&w.as_recruiter(), &customer, "valid", "verified").await.expect_problem(403, "permission_missing");
    }

    async fn several_are_screened_together_or_none(w: World) {
        let boss = w.as_boss();
        let (a, b) = (lead(&w, "张伟", None).await, lead(&w, "王芳", None).await);
        let path = format!("{CUSTOMERS}/screen");
        let beyond = uuid::Uuid::now_v7();
        let body = json!({"customer_ids": [a, beyond, b], "outcome": "valid", "reason": "verified"});
        let refused = boss.post(&path, &body).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/customer_ids/1".to_owned(), "unknown_reference".to_owned())]);
        assert_eq!(standing(&boss, &a).await, "unscreened");
        let body = json!({"customer_ids": [b, a, b], "outcome": "valid", "reason": "verified"});
        let done = boss.post(&path, &body).await.expect(200);
        let of: Vec<_> = done.json["items"].as_array().unwrap().iter().map(|item| item["customer_id"].clone()).collect();
        assert_eq!(of, [json!(b), json!(a)]);
        assert_eq!(history(&boss, &b).await.len(), 1);
    }

    async fn lists_searches_and_conditions_find_what_the_history_says(w: World) {
        let boss = w.as_boss();
        for (name, outcomes) in [("甲", vec![]), ("乙", vec!["valid"]), ("丙", vec!["valid", "invalid"]), ("丁", vec!["invalid", "valid"])] {
            let customer = lead(&w, name, None).await;
            for outcome in &outcomes {
                let reason = if *outcome == "valid" { "verified" } else { "duplicate" };
                screen(&boss, &customer, outcome, reason).await.expect(201);
            }
        }
        for (standing, expected) in [("unscreened", vec!["甲"]), ("valid", vec!["乙", "丁"]), ("invalid", vec!["丙"])] {
            assert_eq!(listed(&boss, standing).await, expected);
            assert_eq!(found(&boss, &json!({"field": "screening", "op": "eq", "value": standing})).await, expected);
            let body = json!({"filters": {"screening": [standing]}, "sort": "created_at", "include_total": true});
            let page = boss.post(&format!("{CUSTOMERS}/search"), &body).await.expect(200);
            assert_eq!(names(&page.json), expected);
            assert_eq!(page.json["total"], json!(expected.len()));
        }
        assert_eq!(listed(&boss, "unscreened,invalid").await, ["甲", "丙"]);
    }

    async fn who_may_not_know_neither_reads_nor_asks_nor_says(w: World) {
        let boss = w.as_boss();
        let customer = lead(&w, "张伟", None).await;
        screen(&boss, &customer, "invalid", "duplicate").await.expect(201);
        let hidden = json!([{"record": "customers", "field": "screening", "access": "hidden"}]);
        let permissions = ["customers:read", "customers:write", "customers:screen", "audit:read"];
        let reader = reader_with(&w, &permissions, hidden).await;
        assert_eq!(standing(&reader, &customer).await, json!(null));
        assert!(history(&reader, &customer).await.is_empty());
        let timeline = reader.get(&format!("{CUSTOMERS}/{customer}/timeline?kind=screening")).await.expect(200);
        assert_eq!(timeline.json["items"], json!([]));
        reader.get(&format!("{CUSTOMERS}?screening=invalid")).await.expect(422);
        let leaf = json!({"conditions": {"field": "screening", "op": "eq", "value": "invalid"}});
        let refused = reader.post(&format!("{CUSTOMERS}/search"), &leaf).await.expect(422);
        assert_eq!(refused.errors(), [("#/conditions/field".to_owned(), "field_not_readable".to_owned())]);
        let refused = screen(&reader, &customer, "valid", "verified").await.expect(422);
        assert_eq!(refused.errors(), [("#/outcome".to_owned(), "field_not_readable".to_owned())]);
        reader.post(PREVIEW, &json!({})).await.expect_problem(422, "field_not_readable");
        reader.post(RUNS, &json!({})).await.expect_problem(422, "field_not_readable");
        reader.post(&format!("{CUSTOMERS}/{customer}/file"), &json!({})).await.expect_problem(422, "field_not_readable");
        let told = reader.get("/api/v1/audit-events?limit=200").await.expect(200);
        for event in told.json["items"].as_array().unwrap().iter().filter(|event| event["action"] == "screenCustomer") {
            let read = reader.get(&format!("/api/v1/audit-events/{}", event["id"].as_str().unwrap())).await.expect(200);
            assert_eq!(read.json["changes"][0]["after"]["screening"], json!(null), "{}", read.text);
        }
        let rule = json!([{"record": "customers", "field": "screening", "access": "read_only"}]);
        let reader = reader_with(&w, &["customers:read", "customers:screen"], rule).await;
        let refused = screen(&reader, &customer, "valid", "verified").await.expect(422);
        assert_eq!(refused.errors(), [("#/outcome".to_owned(), "field_read_only".to_owned())]);
    }

    async fn what_is_invalid_is_not_filed_and_what_is_unscreened_is(w: World) {
        let boss = w.as_boss();
        let customer = boss.post(CUSTOMERS, &whole_student(&w)).await.expect(201).id();
        let file = format!("{CUSTOMERS}/{customer}/file");
        screen(&boss, &customer, "invalid", "not_genuine").await.expect(201);
        boss.post(&file, &json!({})).await.expect_problem(409, "record_invalid");
        screen(&boss, &customer, "valid", "verified").await.expect(201);
        let filed = boss.post(&file, &json!({})).await.expect(201).id();
        // Who finds a filed record invalid marks it, and it is not filed anew as it is.
        screen(&boss, &customer, "invalid", "not_genuine").await.expect(201);
        assert_eq!(boss.get(&format!("/api/v1/filings/{filed}")).await.json["state"], "changed");
        boss.post(&file, &json!({})).await.expect_problem(409, "record_invalid");
        let mut other = whole_student(&w);
        other["contact_points"] = json!([{"kind": "phone", "value": "13900139009"}]);
        let unscreened = boss.post(CUSTOMERS, &other).await.expect(201).id();
        boss.post(&format!("{CUSTOMERS}/{unscreened}/file"), &json!({})).await.expect(201);
    }

    async fn of_two_who_are_one_the_survivor_counts_and_keeps_all_that_was_said(w: World) {
        let boss = w.as_boss();
        let (a, twin) = (lead(&w, "张伟", None).await, lead(&w, "张玮", None).await);
        screen(&boss, &a, "valid", "verified").await.expect(201);
        screen(&boss, &twin, "invalid", "duplicate").await.expect(201);
        let merged = merge(&boss, &a, &twin).await.expect(201).id();
        assert_eq!(standing(&boss, &a).await, "valid");
        assert_eq!(history(&boss, &twin).await, [said("invalid", "duplicate"), said("valid", "verified")]);
        assert!(listed(&boss, "invalid").await.is_empty());
        undo(&boss, &merged).await.expect(200);
        assert_eq!((standing(&boss, &a).await, standing(&boss, &twin).await), (json!("valid"), json!("invalid")));
        // What was said of the one counts where nothing was said of the other.
        let fresh = lead(&w, "张炜", None).await;
        let merged = merge(&boss, &fresh, &twin).await.expect(201).id();
        assert_eq!(standing(&boss, &fresh).await, "invalid");
        undo(&boss, &merged).await.expect(200);
        assert_eq!((standing(&boss, &fresh).await, standing(&boss, &twin).await), (json!("unscreened"), json!("invalid")));
    }

    async fn erasure_leaves_nothing_of_it(w: World) {
        let boss = w.as_boss();
        let customer = lead(&w, "张伟", None).await;
        let body = json!({"outcome": "invalid", "reason": "other", "details": "家住三单元"});
        boss.post(&format!("{CUSTOMERS}/{customer}/screen"), &body).await.expect(201);
        let path = format!("{CUSTOMERS}/{customer}/erasure");
        let version = boss.get(&path).await.expect(200).json["version"].clone();
        boss.post(&path, &json!({"version": version, "reason": "requested"})).await.expect(201);
        let sql = "SELECT outcome FROM customer_screenings WHERE institution_id = ?";
        assert!(w.server.texts(sql, vec![w.institution.uuid().into()]).await.is_empty());
    }
}
