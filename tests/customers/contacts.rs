use tests::{both, json};

both! {
    async fn contact_values_are_shown_in_their_safe_form_everywhere_but_in_a_reveal(w: World) {
        let recruiter = w.as_recruiter();
        let mut body = w.new_customer("张伟");
        body["contact_points"] = json!([
            {"kind": "phone", "value": "138 0013 8000", "label": "妈妈", "is_preferred": true},
            {"kind": "email", "value": "Zhang.Wei@Example.com"},
        ]);
        let made = recruiter.post("/api/v1/customers", &body).await.expect(201);
        let path = format!("/api/v1/customers/{}", made.id());
        assert_eq!(made.json["contact_points"][0]["value"], "138****8000");
        let list = recruiter.get("/api/v1/customers").await.expect(200);
        let found = recruiter.post("/api/v1/customers/search", &json!({"query": "张伟"})).await.expect(200);
        for text in [&made.text, &recruiter.get(&path).await.text, &list.text, &found.text] {
            assert!(!text.contains("13800138000") && !text.to_lowercase().contains("zhang.wei@"), "{text}");
        }
        let shown = recruiter.post(&format!("{path}/reveal"), &json!({"reason": "回访"})).await.expect(200);
        assert_eq!(shown.json["contact_points"][0]["value"], "+8613800138000");
        assert_eq!(shown.json["contact_points"][0]["label"], "妈妈");
        let sql = "SELECT CAST(count(*) AS text) FROM audit_records WHERE institution_id = ? AND operation = 'revealCustomer'";
        let records = w.server.texts(sql, vec![w.institution.uuid().into()]).await;
        assert_eq!(records, ["1"]);
    }

    async fn a_reveal_shows_what_was_chosen_and_the_trail_says_which(w: World) {
        let (boss, recruiter) = (w.as_boss(), w.as_recruiter());
        let mut body = w.new_customer("张伟");
        body["contact_points"] = json!([{"kind": "phone", "value": "13800138000"}, {"kind": "phone", "value": "13900139000"}]);
        let made = recruiter.post("/api/v1/customers", &body).await.expect(201);
        let path = format!("/api/v1/customers/{}/reveal", made.id());
        let second = &made.json["contact_points"][1]["id"];
        let shown = recruiter.post(&path, &json!({"reason": "回访", "contact_point_ids": [second]})).await.expect(200);
        assert_eq!(shown.json["contact_points"].as_array().unwrap().len(), 1);
        assert_eq!(shown.json["contact_points"][0]["value"], "+8613900139000");
        let trail = boss.get("/api/v1/audit-events?operation=revealCustomer").await.expect(200);
        let record = boss.get(&format!("/api/v1/audit-events/{}", trail.ids()[0])).await.expect(200);
        assert_eq!(record.json["changes"][0]["after"]["contact_point_ids"], json!([second]));
        let other = recruiter.post(&path, &json!({"reason": "回访", "contact_point_ids": [second, made.id()]})).await
            .expect_problem(422, "validation_failed");
        assert_eq!(other.errors(), [("#/contact_point_ids/1".into(), "unknown_reference".into())]);
    }

    async fn a_reveal_needs_its_permission_reach_and_reason(w: World) {
        let made = w.as_recruiter().post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
        let path = format!("/api/v1/customers/{}/reveal", made.id());
        let why = json!({"reason": "回访"});
        w.as_colleague().post(&path, &why).await.expect_problem(404, "not_found");
        w.as_stranger().post(&path, &why).await.expect_problem(404, "not_found");
        w.actor("finance").post(&path, &why).await.expect_problem(403, "permission_missing");
        w.as_recruiter().post(&path, &json!({})).await.expect_problem(422, "validation_failed");
        for (reason, code) in [("   ", "blank"), (" 回访", "blank"), ("回\n访", "control_character")] {
            let refused = w.as_recruiter().post(&path, &json!({"reason": reason})).await
                .expect_problem(422, "validation_failed");
            assert_eq!(refused.errors(), [("#/reason".into(), code.into())]);
        }
    }

    async fn a_customer_is_found_by_a_whole_phone_its_last_digits_and_an_e_mail(w: World) {
        let recruiter = w.as_recruiter();
        let mut body = w.new_customer("张伟");
        body["contact_points"] = json!([
            {"kind": "phone", "value": "13800138000"}, {"kind": "email", "value": "zw@example.com"},
        ]);
        let made = recruiter.post("/api/v1/customers", &body).await.expect(201);
        let find = async |who: &tests::Actor, query: &str| {
            who.post("/api/v1/customers/search", &json!({"query": query})).await.expect(200).ids()
        };
        for query in ["13800138000", "+86 138-0013-8000", "8000", "ZW@example.com", "zw"] {
            assert_eq!(find(&recruiter, query).await, [made.id()], "{query}");
        }
        assert!(find(&recruiter, "13800138001").await.is_empty());
        assert!(find(&w.as_colleague(), "13800138000").await.is_empty());
        assert!(find(&w.as_stranger(), "13800138000").await.is_empty());
        // The index follows a new number.
        let path = format!("/api/v1/customers/{}", made.id());
        let other = json!({"contact_points": [{"kind": "phone", "value": "13900139000"}]});
        recruiter.patch(&path, &other).await.expect(200);
        assert!(find(&recruiter, "13800138000").await.is_empty());
        assert_eq!(find(&recruiter, "13900139000").await, [made.id()]);
    }

    async fn a_list_of_contact_points_is_replaced_whole_and_keeps_what_its_ids_name(w: World) {
        let recruiter = w.as_recruiter();
        let mut body = w.new_customer("张伟");
        body["contact_points"] = json!([
            {"kind": "phone", "value": "13800138000", "label": "妈妈", "is_preferred": true},
            {"kind": "wechat", "value": "zhangwei2015"},
        ]);
        let made = recruiter.post("/api/v1/customers", &body).await.expect(201);
        let path = format!("/api/v1/customers/{}", made.id());
        let phone = made.json["contact_points"][0]["id"].clone();
        let kept = recruiter.patch(&path, &json!({"contact_points": [{"id": phone}]})).await.expect(200);
        assert_eq!(kept.json["contact_points"], json!([made.json["contact_points"][0]]));
        let other = json!({"contact_points": [{"id": phone}, {"kind": "phone", "value": "13900139000", "is_preferred": true}]});
        let other = recruiter.patch(&path, &other).await.expect(200);
        let preferred: Vec<_> = other.json["contact_points"].as_array().unwrap().iter().map(|p| p["is_preferred"].clone()).collect();
        assert_eq!(preferred, [json!(false), json!(true)]);
        let cleared = json!({"contact_points": [{"id": phone, "label": null, "is_preferred": false}]});
        let cleared = recruiter.patch(&path, &cleared).await.expect(200);
        assert_eq!(cleared.json["contact_points"][0]["label"], json!(null));
        assert_eq!(cleared.json["contact_points"][0]["is_preferred"], false);
        let change = json!({"contact_points": [{"id": phone, "label": "爸爸"}]});
        let changed = recruiter.patch(&path, &change).await.expect(200);
        assert_eq!(changed.json["contact_points"].as_array().unwrap().len(), 1);
        assert_eq!(changed.json["contact_points"][0]["value"], "138****8000");
        let shown = recruiter.post(&format!("{path}/reveal"), &json!({"reason": "核对"})).await.expect(200);
        assert_eq!(shown.json["contact_points"][0]["value"], "+8613800138000");
        for (points, pointer, code) in [
            (json!([{"kind": "phone", "value": "138****8000"}]), "#/contact_points/0/value", "masked_value"),
            (json!([{"kind": "phone", "value": "12"}]), "#/contact_points/0/value", "phone_invalid"),
            (json!([{"kind": "email", "value": "a@b@c"}]), "#/contact_points/0/value", "email_invalid"),
            (json!([{"id": uuid::Uuid::now_v7()}]), "#/contact_points/0/id", "contact_point_unknown"),
            (json!([{"id": phone}, {"id": phone}]), "#/contact_points/1/id", "contact_point_repeated"),
            (json!([{"kind": "phone"}]), "#/contact_points/0/value", "contact_value_missing"),
            (json!([{"value": "13800138000"}]), "#/contact_points/0/kind", "required"),
        ] {
            let refused = recruiter.patch(&path, &json!({"contact_points": points})).await.expect(422);
            assert_eq!(refused.errors(), [(pointer.into(), code.into())]);
        }
        assert_eq!(recruiter.get(&path).await.json, changed.json);
    }

    async fn what_was_made_sure_of_and_what_is_not_wanted_stands_on_each_contact_point(w: World) {
        let recruiter = w.as_recruiter();
        let mut body = w.new_customer("张伟");
        body["contact_points"] = json!([
            {"kind": "phone", "value": "13800138000", "is_verified": true},
            {"kind": "wechat", "value": "zhangwei2015", "do_not_contact": true},
        ]);
        let made = recruiter.post("/api/v1/customers", &body).await.expect(201);
        let (phone, wechat) = (&made.json["contact_points"][0], &made.json["contact_points"][1]);
        assert_eq!((&phone["verified_at"], &phone["do_not_contact"]), (&made.json["created_at"], &json!(false)));
        assert_eq!((&wechat["verified_at"], &wechat["do_not_contact"]), (&json!(null), &json!(true)));
        let path = format!("/api/v1/customers/{}", made.id());
        let (phone_id, wechat_id) = (&phone["id"], &wechat["id"]);
        let send = async |point: serde_json::Value| {
            let list = json!({"contact_points": [point, {"id": wechat_id}]});
            recruiter.patch(&path, &list).await.expect(200).json["contact_points"].clone()
        };
        let same = send(json!({"id": phone_id, "value": "138 0013 8000", "is_verified": true})).await;
        assert_eq!(same, made.json["contact_points"]);
        let other = send(json!({"id": phone_id, "value": "13900139000"})).await;
        assert_eq!((&other[0]["verified_at"], &other[1]["do_not_contact"]), (&json!(null), &json!(true)));
        let again = send(json!({"id": phone_id, "is_verified": true, "do_not_contact": true})).await;
        assert!(again[0]["verified_at"].is_string() && again[0]["do_not_contact"] == true, "{again}");
        let taken_back = send(json!({"id": phone_id, "is_verified": false, "do_not_contact": false})).await;
        assert_eq!((&taken_back[0]["verified_at"], &taken_back[0]["do_not_contact"]), (&json!(null), &json!(false)));
        assert_eq!(recruiter.get(&path).await.json["contact_points"], taken_back);
        let trail = w.as_boss().get("/api/v1/audit-events?operation=changeCustomer").await.expect(200);
        let last = w.as_boss().get(&format!("/api/v1/audit-events/{}", trail.ids()[0])).await.expect(200);
        assert_eq!(last.json["changes"][0]["after"]["contact_points"][0]["do_not_contact"], false);
    }

    async fn no_contact_value_stands_in_the_database_in_the_clear(w: World) {
        let mut body = w.new_customer("张伟");
        body["contact_points"] = json!([{"kind": "phone", "value": "13712345678"}, {"kind": "address", "value": "canary-lane-77"}]);
        w.as_recruiter().post("/api/v1/customers", &body).await.expect(201);
        for (table, rows) in w.server.contents(w.institution).await {
            for row in rows {
                assert!(!row.contains("13712345678") && !row.contains("canary-lane-77"), "{table}");
            }
        }
    }
}
