//! Log-in by phone: the same account, the same ladder, and nothing told of whose the phone is.

use tests::{Answer, World, both, json};

use super::log_in::{GOOD, bearer, log_in, settled};

const PHONE: &str = "+8613955501234";

/// Gives a person of the school a phone.
async fn give(w: &World, name: &str, phone: &str) -> Answer {
    let path = format!("/api/v1/staff/{}", w.actor(name).principal);
    w.as_boss().patch(&path, &json!({ "phone": phone })).await
}

/// The recruiter, who has a phone and a password.
async fn with_phone(w: &World) -> Answer {
    give(w, "recruiter", PHONE).await.expect(200);
    settled(w, "recruiter").await
}

async fn log_in_at(w: &World, code: &str, name: &str, password: &str) -> Answer {
    let body = json!({ "institution": code, "user_name": name, "password": password });
    w.as_anonymous().post("/api/v1/auth/login", &body).await
}

async fn known_device(w: &World, name: &str, password: &str, tokens: &Answer) -> Answer {
    let body = json!({
        "institution": w.code, "user_name": name, "password": password,
        "device_token": tokens.json["device_token"],
    });
    w.as_anonymous().post("/api/v1/auth/login", &body).await
}

both! {
    async fn a_phone_logs_in_as_the_user_name_does_however_it_is_written(w: World) {
        with_phone(&w).await;
        for written in ["13955501234", "139 5550 1234", "+86 139-5550-1234", "008613955501234"] {
            let tokens = log_in(&w, written, GOOD).await.expect(200);
            let me = bearer(&w, &tokens).get("/api/v1/me").await.expect(200);
            assert_eq!(me.json["principal_id"], json!(w.as_recruiter().principal), "{written}");
            assert_eq!(me.json["phone"], PHONE);
        }
        log_in(&w, "recruiter", GOOD).await.expect(200);
        log_in(&w, PHONE, "nonsense").await.expect_problem(401, "login_refused");
    }

    async fn a_phone_of_nobody_and_one_of_somebody_are_refused_alike(w: World) {
        with_phone(&w).await;
        let whose = log_in(&w, PHONE, "nonsense").await.expect_problem(401, "login_refused");
        let nobodys = log_in(&w, "+8613955509999", "nonsense").await.expect_problem(401, "login_refused");
        assert_eq!(whose.essence(), nobodys.essence());
        let nowhere = log_in_at(&w, "no-such-school", PHONE, GOOD).await.expect_problem(401, "login_refused");
        assert_eq!(whose.essence(), nowhere.essence());
    }

    async fn a_phone_opens_nothing_in_another_institution(w: World) {
        with_phone(&w).await;
        let unique = w.other.uuid().simple().to_string();
        let other = format!("other-{}", &unique[unique.len() - 12..]);
        log_in_at(&w, &other, PHONE, GOOD).await.expect_problem(401, "login_refused");
        log_in(&w, PHONE, GOOD).await.expect(200);
    }

    async fn guesses_by_either_name_count_together(w: World) {
        let tokens = with_phone(&w).await;
        for name in ["recruiter", PHONE, "recruiter", "139 5550 1234", "recruiter"] {
            log_in(&w, name, "nonsense").await.expect_problem(401, "login_refused");
        }
        // Neither name has been tried five times: that they are one person's shows only in that even
        // the right password is not looked at.
        for name in ["recruiter", PHONE] {
            log_in(&w, name, GOOD).await.expect_problem(401, "login_refused");
        }
        // The known device has a ladder of its own, by either name.
        known_device(&w, PHONE, GOOD, &tokens).await.expect(200);
        known_device(&w, "recruiter", GOOD, &tokens).await.expect(200);
    }

    async fn a_ladder_tells_nobody_whose_a_phone_is(w: World) {
        with_phone(&w).await;
        for _ in 0..5 {
            log_in(&w, "recruiter", "nonsense").await.expect_problem(401, "login_refused");
        }
        log_in(&w, "recruiter", "nonsense").await.expect_problem(429, "login_throttled");
        // Both phones answer alike, as often as they are tried.
        for phone in [PHONE, "+8613955509999"] {
            for _ in 0..5 {
                log_in(&w, phone, "nonsense").await.expect_problem(401, "login_refused");
            }
            // Every spelling is the same name.
            let spelt = phone.replace("+86", "0086-");
            log_in(&w, &spelt, "nonsense").await.expect_problem(429, "login_throttled");
        }
    }

    async fn a_success_by_one_name_takes_the_counts_back(w: World) {
        with_phone(&w).await;
        for _ in 0..3 {
            for _ in 0..4 {
                log_in(&w, PHONE, "nonsense").await.expect_problem(401, "login_refused");
            }
            log_in(&w, PHONE, GOOD).await.expect(200);
        }
        log_in(&w, "recruiter", GOOD).await.expect(200);
    }

    async fn a_wrong_present_password_counts_for_the_phone_too(w: World) {
        let me = bearer(&w, &with_phone(&w).await);
        let change = json!({"current_password": "nonsense", "new_password": "seven paper lanterns"});
        for _ in 0..5 {
            me.post("/api/v1/auth/password", &change).await.expect(422);
        }
        me.post("/api/v1/auth/password", &change).await.expect_problem(429, "login_throttled");
        log_in(&w, PHONE, GOOD).await.expect_problem(401, "login_refused");
    }

    async fn whoever_is_logged_in_is_told_of_guesses_by_the_phone(w: World) {
        let me = bearer(&w, &with_phone(&w).await);
        for _ in 0..5 {
            log_in(&w, PHONE, "nonsense").await.expect_problem(401, "login_refused");
        }
        let change = json!({"current_password": GOOD, "new_password": "seven paper lanterns"});
        me.post("/api/v1/auth/password", &change).await.expect_problem(429, "login_throttled");
    }

    async fn a_phone_that_was_given_up_or_whose_owner_left_opens_nothing(w: World) {
        with_phone(&w).await;
        let path = format!("/api/v1/staff/{}", w.as_recruiter().principal);
        let boss = w.as_boss();
        boss.patch(&path, &json!({"phone": "+8613955505678"})).await.expect(200);
        log_in(&w, PHONE, GOOD).await.expect_problem(401, "login_refused");
        log_in(&w, "13955505678", GOOD).await.expect(200);
        boss.post(&format!("{path}/suspend"), &json!(null)).await.expect(200);
        log_in(&w, "13955505678", GOOD).await.expect_problem(401, "login_refused");
        boss.post(&format!("{path}/leave"), &json!(null)).await.expect(200);
        log_in(&w, "13955505678", GOOD).await.expect_problem(401, "login_refused");
        // Whoever has the number now logs in by it, as nobody else.
        give(&w, "colleague", "13955505678").await.expect(200);
        settled(&w, "colleague").await;
        let me = bearer(&w, &log_in(&w, "13955505678", GOOD).await.expect(200));
        let me = me.get("/api/v1/me").await.expect(200);
        assert_eq!(me.json["principal_id"], json!(w.as_colleague().principal));
    }

    async fn a_user_name_of_old_that_looks_like_a_phone_goes_before_it(w: World) {
        with_phone(&w).await;
        settled(&w, "colleague").await;
        let colleague = w.as_colleague().principal;
        w.execute(
            "UPDATE staff SET user_name = '13955501234' WHERE institution_id = ? AND id = ?",
            vec![w.institution.uuid().into(), colleague.uuid().into()],
        ).await.unwrap();
        let me = bearer(&w, &log_in(&w, "13955501234", GOOD).await.expect(200));
        assert_eq!(me.get("/api/v1/me").await.expect(200).json["principal_id"], json!(colleague));
        let me = bearer(&w, &log_in(&w, PHONE, GOOD).await.expect(200));
        assert_eq!(me.get("/api/v1/me").await.expect(200).json["principal_id"], json!(w.as_recruiter().principal));
    }

    async fn a_password_is_not_made_of_the_own_phone(w: World) {
        let me = bearer(&w, &with_phone(&w).await);
        for new in ["13955501234", "+8613955501234", "a13955501234"] {
            let body = json!({"current_password": GOOD, "new_password": new});
            let refused = me.post("/api/v1/auth/password", &body).await.expect(422);
            assert_eq!(refused.errors(), [("#/new_password".into(), "password_common".into())], "{new}");
        }
    }
}
