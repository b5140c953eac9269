use tests::{World, both, json};

use super::{IMPORTS, begin, import, rows};

/// A customer of the other campus, with the phone of the lists here.
async fn known_in_the_south(w: &World, kind: &str, name: &str) -> String {
    let mut customer = w.new_customer(name);
    customer["kind"] = json!(kind);
    customer["campus_id"] = json!(w.places.south);
    customer["contact_points"] = json!([{"kind": "phone", "value": "13800138000"}]);
    let made = w.as_boss().post("/api/v1/customers", &customer).await;
    made.expect(201).id()
}

both! {
    async fn an_importer_learns_nothing_of_customers_out_of_reach(w: World) {
        let list = "姓名,出生日期,家长姓名,手机号\n张伟,2015-06-01,张强,13800138000\n";
        let known = known_in_the_south(&w, "student", "张伟").await;
        let manager = w.as_manager();
        let row = rows(&manager, &import(&w, &manager, list, "commit").await).await[0].clone();
        assert_eq!(row["outcome"], "duplicate");
        assert_eq!((&row["customer_id"], &row["differences"]), (&json!(null), &json!([])));
        let boss = w.as_boss();
        let seen = rows(&boss, &import(&w, &boss, list, "commit").await).await;
        assert_eq!(seen[0]["customer_id"], json!(known));
        assert!(manager.get("/api/v1/customers").await.expect(200).ids().is_empty());
    }

    async fn a_guardian_out_of_reach_is_not_found_again(w: World) {
        known_in_the_south(&w, "guardian", "张强").await;
        let manager = w.as_manager();
        import(&w, &manager, "姓名,家长姓名,手机号\n张伟,张强,13800138000\n", "commit").await;
        let mine = manager.get("/api/v1/customers").await.expect(200);
        assert_eq!(mine.ids().len(), 2, "the child, and a guardian of its own");
    }

    async fn siblings_share_a_guardian_though_others_know_one_of_that_name(w: World) {
        known_in_the_south(&w, "guardian", "张强").await;
        let manager = w.as_manager();
        let of = |names: &[&str]| -> String {
            let rows = names.iter().map(|name| format!("{name},张强,13800138000\n"));
            format!("姓名,家长姓名,手机号\n{}", rows.collect::<String>())
        };
        let three = of(&["张一", "张二", "张三"]);
        import(&w, &manager, &three, "commit").await;
        let held = || async { manager.get("/api/v1/customers").await.expect(200).ids().len() };
        assert_eq!(held().await, 4, "three children, and one guardian");
        import(&w, &manager, &of(&["张四"]), "commit").await;
        assert_eq!(held().await, 5, "a child more, of the guardian that is there");
        let again = import(&w, &manager, &three, "commit").await;
        assert_eq!(again.json["counts"]["duplicate"], 3);
        assert_eq!(held().await, 5);
    }

    async fn campuses_are_named_within_reach(w: World) {
        let list = "姓名,校区\n张伟,北校区\n李娜,南校区\n王芳,月球校区\n赵敏,\n";
        let manager = w.as_manager();
        let rows = rows(&manager, &import(&w, &manager, list, "commit").await).await;
        let outcomes: Vec<_> = rows.iter().map(|r| r["outcome"].as_str().unwrap()).collect();
        assert_eq!(outcomes, ["created", "failed", "failed", "created"]);
        assert!(rows[1..3].iter().all(|row| row["problems"][0]["code"] == "campus_unknown"));
    }

    async fn files_and_campuses_of_others_do_not_exist(w: World) {
        let (manager, upload) = (w.as_manager(), "/api/v1/files?purpose=import");
        let list = "姓名\n张伟\n".as_bytes();
        let own = manager.upload(upload, "a.csv", list).await.expect(201).id();
        let others = w.as_boss().upload(upload, "a.csv", list).await.expect(201).id();
        for (file, campus, field) in [
            (&others, json!(w.places.north), "#/file_id"),
            (&own, json!(w.places.south), "#/campus_id"),
            (&own, json!(w.other_places.north), "#/campus_id"),
        ] {
            let body = json!({"file_id": file, "entity": "customers", "campus_id": campus, "mode": "commit"});
            let refused = manager.post(IMPORTS, &body).await.expect_problem(422, "validation_failed");
            assert_eq!(refused.errors(), [(field.to_owned(), "unknown_reference".to_owned())]);
        }
    }

    async fn an_import_neither_fills_nor_compares_fields_that_a_rule_closes(w: World) {
        let boss = w.as_boss();
        let permissions: Vec<_> = ["imports:run", "customers:read", "customers:write"].iter()
            .map(|code| json!({"permission": code, "reach": "institution"}))
            .collect();
        let role = json!({"name": "导入员", "permissions": permissions});
        let role = boss.post("/api/v1/roles", &role).await.expect(201).id();
        let known = json!({
            "kind": "student", "name": "张伟", "birth_date": "2015-06-01", "intent": 4, "gender": "male",
            "source_channel": "hotline", "campus_id": w.places.north, "holder_id": w.places.north,
            "contact_points": [{"kind": "phone", "value": "13800138000"}],
        });
        boss.post("/api/v1/customers", &known).await.expect(201);
        let actor = w.hire(&[], w.places.north, None).await;
        let roles = format!("/api/v1/staff/{}/roles", actor.principal);
        boss.put(&roles, &json!({"role_ids": [role]})).await.expect(200);
        let before = boss.get("/api/v1/customers").await.ids();
        for (field, access, column, code) in [
            ("intent", "hidden", "意向程度", "field_not_readable"),
            ("gender", "read_only", "性别", "field_read_only"),
            ("grade", "masked", "年级", "field_not_readable"),
            ("contact_points", "hidden", "手机号", "field_not_readable"),
            ("source_channel", "hidden", "来源渠道", "field_not_readable"),
        ] {
            let rules = json!({"rules": [{"record": "customers", "field": field, "access": access}]});
            boss.put(&format!("/api/v1/roles/{role}/field-rules"), &rules).await.expect(200);
            let list = format!("姓名,{column}\n张伟,13800138000\n李雷,\n");
            for mode in ["validate", "commit"] {
                let job = begin(&w, &actor, "a.csv", list.as_bytes(), mode).await;
                let ended = actor.ended_job(&job.id()).await;
                assert_eq!(ended.json["status"], "failed", "{field}: {}", ended.text);
                assert_eq!(ended.json["problem"]["code"], code, "{field}: {}", ended.text);
            }
        }
        assert_eq!(boss.get("/api/v1/customers").await.ids(), before);
        // What no rule closes goes in.
        let done = import(&w, &actor, "姓名,性别\n韩梅,女\n", "commit").await;
        assert_eq!(done.json["counts"]["created"], 1);
    }

    async fn an_import_ends_with_the_rights_of_whoever_began_it(w: World) {
        let manager = w.as_manager();
        let list: String = (0..3000).map(|n| format!("学员{n}\n")).collect();
        let job = begin(&w, &manager, "a.csv", format!("姓名\n{list}").as_bytes(), "commit").await;
        w.reorganize(
            "DELETE FROM principal_roles WHERE institution_id = ? AND principal_id = ?",
            vec![w.institution.uuid().into(), manager.principal.uuid().into()],
        ).await;
        let ended = manager.ended_job(&job.id()).await;
        assert_eq!((&ended.json["status"], &ended.json["problem"]["code"]), (&json!("failed"), &json!("permission_missing")));
    }
}
