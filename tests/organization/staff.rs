use tests::{both, json};

both! {
    async fn a_new_person_reads_back_and_can_hold_customers(w: World) {
        let boss = w.as_boss();
        let position = boss.post("/api/v1/positions", &json!({"name": "招生顾问"})).await.expect(201).id();
        let made = boss
            .post("/api/v1/staff", &json!({
                "user_name": "li.na", "name": "李娜", "position_id": position,
                "campus_ids": [w.places.north], "home_team_id": w.places.team,
            }))
            .await
            .expect(201);
        assert_eq!(made.json["user_name"], "li.na");
        assert_eq!(made.json["status"], "active");
        assert_eq!((&made.json["position_id"], &made.json["department_id"]), (&json!(position), &json!(null)));
        assert_eq!(made.json["campus_ids"], json!([w.places.north]));
        let path = made.header("location").unwrap().to_owned();
        assert_eq!(boss.get(&path).await.expect(200).json, made.json);
        let mut customer = w.new_customer("张伟");
        customer["holder_id"] = made.json["id"].clone();
        boss.post("/api/v1/customers", &customer).await.expect(201);
        // The leader of the home team reaches what the new member holds.
        let page = w.as_supervisor().get("/api/v1/customers").await.expect(200);
        assert_eq!(page.json["items"][0]["holder_id"], made.json["id"]);
    }

    async fn log_in_names_are_for_those_who_manage_staff(w: World) {
        let path = format!("/api/v1/staff/{}", w.as_recruiter().principal);
        assert_eq!(w.as_boss().get(&path).await.expect(200).json["user_name"], "recruiter");
        let seen = w.as_colleague().get(&path).await.expect(200);
        assert_eq!(seen.json["user_name"], json!(null));
        assert_eq!(seen.json["name"], "recruiter");
        let list = w.as_colleague().get("/api/v1/staff").await.expect(200);
        assert!(list.json["items"].as_array().unwrap().iter().all(|p| p["user_name"].is_null()));
    }

    async fn a_user_name_is_plain_and_given_once(w: World) {
        let boss = w.as_boss();
        let new = |name: &str| json!({"user_name": name, "name": "李娜", "campus_ids": []});
        boss.post("/api/v1/staff", &new("recruiter")).await.expect_problem(409, "user_name_taken");
        for name in ["x", "Li", "li na", "李娜", ""] {
            boss.post("/api/v1/staff", &new(name)).await.expect_problem(422, "validation_failed");
        }
        // Another institution has names of its own.
        w.as_stranger().post("/api/v1/staff", &new("li.na")).await.expect(201);
        boss.post("/api/v1/staff", &new("li.na")).await.expect(201);
    }

    async fn the_directory_is_filtered_and_paged(w: World) {
        let boss = w.as_boss();
        let in_team = boss.get(&format!("/api/v1/staff?team_id={}", w.places.team)).await.expect(200);
        assert_eq!(in_team.ids(), [w.as_recruiter(), w.as_colleague()].map(|a| a.principal.to_string()));
        let campuses = format!("/api/v1/staff?campus_id={},{}", w.places.east, w.places.south);
        let there = boss.get(&campuses).await.expect(200);
        assert_eq!(there.ids(), [w.as_outsider(), w.actor("southerner")].map(|a| a.principal.to_string()));
        let mut path = "/api/v1/staff?limit=4".to_owned();
        let mut seen = Vec::new();
        loop {
            let page = boss.get(&path).await.expect(200);
            seen.extend(page.ids());
            let Some(cursor) = page.json["next_cursor"].as_str() else { break };
            path = format!("/api/v1/staff?limit=4&cursor={cursor}");
        }
        assert_eq!(seen, boss.get("/api/v1/staff").await.expect(200).ids());
        assert_eq!(seen.len(), w.names().count());
        boss.get("/api/v1/staff?status=gone").await.expect_problem(422, "validation_failed");
    }

    async fn a_change_is_made_from_a_version(w: World) {
        let boss = w.as_boss();
        let path = format!("/api/v1/staff/{}", w.as_recruiter().principal);
        let read = boss.get(&path).await.expect(200);
        let changed = boss
            .patch_if(&path, &read.etag(), &json!({"name": "李娜", "home_team_id": null}))
            .await
            .expect(200);
        assert_eq!(changed.json["name"], "李娜");
        assert_eq!(changed.json["home_team_id"], json!(null));
        boss.patch_if(&path, &read.etag(), &json!({"position_id": null})).await.expect_problem(412, "version_stale");
        let refused = boss.patch(&path, &json!({"name": " "})).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/name".into(), "blank".into())]);
        let foreign = w.as_stranger().get("/api/v1/campuses").await.ids().remove(0);
        let refused = boss.patch(&path, &json!({"campus_ids": [foreign]})).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/campus_ids".into(), "unknown_reference".into())]);
    }

    async fn reach_follows_the_campuses_at_once(w: World) {
        let made = w.as_recruiter().post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
        let customer = format!("/api/v1/customers/{}", made.id());
        let manager = w.as_manager();
        manager.patch(&customer, &json!({"intent": 1})).await.expect(200);
        let path = format!("/api/v1/staff/{}", manager.principal);
        w.as_boss().patch(&path, &json!({"campus_ids": [w.places.east]})).await.expect(200);
        manager.patch(&customer, &json!({"intent": 2})).await.expect_problem(404, "not_found");
        w.as_boss().patch(&path, &json!({"campus_ids": [w.places.east, w.places.north]})).await.expect(200);
        manager.patch(&customer, &json!({"intent": 3})).await.expect(200);
    }

    async fn a_suspended_person_can_do_nothing_until_reinstated(w: World) {
        let boss = w.as_boss();
        let recruiter = w.as_recruiter();
        let path = format!("/api/v1/staff/{}", recruiter.principal);
        recruiter.post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
        let suspended = boss.post(&format!("{path}/suspend"), &json!(null)).await.expect(200);
        assert_eq!(suspended.json["status"], "suspended");
        recruiter.get("/api/v1/customers").await.expect_problem(401, "unauthenticated");
        recruiter.post("/api/v1/customers", &w.new_customer("李四")).await.expect_problem(401, "unauthenticated");
        boss.post(&format!("{path}/suspend"), &json!(null)).await.expect_problem(409, "staff_status");
        assert_eq!(boss.get("/api/v1/staff?status=suspended").await.ids(), [recruiter.principal.to_string()]);
        boss.post(&format!("{path}/reinstate"), &json!(null)).await.expect(200);
        // The sessions of before have ended.
        recruiter.post("/api/v1/customers", &w.new_customer("李四")).await.expect_problem(401, "unauthenticated");
        let again = w.acting_as(w.institution, recruiter.principal).await;
        again.post("/api/v1/customers", &w.new_customer("李四")).await.expect(201);
    }

    async fn who_leaves_is_out_of_the_directory_and_without_roles(w: World) {
        let boss = w.as_boss();
        let id = w.as_recruiter().principal.to_string();
        let path = format!("/api/v1/staff/{id}");
        boss.post(&format!("{path}/leave"), &json!(null)).await.expect(200);
        w.as_recruiter().post("/api/v1/customers", &w.new_customer("张伟")).await
            .expect_problem(401, "unauthenticated");
        assert!(!boss.get("/api/v1/staff").await.ids().contains(&id));
        assert!(boss.get("/api/v1/staff?status=left").await.ids().contains(&id));
        boss.post("/api/v1/groups", &json!({"name": "旧人组", "member_ids": [id]})).await
            .expect_problem(422, "validation_failed");
        let back = boss.post(&format!("{path}/reinstate"), &json!(null)).await.expect(200);
        assert_eq!(back.json["status"], "active");
        let none = json!({"role_ids": [], "role_ids_by_rule": []});
        assert_eq!(boss.get(&format!("{path}/roles")).await.expect(200).json, none);
        let again = w.acting_as(w.institution, w.as_recruiter().principal).await;
        again.post("/api/v1/customers", &w.new_customer("张伟")).await.expect_problem(403, "permission_missing");
    }

    async fn nobody_decides_about_the_own_standing(w: World) {
        let boss = w.as_boss();
        let path = format!("/api/v1/staff/{}", boss.principal);
        for action in ["suspend", "leave", "reinstate"] {
            boss.post(&format!("{path}/{action}"), &json!(null)).await.expect_problem(403, "own_standing");
        }
        boss.put(&format!("{path}/roles"), &json!({"role_ids": []})).await.expect_problem(403, "own_standing");
        boss.patch(&path, &json!({"campus_ids": []})).await.expect_problem(403, "own_standing");
        let position = boss.post("/api/v1/positions", &json!({"name": "校长"})).await.expect(201).id();
        boss.patch(&path, &json!({"position_id": position})).await.expect_problem(403, "own_standing");
        boss.patch(&path, &json!({"name": "校长"})).await.expect(200);
    }

    async fn staff_of_another_institution_look_like_nobody(w: World) {
        let stranger = w.as_stranger();
        let real = format!("/api/v1/staff/{}", w.as_recruiter().principal);
        let random = format!("/api/v1/staff/{}", uuid::Uuid::now_v7());
        assert_eq!(stranger.get(&real).await.expect(404).essence(), stranger.get(&random).await.expect(404).essence());
        for path in [&real, &random] {
            stranger.patch(path, &json!({"name": "夺来的"})).await.expect_problem(404, "not_found");
            stranger.get(&format!("{path}/roles")).await.expect_problem(404, "not_found");
            stranger.put(&format!("{path}/roles"), &json!({"role_ids": []})).await.expect_problem(404, "not_found");
            for action in ["suspend", "leave", "reinstate"] {
                stranger.post(&format!("{path}/{action}"), &json!(null)).await.expect_problem(404, "not_found");
            }
        }
    }

    async fn only_who_manages_staff_may(w: World) {
        let path = format!("/api/v1/staff/{}", w.as_recruiter().principal);
        for who in w.names().filter(|who| *who != "boss") {
            let actor = w.actor(who);
            actor.get(&path).await.expect(200);
            actor.get(&format!("{path}/roles")).await.expect_problem(403, "permission_missing");
            actor.put(&format!("{path}/roles"), &json!({"role_ids": []})).await.expect_problem(403, "permission_missing");
            actor.patch(&path, &json!({"name": "我"})).await.expect_problem(403, "permission_missing");
            actor.post("/api/v1/staff", &json!({})).await.expect_problem(403, "permission_missing");
            actor.post(&format!("{path}/suspend"), &json!(null)).await.expect_problem(403, "permission_missing");
        }
    }
}
