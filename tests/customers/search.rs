use tests::{Actor, Value, both, json};

const SEARCH: &str = "/api/v1/customers/search";

async fn found(actor: &Actor, body: Value) -> Vec<String> {
    actor.post(SEARCH, &body).await.expect(200).ids()
}

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

    async fn each_way_to_reach_somebody_is_a_criterion_of_its_own(w: World) {
        let manager = w.as_manager();
        let mut family = Vec::new();
        for (name, phone, email, address) in [
            ("张伟", "13800138000", "li.hong@mail.example.com", "海淀区中关村大街 27 号"),
            ("张薇", "13900139000", "li.ming@example.org", "海淀区学院路 30 号"),
        ] {
            let mut body = w.new_customer(name);
            body["contact_points"] = json!([
                {"kind": "phone", "value": phone}, {"kind": "email", "value": email},
                {"kind": "address", "value": address},
            ]);
            family.push(manager.post("/api/v1/customers", &body).await.expect(201).id());
        }
        let [wei, wey] = [family[0].clone(), family[1].clone()];
        let both = vec![wey.clone(), wei.clone()];
        for (asked, expected) in [
            (json!({"name": "zhangwei"}), both.clone()),
            (json!({"name": "8000"}), vec![]),
            (json!({"phone": "138 0013 8000"}), vec![wei.clone()]),
            (json!({"phone": "9000"}), vec![wey.clone()]),
            (json!({"email": "LI.HONG@mail.example.com"}), vec![wei.clone()]),
            (json!({"email": "li.ming"}), vec![wey.clone()]),
            (json!({"email": "ming@"}), vec![wey.clone()]),
            (json!({"email": "example"}), both.clone()),
            (json!({"email": "exam"}), vec![]),
            (json!({"query": "@example.org"}), vec![wey.clone()]),
            (json!({"query": "li.hong@"}), vec![wei.clone()]),
            (json!({"address": "中关村大街27号"}), vec![wei.clone()]),
            (json!({"address": "海淀"}), both.clone()),
            (json!({"address": "海淀号"}), vec![]),
            (json!({"query": "zw", "address": "学院路"}), vec![wey.clone()]),
            (json!({"name": "张", "phone": "8000", "email": "li"}), vec![wei.clone()]),
            (json!({"name": "张薇", "phone": "8000"}), vec![]),
        ] {
            assert_eq!(found(&manager, asked.clone()).await, expected, "{asked}");
        }
        // What is changed is found as it is now.
        let points = json!([{"kind": "address", "value": "朝阳区望京街 8 号"}]);
        manager.patch(&format!("/api/v1/customers/{wei}"), &json!({"contact_points": points})).await.expect(200);
        assert_eq!(found(&manager, json!({"address": "海淀"})).await, [wey]);
        assert_eq!(found(&manager, json!({"address": "望京"})).await, [wei]);
        assert!(found(&w.as_stranger(), json!({"address": "望京"})).await.is_empty());
    }

    async fn what_answers_mask_is_sought_by_who_may_reveal_it_and_on_the_trail(w: World) {
        let boss = w.as_boss();
        let new = async |campus: domain::id::Id<domain::organization::Campus>, reach: &str, permissions: &[&str]| {
            let permissions: Vec<_> = permissions.iter()
                .map(|code| json!({"permission": code, "reach": if *code == "customers:reveal" { reach } else { "institution" }}))
                .collect();
            let role = boss.post("/api/v1/roles", &json!({"name": format!("查询员 {campus} {reach}"), "permissions": permissions})).await.expect(201).id();
            let actor = w.hire(&[], campus, None).await;
            boss.put(&format!("/api/v1/staff/{}/roles", actor.principal), &json!({"role_ids": [role]})).await.expect(200);
            actor
        };
        let mut body = w.new_customer("张伟");
        body["holder_id"] = json!(w.places.north);
        body["contact_points"] = json!([
            {"kind": "email", "value": "li@example.com"}, {"kind": "address", "value": "海淀区学院路 30 号"},
        ]);
        let id = boss.post("/api/v1/customers", &body).await.expect(201).id();
        let asked = [json!({"address": "学院路"}), json!({"email": "li"}), json!({"query": "@example.com"})];
        let reader = new(w.places.north, "none", &["customers:read"]).await;
        let north = new(w.places.north, "campus", &["customers:read", "customers:reveal"]).await;
        let south = new(w.places.south, "campus", &["customers:read", "customers:reveal"]).await;
        for asked in asked {
            reader.post(SEARCH, &asked).await.expect_problem(403, "permission_missing");
            assert_eq!(found(&north, asked.clone()).await, std::slice::from_ref(&id), "{asked}");
            assert!(found(&south, asked.clone()).await.is_empty(), "{asked}");
        }
        assert_eq!(found(&reader, json!({"email": "li@example.com"})).await, [id]);
        let trail = boss.get(&format!("/api/v1/audit-events?operation=searchCustomers&actor_id={}", north.principal)).await.expect(200);
        assert_eq!(trail.ids().len(), 3);
        assert!(!trail.text.contains("学院路"), "{}", trail.text);
    }

    async fn filters_narrow_a_search_with_and_without_text(w: World) {
        let manager = w.as_manager();
        let mut ids = Vec::new();
        for number in 0..6 {
            let mut body = w.new_customer(if number < 4 { "张伟" } else { "李娜" });
            body["intent"] = json!(number % 2 + 1);
            body["occupation"] = json!(if number == 0 { "teacher" } else { "student" });
            ids.push(manager.post("/api/v1/customers", &body).await.expect(201).id());
        }
        let pick = |places: &[usize]| -> Vec<String> { places.iter().map(|at| ids[*at].clone()).collect() };
        let created = manager.get(&format!("/api/v1/customers/{}", ids[2])).await.expect(200).json["created_at"].clone();
        for (asked, expected) in [
            (json!({"query": "zw", "filters": {"intent": [2]}}), pick(&[3, 1])),
            (json!({"query": "张", "filters": {"intent": [2]}}), pick(&[3, 1])),
            (json!({"query": "zw", "filters": {"intent": [1], "occupation": ["teacher"]}}), pick(&[0])),
            (json!({"query": "zw", "sort": "created_at"}), pick(&[0, 1, 2, 3])),
            (json!({"query": "张", "sort": "created_at"}), pick(&[0, 1, 2, 3])),
            (json!({"query": "zw", "filters": {"created_at": {"gte": created}}}), pick(&[3, 2])),
            (json!({"filters": {"intent": [2]}}), pick(&[5, 3, 1])),
            (json!({"filters": {"created_at": {"lt": created}}, "sort": "created_at"}), pick(&[0, 1])),
            (json!({}), pick(&[5, 4, 3, 2, 1, 0])),
            (json!({"query": "zw", "filters": {"campus_id": [w.places.south]}}), vec![]),
        ] {
            assert_eq!(found(&manager, asked.clone()).await, expected, "{asked}");
            // In pages of one as in a whole.
            let (mut asked, mut walked) = (asked, Vec::new());
            asked["limit"] = json!(1);
            loop {
                let page = manager.post(SEARCH, &asked).await.expect(200);
                walked.extend(page.ids());
                let Some(cursor) = page.json["next_cursor"].as_str() else { break };
                asked["cursor"] = json!(cursor);
            }
            assert_eq!(walked, expected, "{asked}");
        }
    }

    async fn a_search_by_tag_goes_by_the_tags_that_somebody_may_see(w: World) {
        let manager = w.as_manager();
        let category = w.as_boss().post("/api/v1/tag-categories", &json!({"name": "意愿"})).await.expect(201).id();
        let tag = json!({"name": "爱画画", "category_id": category});
        let tag = w.as_boss().post("/api/v1/tags", &tag).await.expect(201).id();
        let tagged = manager.post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201).id();
        manager.post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
        let path = format!("/api/v1/customers/{tagged}/tags");
        manager.post(&path, &json!({"tag_id": tag})).await.expect(201);
        for asked in [json!({"query": "zw"}), json!({"query": "张"}), json!({})] {
            let mut asked = asked;
            asked["filters"] = json!({"tag_id": [tag]});
            assert_eq!(found(&manager, asked.clone()).await, std::slice::from_ref(&tagged), "{asked}");
        }
        manager.post(&format!("{path}/{tag}/take-off"), &json!({"reason": "不再需要"})).await.expect(200);
        assert!(found(&manager, json!({"query": "zw", "filters": {"tag_id": [tag]}})).await.is_empty());
    }

    async fn every_criterion_that_can_not_be_is_told_at_once(w: World) {
        let refused = w.as_recruiter()
            .post(SEARCH, &json!({"query": " ", "phone": "zhangwei", "email": "张伟", "address": "路"})).await
            .expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [
            ("#/address", "query_too_short"), ("#/email", "email_invalid"), ("#/phone", "phone_invalid"),
            ("#/query", "required"),
        ].map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
        let refused = w.as_recruiter().post(SEARCH, &json!({"filters": {"colour": ["red"], "kind": ["alien"]}})).await
            .expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [
            ("#/filters/colour", "unknown_field"), ("#/filters/kind/0", "not_in_list"),
        ].map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
    }
}
