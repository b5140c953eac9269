use tests::{both, json};

both! {
    async fn out_of_reach_looks_like_absent(w: World) {
        let made = w.as_recruiter().post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
        let real = format!("/api/v1/customers/{}", made.id());
        let random = format!("/api/v1/customers/{}", uuid::Uuid::now_v7());
        for actor in [w.as_colleague(), w.as_outsider(), w.as_stranger()] {
            assert_eq!(
                actor.get(&real).await.expect(404).essence(),
                actor.get(&random).await.expect(404).essence(),
            );
            let change = json!({"intent": 1});
            assert_eq!(
                actor.patch(&real, &change).await.expect(404).essence(),
                actor.patch(&random, &change).await.expect(404).essence(),
            );
        }
        let unchanged = w.as_recruiter().get(&real).await.expect(200);
        assert_eq!(unchanged.json, made.json);
    }

    async fn credentials_come_before_everything_else(w: World) {
        let nobody = w.as_anonymous();
        let refused = nobody.post("/api/v1/customers", &json!({"nonsense": 1})).await
            .expect_problem(401, "unauthenticated");
        assert_eq!(refused.header("www-authenticate"), Some("Bearer realm=\"educrm\""));
        let refused = nobody.with_token("nonsense").get("/api/v1/customers?x=1").await
            .expect_problem(401, "unauthenticated");
        assert!(refused.header("www-authenticate").unwrap().contains("invalid_token"));
        let teacher = w.actor("teacher");
        let refused = teacher.post("/api/v1/customers", &json!({"nonsense": 1})).await
            .expect_problem(403, "permission_missing");
        assert!(refused.header("www-authenticate").unwrap().contains("customers:write"));
    }
}
