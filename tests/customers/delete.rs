use tests::{both, json};

both! {
    async fn a_deleted_customer_is_gone_until_it_is_restored(w: World) {
        let manager = w.as_manager();
        let made = manager.post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
        let path = format!("/api/v1/customers/{}", made.id());
        manager.delete_if(&path, &made.etag()).await.expect(204);
        manager.get(&path).await.expect_problem(404, "not_found");
        manager.delete(&path).await.expect_problem(404, "not_found");
        manager.patch(&path, &json!({"intent": 1})).await.expect_problem(404, "not_found");
        assert!(manager.get("/api/v1/customers").await.ids().is_empty());
        let restored = manager.post(&format!("{path}/restore"), &json!(null)).await.expect(200);
        assert_eq!(restored.json["version"], 3);
        manager.get(&path).await.expect(200);
        manager.post(&format!("{path}/restore"), &json!(null)).await
            .expect_problem(409, "customer_not_deleted");
    }

    async fn restoring_needs_reach_to_the_customer(w: World) {
        let manager = w.as_manager();
        let made = manager.post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
        let path = format!("/api/v1/customers/{}", made.id());
        manager.delete(&path).await.expect(204);
        let restore = format!("{path}/restore");
        w.actor("southerner").post(&restore, &json!(null)).await.expect_problem(404, "not_found");
        w.as_stranger().post(&restore, &json!(null)).await.expect_problem(404, "not_found");
        w.as_recruiter().post(&restore, &json!(null)).await.expect_problem(403, "permission_missing");
    }
}
