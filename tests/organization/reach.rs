use tests::{World, both, json};

/// Gives somebody a role of the school's own, with one permission.
async fn give(w: &World, who: &str, permission: &str, reach: &str) {
    let boss = w.as_boss();
    let role = json!({"name": format!("{who} {reach}"), "permissions": [
        {"permission": permission, "reach": reach}, {"permission": "customers:write", "reach": reach},
    ]});
    let made = boss.post("/api/v1/roles", &role).await.expect(201);
    let path = format!("/api/v1/staff/{}/roles", w.actor(who).principal);
    boss.put(&path, &json!({"role_ids": [made.id()]}))
        .await
        .expect(200);
}

both! {
    async fn reach_of_classes_and_families_covers_nothing_that_is_held(w: World) {
        let mut body = w.new_customer("张伟");
        body["holder_id"] = json!(w.actor("teacher").principal);
        let made = w.as_boss().post("/api/v1/customers", &body).await.expect(201);
        for (who, reach) in [("teacher", "taught"), ("finance", "family")] {
            give(&w, who, "customers:read", reach).await;
            let actor = w.actor(who);
            assert!(actor.get("/api/v1/customers").await.expect(200).ids().is_empty());
            actor.get(&format!("/api/v1/customers/{}", made.id())).await.expect_problem(404, "not_found");
            let found = actor.post("/api/v1/customers/search", &json!({"query": "张伟"})).await.expect(200);
            assert!(found.ids().is_empty());
            actor.patch(&format!("/api/v1/customers/{}", made.id()), &json!({"intent": 1})).await
                .expect_problem(404, "not_found");
        }
    }

    async fn reach_of_a_region_follows_its_campuses(w: World) {
        let boss = w.as_boss();
        let mut body = w.new_customer("张伟");
        body["campus_id"] = json!(w.places.south);
        let made = boss.post("/api/v1/customers", &body).await.expect(201);
        let customer = format!("/api/v1/customers/{}", made.id());
        give(&w, "manager", "customers:read", "region").await;
        let manager = w.as_manager();
        manager.patch(&customer, &json!({"intent": 1})).await.expect_problem(404, "not_found");
        let north = boss.get(&format!("/api/v1/campuses/{}", w.places.north)).await.expect(200);
        let south = format!("/api/v1/campuses/{}", w.places.south);
        boss.patch(&south, &json!({"region_id": north.json["region_id"]})).await.expect(200);
        manager.patch(&customer, &json!({"intent": 2})).await.expect(200);
        boss.patch(&south, &json!({"region_id": null})).await.expect(200);
        manager.patch(&customer, &json!({"intent": 3})).await.expect_problem(404, "not_found");
    }
}
