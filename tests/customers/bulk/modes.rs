use tests::{both, json};

use super::{
    BULK, all_or_nothing, best_effort, create, customer, delete, outcomes, seen, transfer, update,
};

both! {
    async fn each_operation_does_what_the_single_one_does(w: World) {
        let manager = w.as_manager();
        for ask in ["all_or_nothing", "best_effort"] {
            let [changed, deleted, moved] =
                [customer(&manager, &w).await, customer(&manager, &w).await, customer(&manager, &w).await];
            let mut operations = json!([
                create(&w, "李雷"),
                update(&changed, 1, json!({"intent": 4, "note": null})),
                delete(&deleted, 1),
                transfer(&moved, w.as_colleague().principal),
            ]);
            operations[0]["ref"] = json!("row-1");
            operations[3]["ref"] = json!("第四行");
            let call = json!({"mode": ask, "operations": operations});
            let done = manager.post(BULK, &call).await.expect(200);
            let made = done.json["results"][0]["id"].as_str().unwrap().to_owned();
            assert_eq!(done.json, json!({"results": [
                {"ref": "row-1", "status": 201, "id": made, "version": 1, "problem": null},
                {"ref": null, "status": 200, "id": changed, "version": 2, "problem": null},
                {"ref": null, "status": 204, "id": deleted, "version": null, "problem": null},
                {"ref": "第四行", "status": 200, "id": moved, "version": 2, "problem": null},
            ]}));
            let read = manager.get(&format!("/api/v1/customers/{made}")).await.expect(200);
            assert_eq!((&read.json["name"], &read.json["holder_id"]), (&json!("李雷"), &json!(manager.principal)));
            assert_eq!(seen(&manager, &changed).await, (200, json!(2), json!(4)));
            assert_eq!(seen(&manager, &deleted).await.0, 404);
            assert_eq!(seen(&w.as_colleague(), &moved).await.0, 200);
            let found = manager.post("/api/v1/customers/search", &json!({"query": "lilei"})).await.expect(200);
            assert!(found.ids().contains(&made));
        }
    }

    async fn nothing_is_done_unless_all_can_be(w: World) {
        let manager = w.as_manager();
        let (fine, stale) = (customer(&manager, &w).await, customer(&manager, &w).await);
        let before = w.server.contents(w.institution).await;
        let mut hopeless = create(&w, "韩梅梅");
        hopeless["data"]["birth_date"] = json!("2999-01-01");
        let refused = all_or_nothing(&manager, json!([
            create(&w, "李雷"),
            update(&fine, 1, json!({"intent": 4})),
            update(&stale, 7, json!({"intent": 4})),
            hopeless,
            delete(&uuid::Uuid::now_v7().to_string(), 1),
        ])).await.expect_problem(422, "operations_refused");
        assert_eq!(refused.errors(), [
            ("#/operations/2".into(), "version_stale".into()),
            ("#/operations/3/data/birth_date".into(), "birth_date_invalid".into()),
            ("#/operations/4".into(), "not_found".into()),
        ] as [(String, String); 3]);
        assert_eq!(w.server.contents(w.institution).await, before);
    }

    async fn fields_that_break_rules_are_told_of_all_operations_at_once(w: World) {
        let recruiter = w.as_recruiter();
        let id = customer(&recruiter, &w).await;
        let before = w.server.contents(w.institution).await;
        let operations = json!([
            {"op": "create", "data": {"name": "", "kind": "unicorn", "source_channel": "hotline", "campus_id": w.places.north}},
            update(&id, 1, json!({"intent": 9, "age": 12})),
            create(&w, "李雷"),
            {"op": "update", "id": id, "version": 1, "data": []},
        ]);
        let refused = all_or_nothing(&recruiter, operations.clone()).await.expect_problem(422, "validation_failed");
        let errors = [
            ("#/operations/0/data/kind", "not_in_list"),
            ("#/operations/0/data/name", "too_short"),
            ("#/operations/1/data/age", "unknown_field"),
            ("#/operations/1/data/intent", "out_of_range"),
            ("#/operations/3/data", "wrong_type"),
        ].map(|(pointer, code)| (pointer.to_owned(), code.to_owned()));
        assert_eq!(refused.errors(), errors);
        assert_eq!(w.server.contents(w.institution).await, before);

        let done = best_effort(&recruiter, operations).await.expect(200);
        let invalid = || (422, "validation_failed".to_owned());
        assert_eq!(outcomes(&done), [invalid(), invalid(), (201, String::new()), invalid()]);
        let told = done.json["results"].as_array().unwrap().iter()
            .flat_map(|result| result["problem"]["errors"].as_array().cloned().unwrap_or_default());
        let mut told: Vec<_> = told.map(|error| error["pointer"].as_str().unwrap().to_owned()).collect();
        told.sort();
        assert_eq!(told, errors.map(|(pointer, _)| pointer));
    }

    async fn those_that_can_be_are_done_and_the_others_leave_nothing(w: World) {
        let (manager, boss) = (w.as_manager(), w.as_boss());
        let [fine, stale] = [customer(&manager, &w).await, customer(&manager, &w).await];
        w.server.settle().await;
        let since = boss.get("/api/v1/events?limit=200").await.expect(200).json["next_after"].clone();
        let mut nobody = create(&w, "韩梅梅");
        nobody["data"]["holder_id"] = json!(w.as_outsider().principal);
        let done = best_effort(&manager, json!([
            update(&stale, 7, json!({"intent": 1})),
            create(&w, "李雷"),
            nobody,
            update(&fine, 1, json!({"intent": 4})),
            delete(&uuid::Uuid::now_v7().to_string(), 1),
            transfer(&stale, w.as_outsider().principal),
        ])).await.expect(200);
        assert_eq!(outcomes(&done), [
            (412, "version_stale".to_owned()),
            (201, String::new()),
            (422, "validation_failed".to_owned()),
            (200, String::new()),
            (404, "not_found".to_owned()),
            (422, "validation_failed".to_owned()),
        ]);
        let results = &done.json["results"];
        assert_eq!((&results[0]["id"], &results[0]["version"]), (&json!(stale), &json!(1)), "the present version is told");
        assert_eq!((&results[2]["id"], &results[2]["version"]), (&json!(null), &json!(null)));
        let made = results[1]["id"].as_str().unwrap();
        assert_eq!(seen(&manager, made).await.0, 200);
        assert_eq!(seen(&manager, &fine).await, (200, json!(2), json!(4)));
        assert_eq!(seen(&manager, &stale).await, (200, json!(1), json!(null)));
        assert_eq!(manager.get("/api/v1/customers").await.expect(200).ids().len(), 3);

        w.server.settle().await;
        let events = boss.get(&format!("/api/v1/events?limit=200&after={since}")).await.expect(200);
        let told: Vec<_> = events.json["items"].as_array().unwrap().iter()
            .map(|event| (event["type"].as_str().unwrap(), event["subject"]["id"].as_str().unwrap()))
            .collect();
        assert_eq!(told, [("customer.created", made), ("customer.changed", &fine)]);
        let trail = boss.get("/api/v1/audit-events?operation=bulkCustomers").await.expect(200);
        assert_eq!(trail.ids().len(), 1);
        let record = boss.get(&format!("/api/v1/audit-events/{}", trail.ids()[0])).await.expect(200);
        let targets: Vec<_> = record.json["targets"].as_array().unwrap().iter()
            .map(|target| target["id"].as_str().unwrap()).collect();
        assert_eq!(targets.len(), 2);
        assert!([made, fine.as_str()].iter().all(|id| targets.contains(id)), "{targets:?}");
        assert_eq!(record.json["changes"].as_array().unwrap().len(), 2);
        for refused in [0, 2, 4, 5] {
            let problem = &results[refused]["problem"];
            assert_eq!(problem["status"], results[refused]["status"]);
            assert_eq!(problem["instance"], format!("/requests/{}", done.header("x-request-id").unwrap()));
        }
    }

    async fn a_later_operation_finds_what_an_earlier_one_has_left(w: World) {
        let manager = w.as_manager();
        let id = customer(&manager, &w).await;
        let done = best_effort(&manager, json!([
            update(&id, 1, json!({"intent": 2})),
            update(&id, 1, json!({"intent": 3})),
            transfer(&id, w.places.north),
            update(&id, 3, json!({"intent": 4})),
            delete(&id, 4),
            update(&id, 5, json!({"intent": 1})),
        ])).await.expect(200);
        let statuses: Vec<_> = outcomes(&done).into_iter().map(|(status, _)| status).collect();
        assert_eq!(statuses, [200, 412, 200, 200, 204, 404]);
    }

    async fn a_call_that_is_repeated_is_done_once(w: World) {
        let recruiter = w.as_recruiter();
        let id = customer(&recruiter, &w).await;
        let call = json!({"mode": "best_effort", "operations": [
            create(&w, "李雷"), update(&id, 1, json!({"intent": 2})), update(&id, 1, json!({"intent": 3})),
        ]});
        let done = recruiter.post_with_key(BULK, "once", &call).await.expect(200);
        let before = w.server.contents(w.institution).await;
        let again = recruiter.post_with_key(BULK, "once", &call).await.expect(200);
        assert_eq!((again.header("idempotency-replayed"), &again.text), (Some("true"), &done.text));
        let mut other = call.clone();
        other["operations"][0]["data"]["name"] = json!("李蕾");
        recruiter.post_with_key(BULK, "once", &other).await.expect_problem(422, "idempotency_key_reused");
        assert_eq!(w.server.contents(w.institution).await, before);

        // A call that was refused as a whole has used no key.
        let mut refused = call;
        refused["mode"] = json!("all_or_nothing");
        recruiter.post_with_key(BULK, "twice", &refused).await.expect_problem(422, "operations_refused");
        refused["operations"] = json!([create(&w, "李雷")]);
        recruiter.post_with_key(BULK, "twice", &refused).await.expect(200);
    }
}
