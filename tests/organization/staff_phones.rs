//! Phones of staff: masked for whoever reads the directory, one person's at a time.

use futures_util::future::join_all;
use tests::{both, json};

both! {
    async fn a_phone_is_kept_in_one_form_and_shown_in_its_safe_form(w: World) {
        let boss = w.as_boss();
        let new = json!({"user_name": "li.na", "name": "李娜", "campus_ids": [], "phone": " 138 0013-8000"});
        let made = boss.post_with_key("/api/v1/staff", "hire", &new).await.expect(201);
        assert_eq!(made.json["phone"], "138****8000");
        let again = boss.post_with_key("/api/v1/staff", "hire", &new).await.expect(201);
        assert_eq!((again.header("idempotency-replayed"), &again.json), (Some("true"), &made.json));
        let path = made.header("location").unwrap();
        for who in w.names() {
            let seen = w.actor(who).get(path).await.expect(200);
            assert_eq!(seen.json["phone"], "138****8000", "{who}");
            let list = w.actor(who).get("/api/v1/staff").await.expect(200);
            assert!(!list.text.contains("13800138000"), "{who}");
        }
        // Only oneself sees it whole.
        let me = w.acting_as(w.institution, domain::id::Id::new(made.id().parse().unwrap())).await;
        assert_eq!(me.get("/api/v1/me").await.expect(200).json["phone"], "+8613800138000");
        assert_eq!(w.as_recruiter().get("/api/v1/me").await.expect(200).json["phone"], json!(null));
    }

    async fn a_phone_is_changed_kept_and_cleared(w: World) {
        let boss = w.as_boss();
        let path = format!("/api/v1/staff/{}", w.as_recruiter().principal);
        let given = boss.patch(&path, &json!({"phone": "+852 9123 4567"})).await.expect(200);
        assert_eq!(given.json["phone"], "+852****4567");
        let same = boss.patch(&path, &json!({"phone": "+85291234567"})).await.expect(200);
        assert_eq!(same.etag(), given.etag());
        let kept = boss.patch(&path, &json!({"name": "李娜"})).await.expect(200);
        assert_eq!(kept.json["phone"], "+852****4567");
        // Another number may look the same.
        let other = boss.patch(&path, &json!({"phone": "+85291114567"})).await.expect(200);
        assert_eq!(other.json["phone"], kept.json["phone"]);
        assert_ne!(other.etag(), kept.etag());
        let cleared = boss.patch(&path, &json!({"phone": null})).await.expect(200);
        assert_eq!(cleared.json["phone"], json!(null));
        let told = boss.get("/api/v1/audit-events?target_kind=staff&operation=changeStaff").await.expect(200);
        assert_eq!(told.ids().len(), 4);
        for id in told.ids() {
            let change = boss.get(&format!("/api/v1/audit-events/{id}")).await.expect(200);
            assert!(!change.text.contains("91234567") && !change.text.contains("91114567"), "{}", change.text);
        }
        w.server.settle().await;
        let events = boss.get("/api/v1/events?type=staff.changed").await.expect(200);
        let changed: Vec<_> = events.json["items"].as_array().unwrap().iter()
            .map(|event| event["data"]["changed"].clone()).collect();
        assert_eq!(changed, [json!(["phone"]), json!(["name"]), json!(["phone"]), json!(["phone"])]);
    }

    async fn what_is_no_phone_is_refused(w: World) {
        let boss = w.as_boss();
        let path = format!("/api/v1/staff/{}", w.as_recruiter().principal);
        boss.patch(&path, &json!({"phone": "13800138000"})).await.expect(200);
        for (phone, code) in [
            (json!("12345"), "phone_invalid"),
            (json!("无"), "phone_invalid"),
            (json!("138****8000"), "masked_value"),
            (json!(""), "too_short"),
            (json!(13_800_138_000_i64), "wrong_type"),
            (json!("1".repeat(65)), "too_long"),
        ] {
            let refused = boss.patch(&path, &json!({"phone": phone})).await.expect_problem(422, "validation_failed");
            assert_eq!(refused.errors(), [("#/phone".into(), code.into())], "{phone}");
            let new = json!({"user_name": "li.na", "name": "李娜", "campus_ids": [], "phone": phone});
            let refused = boss.post("/api/v1/staff", &new).await.expect_problem(422, "validation_failed");
            assert_eq!(refused.errors(), [("#/phone".into(), code.into())], "{phone}");
        }
        let null = json!({"user_name": "li.na", "name": "李娜", "campus_ids": [], "phone": null});
        boss.post("/api/v1/staff", &null).await.expect_problem(422, "validation_failed");
        assert_eq!(boss.get(&path).await.expect(200).json["phone"], "138****8000");
    }

    async fn a_user_name_can_not_be_read_as_a_phone(w: World) {
        let boss = w.as_boss();
        let new = |name: &str| json!({"user_name": name, "name": "李娜", "campus_ids": []});
        for name in ["13800138000", "138-0013-8000", "010.88886666", "8613800138000"] {
            let refused = boss.post("/api/v1/staff", &new(name)).await.expect_problem(422, "validation_failed");
            assert_eq!(refused.errors(), [("#/user_name".into(), "user_name_invalid".into())], "{name}");
        }
        // Numbers of employees are none.
        for name in ["10023", "2024-0001", "a13800138000"] {
            boss.post("/api/v1/staff", &new(name)).await.expect(201);
        }
    }

    async fn of_those_who_have_not_left_nobody_shares_a_phone(w: World) {
        let boss = w.as_boss();
        let (one, two) = (w.as_recruiter().principal, w.as_colleague().principal);
        let (one, two) = (format!("/api/v1/staff/{one}"), format!("/api/v1/staff/{two}"));
        let phone = json!({"phone": "13800138000"});
        boss.patch(&one, &phone).await.expect(200);
        boss.patch(&two, &phone).await.expect_problem(409, "phone_taken");
        let new = json!({"user_name": "li.na", "name": "李娜", "campus_ids": [], "phone": "+86 138 0013 8000"});
        boss.post("/api/v1/staff", &new).await.expect_problem(409, "phone_taken");
        // Another institution knows nothing of it.
        w.as_stranger().post("/api/v1/staff", &new).await.expect(201);
        boss.post(&format!("{one}/suspend"), &json!(null)).await.expect(200);
        boss.patch(&two, &phone).await.expect_problem(409, "phone_taken");
        boss.post(&format!("{one}/leave"), &json!(null)).await.expect(200);
        boss.patch(&two, &phone).await.expect(200);
        // Who comes back does so with a number that is free, or with none.
        boss.post(&format!("{one}/reinstate"), &json!(null)).await.expect_problem(409, "phone_taken");
        assert_eq!(boss.get(&one).await.expect(200).json["status"], "left");
        boss.patch(&one, &json!({"phone": null})).await.expect(200);
        boss.post(&format!("{one}/reinstate"), &json!(null)).await.expect(200);
    }

    async fn a_log_in_name_of_who_governs_is_given_by_those_who_hold_as_much(w: World) {
        let hr = w.hire(&["hr_administration"], w.places.north, None).await;
        let phone = |number: &str| json!({ "phone": number });
        let path = |of: &tests::Actor| format!("/api/v1/staff/{}", of.principal);
        hr.patch(&path(&w.as_boss()), &phone("13800138000")).await.expect_problem(403, "staff_beyond_own");
        hr.patch(&path(&w.as_recruiter()), &phone("13800138000")).await.expect(200);
        hr.patch(&path(&hr), &phone("13900139000")).await.expect(200);
        w.as_boss().patch(&path(&hr), &phone("13700137000")).await.expect(200);
        w.as_boss().patch(&path(&w.as_boss()), &phone("13900139000")).await.expect(200);
    }

    async fn who_comes_back_has_the_phone_of_before(w: World) {
        let boss = w.as_boss();
        let path = format!("/api/v1/staff/{}", w.as_recruiter().principal);
        boss.patch(&path, &json!({"phone": "13800138000"})).await.expect(200);
        boss.post(&format!("{path}/leave"), &json!(null)).await.expect(200);
        let back = boss.post(&format!("{path}/reinstate"), &json!(null)).await.expect(200);
        assert_eq!(back.json["phone"], "138****8000");
        let other = format!("/api/v1/staff/{}", w.as_colleague().principal);
        boss.patch(&other, &json!({"phone": "13800138000"})).await.expect_problem(409, "phone_taken");
    }

    async fn of_many_who_want_one_phone_one_gets_it(w: World) {
        let boss = w.as_boss();
        let tries = (0..8).map(|number| {
            let new = json!({
                "user_name": format!("staff-{number}"), "name": "李娜", "campus_ids": [], "phone": "13800138000",
            });
            let boss = &boss;
            async move { boss.post("/api/v1/staff", &new).await }
        });
        let changes = ["recruiter", "colleague", "teacher", "finance"].map(|name| {
            let path = format!("/api/v1/staff/{}", w.actor(name).principal);
            let boss = &boss;
            async move { boss.patch(&path, &json!({"phone": "138 0013 8000"})).await }
        });
        let (made, changed) = futures_util::join!(join_all(tries), join_all(changes));
        let (got, refused): (Vec<_>, Vec<_>) = made.into_iter().chain(changed).partition(tests::Answer::is_success);
        assert_eq!(got.len(), 1);
        for answer in refused {
            answer.expect_problem(409, "phone_taken");
        }
    }
}
