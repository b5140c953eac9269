//! Roles by department and position (ROLE-02, ROLE-03).

use tests::{Actor, Answer, Value, World, both, json};

use super::role;

async fn made(by: &Actor, path: &str, body: Value) -> String {
    by.post(path, &body).await.expect(201).id()
}

async fn department(w: &World, name: &str) -> String {
    made(&w.as_boss(), "/api/v1/departments", json!({ "name": name })).await
}

async fn position(w: &World, name: &str) -> String {
    made(&w.as_boss(), "/api/v1/positions", json!({ "name": name })).await
}

/// A rule for everyone of a department.
async fn rule(w: &World, by: &Actor, code: &str, department: &str) -> Answer {
    let role = role(&w.as_boss(), code).await;
    let rule = json!({"role_id": role, "department_id": department});
    by.post("/api/v1/role-rules", &rule).await
}

/// Puts somebody into a department, a position or both.
async fn place(by: &Actor, who: &Actor, post: Value) -> Answer {
    by.patch(&format!("/api/v1/staff/{}", who.principal), &post)
        .await
}

async fn writes(w: &World, who: &Actor) -> u16 {
    let customer = w.new_customer("张伟");
    who.post("/api/v1/customers", &customer).await.status
}

/// What `GET /me` says of somebody's permissions.
async fn held(who: &Actor) -> Vec<String> {
    let me = who.get("/api/v1/me").await.expect(200);
    let permissions = me.json["permissions"].as_array().unwrap().iter();
    let codes = permissions.map(|p| p["code"].as_str().unwrap().to_owned());
    codes.collect()
}

