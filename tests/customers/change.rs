use tests::{both, json};

both! {
    async fn a_change_needs_the_version_that_it_was_made_from(w: World) {
        let recruiter = w.as_recruiter();
        let made = recruiter.post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
        let path = format!("/api/v1/customers/{}", made.id());
        recruiter
            .send(recruiter.request(reqwest::Method::PATCH, &path).json(&json!({"intent": 2})))
            .await
            .expect_problem(428, "precondition_required");
        let changed = recruiter.patch_if(&path, &made.etag(), &json!({"intent": 2})).await.expect(200);
        assert_eq!(changed.json["version"], 2);
        assert_eq!(changed.json["intent"], 2);
        recruiter.patch_if(&path, &made.etag(), &json!({"intent": 3})).await
            .expect_problem(412, "version_stale");
        recruiter.patch_if(&path, "\"nonsense\"", &json!({"intent": 3})).await
            .expect_problem(412, "version_stale");
        let read = recruiter.get(&path).await.expect(200);
        assert_eq!(read.json, changed.json);
    }

    async fn null_clears_a_field_and_absence_leaves_it(w: World) {
        let recruiter = w.as_recruiter();
        let mut body = w.new_customer("张伟");
        body["intent"] = json!(4);
        body["note"] = json!("问过价格");
        let made = recruiter.post("/api/v1/customers", &body).await.expect(201);
        let path = format!("/api/v1/customers/{}", made.id());
        let changed = recruiter.patch(&path, &json!({"note": null, "name": "张玮"})).await.expect(200);
        assert_eq!(changed.json["note"], json!(null));
        assert_eq!(changed.json["name"], "张玮");
        assert_eq!(changed.json["intent"], 4);
        recruiter.patch(&path, &json!({"name": null})).await.expect_problem(422, "validation_failed");
    }

    async fn a_change_of_nothing_leaves_the_version(w: World) {
        let recruiter = w.as_recruiter();
        let made = recruiter.post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
        let path = format!("/api/v1/customers/{}", made.id());
        let same = recruiter.patch(&path, &json!({"name": "张伟"})).await.expect(200);
        assert_eq!(same.etag(), made.etag());
    }

    async fn of_writers_who_started_from_the_same_version_one_wins(w: World) {
        let recruiter = w.as_recruiter();
        let made = recruiter.post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
        let path = format!("/api/v1/customers/{}", made.id());
        let etag = made.etag();
        let notes: Vec<_> = (0..16).map(|n| json!({ "note": format!("第{n}次") })).collect();
        let writes = notes.iter().map(|body| recruiter.patch_if(&path, &etag, body));
        let answers = futures_util::future::join_all(writes).await;
        let won = answers.iter().filter(|a| a.status == 200).count();
        assert_eq!(won, 1);
        assert!(answers.iter().all(|a| [200, 412].contains(&a.status)));
        assert_eq!(recruiter.get(&path).await.json["version"], 2);
    }

    async fn a_copy_that_is_still_good_is_not_sent_again(w: World) {
        let recruiter = w.as_recruiter();
        let made = recruiter.post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
        let path = format!("/api/v1/customers/{}", made.id());
        let conditional = recruiter.request(reqwest::Method::GET, &path).header("if-none-match", made.etag());
        let unchanged = recruiter.send(conditional).await.expect(304);
        assert!(unchanged.text.is_empty());
        recruiter.patch(&path, &json!({"intent": 1})).await.expect(200);
        let conditional = recruiter.request(reqwest::Method::GET, &path).header("if-none-match", made.etag());
        recruiter.send(conditional).await.expect(200);
    }

    async fn another_media_type_is_refused_with_the_right_one(w: World) {
        let recruiter = w.as_recruiter();
        let made = recruiter.post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
        let path = format!("/api/v1/customers/{}", made.id());
        let request = recruiter
            .request(reqwest::Method::PATCH, &path)
            .header("if-match", "*")
            .header("content-type", "text/plain")
            .body("{}");
        let refused = recruiter.send(request).await.expect_problem(415, "media_type_unsupported");
        assert!(refused.header("accept-patch").unwrap().contains("merge-patch"));
    }
}
