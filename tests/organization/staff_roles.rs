use tests::{both, json};

use super::role;

both! {
    async fn new_roles_count_at_once(w: World) {
        let boss = w.as_boss();
        let teacher = w.actor("teacher");
        let path = format!("/api/v1/staff/{}/roles", teacher.principal);
        teacher.post("/api/v1/customers", &w.new_customer("张伟")).await.expect_problem(403, "permission_missing");
        let read = boss.get(&path).await.expect(200);
        let roles = json!({"role_ids": [role(&boss, "teacher").await, role(&boss, "recruiter").await]});
        let set = boss.put_if(&path, &read.etag(), &roles).await.expect(200);
        assert_eq!(set.json["role_ids"].as_array().unwrap().len(), 2);
        assert_eq!(boss.get(&path).await.expect(200).text, set.text);
        teacher.post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
        boss.put_if(&path, &read.etag(), &json!({"role_ids": []})).await.expect_problem(412, "version_stale");
        boss.put(&path, &json!({"role_ids": []})).await.expect(200);
        teacher.post("/api/v1/customers", &w.new_customer("李四")).await.expect_problem(403, "permission_missing");
    }

    async fn nobody_gives_more_than_they_hold(w: World) {
        let boss = w.as_boss();
        let manager = w.as_manager();
        // The manager of a campus, who also manages staff.
        let roles = [role(&boss, "branch_manager").await, role(&boss, "hr_administration").await];
        let manages = format!("/api/v1/staff/{}/roles", manager.principal);
        boss.put(&manages, &json!({"role_ids": roles})).await.expect(200);
        let path = format!("/api/v1/staff/{}/roles", w.actor("teacher").principal);
        for code in ["boss", "system_administrator", "sales_director", "student"] {
            let roles = json!({"role_ids": [role(&boss, code).await]});
            let refused = manager.put(&path, &roles).await.expect_problem(403, "role_beyond_own");
            assert!(!refused.json["detail"].as_str().unwrap().contains('{'));
        }
        for code in ["recruiter", "sales_supervisor", "branch_manager", "teacher"] {
            let roles = json!({"role_ids": [role(&boss, code).await]});
            manager.put(&path, &roles).await.expect(200);
        }
        // What somebody else gave stays, and can be taken away.
        let given = [role(&boss, "finance").await, role(&boss, "teacher").await];
        boss.put(&path, &json!({"role_ids": given})).await.expect(200);
        let kept = [given[0].clone(), role(&boss, "recruiter").await];
        manager.put(&path, &json!({"role_ids": kept})).await.expect(200);
        manager.put(&path, &json!({"role_ids": []})).await.expect(200);
        manager.put(&path, &json!({"role_ids": given})).await.expect_problem(403, "role_beyond_own");
    }

    async fn of_writers_who_started_from_the_same_version_one_wins(w: World) {
        let boss = w.as_boss();
        let path = format!("/api/v1/staff/{}/roles", w.as_recruiter().principal);
        let etag = boss.get(&path).await.expect(200).etag();
        let mut sets = Vec::new();
        for code in ["teacher", "finance", "auditor", "liaison"] {
            sets.push(json!({"role_ids": [role(&boss, code).await]}));
        }
        let writes = sets.iter().map(|set| boss.put_if(&path, &etag, set));
        let answers = futures_util::future::join_all(writes).await;
        let won: Vec<_> = answers.iter().filter(|a| a.status == 200).collect();
        assert_eq!(won.len(), 1);
        assert!(answers.iter().all(|a| [200, 412].contains(&a.status)));
        assert_eq!(boss.get(&path).await.expect(200).json, won[0].json);
    }

    async fn sales_and_purchasing_are_kept_apart(w: World) {
        let boss = w.as_boss();
        let path = format!("/api/v1/staff/{}/roles", w.as_recruiter().principal);
        let (sells, buys) = (role(&boss, "recruiter").await, role(&boss, "purchasing").await);
        boss.put(&path, &json!({"role_ids": [sells, buys]})).await.expect_problem(409, "sales_purchasing_wall");
        boss.put(&path, &json!({"role_ids": [buys]})).await.expect(200);
    }

    async fn a_role_is_one_of_the_institution_and_open(w: World) {
        let boss = w.as_boss();
        let path = format!("/api/v1/staff/{}/roles", w.as_recruiter().principal);
        let own = boss.post("/api/v1/roles", &json!({"name": "临时", "permissions": []})).await.expect(201).id();
        boss.post(&format!("/api/v1/roles/{own}/archive"), &json!(null)).await.expect(200);
        for id in [own, role(&w.as_stranger(), "recruiter").await, uuid::Uuid::now_v7().to_string()] {
            let refused = boss.put(&path, &json!({"role_ids": [id]})).await.expect_problem(422, "validation_failed");
            assert_eq!(refused.errors(), [("#/role_ids".into(), "unknown_reference".into())]);
        }
    }
}
