use tests::{both, json};

both! {
    async fn an_archived_record_is_shown_only_where_it_is_asked_for(w: World) {
        let boss = w.as_boss();
        let made = boss.post("/api/v1/regions", &json!({"name": "华北"})).await.expect(201);
        let path = format!("/api/v1/regions/{}", made.id());
        let archived = boss.post(&format!("{path}/archive"), &json!(null)).await.expect(200);
        assert!(archived.json["archived_at"].is_string());
        assert_eq!(boss.get(&path).await.expect(200).json, archived.json);
        assert!(!boss.get("/api/v1/regions").await.ids().contains(&made.id()));
        assert!(boss.get("/api/v1/regions?include_archived=true").await.ids().contains(&made.id()));
        assert!(!boss.get("/api/v1/regions?include_archived=false").await.ids().contains(&made.id()));
        boss.patch(&path, &json!({"name": "华东"})).await.expect_problem(409, "archived");
        boss.post(&format!("{path}/archive"), &json!(null)).await.expect_problem(409, "archived");
        let back = boss.post(&format!("{path}/unarchive"), &json!(null)).await.expect(200);
        assert_eq!(back.json["archived_at"], json!(null));
        assert_eq!(back.json["version"], 3);
        boss.post(&format!("{path}/unarchive"), &json!(null)).await.expect_problem(409, "not_archived");
    }

    async fn what_is_in_use_is_not_archived(w: World) {
        let boss = w.as_boss();
        let north = boss.get(&format!("/api/v1/campuses/{}", w.places.north)).await.expect(200);
        let region = north.json["region_id"].as_str().unwrap().to_owned();
        for path in [
            format!("/api/v1/regions/{region}"),
            format!("/api/v1/campuses/{}", w.places.north),
            format!("/api/v1/teams/{}", w.places.team),
        ] {
            boss.post(&format!("{path}/archive"), &json!(null)).await.expect_problem(409, "in_use");
        }
    }

    async fn what_a_rule_or_a_person_stands_on_is_not_archived(w: World) {
        let boss = w.as_boss();
        let made = |path: &'static str, body: tests::Value| {
            let boss = w.as_boss();
            async move { boss.post(path, &body).await.expect(201).id() }
        };
        let role = made("/api/v1/roles", json!({"name": "顾问", "permissions": []})).await;
        let department = made("/api/v1/departments", json!({"name": "咨询部"})).await;
        let position = made("/api/v1/positions", json!({"name": "顾问"})).await;
        let rule = made("/api/v1/role-rules", json!({
            "role_id": role, "department_id": department, "position_id": position,
        })).await;
        let parts = [format!("roles/{role}"), format!("departments/{department}"), format!("positions/{position}")];
        for part in &parts {
            boss.post(&format!("/api/v1/{part}/archive"), &json!(null)).await.expect_problem(409, "in_use");
        }
        boss.delete(&format!("/api/v1/role-rules/{rule}")).await.expect(204);
        let person = format!("/api/v1/staff/{}", w.as_recruiter().principal);
        let post = json!({"department_id": department, "position_id": position});
        boss.patch(&person, &post).await.expect(200);
        for part in &parts[1..] {
            boss.post(&format!("/api/v1/{part}/archive"), &json!(null)).await.expect_problem(409, "in_use");
        }
        boss.patch(&person, &json!({"department_id": null, "position_id": null})).await.expect(200);
        for part in &parts {
            boss.post(&format!("/api/v1/{part}/archive"), &json!(null)).await.expect(200);
        }
        // Nothing new chooses what is archived.
        let refused = boss.patch(&person, &post).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/department_id".into(), "unknown_reference".into())]);
        let rule = json!({"role_id": role, "department_id": department});
        boss.post("/api/v1/role-rules", &rule).await.expect_problem(422, "validation_failed");
    }

    async fn an_archived_campus_takes_no_new_customers(w: World) {
        let boss = w.as_boss();
        let campus = boss.post("/api/v1/campuses", &json!({"name": "西校区", "legal_entity": "启明"})).await.expect(201);
        let mut body = w.new_customer("张伟");
        body["campus_id"] = campus.json["id"].clone();
        let customer = boss.post("/api/v1/customers", &body).await.expect(201);
        let path = format!("/api/v1/customers/{}", customer.id());
        let archive = format!("/api/v1/campuses/{}/archive", campus.id());
        boss.post(&archive, &json!(null)).await.expect_problem(409, "in_use");
        boss.delete(&path).await.expect(204);
        boss.post(&archive, &json!(null)).await.expect(200);
        let refused = boss.post("/api/v1/customers", &body).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/campus_id".into(), "unknown_reference".into())]);
    }

    async fn what_comes_back_chooses_only_what_is_open(w: World) {
        let boss = w.as_boss();
        let region = boss.post("/api/v1/regions", &json!({"name": "华北"})).await.expect(201);
        let new = json!({"name": "西校区", "legal_entity": "启明", "region_id": region.id()});
        let campus = boss.post("/api/v1/campuses", &new).await.expect(201);
        let path = format!("/api/v1/campuses/{}", campus.id());
        boss.post(&format!("{path}/archive"), &json!(null)).await.expect(200);
        boss.post(&format!("/api/v1/regions/{}/archive", region.id()), &json!(null)).await.expect(200);
        boss.post(&format!("{path}/unarchive"), &json!(null)).await.expect_problem(422, "validation_failed");
        boss.post(&format!("/api/v1/regions/{}/unarchive", region.id()), &json!(null)).await.expect(200);
        boss.post(&format!("{path}/unarchive"), &json!(null)).await.expect(200);
    }

    async fn nobody_comes_back_to_an_archived_campus(w: World) {
        let boss = w.as_boss();
        let campus = json!({"name": "西校区", "legal_entity": "启明教育有限公司"});
        let campus = boss.post("/api/v1/campuses", &campus).await.expect(201).id();
        let mut body = w.new_customer("张伟");
        body["campus_id"] = json!(campus);
        let customer = boss.post("/api/v1/customers", &body).await.expect(201).header("location").unwrap().to_owned();
        boss.delete(&customer).await.expect(204);
        let person = json!({"user_name": "west", "name": "西西", "campus_ids": [campus]});
        let person = boss.post("/api/v1/staff", &person).await.expect(201).header("location").unwrap().to_owned();
        boss.post(&format!("{person}/leave"), &json!(null)).await.expect(200);
        boss.post(&format!("/api/v1/campuses/{campus}/archive"), &json!(null)).await.expect(200);
        boss.post(&format!("{customer}/restore"), &json!(null)).await.expect_problem(409, "campus_archived");
        boss.post(&format!("{person}/reinstate"), &json!(null)).await.expect_problem(409, "campus_archived");
        boss.post(&format!("/api/v1/campuses/{campus}/unarchive"), &json!(null)).await.expect(200);
        boss.post(&format!("{customer}/restore"), &json!(null)).await.expect(200);
        boss.post(&format!("{person}/reinstate"), &json!(null)).await.expect(200);
    }

    async fn a_campus_that_is_archived_while_customers_come_has_none_of_them(w: World) {
        let boss = &w.as_boss();
        for round in 0..5 {
            let campus = json!({"name": format!("校区{round}"), "legal_entity": "启明教育有限公司"});
            let campus = boss.post("/api/v1/campuses", &campus).await.expect(201).id();
            let mut body = w.new_customer("张伟");
            body["campus_id"] = json!(campus);
            let path = format!("/api/v1/campuses/{campus}/archive");
            let (made, archived) = tokio::join!(
                boss.post("/api/v1/customers", &body),
                boss.post(&path, &json!(null)),
            );
            assert!(made.status != 201 || archived.status != 200, "{} {}", made.text, archived.text);
        }
    }
}
