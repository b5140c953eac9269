use std::collections::BTreeSet;

use tests::{Actor, Answer, World, both, json};

/// Gives a person a password for one use, as an operator does.
pub(crate) async fn password_of(w: &World, name: &str) -> String {
    let app = w.server.app.clone();
    let operation = persistence::Operation::system(
        w.institution,
        domain::access::PrincipalKind::Operator,
        "test",
        app.clock.stamp(),
    );
    let principal = w.actor(name).principal;
    w.server
        .inside(async move {
            educrm::access::passwords::commands::give_one_time_password(&app, &operation, principal)
                .await
                .unwrap()
                .to_string()
        })
        .await
}

pub(crate) async fn log_in(w: &World, user: &str, password: &str) -> Answer {
    w.as_anonymous()
        .post(
            "/api/v1/auth/login",
            &json!({
                "institution": w.code, "user_name": user, "password": password,
            }),
        )
        .await
}

pub(crate) fn bearer(w: &World, tokens: &Answer) -> Actor {
    w.as_anonymous()
        .with_token(tokens.json["access_token"].as_str().unwrap())
}

pub(crate) const GOOD: &str = "correct horse battery";

/// Logs in and changes the one-time password to [`GOOD`].
pub(crate) async fn settled(w: &World, user: &str) -> Answer {
    let password = password_of(w, user).await;
    let tokens = log_in(w, user, &password).await.expect(200);
    bearer(w, &tokens)
        .post(
            "/api/v1/auth/password",
            &json!({"current_password": password, "new_password": GOOD}),
        )
        .await
        .expect(204);
    tokens
}

pub(crate) async fn refresh(w: &World, token: &str) -> Answer {
    w.as_anonymous()
        .post("/api/v1/auth/refresh", &json!({"refresh_token": token}))
        .await
}

pub(crate) fn refresh_token(tokens: &Answer) -> &str {
    tokens.json["refresh_token"].as_str().unwrap()
}

