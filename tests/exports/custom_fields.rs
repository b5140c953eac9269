//! Custom fields in exports: columns that are asked for by code, with the rights of who asks.

use tests::{Actor, Value, World, both, json};

use super::{EXPORTS, begin_with, content, customer, ended, table, table_with};
use crate::access::fields::reader_with;

async fn define(w: &World, code: &str, field_type: &str, more: Value) {
    let mut body = json!({"entity": "customer", "code": code, "name": code, "type": field_type});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    w.as_boss()
        .post("/api/v1/custom-fields", &body)
        .await
        .expect(201);
}

/// One field of each type.
async fn define_all(w: &World) {
    let choices = json!([{"code": "bus", "name": "校车"}, {"code": "walk", "name": "步行"}]);
    define(w, "motto", "text", json!({"name": "Name"})).await;
    define(
        w,
        "height_cm",
        "number",
        json!({"name": "身高", "decimals": 1}),
    )
    .await;
    define(w, "met_on", "date", json!({})).await;
    define(w, "way", "choice", json!({ "choices": choices })).await;
    define(w, "ways", "multi_choice", json!({ "choices": choices })).await;
    define(w, "boards", "yes_no", json!({})).await;
    define(w, "budget", "money", json!({})).await;
    define(w, "tutor", "person", json!({})).await;
    define(w, "secret", "text", json!({"is_sensitive": true})).await;
}

const ALL: &[&str] = &[
    "secret",
    "motto",
    "height_cm",
    "met_on",
    "way",
    "ways",
    "boards",
    "budget",
    "tutor",
    "motto",
];

fn values(tutor: &Actor) -> Value {
    json!({"motto": "=1+1", "height_cm": -1355, "met_on": "2026-09-01", "way": "bus", "ways": ["walk", "bus"],
        "boards": true, "budget": {"amount_minor": 129_905, "currency": "CNY"}, "tutor": tutor.principal,
        "secret": "雀在笼中"})
}

both! {
    async fn custom_fields_have_columns_where_they_are_asked_for_by_code(w: World) {
        define_all(&w).await;
        let (boss, tutor) = (w.as_boss(), w.as_recruiter());
        customer(&w, "张伟", json!({"custom_fields": values(&tutor)})).await;
        customer(&w, "李雷", json!({})).await;
        assert!(!table(&boss, &json!({})).await[0].contains_key("身高"));
        let made = ended(&boss, &begin_with(&boss, json!({ "custom_fields": ALL })).await).await;
        assert_eq!(made.json["custom_fields"], json!(&ALL[..9]));
        let text = content(&boss, &made).await.text;
        let header = text.lines().next().unwrap();
        assert!(header.ends_with(",secret,Name · custom_fields.motto,身高,met_on,way,ways,boards,budget,tutor,Exported"), "{header}");
        let rows = table_with(&boss, json!({ "custom_fields": ALL })).await;
        let row = rows.iter().find(|row| row["Name"] == "张伟").unwrap();
        for (heading, cell) in [
            ("secret", "***"), ("Name · custom_fields.motto", "'=1+1"), ("身高", "'-135.5"), ("met_on", "2026-09-01"), ("way", "校车"),
            ("ways", "校车, 步行"), ("boards", "Yes"), ("budget", "1299.05"), ("tutor", "recruiter"),
        ] {
            assert_eq!(row[heading], cell, "{heading}");
        }
        let other = rows.iter().find(|row| row["Name"] == "李雷").unwrap();
        assert_eq!((other["身高"].as_str(), other["secret"].as_str()), ("", ""));
    }

    async fn custom_fields_that_a_rule_hides_can_not_be_asked_for(w: World) {
        define_all(&w).await;
        customer(&w, "张伟", json!({"custom_fields": values(&w.as_recruiter())})).await;
        let permissions = ["customers:read", "customers:reveal", "exports:run"];
        let asked = json!({"custom_fields": ["motto", "tutor", "secret"]});
        let rules = json!([{"record": "customers", "field": "custom_fields", "access": "hidden"}]);
        let who = reader_with(&w, &permissions, rules).await;
        let mut body = json!({"entity": "customers", "format": "csv", "reason": "盘点"});
        body["custom_fields"] = asked["custom_fields"].clone();
        let refused = who.post(EXPORTS, &body).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/custom_fields".to_owned(), "field_not_readable".to_owned())]);
        // Who may reveal sees sealed values by reveals alone.
        let who = reader_with(&w, &permissions, json!([])).await;
        let row = &table_with(&who, asked).await[0];
        assert_eq!(row["tutor"], "recruiter");
        assert_eq!(row["secret"], "***");
    }

    async fn who_agrees_reads_which_fields_and_none_of_them_is_left_out_later(w: World) {
        define(&w, "ring", "text", json!({"name": "手环"})).await;
        define(&w, "way", "text", json!({"name": "路线"})).await;
        customer(&w, "张伟", json!({})).await;
        let (boss, manager) = (w.as_boss(), w.as_manager());
        let steps = json!([{"staff_id": manager.principal}]);
        let policy = json!({"name": "导出", "kind": "export", "from_amount": 1, "steps": steps});
        boss.post(crate::approvals::POLICIES, &policy).await.expect(201);
        let job = begin_with(&boss, json!({"custom_fields": ["ring", "way", "ring"]})).await;
        let waiting = manager.get("/api/v1/approvals?side=waiting_for_me").await.expect(200);
        let summary = waiting.json["items"][0]["summary"].as_str().unwrap();
        assert!(summary.contains(" + 2 ") && summary.ends_with(" · 手环 + 路线"), "{summary}");
        let fields = boss.get("/api/v1/custom-fields").await.expect(200);
        let ring = fields.json["items"].as_array().unwrap().iter().find(|field| field["code"] == "ring").unwrap();
        let archive = format!("/api/v1/custom-fields/{}/archive", ring["id"].as_str().unwrap());
        boss.post(&archive, &json!(null)).await.expect(200);
        let decision = format!("/api/v1/approvals/{}/decision", waiting.ids()[0]);
        manager.post(&decision, &json!({"step": 1, "verdict": "approve"})).await.expect(200);
        let ended = boss.ended_job(&job.id()).await;
        assert_eq!((&ended.json["status"], &ended.json["problem"]["code"]), (&json!("failed"), &json!("export_fields_changed")));
    }

    async fn fields_that_there_are_not_are_named(w: World) {
        define(&w, "ring", "text", json!({})).await;
        define(&w, "old", "text", json!({})).await;
        let boss = w.as_boss();
        let all = boss.get("/api/v1/custom-fields").await.expect(200);
        let old = all.json["items"].as_array().unwrap().iter().find(|field| field["code"] == "old").unwrap();
        let id = old["id"].as_str().unwrap();
        boss.post(&format!("/api/v1/custom-fields/{id}/archive"), &json!(null)).await.expect(200);
        let body = json!({"entity": "customers", "format": "csv", "reason": "盘点", "custom_fields": ["ring", "old", "nobody"]});
        let refused = boss.post(EXPORTS, &body).await.expect_problem(422, "validation_failed");
        let at = |place| (format!("#/custom_fields/{place}"), "custom_field_unknown".to_owned());
        assert_eq!(refused.errors(), [at(1), at(2)]);
        let stranger = json!({"entity": "customers", "format": "csv", "reason": "盘点", "custom_fields": ["ring"]});
        let refused = w.as_stranger().post(EXPORTS, &stranger).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [at(0)]);
    }
}
