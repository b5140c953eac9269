use tests::{both, json};

use super::{PREVIEW, RULES, RUNS, counts, intent, lead, preview, rule, run};
use crate::access::fields::reader_with;

both! {
    async fn each_change_of_a_rule_is_a_version_that_is_kept(w: World) {
        let boss = w.as_boss();
        let body = json!({"name": "意向过低", "conditions": intent("lte", 1), "outcome": "invalid", "reason": "no_need"});
        let made = boss.post(RULES, &body).await.expect(201);
        assert_eq!((&made.json["state"], &made.json["version"], &made.json["position"]), (&json!("draft"), &json!(1), &json!(0)));
        let path = format!("{RULES}/{}", made.id());
        assert_eq!(boss.get(made.header("location").unwrap()).await.expect(200).json, made.json);
        let etag = made.header("etag").unwrap().to_owned();
        boss.patch_if(&path, &etag, &json!({"state": "in_force"})).await.expect(200);
        boss.patch_if(&path, &etag, &json!({"state": "ended"})).await.expect_problem(412, "version_stale");
        let same = boss.patch(&path, &json!({"name": "意向过低"})).await.expect(200);
        assert_eq!(same.json["version"], 2);
        let refused = boss.patch(&path, &json!({"state": "draft"})).await.expect(422);
        assert_eq!(refused.errors(), [("#/state".to_owned(), "screening_rule_in_force".to_owned())]);
        let refused = boss.patch(&path, &json!({"outcome": "valid"})).await.expect(422);
        assert_eq!(refused.errors(), [("#/reason".to_owned(), "screening_reason_unfit".to_owned())]);
        boss.patch(&path, &json!({"conditions": intent("lte", 2)})).await.expect(200);
        let ended = boss.patch(&path, &json!({"state": "ended"})).await.expect(200);
        assert_eq!(ended.json["version"], 4);
        boss.patch(&path, &json!({"name": "再用"})).await.expect_problem(409, "screening_rule_ended");
        let history = boss.get(&format!("{path}/history")).await.expect(200);
        let told: Vec<_> = history.json["items"].as_array().unwrap().iter()
            .map(|item| (item["version"].as_i64().unwrap(), item["state"].clone(), item["conditions"]["value"].clone())).collect();
        assert_eq!(told, [(4, json!("ended"), json!(2)), (3, json!("in_force"), json!(2)),
            (2, json!("in_force"), json!(1)), (1, json!("draft"), json!(1))]);
        assert!(boss.get(RULES).await.expect(200).ids().is_empty());
        assert_eq!(boss.get(&format!("{RULES}?state=ended")).await.expect(200).ids(), [made.id()]);
        w.as_stranger().get(&path).await.expect_problem(404, "not_found");
        w.as_recruiter().get(&path).await.expect_problem(403, "permission_missing");
    }

    async fn the_first_rule_that_is_met_decides_and_drafts_are_only_tried(w: World) {
        let boss = w.as_boss();
        for (name, level) in [("甲", Some(1)), ("乙", Some(3)), ("丙", Some(4)), ("丁", None)] {
            lead(&w, name, level).await;
        }
        let high = rule(&boss, intent("gte", 3), "valid").await;
        let any = rule(&boss, intent("gte", 1), "invalid").await;
        let told = preview(&boss, &json!({})).await;
        assert_eq!((counts(&told), &told["looked_at"], &told["is_capped"]), ((vec![2, 1], 1), &json!(4), &json!(false)));
        assert_eq!((&told["rules"][0]["rule_id"], &told["rules"][1]["rule_id"]), (&json!(high), &json!(any)));
        // In the other order it is otherwise.
        boss.patch(&format!("{RULES}/{high}"), &json!({"position": 9})).await.expect(200);
        assert_eq!(counts(&preview(&boss, &json!({})).await), (vec![3, 0], 1));
        let body = json!({"name": "未知", "conditions": {"field": "intent", "op": "is_unknown"}, "outcome": "invalid",
            "reason": "other", "details": "未填意向"});
        boss.post(RULES, &body).await.expect(201);
        assert_eq!(counts(&preview(&boss, &json!({})).await), (vec![3, 0], 1));
        let told = preview(&boss, &json!({"with_drafts": true})).await;
        assert_eq!((counts(&told), &told["preview_key"]), ((vec![3, 0, 1], 0), &json!(null)));
        assert_eq!(counts(&run(&boss, &json!({})).await), (vec![3, 0], 1));
    }

    async fn nobody_names_or_applies_what_a_rule_hides(w: World) {
        let boss = w.as_boss();
        lead(&w, "张伟", Some(1)).await;
        let hidden = json!([{"record": "customers", "field": "intent", "access": "hidden"}]);
        let permissions = ["customers:read", "customers:screen", "customers:configure"];
        let reader = reader_with(&w, &permissions, hidden).await;
        let body = json!({"name": "意向", "conditions": {"not": intent("gte", 2)}, "outcome": "invalid", "reason": "no_need"});
        let refused = reader.post(RULES, &body).await.expect(422);
        assert_eq!(refused.errors(), [("#/conditions/not/field".to_owned(), "field_not_readable".to_owned())]);
        let made = boss.post(RULES, &body).await.expect(201).id();
        let conditions = json!({"conditions": intent("lte", 1)});
        let refused = reader.patch(&format!("{RULES}/{made}"), &conditions).await.expect(422);
        assert_eq!(refused.errors(), [("#/conditions/field".to_owned(), "field_not_readable".to_owned())]);
        // As long as it is not in force, it is in nobody's way.
        reader.post(PREVIEW, &json!({})).await.expect(200);
        reader.post(PREVIEW, &json!({"with_drafts": true})).await.expect_problem(422, "field_not_readable");
        boss.patch(&format!("{RULES}/{made}"), &json!({"state": "in_force"})).await.expect(200);
        reader.post(PREVIEW, &json!({})).await.expect_problem(422, "field_not_readable");
        reader.post(RUNS, &json!({})).await.expect_problem(422, "field_not_readable");
        let refused = boss.post(PREVIEW, &json!({"conditions": {"field": "shoe", "op": "is_known"}})).await.expect(422);
        assert_eq!(refused.errors(), [("#/conditions/field".to_owned(), "condition_field_unknown".to_owned())]);
    }

    async fn a_rule_whose_field_is_archived_is_to_be_set_anew(w: World) {
        let boss = w.as_boss();
        let field = json!({"entity": "customer", "code": "way", "name": "上学方式", "type": "text"});
        let field = boss.post("/api/v1/custom-fields", &field).await.expect(201).id();
        rule(&boss, json!({"field": "custom_fields.way", "op": "eq", "value": "校车"}), "valid").await;
        preview(&boss, &json!({})).await;
        boss.post(&format!("/api/v1/custom-fields/{field}/archive"), &json!(null)).await.expect(200);
        boss.post(PREVIEW, &json!({})).await.expect_problem(409, "screening_rule_outdated");
        boss.post(RUNS, &json!({})).await.expect_problem(409, "screening_rule_outdated");
    }
}