both! {
    async fn the_first_password_must_be_changed_before_anything_else(w: World) {
        let recruiter = w.as_recruiter();
        let customer = recruiter.post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201).id();
        let files = format!("/api/v1/customers/{customer}/files");
        let file = recruiter.upload(&files, "contract.txt", b"signed").await.expect(201).id();
        let file = format!("/api/v1/files/{file}/content");
        recruiter.get(&file).await.expect(200);
        let password = password_of(&w, "recruiter").await;
        let tokens = log_in(&w, "recruiter", &password).await.expect(200);
        assert_eq!(tokens.json["must_change_password"], true);
        let me = bearer(&w, &tokens);
        me.get("/api/v1/customers").await.expect_problem(403, "password_change_required");
        // Nor what is shown to whoever may read the customer that it belongs to.
        me.get(&file).await.expect_problem(404, "not_found");
        assert_eq!(me.get("/api/v1/me").await.expect(200).json["must_change_password"], true);
        for (new, code) in [("short", "password_length"), ("password1234", "password_common")] {
            let body = json!({"current_password": password, "new_password": new});
            let refused = me.post("/api/v1/auth/password", &body).await.expect(422);
            assert_eq!(refused.errors(), [("#/new_password".into(), code.into())]);
        }
        let body = json!({"current_password": "not this", "new_password": GOOD});
        me.post("/api/v1/auth/password", &body).await.expect(422);
        let body = json!({"current_password": password, "new_password": GOOD});
        me.post("/api/v1/auth/password", &body).await.expect(204);
        me.get("/api/v1/customers").await.expect(200);
        me.get(&file).await.expect(200);
        assert_eq!(log_in(&w, "recruiter", &password).await.status, 401);
        let tokens = log_in(&w, "recruiter", GOOD).await.expect(200);
        assert_eq!(tokens.json["must_change_password"], false);
    }

    async fn a_wrong_password_and_an_unknown_user_look_the_same(w: World) {
        settled(&w, "recruiter").await;
        let wrong = log_in(&w, "recruiter", "nonsense").await.expect_problem(401, "login_refused");
        let unknown = log_in(&w, "nobody", "nonsense").await.expect_problem(401, "login_refused");
        assert_eq!(wrong.essence(), unknown.essence());
    }

    async fn guesses_climb_a_ladder_and_the_known_device_goes_on(w: World) {
        let tokens = settled(&w, "recruiter").await;
        for _ in 0..5 {
            log_in(&w, "recruiter", "nonsense").await.expect_problem(401, "login_refused");
        }
        let refused = log_in(&w, "recruiter", GOOD).await.expect_problem(429, "login_throttled");
        assert!(refused.header("retry-after").is_some());
        // Guesses against somebody who does not exist are held up as well.
        for _ in 0..5 {
            log_in(&w, "nobody", "nonsense").await.expect(401);
        }
        log_in(&w, "nobody", "nonsense").await.expect_problem(429, "login_throttled");
        let known = json!({
            "institution": w.code, "user_name": "recruiter", "password": GOOD,
            "device_token": tokens.json["device_token"],
        });
        w.as_anonymous().post("/api/v1/auth/login", &known).await.expect(200);
    }

    async fn a_refresh_token_is_good_once(w: World) {
        let first = settled(&w, "recruiter").await;
        let second = refresh(&w, refresh_token(&first)).await.expect(200);
        assert_ne!(refresh_token(&first), refresh_token(&second));
        // Its answer may have been lost: the predecessor gets the same successor again.
        let again = refresh(&w, refresh_token(&first)).await.expect(200);
        assert_eq!(refresh_token(&again), refresh_token(&second));
        let third = refresh(&w, refresh_token(&second)).await.expect(200);
        // The first is no longer the immediate predecessor: somebody has stolen it.
        refresh(&w, refresh_token(&first)).await.expect_problem(401, "refresh_refused");
        refresh(&w, refresh_token(&third)).await.expect_problem(401, "refresh_refused");
        bearer(&w, &third).post("/api/v1/customers", &w.new_customer("张伟")).await
            .expect_problem(401, "unauthenticated");
        refresh(&w, "educrm_rt_nonsense").await.expect_problem(401, "refresh_refused");
    }

    async fn many_refreshes_at_once_leave_one_family_and_one_successor(w: World) {
        let first = settled(&w, "recruiter").await;
        let tries = (0..8).map(|_| refresh(&w, refresh_token(&first)));
        let answers = futures_util::future::join_all(tries).await;
        let successors: BTreeSet<String> = answers
            .into_iter()
            .map(|answer| refresh_token(&answer.expect(200)).to_owned())
            .collect();
        assert_eq!(successors.len(), 1);
        refresh(&w, successors.first().unwrap()).await.expect(200);
    }

    async fn a_session_that_was_ended_writes_nothing_more(w: World) {
        let tokens = settled(&w, "recruiter").await;
        let me = bearer(&w, &tokens);
        me.get("/api/v1/customers").await.expect(200);
        me.post("/api/v1/auth/logout", &json!(null)).await.expect(204);
        me.post("/api/v1/customers", &w.new_customer("张伟")).await.expect_problem(401, "unauthenticated");
        refresh(&w, refresh_token(&tokens)).await.expect_problem(401, "refresh_refused");
    }

    async fn people_see_and_end_their_own_sessions(w: World) {
        settled(&w, "recruiter").await;
        let here = bearer(&w, &log_in(&w, "recruiter", GOOD).await.expect(200));
        let there = log_in(&w, "recruiter", GOOD).await.expect(200);
        let list = here.get("/api/v1/auth/sessions").await.expect(200);
        assert_eq!(list.json["items"].as_array().unwrap().iter().filter(|s| s["is_current"] == true).count(), 1);
        let other = there.json["session_id"].as_str().unwrap();
        assert!(list.ids().contains(&other.to_owned()));
        let end = format!("/api/v1/auth/sessions/{other}/end");
        w.as_colleague().post(&end, &json!(null)).await.expect_problem(404, "not_found");
        here.post(&end, &json!(null)).await.expect(204);
        here.post(&end, &json!(null)).await.expect_problem(404, "not_found");
        refresh(&w, refresh_token(&there)).await.expect_problem(401, "refresh_refused");
    }

    async fn everyone_learns_what_he_may_do(w: World) {
        let me = w.as_recruiter().get("/api/v1/me").await.expect(200);
        let held = me.json["permissions"].as_array().unwrap();
        let read = held.iter().find(|p| p["code"] == "customers:read").unwrap();
        assert_eq!(read["reaches"], json!(["own"]));
        assert!(!held.iter().any(|p| p["code"] == "customers:assign"));
    }
}
