use tests::{both, json};

both! {
    async fn a_new_campus_reads_back_and_has_its_pool(w: World) {
        let boss = w.as_boss();
        let region = boss.post("/api/v1/regions", &json!({"name": "华北"})).await.expect(201);
        let made = boss
            .post("/api/v1/campuses", &json!({
                "name": "西校区", "legal_entity": "启明教育西部有限公司", "region_id": region.id(),
            }))
            .await
            .expect(201);
        assert_eq!(made.json["time_zone"], "Asia/Shanghai");
        assert_eq!(made.json["is_headquarters"], false);
        assert_eq!(made.json["region_id"], region.json["id"]);
        let path = made.header("location").unwrap().to_owned();
        let read = w.as_recruiter().get(&path).await.expect(200);
        assert_eq!((&read.json, read.etag()), (&made.json, made.etag()));
        let mut customer = w.new_customer("张伟");
        customer["campus_id"] = made.json["id"].clone();
        let held = boss.post("/api/v1/customers", &customer).await.expect(201);
        assert_eq!(held.json["holder_id"], made.json["id"]);
    }

    async fn a_change_needs_the_version_that_it_was_made_from(w: World) {
        let boss = w.as_boss();
        let path = format!("/api/v1/campuses/{}", w.places.north);
        let read = boss.get(&path).await.expect(200);
        boss.send(boss.request(reqwest::Method::PATCH, &path).json(&json!({"name": "新北校区"}))).await
            .expect_problem(428, "precondition_required");
        let changed = boss
            .patch_if(&path, &read.etag(), &json!({"name": "新北校区", "region_id": null, "time_zone": "Asia/Urumqi"}))
            .await
            .expect(200);
        assert_eq!(changed.json["name"], "新北校区");
        assert_eq!(changed.json["region_id"], json!(null));
        assert_eq!(changed.json["time_zone"], "Asia/Urumqi");
        assert_eq!(changed.json["version"], 2);
        boss.patch_if(&path, &read.etag(), &json!({"name": "北校区"})).await
            .expect_problem(412, "version_stale");
        let same = boss.patch(&path, &json!({"name": "新北校区"})).await.expect(200);
        assert_eq!(same.etag(), changed.etag());
    }

    async fn every_broken_field_is_told_at_once(w: World) {
        let refused = w.as_boss()
            .post("/api/v1/campuses", &json!({"name": " 西校区", "legal_entity": "启明 ", "time_zone": "Mars/Base"}))
            .await
            .expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [
            ("#/legal_entity".into(), "blank".into()),
            ("#/name".into(), "blank".into()),
            ("#/time_zone".into(), "time_zone_unknown".into()),
        ]);
    }

    async fn a_name_is_unique_among_the_living_of_an_institution(w: World) {
        let boss = w.as_boss();
        let new = |name: &str| json!({"name": name, "legal_entity": "启明教育有限公司"});
        boss.post("/api/v1/campuses", &new("南 校区")).await.expect_problem(409, "name_taken");
        boss.post("/api/v1/regions", &json!({"name": "North"})).await.expect(201);
        boss.post("/api/v1/regions", &json!({"name": "ＮＯＲＴＨ"})).await.expect_problem(409, "name_taken");
        // Another institution, or another kind, is another matter.
        w.as_stranger().post("/api/v1/regions", &json!({"name": "North"})).await.expect(201);
        boss.post("/api/v1/teams", &json!({"name": "North"})).await.expect(201);
        let first = boss.post("/api/v1/groups", &json!({"name": "暑期活动组"})).await.expect(201);
        let path = format!("/api/v1/groups/{}", first.id());
        boss.post(&format!("{path}/archive"), &json!(null)).await.expect(200);
        boss.post("/api/v1/groups", &json!({"name": "暑期活动组"})).await.expect(201);
        boss.post(&format!("{path}/unarchive"), &json!(null)).await.expect_problem(409, "name_taken");
    }

    async fn of_records_with_one_name_that_come_together_one_is_kept(w: World) {
        let boss = w.as_boss();
        let name = json!({"name": "华北"});
        let answers = futures_util::future::join_all((0..8).map(|_| boss.post("/api/v1/regions", &name))).await;
        assert_eq!(answers.iter().filter(|a| a.status == 201).count(), 1);
        for refused in answers.into_iter().filter(|a| a.status != 201) {
            refused.expect_problem(409, "name_taken");
        }
    }

    async fn what_is_chosen_exists_in_the_institution_and_is_open(w: World) {
        let boss = w.as_boss();
        let foreign = w.as_stranger().post("/api/v1/regions", &json!({"name": "外地"})).await.expect(201);
        let archived = boss.post("/api/v1/regions", &json!({"name": "旧区"})).await.expect(201);
        boss.post(&format!("/api/v1/regions/{}/archive", archived.id()), &json!(null)).await.expect(200);
        let nowhere = uuid::Uuid::now_v7().to_string();
        for region in [foreign.id(), archived.id(), nowhere] {
            let new = json!({"name": "西校区", "legal_entity": "启明", "region_id": region});
            let refused = boss.post("/api/v1/campuses", &new).await.expect_problem(422, "validation_failed");
            assert_eq!(refused.errors(), [("#/region_id".into(), "unknown_reference".into())]);
            let path = format!("/api/v1/campuses/{}", w.places.south);
            boss.patch(&path, &json!({"region_id": region})).await.expect_problem(422, "validation_failed");
        }
    }

    async fn departments_are_there_from_the_start_and_have_two_levels(w: World) {
        let boss = w.as_boss();
        let all = boss.get("/api/v1/departments?limit=200").await.expect(200);
        let items = all.json["items"].as_array().unwrap();
        assert_eq!(items.len(), 15);
        assert_eq!(items[0]["code"], "training_centre");
        let units: Vec<_> = items.iter().filter(|d| !d["parent_id"].is_null()).collect();
        assert_eq!(units.len(), 5);
        let (unit, department) = (units[0]["id"].clone(), units[0]["parent_id"].clone());
        let made = boss.post("/api/v1/departments", &json!({"name": "教务部"})).await.expect(201);
        assert!(made.json["code"].as_str().unwrap().starts_with("own_"));
        let path = format!("/api/v1/departments/{}", made.id());
        boss.patch(&path, &json!({"parent_id": unit})).await.expect_problem(409, "department_too_deep");
        boss.patch(&path, &json!({"parent_id": made.id()})).await.expect_problem(409, "department_too_deep");
        boss.patch(&path, &json!({"parent_id": department})).await.expect(200);
        let above = format!("/api/v1/departments/{}", department.as_str().unwrap());
        let top = &items[0]["id"];
        boss.patch(&above, &json!({"parent_id": top})).await.expect_problem(409, "department_too_deep");
        boss.post(&format!("{above}/archive"), &json!(null)).await.expect_problem(409, "in_use");
    }

    async fn a_list_pages_in_the_order_of_creation(w: World) {
        let boss = w.as_boss();
        let mut path = "/api/v1/departments?limit=4".to_owned();
        let mut seen = Vec::new();
        loop {
            let page = boss.get(&path).await.expect(200);
            seen.extend(page.ids());
            let Some(cursor) = page.json["next_cursor"].as_str() else {
                assert_eq!(page.header("link"), None);
                break;
            };
            path = format!("/api/v1/departments?limit=4&cursor={cursor}");
            assert_eq!(page.header("link").unwrap(), format!("<{path}>; rel=\"next\""));
        }
        assert_eq!(seen, boss.get("/api/v1/departments").await.expect(200).ids());
        assert_eq!(boss.get("/api/v1/campuses").await.expect(200).ids(),
            [w.places.north, w.places.east, w.places.south].map(|id| id.to_string()));
        boss.get("/api/v1/departments?limit=0").await.expect_problem(422, "validation_failed");
        boss.get("/api/v1/departments?name=x").await.expect_problem(422, "validation_failed");
    }

    async fn a_new_campus_is_made_once_for_a_key(w: World) {
        let boss = w.as_boss();
        let new = json!({"name": "西校区", "legal_entity": "启明教育有限公司"});
        let first = boss.post_with_key("/api/v1/campuses", "k", &new).await.expect(201);
        let again = boss.post_with_key("/api/v1/campuses", "k", &new).await.expect(201);
        assert_eq!(again.text, first.text);
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
    }
}
