use tests::{both, json};

both! {
    async fn a_new_customer_reads_back_as_it_was_sent(w: World) {
        let recruiter = w.as_recruiter();
        let created = recruiter
            .post("/api/v1/customers", &json!({
                "kind": "student", "name": "张伟", "gender": "male", "birth_date": "2015-09-01",
                "intent": 3, "note": "喜欢画画", "source_channel": "event", "region": "海淀区",
                "education": "primary", "occupation": "student", "school": "实验小学", "grade": "五年级",
                "campus_id": w.places.north, "collected_at": "2026-01-02T03:04:05+08:00",
            }))
            .await
            .expect(201);
        assert_eq!(created.json["version"], 1);
        assert_eq!(created.json["stage"], "lead");
        let told = ["region", "education", "occupation", "school", "grade"].map(|field| &created.json[field]);
        assert_eq!(told, ["海淀区", "primary", "student", "实验小学", "五年级"]);
        assert_eq!(created.json["collected_at"], "2026-01-01T19:04:05Z");
        assert_eq!(created.json["holder_id"], json!(recruiter.principal));
        assert_eq!(created.json["collector_id"], json!(recruiter.principal));
        let location = created.header("location").unwrap().to_owned();
        let read = recruiter.get(&location).await.expect(200);
        assert_eq!(read.json, created.json);
        assert_eq!(read.etag(), created.etag());
    }

    async fn every_broken_field_is_told_at_once(w: World) {
        let refused = w.as_recruiter()
            .post("/api/v1/customers", &json!({
                "kind": "alien", "name": "", "intent": 9, "birth_date": "2015-02-30",
                "campus_id": "north", "colour": "red",
            }))
            .await
            .expect_problem(422, "validation_failed");
        let errors: Vec<(String, String)> = refused.errors();
        let expected = [
            ("#/birth_date", "wrong_format"),
            ("#/campus_id", "wrong_format"),
            ("#/colour", "unknown_field"),
            ("#/intent", "out_of_range"),
            ("#/kind", "not_in_list"),
            ("#/name", "too_short"),
            ("#/source_channel", "required"),
        ];
        let expected: Vec<(String, String)> =
            expected.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect();
        assert_eq!(errors, expected);
    }

    async fn rules_of_the_school_are_told_by_field_too(w: World) {
        let mut body = w.new_customer(" 张伟");
        body["birth_date"] = json!("2999-01-01");
        body["school"] = json!("实验小学 ");
        let refused = w.as_recruiter().post("/api/v1/customers", &body).await
            .expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [
            ("#/birth_date".into(), "birth_date_invalid".into()),
            ("#/name".into(), "blank".into()),
            ("#/school".into(), "blank".into()),
        ]);
    }

    async fn an_absent_field_and_a_null_are_not_the_same(w: World) {
        let mut body = w.new_customer("张伟");
        body["note"] = json!(null);
        w.as_recruiter().post("/api/v1/customers", &body).await
            .expect_problem(422, "validation_failed");
    }

    async fn a_key_is_required_and_repeats_the_first_answer(w: World) {
        let recruiter = w.as_recruiter();
        let body = w.new_customer("李娜");
        recruiter
            .send(recruiter.request(reqwest::Method::POST, "/api/v1/customers").json(&body))
            .await
            .expect_problem(400, "idempotency_key_required");
        let first = recruiter.post_with_key("/api/v1/customers", "key-1", &body).await.expect(201);
        let again = recruiter.post_with_key("/api/v1/customers", "\"key-1\"", &body).await.expect(201);
        assert_eq!(again.text, first.text);
        assert_eq!(again.etag(), first.etag());
        assert_eq!(again.header("location"), first.header("location"));
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        assert_eq!(first.header("idempotency-replayed"), None);
        recruiter
            .post_with_key("/api/v1/customers", "key-1", &w.new_customer("李四"))
            .await
            .expect_problem(422, "idempotency_key_reused");
        // Another person's key of the same text is another key.
        let other = w.as_colleague().post_with_key("/api/v1/customers", "key-1", &body).await.expect(201);
        assert_ne!(other.id(), first.id());
    }

    async fn a_key_is_of_its_operation_its_record_and_its_institution(w: World) {
        let boss = w.as_boss();
        let [one, other] = [w.new_student("张伟").await, w.new_student("李雷").await];
        let to = json!({"holder_id": w.as_recruiter().principal, "reason": "分班调整"});
        let bulk = json!({"mode": "best_effort", "operations": [{"op": "create", "data": w.new_customer("李娜")}]});
        let mut seen = std::collections::BTreeSet::new();
        for (path, body) in [
            ("/api/v1/customers".to_owned(), w.new_customer("李娜")),
            ("/api/v1/customers/bulk".to_owned(), bulk),
            ("/api/v1/follow-ups".to_owned(), json!({"customer_id": one, "method": "phone", "outcome": "other"})),
            (format!("/api/v1/customers/{one}/transfer"), to.clone()),
            (format!("/api/v1/customers/{other}/transfer"), to),
            ("/api/v1/subjects".to_owned(), json!({"name": "数学"})),
            ("/api/v1/regions".to_owned(), json!({"name": "数学"})),
        ] {
            let done = boss.post_with_key(&path, "k", &body).await;
            assert!(done.is_success() && done.header("idempotency-replayed").is_none(), "{path}: {}", done.text);
            assert!(seen.insert(done.text.clone()), "{path}: {}", done.text);
            let again = boss.post_with_key(&path, "k", &body).await;
            assert_eq!((again.header("idempotency-replayed"), &again.text), (Some("true"), &done.text), "{path}");
        }
        let here = w.server.contents(w.institution).await;
        let there = w.as_stranger().post_with_key("/api/v1/subjects", "k", &json!({"name": "数学"})).await.expect(201);
        assert_eq!(there.header("idempotency-replayed"), None);
        assert!(seen.insert(there.text));
        assert_eq!(w.server.contents(w.institution).await, here);
    }

    async fn a_refused_command_does_not_use_up_its_key(w: World) {
        let recruiter = w.as_recruiter();
        let mut body = w.new_customer("王芳");
        body["birth_date"] = json!("2999-01-01");
        recruiter.post_with_key("/api/v1/customers", "k", &body).await.expect(422);
        recruiter.post_with_key("/api/v1/customers", "k", &w.new_customer("王芳")).await.expect(201);
    }

    async fn a_storm_of_twins_makes_one_customer(w: World) {
        let recruiter = w.as_recruiter();
        let body = w.new_customer("赵敏");
        let twins = (0..10).map(|_| recruiter.post_with_key("/api/v1/customers", "storm", &body));
        let answers = futures_util::future::join_all(twins).await;
        let mut ids = std::collections::BTreeSet::new();
        for answer in answers {
            match answer.status {
                201 => { ids.insert(answer.id()); }
                _ => { answer.expect_problem(409, "idempotency_in_progress"); }
            }
        }
        assert_eq!(ids.len(), 1);
        let list = recruiter.get("/api/v1/customers").await.expect(200);
        assert_eq!(list.ids(), ids.into_iter().collect::<Vec<_>>());
    }

    async fn a_recruiter_can_not_hand_a_new_customer_to_somebody_out_of_reach(w: World) {
        let mut body = w.new_customer("钱多多");
        body["holder_id"] = json!(w.as_colleague().principal);
        let refused = w.as_recruiter().post("/api/v1/customers", &body).await
            .expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/holder_id".into(), "unknown_reference".into())]);
        // The head of the team can.
        let made = w.as_supervisor().post("/api/v1/customers", &body).await.expect(201);
        assert_eq!(made.json["holder_id"], json!(w.as_colleague().principal));
    }

    async fn a_holder_works_at_the_campus_of_the_customer(w: World) {
        let mut body = w.new_customer("孙悦");
        body["holder_id"] = json!(w.as_outsider().principal);
        let refused = w.as_boss().post("/api/v1/customers", &body).await
            .expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/holder_id".into(), "holder_not_at_campus".into())]);
    }

    async fn without_a_holder_of_the_campus_the_pool_takes_the_customer(w: World) {
        let mut body = w.new_customer("周杰");
        body["campus_id"] = json!(w.places.south);
        let made = w.as_boss().post("/api/v1/customers", &body).await.expect(201);
        assert_eq!(made.json["holder_id"], json!(w.places.south));
    }

    async fn a_campus_of_another_institution_does_not_exist(w: World) {
        let mut body = w.new_customer("吴磊");
        body["campus_id"] = json!(uuid::Uuid::now_v7());
        let random = w.as_boss().post("/api/v1/customers", &body).await.expect(422);
        let stranger = w.as_stranger().post("/api/v1/customers", &w.new_customer("吴磊")).await.expect(422);
        assert_eq!(random.essence(), stranger.essence());
    }

    async fn a_collector_is_a_person_of_the_institution(w: World) {
        let mut body = w.new_customer("郑爽");
        body["collector_id"] = json!(w.as_stranger().principal);
        let refused = w.as_boss().post("/api/v1/customers", &body).await
            .expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/collector_id".into(), "unknown_reference".into())]);
    }
}
