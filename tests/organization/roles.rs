use domain::access::Reach;
use serde_json::Value;
use tests::{Actor, both, json};

use super::role;

fn at(permission: &str, reach: &str) -> Value {
    json!({ "permission": permission, "reach": reach })
}

fn listed(permissions: &[&Value]) -> Value {
    json!({ "permissions": permissions })
}

both! {
    async fn every_institution_has_the_built_in_roles(w: World) {
        let teacher = w.actor("teacher");
        let list = teacher.get("/api/v1/roles?limit=200").await.expect(200);
        let roles = list.json["items"].as_array().unwrap();
        assert_eq!(roles.len(), domain::access::BUILT_IN_ROLES.len());
        assert!(roles.iter().all(|r| r["is_built_in"] == true));
        let recruiter = roles.iter().find(|r| r["code"] == "recruiter").unwrap();
        assert_eq!(recruiter["name"], "招生人员");
        assert_eq!(recruiter["side"], "sales");
        let reads = json!({"permission": "customers:read", "reach": "own"});
        assert!(recruiter["permissions"].as_array().unwrap().contains(&reads));
        let one = teacher.get(&format!("/api/v1/roles/{}", recruiter["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(&one.json, recruiter);
    }

    async fn the_catalogue_says_what_a_role_can_give(w: World) {
        let list = w.actor("teacher").get("/api/v1/permissions").await.expect(200);
        let find = |code: &str| {
            list.json["items"].as_array().unwrap().iter().find(|p| p["code"] == code).unwrap().clone()
        };
        // What everybody has is not for roles to give.
        assert!(list.json["items"].as_array().unwrap().iter().all(|p| p["code"] != "self"));
        assert_eq!(find("customers:read")["label"], "See customers");
        assert_eq!(find("staff:write")["reaches"], json!(["institution"]));
        assert_eq!(find("courses:write")["reaches"], json!(["campus", "region", "institution"]));
    }

    async fn a_role_of_ones_own_is_made_and_changed(w: World) {
        let boss = w.as_boss();
        let made = boss
            .post("/api/v1/roles", &json!({"name": "校区前台", "permissions": [
                {"permission": "customers:read", "reach": "campus"},
                {"permission": "customers:read", "reach": "campus"},
            ]}))
            .await
            .expect(201);
        assert_eq!(made.json["permissions"], json!([{"permission": "customers:read", "reach": "campus"}]));
        assert_eq!(made.json["is_built_in"], false);
        let path = made.header("location").unwrap().to_owned();
        let change = json!({"permissions": [{"permission": "follow_ups:read", "reach": "own"}]});
        let changed = boss.patch_if(&path, &made.etag(), &change).await.expect(200);
        assert_eq!(changed.json["permissions"], change["permissions"]);
        assert_eq!(changed.json["name"], "校区前台");
        assert_eq!(boss.get(&path).await.expect(200).json, changed.json);
        boss.patch_if(&path, &made.etag(), &change).await.expect_problem(412, "version_stale");
        boss.post("/api/v1/roles", &json!({"name": "校区前台", "permissions": []})).await.expect_problem(409, "name_taken");
        boss.post("/api/v1/roles", &json!({"name": "招生 人员", "permissions": []})).await.expect_problem(409, "name_taken");
    }

    async fn what_a_permission_can_not_be_is_refused_by_place(w: World) {
        let refused = w.as_boss()
            .post("/api/v1/roles", &json!({"name": "x", "permissions": [
                {"permission": "customers:read", "reach": "campus"},
                {"permission": "customers:burn", "reach": "campus"},
                {"permission": "staff:write", "reach": "campus"},
            ]}))
            .await
            .expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [
            ("#/permissions/1/permission".into(), "permission_unknown".into()),
            ("#/permissions/2/reach".into(), "reach_not_offered".into()),
        ]);
        let wall = json!({"name": "x", "side": "purchasing",
            "permissions": [{"permission": "customers:read", "reach": "own"}]});
        w.as_boss().post("/api/v1/roles", &wall).await.expect_problem(409, "sales_purchasing_wall");
    }

    async fn a_change_of_a_role_counts_at_once_for_its_holders(w: World) {
        let boss = w.as_boss();
        let recruiter = w.as_recruiter();
        let copy = format!("/api/v1/roles/{}/copy", role(&boss, "recruiter").await);
        let made = boss.post(&copy, &json!({"name": "招生人员（暑期）"})).await.expect(201);
        let roles = json!({"role_ids": [made.id()]});
        boss.put(&format!("/api/v1/staff/{}/roles", recruiter.principal), &roles).await.expect(200);
        recruiter.post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
        let path = format!("/api/v1/roles/{}", made.id());
        let less = json!({"permissions": [{"permission": "customers:read", "reach": "own"}]});
        boss.patch(&path, &less).await.expect(200);
        recruiter.post("/api/v1/customers", &w.new_customer("李四")).await.expect_problem(403, "permission_missing");
        boss.post(&format!("{path}/archive"), &json!(null)).await.expect_problem(409, "in_use");
    }

    async fn built_in_roles_are_copied_not_changed(w: World) {
        let boss = w.as_boss();
        let original = boss.get(&format!("/api/v1/roles/{}", role(&boss, "purchasing").await)).await.expect(200);
        let path = format!("/api/v1/roles/{}", original.id());
        boss.patch(&path, &json!({"name": "买手"})).await.expect_problem(409, "role_built_in");
        boss.post(&format!("{path}/archive"), &json!(null)).await.expect_problem(409, "role_built_in");
        let copy = boss.post(&format!("{path}/copy"), &json!({"name": "买手"})).await.expect(201);
        assert_eq!(copy.json["side"], "purchasing");
        assert_eq!(copy.json["permissions"], original.json["permissions"]);
        assert_ne!(copy.json["code"], original.json["code"]);
        let own = format!("/api/v1/roles/{}", copy.id());
        boss.post(&format!("{own}/archive"), &json!(null)).await.expect(200);
        boss.post(&format!("{own}/unarchive"), &json!(null)).await.expect(200);
    }

    async fn nobody_makes_a_role_beyond_their_own(w: World) {
        w.add_role("editor", &[("roles:write", Reach::Institution), ("audit:read", Reach::Institution)]).await;
        let editor = w.hire(&["editor"], w.places.north, None).await;
        let reads = json!({"permission": "customers:read", "reach": "own"});
        let audits = json!({"permission": "audit:read", "reach": "institution"});
        editor.post("/api/v1/roles", &json!({"name": "a", "permissions": [reads]})).await
            .expect_problem(403, "role_beyond_own");
        let made = editor.post("/api/v1/roles", &json!({"name": "a", "permissions": [audits]})).await.expect(201);
        let path = format!("/api/v1/roles/{}", made.id());
        editor.patch(&path, &json!({"permissions": [audits, reads]})).await.expect_problem(403, "role_beyond_own");
        editor.patch(&path, &json!({"permissions": []})).await.expect(200);
        for code in ["recruiter", "boss"] {
            let copy = format!("/api/v1/roles/{}/copy", role(&w.as_boss(), code).await);
            editor.post(&copy, &json!({"name": "b"})).await.expect_problem(403, "role_beyond_own");
        }
    }

    async fn whoever_assigns_roles_makes_those_that_govern_nobody(w: World) {
        let administrator = w.hire(&["system_administrator"], w.places.north, None).await;
        let boss = w.as_boss();
        for code in ["recruiter", "finance", "branch_manager"] {
            let copy = format!("/api/v1/roles/{}/copy", role(&boss, code).await);
            administrator.post(&copy, &json!({"name": code})).await.expect(201);
        }
        // Whoever governs by it would hold more than whoever made it.
        let copy = format!("/api/v1/roles/{}/copy", role(&boss, "boss").await);
        administrator.post(&copy, &json!({"name": "b"})).await.expect_problem(403, "role_beyond_own");
        let (reads, hires) = (at("customers:read", "campus"), at("staff:write", "institution"));
        let both = json!({"name": "b", "permissions": [reads, hires]});
        administrator.post("/api/v1/roles", &both).await.expect_problem(403, "role_beyond_own");

        let made = json!({"name": "前台", "permissions": [reads]});
        let made = administrator.post("/api/v1/roles", &made).await.expect(201);
        let path = format!("/api/v1/roles/{}", made.id());
        let desk = w.hire(&[], w.places.north, None).await;
        let given = json!({"role_ids": [made.id()]});
        administrator.put(&format!("/api/v1/staff/{}/roles", desk.principal), &given).await.expect(200);
        let wide = json!({"permissions": [reads, at("follow_ups:read", "campus")]});
        administrator.patch(&path, &wide).await.expect(200);
        desk.get("/api/v1/follow-ups").await.expect(200);
        administrator.patch(&path, &listed(&[&reads, &hires])).await.expect_problem(403, "staff_beyond_own");
        let rules = |access: &str| json!({"rules": [{"record": "customers", "field": "note", "access": access}]});
        administrator.put(&format!("{path}/field-rules"), &rules("hidden")).await.expect(200);
        administrator.put(&format!("{path}/field-rules"), &json!({"rules": []})).await.expect(200);
    }

    async fn nobody_comes_to_more_by_the_roles_that_they_make(w: World) {
        let administrator = w.hire(&["system_administrator"], w.places.north, None).await;
        let boss = w.as_boss();
        let roles = |who: &Actor| format!("/api/v1/staff/{}/roles", who.principal);
        let (reads, audits) = (at("customers:read", "institution"), at("audit:read", "institution"));
        let mine = json!({"name": "审计", "permissions": [audits]});
        let mine = administrator.post("/api/v1/roles", &mine).await.expect(201).id();
        let path = format!("/api/v1/roles/{mine}");
        let administers = role(&boss, "system_administrator").await;

        // Not by hand, and not in a role that one holds, by hand or by rule.
        administrator.put(&roles(&administrator), &json!({"role_ids": [administers, mine]})).await
            .expect_problem(403, "own_standing");
        boss.put(&roles(&administrator), &json!({"role_ids": [administers, mine]})).await.expect(200);
        let wide = listed(&[&audits, &reads]);
        administrator.patch(&path, &wide).await.expect_problem(403, "role_beyond_own");
        boss.put(&roles(&administrator), &json!({"role_ids": [administers]})).await.expect(200);
        let position = boss.post("/api/v1/positions", &json!({"name": "管理员"})).await.expect(201).id();
        let person = format!("/api/v1/staff/{}", administrator.principal);
        boss.patch(&person, &json!({"position_id": position})).await.expect(200);
        let rule = json!({"role_id": mine, "position_id": position});
        administrator.post("/api/v1/role-rules", &rule).await.expect_problem(403, "own_standing");
        let rule = boss.post("/api/v1/role-rules", &rule).await.expect(201).id();
        administrator.patch(&path, &wide).await.expect_problem(403, "role_beyond_own");
        let nothing = json!({"rules": []});
        boss.patch(&path, &wide).await.expect(200);
        let hidden = json!({"rules": [{"record": "customers", "field": "note", "access": "hidden"}]});
        boss.put(&format!("{path}/field-rules"), &hidden).await.expect(200);
        administrator.put(&format!("{path}/field-rules"), &nothing).await.expect_problem(403, "role_beyond_own");
        boss.put(&format!("{path}/field-rules"), &nothing).await.expect(200);
        boss.delete(&format!("/api/v1/role-rules/{rule}")).await.expect(204);

        // Not by the key of a client either.
        let key = json!({"name": "接口", "permissions": [audits]});
        let key = administrator.post("/api/v1/roles", &key).await.expect(201).id();
        let client = json!({"name": "c", "role_ids": [key], "scopes": ["audit:read", "customers:read"]});
        administrator.post("/api/v1/api-clients", &client).await.expect(201);
        administrator.patch(&format!("/api/v1/roles/{key}"), &wide).await.expect_problem(403, "role_beyond_own");
    }

    async fn nobody_makes_somebody_more_powerful_than_they_are(w: World) {
        let administrator = w.hire(&["system_administrator"], w.places.north, None).await;
        let boss = w.as_boss();
        let friend = w.hire(&[], w.places.north, None).await;
        let roles = |who: &Actor| format!("/api/v1/staff/{}/roles", who.principal);
        let (reads, hires) = (at("customers:read", "institution"), at("staff:write", "institution"));
        let administers = role(&boss, "system_administrator").await;
        let reader = json!({"name": "r", "permissions": [reads]});
        let reader = administrator.post("/api/v1/roles", &reader).await.expect(201).id();
        let empty = administrator.post("/api/v1/roles", &json!({"name": "e", "permissions": []})).await.expect(201).id();
        // Both at once, one after the other, by a role that becomes more, or by rule.
        administrator.put(&roles(&friend), &json!({"role_ids": [reader, administers]})).await
            .expect_problem(403, "staff_beyond_own");
        administrator.put(&roles(&friend), &json!({"role_ids": [administers, empty]})).await.expect(200);
        administrator.put(&roles(&friend), &json!({"role_ids": [administers, reader]})).await
            .expect_problem(403, "staff_beyond_own");
        administrator.patch(&format!("/api/v1/roles/{empty}"), &listed(&[&reads])).await
            .expect_problem(403, "staff_beyond_own");
        let position = boss.post("/api/v1/positions", &json!({"name": "朋友"})).await.expect(201).id();
        let rule = json!({"role_id": reader, "position_id": position});
        administrator.patch(&format!("/api/v1/staff/{}", friend.principal), &json!({"position_id": position})).await.expect(200);
        administrator.post("/api/v1/role-rules", &rule).await.expect_problem(403, "staff_beyond_own");
        administrator.put(&roles(&friend), &json!({"role_ids": [reader, empty]})).await.expect(200);
        administrator.patch(&format!("/api/v1/roles/{empty}"), &listed(&[&hires])).await
            .expect_problem(403, "staff_beyond_own");
        // The owner may.
        boss.put(&roles(&friend), &json!({"role_ids": [reader, administers]})).await.expect(200);
    }

    async fn roles_of_another_institution_look_like_nothing(w: World) {
        let stranger = w.as_stranger();
        let own = w.as_boss().post("/api/v1/roles", &json!({"name": "a", "permissions": []})).await.expect(201);
        let real = format!("/api/v1/roles/{}", own.id());
        let random = format!("/api/v1/roles/{}", uuid::Uuid::now_v7());
        assert_eq!(stranger.get(&real).await.expect(404).essence(), stranger.get(&random).await.expect(404).essence());
        for path in [&real, &random] {
            stranger.patch(path, &json!({"name": "b"})).await.expect_problem(404, "not_found");
            stranger.post(&format!("{path}/copy"), &json!({"name": "b"})).await.expect_problem(404, "not_found");
            stranger.post(&format!("{path}/archive"), &json!(null)).await.expect_problem(404, "not_found");
        }
        for who in w.names().filter(|who| *who != "boss") {
            w.actor(who).patch(&real, &json!({"name": "b"})).await.expect_problem(403, "permission_missing");
            w.actor(who).post("/api/v1/roles", &json!({})).await.expect_problem(403, "permission_missing");
        }
    }
}
