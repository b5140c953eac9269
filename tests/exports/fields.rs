//! What of its rows an export shows: field rules and reveals hold as they do in the list.

use domain::access::Reach;
use tests::{both, json};

use super::{EXPORTS, content, customer, export, table};
use crate::access::fields::reader_with;

both! {
    async fn hidden_fields_have_no_column_and_masked_ones_show_the_mask(w: World) {
        customer(&w, "张伟", json!({"note": "怕生", "intent": 4})).await;
        let permissions = ["customers:read", "customers:reveal", "exports:run"];
        let rule = |field: &str, access: &str| json!({"record": "customers", "field": field, "access": access});
        let rules = json!([rule("collector_id", "hidden"), rule("gender", "read_only"), rule("intent", "hidden"),
            rule("name", "masked"), rule("note", "hidden")]);
        let who = reader_with(&w, &permissions, rules).await;
        let rows = table(&who, &json!({})).await;
        assert_eq!((rows[0]["Name"].as_str(), rows[0]["Gender"].as_str()), ("***", "Not given"));
        for gone in ["Note", "Intent", "Collector", "Collector ID", "Tags", "Tag IDs"] {
            assert!(!rows[0].contains_key(gone), "{gone}");
        }
        for (filters, place) in [
            (json!({"intent": [4]}), "#/filters/intent"),
            (json!({"tag_id": [uuid::Uuid::now_v7()]}), "#/filters/tag_id"),
        ] {
            let body = json!({"entity": "customers", "format": "csv", "filters": filters, "reason": "盘点"});
            let refused = who.post(EXPORTS, &body).await.expect_problem(422, "validation_failed");
            assert_eq!(refused.errors(), [(place.to_owned(), "field_not_readable".to_owned())]);
        }
        let hidden = json!([rule("contact_points", "hidden")]);
        let who = reader_with(&w, &permissions, hidden).await;
        let made = export(&who, "csv", &json!({})).await;
        assert_eq!(made.json["revealed_rows"], 0);
        let text = content(&who, &made).await.text;
        assert!(!text.contains("Phone") && !text.contains("138"), "{text}");
    }

    async fn contact_values_are_clear_where_one_may_reveal_them(w: World) {
        w.add_role("half", &[
            ("customers:read", Reach::Institution), ("exports:run", Reach::Institution),
            ("customers:reveal", Reach::Own),
        ]).await;
        let who = w.hire(&["half"], w.places.north, None).await;
        customer(&w, "自己的", json!({"holder_id": who.principal})).await;
        customer(&w, "别人的", json!({"holder_id": w.as_recruiter().principal})).await;
        let made = export(&who, "csv", &json!({})).await;
        assert_eq!((&made.json["rows"], &made.json["revealed_rows"]), (&json!(2), &json!(1)));
        let mut rows = table(&who, &json!({})).await;
        rows.sort_by_key(|row| row["Phone"].clone());
        let shown: Vec<_> = rows.iter().map(|row| (row["Name"].as_str(), row["Phone"].as_str())).collect();
        assert_eq!(shown, [("自己的", "'+8613800138000"), ("别人的", "138****8000")]);
        let finance = table(&w.actor("finance"), &json!({})).await;
        assert!(finance.iter().all(|row| row["Phone"] == "138****8000"), "finance reveals nothing");
    }

    async fn names_of_people_need_the_directory(w: World) {
        customer(&w, "张伟", json!({})).await;
        let client = json!({"name": "同步", "role_ids": [], "scopes": ["customers:read", "exports:run"]});
        let boss = w.as_boss();
        let roles = boss.get("/api/v1/roles?limit=200").await.expect(200);
        let role = roles.json["items"].as_array().unwrap().iter().find(|r| r["code"] == "branch_manager").unwrap();
        let mut client = client;
        client["role_ids"] = json!([role["id"]]);
        client["campus_ids"] = json!([w.places.north]);
        let made = boss.post("/api/v1/api-clients", &client).await.expect(201);
        let key = made.json["key"]["key"].as_str().unwrap();
        let caller = w.as_anonymous().with_token(key);
        let rows = table(&caller, &json!({})).await;
        assert_eq!(rows[0]["Campus ID"], w.places.north.to_string());
        assert!(!rows[0].contains_key("Campus") && !rows[0].contains_key("Holder"));
        assert_eq!(rows[0]["Phone"], "138****8000", "no scope to reveal");
    }
}