both! {
    async fn who_moves_holds_what_the_new_department_gives_at_once(w: World) {
        let boss = w.as_boss();
        let teacher = w.hire(&["teacher"], w.places.north, None).await;
        let sales = department(&w, "招生部").await;
        rule(&w, &boss, "recruiter", &sales).await.expect(201);
        assert_eq!(writes(&w, &teacher).await, 403);
        place(&boss, &teacher, json!({"department_id": sales})).await.expect(200);
        assert_eq!(writes(&w, &teacher).await, 201);
        let codes = held(&teacher).await;
        // By hand and by rule together.
        for code in ["attendance:write", "customers:write", "customers:reveal"] {
            assert!(codes.iter().any(|held| held == code), "{code}: {codes:?}");
        }
        let path = format!("/api/v1/staff/{}/roles", teacher.principal);
        let roles = boss.get(&path).await.expect(200).json;
        assert_eq!(roles["role_ids"], json!([role(&boss, "teacher").await]));
        assert_eq!(roles["role_ids_by_rule"], json!([role(&boss, "recruiter").await]));
        place(&boss, &teacher, json!({"department_id": null})).await.expect(200);
        assert_eq!(writes(&w, &teacher).await, 403);
        assert!(!held(&teacher).await.contains(&"customers:write".to_owned()));
    }

    async fn a_rule_counts_from_the_moment_it_is_made_until_it_ends(w: World) {
        let boss = w.as_boss();
        let person = w.hire(&[], w.places.north, None).await;
        let sales = department(&w, "招生部").await;
        place(&boss, &person, json!({"department_id": sales})).await.expect(200);
        assert_eq!(writes(&w, &person).await, 403);
        let rule = rule(&w, &boss, "recruiter", &sales).await.expect(201);
        assert_eq!(writes(&w, &person).await, 201);
        let path = rule.header("location").unwrap().to_owned();
        assert_eq!(boss.get(&path).await.expect(200).json, rule.json);
        let by_role = format!("/api/v1/role-rules?role_id={}", rule.json["role_id"].as_str().unwrap());
        assert_eq!(boss.get(&by_role).await.expect(200).ids(), [rule.id()]);
        boss.delete(&path).await.expect(204);
        assert_eq!(writes(&w, &person).await, 403);
        boss.delete(&path).await.expect_problem(404, "not_found");
        assert!(boss.get(&by_role).await.expect(200).ids().is_empty());
    }

    async fn a_rule_for_both_covers_who_has_both(w: World) {
        let boss = w.as_boss();
        let (sales, consultant) = (department(&w, "招生部").await, position(&w, "顾问").await);
        let rule = json!({"role_id": role(&boss, "recruiter").await, "department_id": sales, "position_id": consultant});
        made(&boss, "/api/v1/role-rules", rule.clone()).await;
        boss.post("/api/v1/role-rules", &rule).await.expect_problem(409, "role_rule_exists");
        let person = w.hire(&[], w.places.north, None).await;
        for (post, status) in [
            (json!({"department_id": sales}), 403),
            (json!({"position_id": consultant}), 201),
            (json!({"department_id": null}), 403),
        ] {
            place(&boss, &person, post).await.expect(200);
            assert_eq!(writes(&w, &person).await, status);
        }
        // The position alone is another rule.
        let alone = json!({"role_id": rule["role_id"], "position_id": consultant});
        made(&boss, "/api/v1/role-rules", alone.clone()).await;
        assert_eq!(writes(&w, &person).await, 201);
        boss.post("/api/v1/role-rules", &alone).await.expect_problem(409, "role_rule_exists");
        let nothing = json!({"role_id": rule["role_id"]});
        let refused = boss.post("/api/v1/role-rules", &nothing).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/department_id".into(), "role_rule_unbounded".into())]);
    }

    async fn a_rule_of_a_department_covers_its_units(w: World) {
        let boss = w.as_boss();
        let hr = w.hire(&["hr_administration"], w.places.north, None).await;
        let (sales, other) = (department(&w, "招生部").await, department(&w, "后勤部").await);
        let unit = made(&boss, "/api/v1/departments", json!({"name": "招生一科", "parent_id": sales})).await;
        rule(&w, &boss, "recruiter", &sales).await.expect(201);
        let person = w.hire(&[], w.places.north, None).await;
        place(&boss, &person, json!({"department_id": unit})).await.expect(200);
        assert_eq!(writes(&w, &person).await, 201);
        // The unit takes its people with it, and what they hold.
        let path = format!("/api/v1/departments/{unit}");
        boss.patch(&path, &json!({"parent_id": other})).await.expect(200);
        assert_eq!(writes(&w, &person).await, 403);
        // Nobody gives roles by moving units that they could not give by hand.
        let roles = [role(&boss, "hr_administration").await, organizer(&boss).await];
        let organizes = format!("/api/v1/staff/{}/roles", hr.principal);
        boss.put(&organizes, &json!({"role_ids": roles})).await.expect(200);
        hr.patch(&path, &json!({"parent_id": sales})).await.expect_problem(403, "role_beyond_own");
        assert_eq!(writes(&w, &person).await, 403);
        hr.patch(&path, &json!({"parent_id": null})).await.expect(200);
    }

    async fn nobody_gives_by_rule_what_they_could_not_give_by_hand(w: World) {
        let administrator = w.hire(&["system_administrator"], w.places.north, None).await;
        let hr = w.hire(&["hr_administration"], w.places.north, None).await;
        let sales = department(&w, "招生部").await;
        w.as_recruiter().post("/api/v1/role-rules", &json!({})).await.expect_problem(403, "permission_missing");
        rule(&w, &hr, "recruiter", &sales).await.expect_problem(403, "role_beyond_own");
        rule(&w, &administrator, "boss", &sales).await.expect_problem(403, "role_beyond_own");
        rule(&w, &administrator, "recruiter", &sales).await.expect(201);
        rule(&w, &hr, "hr_administration", &sales).await.expect(201);
    }

    async fn nobody_moves_others_into_roles_that_they_could_not_give(w: World) {
        let boss = w.as_boss();
        let hr = w.hire(&["hr_administration"], w.places.north, None).await;
        let administrator = w.hire(&["system_administrator"], w.places.north, None).await;
        let person = w.hire(&[], w.places.north, None).await;
        let (sales, owners, plain) =
            (department(&w, "招生部").await, department(&w, "董事会").await, department(&w, "后勤部").await);
        rule(&w, &boss, "recruiter", &sales).await.expect(201);
        rule(&w, &boss, "boss", &owners).await.expect(201);
        place(&hr, &person, json!({"department_id": plain})).await.expect(200);
        place(&hr, &person, json!({"department_id": sales})).await.expect_problem(403, "role_beyond_own");
        place(&administrator, &person, json!({"department_id": owners})).await.expect_problem(403, "role_beyond_own");
        let new = json!({"user_name": "new.one", "name": "新人", "campus_ids": [], "department_id": owners});
        administrator.post("/api/v1/staff", &new).await.expect_problem(403, "role_beyond_own");
        assert_eq!(writes(&w, &person).await, 403);
        // Who may give the role may move, and whoever manages staff may move away.
        place(&administrator, &person, json!({"department_id": sales})).await.expect(200);
        assert_eq!(writes(&w, &person).await, 201);
        place(&hr, &person, json!({"department_id": plain})).await.expect(200);
        assert_eq!(writes(&w, &person).await, 403);
    }

    async fn nobody_promotes_oneself(w: World) {
        let boss = w.as_boss();
        let administrator = w.hire(&["system_administrator"], w.places.north, None).await;
        let (here, there) = (department(&w, "信息部").await, department(&w, "招生部").await);
        place(&boss, &administrator, json!({"department_id": here})).await.expect(200);
        rule(&w, &boss, "recruiter", &there).await.expect(201);
        // Neither by the own post, nor by a rule for it, nor by its department.
        place(&administrator, &administrator, json!({"department_id": there})).await.expect_problem(403, "own_standing");
        place(&administrator, &administrator, json!({"position_id": position(&w, "总监").await})).await
            .expect_problem(403, "own_standing");
        rule(&w, &administrator, "recruiter", &here).await.expect_problem(403, "own_standing");
        let path = format!("/api/v1/departments/{here}");
        administrator.patch(&path, &json!({"parent_id": there})).await.expect_problem(403, "own_standing");
        let given = rule(&w, &boss, "recruiter", &here).await.expect(201);
        let path = given.header("location").unwrap();
        administrator.delete(path).await.expect_problem(403, "own_standing");
        assert_eq!(writes(&w, &administrator).await, 201);
    }

    async fn those_who_govern_are_decided_about_by_those_who_hold_as_much(w: World) {
        let boss = w.as_boss();
        let administrator = w.hire(&["system_administrator"], w.places.north, None).await;
        let owner = w.hire(&["boss"], w.places.north, None).await;
        let (board, plain) = (department(&w, "董事会").await, department(&w, "后勤部").await);
        place(&boss, &owner, json!({"department_id": board})).await.expect(200);
        rule(&w, &administrator, "recruiter", &board).await.expect_problem(403, "staff_beyond_own");
        place(&administrator, &owner, json!({"department_id": plain})).await.expect_problem(403, "staff_beyond_own");
        // Who governs by a rule governs.
        let second = w.hire(&[], w.places.north, None).await;
        rule(&w, &boss, "boss", &plain).await.expect(201);
        place(&boss, &second, json!({"department_id": plain})).await.expect(200);
        let path = format!("/api/v1/staff/{}/suspend", second.principal);
        administrator.post(&path, &json!(null)).await.expect_problem(403, "staff_beyond_own");
        place(&administrator, &second, json!({"department_id": null})).await.expect_problem(403, "staff_beyond_own");
    }

    async fn who_has_left_holds_nothing_by_rule_and_comes_back_as_the_caller_may_give(w: World) {
        let boss = w.as_boss();
        let hr = w.hire(&["hr_administration"], w.places.north, None).await;
        let person = w.hire(&[], w.places.north, None).await;
        let sales = department(&w, "招生部").await;
        rule(&w, &boss, "recruiter", &sales).await.expect(201);
        place(&boss, &person, json!({"department_id": sales})).await.expect(200);
        let path = format!("/api/v1/staff/{}", person.principal);
        hr.post(&format!("{path}/leave"), &json!(null)).await.expect(200);
        let none = json!({"role_ids": [], "role_ids_by_rule": []});
        assert_eq!(boss.get(&format!("{path}/roles")).await.expect(200).json, none);
        hr.post(&format!("{path}/reinstate"), &json!(null)).await.expect_problem(403, "role_beyond_own");
        boss.post(&format!("{path}/reinstate"), &json!(null)).await.expect(200);
        let person = w.acting_as(w.institution, person.principal).await;
        assert_eq!(writes(&w, &person).await, 201);
        // A suspension takes no role away.
        hr.post(&format!("{path}/suspend"), &json!(null)).await.expect(200);
        assert_eq!(writes(&w, &person).await, 401);
        hr.post(&format!("{path}/reinstate"), &json!(null)).await.expect(200);
        let person = w.acting_as(w.institution, person.principal).await;
        assert_eq!(writes(&w, &person).await, 201);
    }

    async fn sales_and_purchasing_are_kept_apart_by_rules_too(w: World) {
        let boss = w.as_boss();
        let person = w.hire(&["recruiter"], w.places.north, None).await;
        let (buyers, plain) = (department(&w, "采购部").await, department(&w, "后勤部").await);
        rule(&w, &boss, "purchasing", &buyers).await.expect(201);
        place(&boss, &person, json!({"department_id": buyers})).await.expect_problem(409, "sales_purchasing_wall");
        place(&boss, &person, json!({"department_id": plain})).await.expect(200);
        rule(&w, &boss, "purchasing", &plain).await.expect_problem(409, "sales_purchasing_wall");
        let roles = format!("/api/v1/staff/{}/roles", person.principal);
        boss.put(&roles, &json!({"role_ids": []})).await.expect(200);
        rule(&w, &boss, "purchasing", &plain).await.expect(201);
        let sells = json!({"role_ids": [role(&boss, "recruiter").await]});
        boss.put(&roles, &sells).await.expect_problem(409, "sales_purchasing_wall");
    }

    async fn the_field_rules_of_a_role_by_rule_count(w: World) {
        let boss = w.as_boss();
        let customer = boss.post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
        let path = format!("/api/v1/customers/{}", customer.id());
        let books = department(&w, "财务部").await;
        rule(&w, &boss, "finance", &books).await.expect(201);
        let person = w.hire(&[], w.places.north, None).await;
        place(&boss, &person, json!({"department_id": books})).await.expect(200);
        assert_eq!(person.get(&path).await.expect(200).json["intent"], json!(null));
        let me = person.get("/api/v1/me").await.expect(200);
        assert!(me.json["field_rules"].as_array().unwrap().iter().any(|r| r["field"] == "intent"), "{}", me.text);
    }

    async fn rules_are_the_institutions_own(w: World) {
        let boss = w.as_boss();
        let sales = department(&w, "招生部").await;
        let rule = rule(&w, &boss, "recruiter", &sales).await.expect(201);
        let stranger = w.as_stranger();
        let path = rule.header("location").unwrap();
        stranger.get(path).await.expect_problem(404, "not_found");
        stranger.delete(path).await.expect_problem(404, "not_found");
        let foreign = json!({"role_id": role(&stranger, "recruiter").await, "department_id": sales});
        stranger.post("/api/v1/role-rules", &foreign).await.expect_problem(422, "validation_failed");
        assert!(stranger.get("/api/v1/role-rules").await.expect(200).ids().is_empty());
    }
}

/// A role of those who arrange departments.
async fn organizer(boss: &Actor) -> String {
    let permissions = json!([{"permission": "organization:write", "reach": "institution"}]);
    let body = json!({"name": "组织管理员", "permissions": permissions});
    made(boss, "/api/v1/roles", body).await
}
