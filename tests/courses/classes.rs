use tests::{both, json};
use uuid::Uuid;

both! {
    async fn a_class_takes_hours_and_price_from_its_course(w: World) {
        let boss = w.as_boss();
        let course = w.new_course(&boss).await;
        let mut new = w.new_class(&course);
        new["number"] = json!("2026A-01");
        new["room"] = json!("201");
        new["teacher_id"] = json!(w.actor("teacher").principal);
        let made = boss.post("/api/v1/classes", &new).await.expect(201);
        assert_eq!(made.json["hours_hundredths"], 4800);
        assert_eq!(made.json["price"], json!({"amount_minor": 480_000, "currency": "CNY"}));
        assert_eq!(made.json["seats_taken"], 0);
        let read = w.actor("teacher").get(made.header("location").unwrap()).await.expect(200);
        assert_eq!((&read.json, read.etag()), (&made.json, made.etag()));
        // The course may change: the class keeps what it has.
        boss.patch(&format!("/api/v1/courses/{course}"), &json!({"hours_hundredths": 1000, "level": null})).await.expect(200);
        let path = format!("/api/v1/classes/{}", made.id());
        assert_eq!(boss.get(&path).await.json["hours_hundredths"], 4800);
        let own = json!({"hours_hundredths": 150, "price": {"amount_minor": 0, "currency": "CNY"}, "room": null, "ends_on": "2027-01-20"});
        let changed = boss.patch_if(&path, &made.etag(), &own).await.expect(200);
        assert_eq!(changed.json["hours_hundredths"], 150);
        assert_eq!(changed.json["room"], json!(null));
        assert_eq!(changed.json["ends_on"], "2027-01-20");
        boss.patch_if(&path, &made.etag(), &json!({"room": "1"})).await.expect_problem(412, "version_stale");
    }

    async fn every_broken_field_of_a_class_is_told_at_once(w: World) {
        let boss = w.as_boss();
        let course = w.new_course(&boss).await;
        let mut new = w.new_class(&course);
        new["name"] = json!(" 一班");
        new["room"] = json!("2\t1");
        new["starts_on"] = json!("2200-01-01");
        new["ends_on"] = json!("2199-12-31");
        let refused = boss.post("/api/v1/classes", &new).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [
            ("#/ends_on".into(), "class_dates_reversed".into()),
            ("#/name".into(), "blank".into()),
            ("#/room".into(), "control_character".into()),
            ("#/starts_on".into(), "date_out_of_range".into()),
        ]);
    }

    async fn a_price_is_neither_negative_nor_beyond_the_range(w: World) {
        let boss = w.as_boss();
        let course = w.new_course(&boss).await;
        let class = w.open_class(json!({})).await;
        for minor in [-1, 1_000_000_000_001_i64] {
            let price = json!({"price": {"amount_minor": minor, "currency": "CNY"}});
            for path in [format!("/api/v1/courses/{course}"), format!("/api/v1/classes/{class}")] {
                let refused = boss.patch(&path, &price).await.expect_problem(422, "validation_failed");
                assert_eq!(refused.errors(), [("#/price/amount_minor".into(), "out_of_range".into())]);
            }
        }
    }

    async fn what_a_class_chooses_exists_and_fits(w: World) {
        let boss = w.as_boss();
        let course = w.new_course(&boss).await;
        let foreign = w.new_course(&w.as_stranger()).await;
        let archived = w.new_course(&boss).await;
        boss.post(&format!("/api/v1/courses/{archived}/archive"), &json!(null)).await.expect(200);
        for (field, value, code) in [
            ("course_id", json!(foreign), "unknown_reference"),
            ("course_id", json!(archived), "unknown_reference"),
            ("course_id", json!(Uuid::now_v7()), "unknown_reference"),
            ("campus_id", json!(w.other_places.north), "unknown_reference"),
            ("teacher_id", json!(w.as_outsider().principal), "teacher_not_at_campus"),
            ("teacher_id", json!(w.as_stranger().principal), "teacher_not_at_campus"),
            ("price", json!({"amount_minor": 1, "currency": "USD"}), "currency_mismatch"),
        ] {
            let mut new = w.new_class(&course);
            new[field] = value;
            let refused = boss.post("/api/v1/classes", &new).await.expect_problem(422, "validation_failed");
            assert_eq!(refused.errors()[0].1, code, "{field}");
        }
    }

    async fn a_name_is_unique_at_a_campus_and_a_number_in_the_institution(w: World) {
        let boss = w.as_boss();
        let course = w.new_course(&boss).await;
        let mut new = w.new_class(&course);
        new["name"] = json!("语文1班");
        new["number"] = json!("01");
        let first = boss.post("/api/v1/classes", &new).await.expect(201);
        new["name"] = json!("语文 １班");
        new["number"] = json!("02");
        boss.post("/api/v1/classes", &new).await.expect_problem(409, "name_taken");
        new["campus_id"] = json!(w.places.south);
        new["number"] = json!("01");
        boss.post("/api/v1/classes", &new).await.expect_problem(409, "class_number_taken");
        new["number"] = json!("02");
        boss.post("/api/v1/classes", &new).await.expect(201);
        let path = format!("/api/v1/classes/{}", first.id());
        boss.post(&format!("{path}/archive"), &json!(null)).await.expect(200);
        boss.patch(&path, &json!({"room": "1"})).await.expect_problem(409, "archived");
        let open = boss.get("/api/v1/classes").await.expect(200).ids();
        assert!(!open.contains(&first.id()));
        assert!(boss.get("/api/v1/classes?include_archived=true").await.ids().contains(&first.id()));
        boss.post(&format!("{path}/unarchive"), &json!(null)).await.expect(200);
    }

    async fn subjects_and_courses_stay_while_they_are_used(w: World) {
        let boss = w.as_boss();
        let course = w.new_course(&boss).await;
        let read = boss.get(&format!("/api/v1/courses/{course}")).await.expect(200);
        let subject = format!("/api/v1/subjects/{}", read.json["subject_id"].as_str().unwrap());
        boss.post(&format!("{subject}/archive"), &json!(null)).await.expect_problem(409, "in_use");
        boss.post("/api/v1/classes", &w.new_class(&course)).await.expect(201);
        boss.post(&format!("/api/v1/courses/{course}/archive"), &json!(null)).await.expect_problem(409, "in_use");
        boss.post(&format!("/api/v1/campuses/{}/archive", w.places.north), &json!(null)).await.expect_problem(409, "in_use");
    }

    async fn a_list_of_classes_is_filtered_by_campus_course_and_teacher(w: World) {
        let boss = w.as_boss();
        let teacher = w.actor("teacher").principal;
        let (one, other) = (w.new_course(&boss).await, w.new_course(&boss).await);
        let mut ids = Vec::new();
        for (course, campus, teacher) in [
            (&one, w.places.north, Some(teacher)), (&one, w.places.south, None), (&other, w.places.north, None),
        ] {
            let mut new = w.new_class(course);
            new["campus_id"] = json!(campus);
            if let Some(teacher) = teacher {
                new["teacher_id"] = json!(teacher);
            }
            ids.push(boss.post("/api/v1/classes", &new).await.expect(201).id());
        }
        for (query, expected) in [
            ("".to_owned(), vec![0, 1, 2]),
            (format!("campus_id={}", w.places.north), vec![0, 2]),
            (format!("campus_id={},{}", w.places.north, w.places.south), vec![0, 1, 2]),
            (format!("course_id={one}"), vec![0, 1]),
            (format!("teacher_id={teacher}"), vec![0]),
            (format!("course_id={other}&teacher_id={teacher}"), vec![]),
        ] {
            let seen = boss.get(&format!("/api/v1/classes?{query}")).await.expect(200).ids();
            let expected: Vec<_> = expected.into_iter().map(|n: usize| ids[n].clone()).collect();
            assert_eq!(seen, expected, "{query}");
        }
        let first = boss.get("/api/v1/classes?limit=2").await.expect(200);
        let next = first.json["next_cursor"].as_str().unwrap();
        assert_eq!(boss.get(&format!("/api/v1/classes?limit=2&cursor={next}")).await.ids(), ids[2..]);
    }
}
