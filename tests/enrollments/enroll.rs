use domain::access::Reach;
use tests::{both, json};
use uuid::Uuid;

both! {
    async fn an_enrollment_is_on_the_terms_of_the_class(w: World) {
        let class = w.open_class(json!({"capacity": 2})).await;
        let student = w.new_student("张伟").await;
        let service = w.actor("service");
        let body = json!({"customer_id": student, "class_id": class, "note": "插班", "purchase_mode": "online"});
        let made = service.post("/api/v1/enrollments", &body).await.expect(201);
        assert_eq!(made.json["price"], json!({"amount_minor": 480_000, "currency": "CNY"}));
        assert_eq!(made.json["hours_hundredths"], 4800);
        assert_eq!(made.json["purchase_mode"], "online");
        assert_eq!(made.json["hours_left_hundredths"], 4800);
        assert_eq!(made.json["status"], "active");
        assert_eq!(made.json["payer_id"], json!(student));
        let read = service.get(made.header("location").unwrap()).await.expect(200);
        assert_eq!((&read.json, read.etag()), (&made.json, made.etag()));
        let class = service.get(&format!("/api/v1/classes/{class}")).await.expect(200);
        assert_eq!((class.json["seats_taken"].clone(), class.json["version"].clone()), (json!(1), json!(1)));
    }

    async fn nobody_sets_price_hours_or_state(w: World) {
        let class = w.open_class(json!({})).await;
        let student = w.new_student("张伟").await;
        for (field, value) in [
            ("price", json!({"amount_minor": 1, "currency": "CNY"})), ("hours_hundredths", json!(999_999)),
            ("status", json!("completed")), ("campus_id", json!(w.places.south)), ("discount_bp", json!(10_000)),
        ] {
            let mut body = json!({"customer_id": student, "class_id": class});
            body[field] = value;
            let refused = w.as_boss().post("/api/v1/enrollments", &body).await.expect_problem(422, "validation_failed");
            assert_eq!(refused.errors(), [(format!("#/{field}"), "unknown_field".into())]);
        }
    }

    async fn a_key_enrolls_once(w: World) {
        let class = w.open_class(json!({})).await;
        let body = json!({"customer_id": w.new_student("张伟").await, "class_id": class});
        let boss = w.as_boss();
        let first = boss.post_with_key("/api/v1/enrollments", "k", &body).await.expect(201);
        let again = boss.post_with_key("/api/v1/enrollments", "k", &body).await.expect(201);
        assert_eq!(again.text, first.text);
        boss.post("/api/v1/enrollments", &body).await.expect_problem(409, "already_enrolled");
    }

    async fn what_an_enrollment_names_is_within_reach_and_fits(w: World) {
        let class = w.open_class(json!({})).await;
        let student = w.new_student("张伟").await;
        let mut guardian = w.new_customer("张父");
        guardian["kind"] = json!("guardian");
        let guardian = w.as_boss().post("/api/v1/customers", &guardian).await.expect(201).id();
        let mut far = w.new_customer("李雷");
        far["campus_id"] = json!(w.places.south);
        let far = w.as_boss().post("/api/v1/customers", &far).await.expect(201).id();
        let foreign = w.as_stranger().post("/api/v1/customers", &{
            let mut body = w.new_customer("外人");
            body["campus_id"] = json!(w.other_places.north);
            body
        }).await.expect(201).id();
        let archived = w.open_class(json!({})).await;
        w.as_boss().post(&format!("/api/v1/classes/{archived}/archive"), &json!(null)).await.expect(200);
        let service = w.actor("service");
        let before = w.server.contents(w.institution).await;
        for (field, value, code) in [
            ("customer_id", &far, "unknown_reference"),
            ("customer_id", &foreign, "unknown_reference"),
            ("customer_id", &Uuid::now_v7().to_string(), "unknown_reference"),
            ("customer_id", &guardian, "not_a_student"),
            ("payer_id", &far, "unknown_reference"),
            ("payer_id", &foreign, "unknown_reference"),
            ("class_id", &archived, "unknown_reference"),
            ("class_id", &Uuid::now_v7().to_string(), "unknown_reference"),
        ] {
            let mut body = json!({"customer_id": student, "class_id": class});
            body[field] = json!(value);
            let refused = service.post("/api/v1/enrollments", &body).await.expect_problem(422, "validation_failed");
            assert_eq!(refused.errors(), [(format!("#/{field}"), code.into())]);
        }
        let over = w.open_class(json!({"starts_on": "2020-01-01", "ends_on": "2020-06-01"})).await;
        w.enroll(&student, &over).await.expect_problem(409, "class_ended");
        assert_eq!(before["enrollments"], w.server.contents(w.institution).await["enrollments"]);
        let body = json!({"customer_id": student, "class_id": class, "payer_id": guardian});
        let made = service.post("/api/v1/enrollments", &body).await.expect(201);
        assert_eq!(made.json["payer_id"], json!(guardian));
    }

    async fn a_payer_out_of_reach_is_not_shown(w: World) {
        let class = w.open_class(json!({})).await;
        let mut payer = w.new_customer("张父");
        payer["campus_id"] = json!(w.places.south);
        payer["kind"] = json!("guardian");
        let payer = w.as_boss().post("/api/v1/customers", &payer).await.expect(201).id();
        let body = json!({"customer_id": w.new_student("张伟").await, "class_id": class, "payer_id": payer});
        let made = w.as_boss().post("/api/v1/enrollments", &body).await.expect(201);
        assert_eq!(made.json["payer_id"], json!(payer));
        let path = format!("/api/v1/enrollments/{}", made.id());
        let service = w.actor("service");
        assert_eq!(service.get(&path).await.expect(200).json["payer_id"], json!(null));
        let list = service.get("/api/v1/enrollments").await.expect(200);
        assert_eq!(list.json["items"][0]["payer_id"], json!(null));
    }

    async fn a_list_is_filtered_and_paged(w: World) {
        let boss = w.as_boss();
        let (one, other) = (w.open_class(json!({})).await, w.open_class(json!({})).await);
        let (a, b) = (w.new_student("张伟").await, w.new_student("李雷").await);
        let mut ids = Vec::new();
        for (student, class) in [(&a, &one), (&b, &one), (&a, &other)] {
            ids.push(w.enroll(student, class).await.expect(201).id());
        }
        boss.post(&format!("/api/v1/enrollments/{}/complete", ids[1]), &json!(null)).await.expect(200);
        for (query, expected) in [
            ("sort=created_at".to_owned(), vec![0, 1, 2]),
            (String::new(), vec![2, 1, 0]),
            (format!("class_id={one}"), vec![1, 0]),
            (format!("customer_id={a}"), vec![2, 0]),
            ("status=completed".into(), vec![1]),
            ("status=active,completed&limit=2".into(), vec![2, 1]),
            (format!("campus_id={}", w.places.south), vec![]),
        ] {
            let seen = boss.get(&format!("/api/v1/enrollments?{query}")).await.expect(200).ids();
            let expected: Vec<_> = expected.into_iter().map(|n: usize| ids[n].clone()).collect();
            assert_eq!(seen, expected, "{query}");
        }
    }

    async fn a_student_with_an_enrollment_can_not_be_deleted_and_takes_it_along(w: World) {
        let class = w.open_class(json!({})).await;
        let student = w.new_student("张伟").await;
        let made = w.enroll(&student, &class).await.expect(201);
        let customer = format!("/api/v1/customers/{student}");
        w.as_boss().delete(&customer).await.expect_problem(409, "customer_in_use");
        let path = format!("/api/v1/enrollments/{}", made.id());
        w.as_outsider().get(&path).await.expect_problem(404, "not_found");
        let transfer = json!({"holder_id": w.as_outsider().principal, "campus_id": w.places.east, "reason": "搬家"});
        w.as_boss().post(&format!("{customer}/transfer"), &transfer).await.expect(200);
        let moved = w.as_outsider().get(&path).await.expect(200);
        assert_eq!(moved.json["campus_id"], json!(w.places.north));
        w.actor("service").get(&path).await.expect_problem(404, "not_found");
    }

    async fn a_class_is_chosen_within_reach_or_at_the_campus_of_the_student(w: World) {
        w.add_role("desk", &[("enrollments:write", Reach::Campus)]).await;
        w.add_role("teaches", &[("enrollments:write", Reach::Taught)]).await;
        w.add_role("sells", &[("enrollments:write", Reach::Own)]).await;
        let desk = w.hire(&["desk"], w.places.north, None).await;
        let teacher = w.hire(&["sells", "teaches"], w.places.south, None).await;
        let own = w.open_class(json!({})).await;
        let far = w.open_class(json!({"campus_id": w.places.south, "teacher_id": teacher.principal})).await;
        let student = w.new_student("张伟").await;
        let enroll = |class: &str| json!({"customer_id": student, "class_id": class});
        let refused = desk.post("/api/v1/enrollments", &enroll(&far)).await.expect(422);
        assert_eq!(refused.errors(), [("#/class_id".into(), "unknown_reference".into())]);
        let nothing = desk.post("/api/v1/enrollments", &enroll(&Uuid::now_v7().to_string())).await;
        assert_eq!(refused.essence(), nothing.essence());
        desk.post("/api/v1/enrollments", &enroll(&own)).await.expect(201);
        w.as_boss().post("/api/v1/enrollments", &enroll(&far)).await.expect(201);
        // Whoever teaches a class may fill it, wherever it is.
        let mut body = w.new_customer("李雷");
        body["holder_id"] = json!(teacher.principal);
        body["campus_id"] = json!(w.places.south);
        let held = w.as_boss().post("/api/v1/customers", &body).await.expect(201).id();
        let body = |class: &str| json!({"customer_id": held, "class_id": class});
        teacher.post("/api/v1/enrollments", &body(&far)).await.expect(201);
        teacher.post("/api/v1/enrollments", &body(&own)).await.expect(422);
    }
}
