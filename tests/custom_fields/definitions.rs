//! Fields of an institution's own are for it to say, version by version.

use tests::{both, json};

use super::{CUSTOMERS, FIELDS, customer, define};

both! {
    async fn a_field_is_made_changed_and_archived_and_every_version_is_kept(w: World) {
        let boss = w.as_boss();
        let choices = json!([{"code": "bus", "name": "校车"}, {"code": "walk", "name": "步行"}]);
        let more = json!({"choices": choices, "kinds": ["student"], "required_at": ["trial", "enrolled"], "position": 3});
        let made = define(&boss, "way", "choice", more).await.expect(201);
        let id = made.id();
        let path = format!("{FIELDS}/{id}");
        assert_eq!(made.header("location"), Some(path.as_str()));
        assert_eq!((&made.json["version"], &made.json["type"], &made.json["decimals"]), (&json!(1), &json!("choice"), &json!(0)));
        assert_eq!(made.json["choices"][1], json!({"code": "walk", "name": "步行", "is_archived": false}));
        let changed = boss.patch(&path, &json!({"name": "上学方式", "kinds": [], "choices": [
            {"code": "walk", "name": "走路"}, {"code": "bus", "name": "校车", "is_archived": true}, {"code": "bike", "name": "自行车"},
        ]})).await.expect(200);
        assert_eq!((&changed.json["version"], &changed.json["kinds"], &changed.json["position"]), (&json!(2), &json!([]), &json!(3)));
        let archived = boss.post(&format!("{path}/archive"), &json!(null)).await.expect(200);
        boss.patch(&path, &json!({"name": "x"})).await.expect_problem(409, "archived");
        assert!(w.as_recruiter().get(FIELDS).await.expect(200).ids().is_empty());
        let all = w.as_recruiter().get(&format!("{FIELDS}?include_archived=true")).await.expect(200);
        assert_eq!(all.json["items"], json!([archived.json]));
        let again = boss.post(&format!("{path}/unarchive"), &json!(null)).await.expect(200);
        assert_eq!(w.as_recruiter().get(&path).await.expect(200).json, again.json);
        let history = w.as_recruiter().get(&format!("{path}/history")).await.expect(200);
        let told: Vec<_> = history.json["items"].as_array().unwrap().iter().map(|one| one["field"].clone()).collect();
        assert_eq!(told, [again.json, archived.json, changed.json, made.json]);
        assert_eq!(history.json["items"][0]["changed_by_id"], json!(boss.principal));
        w.server.settle().await;
        let events = boss.get("/api/v1/events?type=custom_field.changed").await.expect(200);
        assert_eq!(events.json["items"][0]["subject"]["id"], json!(id));
    }

    async fn codes_and_names_are_given_once_and_a_code_never_changes(w: World) {
        let boss = w.as_boss();
        let made = define(&boss, "height", "number", json!({"name": "身高"})).await.expect(201);
        define(&boss, "height", "text", json!({"name": "体重"})).await.expect_problem(409, "custom_field_code_taken");
        define(&boss, "tall", "text", json!({"name": "身 高"})).await.expect_problem(409, "name_taken");
        let path = format!("{FIELDS}/{}", made.id());
        boss.post(&format!("{path}/archive"), &json!(null)).await.expect(200);
        define(&boss, "height", "text", json!({"name": "体重"})).await.expect_problem(409, "custom_field_code_taken");
        define(&boss, "tall", "text", json!({"name": "身高"})).await.expect(201);
        boss.post(&format!("{path}/unarchive"), &json!(null)).await.expect_problem(409, "name_taken");
        for (field, value) in [("code", json!("size")), ("type", json!("text")), ("entity", json!("customer")), ("is_sensitive", json!(true)), ("decimals", json!(2))] {
            let refused = boss.patch(&path, &json!({field: value})).await.expect(422);
            assert_eq!(refused.errors(), [(format!("#/{field}"), "unknown_field".to_owned())]);
        }
        for code in ["Height", "2nd", "a-b", ""] {
            let refused = define(&boss, code, "text", json!({"name": "新"})).await.expect_problem(422, "validation_failed");
            assert!(refused.errors().iter().all(|(at, _)| at == "#/code"), "{code}: {}", refused.text);
        }
        // The stranger's school has codes for itself, and nothing of this one.
        define(&w.as_stranger(), "height", "text", json!({"name": "身高"})).await.expect(201);
        w.as_stranger().get(&path).await.expect_problem(404, "not_found");
        w.as_stranger().get(&format!("{path}/history")).await.expect_problem(404, "not_found");
    }

    async fn a_definition_that_can_not_be_is_refused_at_its_fields(w: World) {
        let boss = w.as_boss();
        let a = json!({"code": "a", "name": "甲"});
        for (field_type, more, pointer, code) in [
            ("choice", json!({}), "#/choices", "custom_choices_unfit"),
            ("multi_choice", json!({"choices": [{"code": "a", "name": "甲", "is_archived": true}]}), "#/choices", "custom_choices_unfit"),
            ("text", json!({"choices": [a]}), "#/choices", "custom_choices_unfit"),
            ("choice", json!({"choices": [a, {"code": "a", "name": "乙"}]}), "#/choices/1/code", "item_repeated"),
            ("choice", json!({"choices": [a, {"code": "b", "name": " 甲"}]}), "#/choices/1/name", "blank"),
            ("choice", json!({"choices": [a, {"code": "b", "name": "Ａ"}, {"code": "c", "name": "a"}]}), "#/choices/2/name", "item_repeated"),
            ("date", json!({"decimals": 1}), "#/decimals", "custom_decimals_unfit"),
            ("text", json!({"name": "x "}), "#/name", "blank"),
        ] {
            let refused = define(&boss, "way", field_type, more.clone()).await.expect_problem(422, "validation_failed");
            assert_eq!(refused.errors(), [(pointer.to_owned(), code.to_owned())], "{field_type} {more}");
        }
        let made = define(&boss, "way", "choice", json!({"choices": [a, {"code": "b", "name": "乙"}]})).await.expect(201);
        let path = format!("{FIELDS}/{}", made.id());
        let gone = boss.patch(&path, &json!({"choices": [a]})).await.expect_problem(422, "validation_failed");
        assert_eq!(gone.errors(), [("#/choices".into(), "custom_choice_removed".into())]);
        assert_eq!(boss.get(&path).await.expect(200).json, made.json);
        w.as_recruiter().post(FIELDS, &json!({"entity": "customer", "code": "x", "name": "x", "type": "text"})).await.expect_problem(403, "permission_missing");
    }

    async fn there_are_a_hundred_live_fields_at_most(w: World) {
        let boss = w.as_boss();
        let mut first = String::new();
        for number in 0..100 {
            first = define(&boss, &format!("f{number}"), "text", json!({})).await.expect(201).id();
        }
        define(&boss, "more", "text", json!({})).await.expect_problem(409, "custom_field_limit");
        let path = format!("{FIELDS}/{first}");
        boss.post(&format!("{path}/archive"), &json!(null)).await.expect(200);
        define(&boss, "more", "text", json!({})).await.expect(201);
        boss.post(&format!("{path}/unarchive"), &json!(null)).await.expect_problem(409, "custom_field_limit");
    }

    async fn who_has_a_value_keeps_it_when_its_field_or_choice_is_archived(w: World) {
        let boss = w.as_boss();
        let choices = |archived: bool| json!([{"code": "bus", "name": "校车", "is_archived": archived}, {"code": "walk", "name": "步行"}]);
        let way = define(&boss, "way", "choice", json!({"choices": choices(false)})).await.expect(201).id();
        let made = customer(&w, &json!({"way": "bus"})).await.expect(201);
        let path = format!("{CUSTOMERS}/{}", made.id());
        boss.patch(&format!("{FIELDS}/{way}"), &json!({"choices": choices(true)})).await.expect(200);
        let refused = customer(&w, &json!({"way": "bus"})).await.expect(422);
        assert_eq!(refused.errors(), [("#/custom_fields/way".into(), "custom_choice_unknown".into())]);
        let same = boss.patch(&path, &json!({"intent": 4, "custom_fields": {"way": "bus"}})).await.expect(200);
        assert_eq!(same.json["custom_fields"], json!({"way": "bus"}));
        boss.post(&format!("{FIELDS}/{way}/archive"), &json!(null)).await.expect(200);
        let refused = boss.patch(&path, &json!({"custom_fields": {"way": "walk"}})).await.expect(422);
        assert_eq!(refused.errors(), [("#/custom_fields/way".into(), "custom_field_unknown".into())]);
        let shown = boss.get(&format!("{path}?expand=custom_fields")).await.expect(200);
        assert_eq!(shown.json["custom_fields"], json!({"way": "bus"}));
        let cleared = boss.patch(&path, &json!({"custom_fields": {"way": null}})).await.expect(200);
        assert_eq!(cleared.json["custom_fields"], json!(null));
    }
}
