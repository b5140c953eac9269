use tests::{both, json};

both! {
    async fn a_name_is_found_by_characters_pinyin_and_initials(w: World) {
        let recruiter = w.as_recruiter();
        let mut ids = Vec::new();
        for name in ["张伟", "李张伟明", "王芳", "Alice Zhang"] {
            ids.push(recruiter.post("/api/v1/customers", &w.new_customer(name)).await.expect(201).id());
        }
        for (query, expected) in [
            ("张伟", vec![&ids[1], &ids[0]]),
            ("zhangwei", vec![&ids[1], &ids[0]]),
            ("ZhangWei", vec![&ids[1], &ids[0]]),
            ("zw", vec![&ids[1], &ids[0]]),
            ("王", vec![&ids[2]]),
            ("alice", vec![&ids[3]]),
            ("诸葛亮", vec![]),
        ] {
            let found = recruiter.post("/api/v1/customers/search", &json!({"query": query})).await.expect(200);
            assert_eq!(found.ids().iter().collect::<Vec<_>>(), expected, "{query}");
        }
    }

    async fn a_search_finds_only_what_is_within_reach(w: World) {
        w.as_recruiter().post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
        let find = json!({"query": "张伟"});
        for (who, count) in [("recruiter", 1), ("colleague", 0), ("supervisor", 1), ("outsider", 0), ("boss", 1)] {
            let found = w.actor(who).post("/api/v1/customers/search", &find).await.expect(200);
            assert_eq!(found.ids().len(), count, "{who}");
        }
        assert!(w.as_stranger().post("/api/v1/customers/search", &find).await.expect(200).ids().is_empty());
    }

    async fn the_index_follows_a_new_name_and_a_deletion(w: World) {
        let manager = w.as_manager();
        let made = manager.post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
        let path = format!("/api/v1/customers/{}", made.id());
        manager.patch(&path, &json!({"name": "刘洋"})).await.expect(200);
        let find = async |query: &str| {
            manager.post("/api/v1/customers/search", &json!({"query": query})).await.expect(200).ids().len()
        };
        assert_eq!(find("张伟").await, 0);
        assert_eq!(find("liuyang").await, 1);
        manager.delete(&path).await.expect(204);
        assert_eq!(find("liuyang").await, 0);
        manager.post(&format!("{path}/restore"), &json!(null)).await.expect(200);
        assert_eq!(find("liuyang").await, 1);
    }

    async fn pages_of_a_search_follow_each_other(w: World) {
        let recruiter = w.as_recruiter();
        let mut ids = Vec::new();
        for _ in 0..5 {
            ids.push(recruiter.post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201).id());
        }
        ids.reverse();
        let mut seen = Vec::new();
        let mut body = json!({"query": "张伟", "limit": 2});
        loop {
            let page = recruiter.post("/api/v1/customers/search", &body).await.expect(200);
            seen.extend(page.ids());
            let Some(cursor) = page.json["next_cursor"].as_str() else { break };
            body["cursor"] = json!(cursor);
        }
        assert_eq!(seen, ids);
        body["query"] = json!("李");
        recruiter.post("/api/v1/customers/search", &body).await.expect_problem(422, "invalid_cursor");
    }

    async fn a_query_has_its_limits(w: World) {
        let recruiter = w.as_recruiter();
        for query in ["".to_owned(), "客".repeat(65)] {
            recruiter.post("/api/v1/customers/search", &json!({"query": query})).await
                .expect_problem(422, "validation_failed");
        }
        for query in ["\" OR 1=1 --", "*", "NEAR(a b)", "张伟\" OR \"李", "%", "_", "a AND b"] {
            recruiter.post("/api/v1/customers/search", &json!({"query": query})).await.expect(200);
        }
    }
}
