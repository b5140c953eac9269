//! Values of custom fields stand with their customer.

use tests::{both, json};

use super::{CUSTOMERS, FIELDS, customer, define, define_all, one_of_each};

both! {
    async fn a_value_of_every_type_is_shown_as_it_was_sent(w: World) {
        define_all(&w).await;
        let values = one_of_each(&w);
        let made = customer(&w, &values).await.expect(201);
        assert_eq!(made.json["custom_fields"], values);
        let recruiter = w.as_recruiter();
        let path = format!("{CUSTOMERS}/{}", made.id());
        assert_eq!(recruiter.get(&path).await.expect(200).json["custom_fields"], json!(null));
        let shown = recruiter.get(&format!("{path}?expand=custom_fields,details")).await.expect(200);
        assert_eq!(shown.json["custom_fields"], values);
        let list = recruiter.get(&format!("{CUSTOMERS}?expand=custom_fields")).await.expect(200);
        assert_eq!(list.json["items"][0]["custom_fields"], values);
        let found = recruiter.post(&format!("{CUSTOMERS}/search"), &json!({"query": "张伟", "expand": ["custom_fields"]})).await.expect(200);
        assert_eq!(found.json["items"][0]["custom_fields"], values);
        let other = recruiter.post(CUSTOMERS, &w.new_customer("李雷")).await.expect(201);
        let other = recruiter.get(&format!("{CUSTOMERS}/{}?expand=custom_fields", other.id())).await.expect(200);
        assert_eq!(other.json["custom_fields"], json!({}));
        for actor in [w.as_colleague(), w.as_stranger()] {
            actor.get(&format!("{path}?expand=custom_fields")).await.expect_problem(404, "not_found");
        }
        // They come with bulk calls, too.
        let mut body = w.new_customer("韩梅");
        body["custom_fields"] = values.clone();
        let call = json!({"mode": "all_or_nothing", "operations": [
            {"op": "create", "ref": "a", "data": body},
            {"op": "update", "ref": "b", "id": made.id(), "version": 1, "data": {"custom_fields": {"number": 7}}},
        ]});
        recruiter.post(&format!("{CUSTOMERS}/bulk"), &call).await.expect(200);
        let shown = recruiter.get(&format!("{path}?expand=custom_fields")).await.expect(200);
        assert_eq!(shown.json["custom_fields"]["number"], 7);
    }

    async fn a_change_goes_into_the_values_and_raises_the_version_once(w: World) {
        define_all(&w).await;
        let recruiter = w.as_recruiter();
        let made = customer(&w, &json!({"text": "甲", "number": 3, "multi_choice": ["bus"]})).await.expect(201);
        let path = format!("{CUSTOMERS}/{}", made.id());
        let change = json!({"intent": 4, "custom_fields": {"text": null, "multi_choice": ["walk", "bike"], "yes_no": true}});
        let changed = recruiter.patch(&path, &change).await.expect(200);
        assert_eq!((&changed.json["version"], &changed.json["intent"]), (&json!(2), &json!(4)));
        assert_eq!(changed.json["custom_fields"], json!({"number": 3, "multi_choice": ["bike", "walk"], "yes_no": true}));
        // What differs in nothing changes nothing, and what is not named stays.
        assert_eq!(recruiter.patch(&path, &change).await.expect(200).json, changed.json);
        let other = recruiter.patch(&path, &json!({"intent": 2})).await.expect(200);
        assert_eq!(other.json["custom_fields"], changed.json["custom_fields"]);
        let trail = w.as_boss().get("/api/v1/audit-events?operation=changeCustomer").await.expect(200);
        let first = w.as_boss().get(&format!("/api/v1/audit-events/{}", trail.ids()[1])).await.expect(200);
        let told = &first.json["changes"][0];
        assert_eq!((&told["before"]["custom_fields.text"], &told["after"]["custom_fields.text"]), (&json!("***"), &json!(null)));
        assert_eq!((&told["before"]["custom_fields.yes_no"], &told["after"]["custom_fields.yes_no"]), (&json!(null), &json!("***")));
        w.server.settle().await;
        let events = w.as_boss().get("/api/v1/events?type=customer.changed").await.expect(200);
        let mut told: Vec<_> = events.json["items"][0]["data"]["changed"].as_array().unwrap().clone();
        told.sort_by_key(|name| name.to_string());
        assert_eq!(told, ["custom_fields.multi_choice", "custom_fields.text", "custom_fields.yes_no", "intent"]);
    }

    async fn every_value_that_is_none_is_told_with_its_field(w: World) {
        define_all(&w).await;
        define(&w.as_boss(), "of_guardians", "text", json!({"kinds": ["guardian"]})).await.expect(201);
        let nobody = uuid::Uuid::now_v7();
        let stranger = w.as_stranger().principal;
        for (code, value, rule) in [
            ("nothing", json!("x"), "custom_field_unknown"),
            ("text", json!(3), "custom_value_unfit"),
            ("text", json!(" \n"), "blank"),
            ("text", json!("a\u{7}b"), "control_character"),
            ("number", json!("3"), "custom_value_unfit"),
            ("date", json!("2026-02-30"), "custom_value_unfit"),
            ("date", json!("1899-12-31"), "custom_value_unfit"),
            ("choice", json!("plane"), "custom_choice_unknown"),
            ("choice", json!(["bus"]), "custom_value_unfit"),
            ("multi_choice", json!("bus"), "custom_value_unfit"),
            ("multi_choice", json!(["bus", "plane"]), "custom_choice_unknown"),
            ("yes_no", json!(1), "custom_value_unfit"),
            ("money", json!({"amount_minor": 1, "currency": "USD"}), "currency_mismatch"),
            ("person", json!("李娜"), "custom_value_unfit"),
            ("person", json!(nobody), "unknown_reference"),
            ("person", json!(stranger), "unknown_reference"),
            ("of_guardians", json!("x"), "detail_not_fitting"),
        ] {
            let refused = customer(&w, &json!({code: value})).await.expect_problem(422, "validation_failed");
            assert_eq!(refused.errors(), [(format!("#/custom_fields/{code}"), rule.to_owned())], "{value}");
        }
        // What the schema says comes first.
        for (code, value) in [("text", json!("字".repeat(1001))), ("number", json!(9_007_199_254_740_992_i64)), ("number", json!(1.5)), ("multi_choice", json!([])), ("text", json!({"a": 1}))] {
            let refused = customer(&w, &json!({code: value})).await.expect_problem(422, "validation_failed");
            assert!(refused.errors().iter().all(|(at, _)| at.starts_with(&format!("#/custom_fields/{code}"))), "{}", refused.text);
        }
        for values in [json!({"Text": "x"}), json!(null), json!([])] {
            customer(&w, &values).await.expect_problem(422, "validation_failed");
        }
        // All at once, with what else is wrong.
        let mut body = w.new_customer("张伟");
        body["birth_date"] = json!("2999-01-01");
        body["custom_fields"] = json!({"yes_no": "yes", "date": "soon"});
        let refused = w.as_recruiter().post(CUSTOMERS, &body).await.expect(422);
        let told = |at: &str, code: &str| (at.to_owned(), code.to_owned());
        assert_eq!(refused.errors(), [
            told("#/birth_date", "birth_date_invalid"),
            told("#/custom_fields/date", "custom_value_unfit"), told("#/custom_fields/yes_no", "custom_value_unfit"),
        ]);
    }

    async fn a_field_of_one_kind_stands_in_the_way_of_another(w: World) {
        define(&w.as_boss(), "ring", "text", json!({"kinds": ["student", "other"]})).await.expect(201);
        let made = customer(&w, &json!({"ring": "x"})).await.expect(201);
        let path = format!("{CUSTOMERS}/{}", made.id());
        let refused = w.as_recruiter().patch(&path, &json!({"kind": "guardian"})).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/custom_fields/ring".into(), "detail_not_fitting".into())]);
        w.as_recruiter().patch(&path, &json!({"kind": "guardian", "custom_fields": {"ring": null}})).await.expect(200);
    }

    async fn what_a_stage_demands_is_asked_of_new_customers_and_of_who_comes_there(w: World) {
        let (boss, recruiter) = (w.as_boss(), w.as_recruiter());
        let before = customer(&w, &json!({})).await.expect(201);
        let field = define(&boss, "size", "number", json!({"required_at": ["lead", "trial"], "kinds": ["student"]})).await.expect(201).id();
        let missing = [("#/custom_fields/size".to_owned(), "required".to_owned())];
        for values in [json!({}), json!({"size": null})] {
            let refused = customer(&w, &values).await.expect_problem(422, "validation_failed");
            assert_eq!(refused.errors(), missing);
        }
        let mut body = w.new_customer("张伟");
        body["stage"] = json!("contacted");
        recruiter.post(CUSTOMERS, &body).await.expect(201);
        body["stage"] = json!("lead");
        body["kind"] = json!("guardian");
        recruiter.post(CUSTOMERS, &body).await.expect(201);
        // Who was there without it stays so in peace, but goes no further without it.
        let path = format!("{CUSTOMERS}/{}", before.id());
        recruiter.patch(&path, &json!({"intent": 1})).await.expect(200);
        recruiter.patch(&path, &json!({"stage": "contacted"})).await.expect(200);
        let refused = recruiter.patch(&path, &json!({"stage": "trial"})).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), missing);
        recruiter.patch(&path, &json!({"stage": "trial", "custom_fields": {"size": 3}})).await.expect(200);
        let refused = recruiter.patch(&path, &json!({"custom_fields": {"size": null}})).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), missing);
        boss.patch(&format!("{FIELDS}/{field}"), &json!({"required_at": []})).await.expect(200);
        recruiter.patch(&path, &json!({"custom_fields": {"size": null}})).await.expect(200);
    }

    async fn of_a_child_a_sensitive_value_is_kept_only_once_a_guardian_agrees(w: World) {
        let boss = w.as_boss();
        define(&boss, "illness", "text", json!({"is_sensitive": true})).await.expect(201);
        define(&boss, "bus", "text", json!({})).await.expect(201);
        let mut body = w.new_customer("王小明");
        body["birth_date"] = json!("2024-03-01");
        body["custom_fields"] = json!({"bus": "3 号线", "illness": "哮喘"});
        let refused = boss.post(CUSTOMERS, &body).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/custom_fields/illness".into(), "guardian_consent_missing".into())]);
        body["custom_fields"] = json!({"bus": "3 号线"});
        let made = boss.post(CUSTOMERS, &body).await.expect(201);
        let change = json!({"custom_fields": {"illness": "哮喘"}});
        let refused = boss.patch(&format!("{CUSTOMERS}/{}", made.id()), &change).await.expect(422);
        assert_eq!(refused.errors(), [("#/custom_fields/illness".into(), "guardian_consent_missing".into())]);
    }

    async fn a_sensitive_value_is_sealed_and_shown_by_a_reveal_only(w: World) {
        let boss = w.as_boss();
        define(&boss, "illness", "text", json!({"is_sensitive": true})).await.expect(201);
        define(&boss, "measure", "number", json!({"is_sensitive": true})).await.expect(201);
        define(&boss, "plain", "text", json!({})).await.expect(201);
        let values = json!({"illness": "canary-ward-77", "measure": 8_675_309_123_i64, "plain": "甲"});
        let mut body = w.new_customer("张伟");
        body["custom_fields"] = values.clone();
        body["contact_points"] = json!([{"kind": "phone", "value": "13800138000"}]);
        let made = w.as_recruiter().post(CUSTOMERS, &body).await.expect(201);
        let safe = json!({"illness": "***", "measure": "***", "plain": "甲"});
        assert_eq!(made.json["custom_fields"], safe);
        let path = format!("{CUSTOMERS}/{}", made.id());
        let shown = boss.get(&format!("{path}?expand=custom_fields")).await.expect(200);
        assert_eq!(shown.json["custom_fields"], safe);
        for (table, rows) in w.server.contents(w.institution).await {
            for row in rows {
                assert!(!row.contains("canary-ward-77") && !row.contains("8675309123"), "{table}");
            }
        }
        let refused = w.as_recruiter().patch(&path, &json!({"custom_fields": {"illness": "***"}})).await.expect(422);
        assert_eq!(refused.errors(), [("#/custom_fields/illness".into(), "masked_value".into())]);
        let reveal = |fields: tests::Value| json!({"reason": "体检", "custom_fields": fields});
        let at = format!("{path}/reveal");
        let clear = w.as_recruiter().post(&at, &reveal(json!(["illness", "measure"]))).await.expect(200);
        assert_eq!(clear.json["custom_fields"], json!({"illness": "canary-ward-77", "measure": 8_675_309_123_i64}));
        assert_eq!(clear.json["contact_points"], json!([]));
        let trail = boss.get("/api/v1/audit-events?operation=revealCustomer").await.expect(200);
        let told = boss.get(&format!("/api/v1/audit-events/{}", trail.ids()[0])).await.expect(200);
        assert_eq!(told.json["changes"][0]["after"]["custom_fields"], json!(["illness", "measure"]));
        assert!(!told.text.contains("canary-ward-77"));
        let both = w.as_recruiter().post(&at, &json!({"reason": "体检"})).await.expect(200);
        assert_eq!((both.json["contact_points"].as_array().unwrap().len(), &both.json["custom_fields"]), (1, &json!({})));
        let refused = w.as_recruiter().post(&at, &reveal(json!(["plain", "nothing"]))).await.expect(422);
        assert_eq!(refused.errors(), [("#/custom_fields/1".into(), "unknown_reference".into())]);
        w.as_colleague().post(&at, &reveal(json!(["illness"]))).await.expect_problem(404, "not_found");
        let changed = w.as_recruiter().patch(&path, &json!({"custom_fields": {"illness": "无"}})).await.expect(200);
        assert_eq!(changed.json["version"], 2);
    }

    async fn a_field_of_another_institution_is_none(w: World) {
        define(&w.as_stranger(), "ring", "text", json!({})).await.expect(201);
        let refused = customer(&w, &json!({"ring": "x"})).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/custom_fields/ring".into(), "custom_field_unknown".into())]);
    }
}
