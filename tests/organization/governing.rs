//! Who decides about whom: roles that are given, standing, and passwords.

use tests::{Actor, World, both, json};

/// The built-in role of this code.
async fn role(w: &World, code: &str) -> String {
    let roles = w.as_boss().get("/api/v1/roles?limit=200").await.expect(200);
    let all = roles.json["items"].as_array().unwrap();
    let role = all.iter().find(|role| role["code"] == code).unwrap();
    role["id"].as_str().unwrap().to_owned()
}

async fn give(w: &World, by: &Actor, to: &Actor, codes: &[&str]) -> tests::Answer {
    let mut ids = Vec::new();
    for code in codes {
        ids.push(role(w, code).await);
    }
    let path = format!("/api/v1/staff/{}/roles", to.principal);
    by.put(&path, &json!({"role_ids": ids})).await
}

both! {
    async fn whoever_assigns_roles_gives_what_they_do_not_hold_but_no_power_over_others(w: World) {
        let administrator = w.hire(&["system_administrator"], w.places.north, None).await;
        let hr = w.hire(&["hr_administration"], w.places.north, None).await;
        let new = w.hire(&[], w.places.north, None).await;
        give(&w, &hr, &new, &["recruiter"]).await.expect_problem(403, "role_beyond_own");
        give(&w, &administrator, &new, &["recruiter", "finance"]).await.expect(200);
        new.get("/api/v1/payments").await.expect(200);
        give(&w, &administrator, &new, &["boss"]).await.expect_problem(403, "role_beyond_own");
        // As much as one holds, one gives.
        give(&w, &administrator, &new, &["system_administrator"]).await.expect(200);
    }

    async fn those_who_govern_are_decided_about_by_those_who_hold_as_much(w: World) {
        let administrator = w.hire(&["system_administrator"], w.places.north, None).await;
        let hr = w.hire(&["hr_administration"], w.places.north, None).await;
        let boss = w.as_boss();
        for action in ["suspend", "leave"] {
            for (by, of) in [(&hr, &administrator), (&hr, &boss), (&administrator, &boss)] {
                let path = format!("/api/v1/staff/{}/{action}", of.principal);
                by.post(&path, &json!(null)).await.expect_problem(403, "staff_beyond_own");
            }
        }
        give(&w, &administrator, &boss, &[]).await.expect_problem(403, "staff_beyond_own");
        let path = format!("/api/v1/staff/{}/suspend", administrator.principal);
        boss.post(&path, &json!(null)).await.expect(200);
        let path = format!("/api/v1/staff/{}/suspend", w.as_recruiter().principal);
        hr.post(&path, &json!(null)).await.expect(200);
    }

    async fn a_password_that_is_reset_opens_the_way_to_ones_own(w: World) {
        let administrator = w.hire(&["system_administrator"], w.places.north, None).await;
        let recruiter = w.as_recruiter();
        let path = format!("/api/v1/staff/{}/reset-password", recruiter.principal);
        w.as_manager().post(&path, &json!(null)).await.expect_problem(403, "permission_missing");
        let given = administrator.post(&path, &json!(null)).await.expect(200);
        let password = given.json["one_time_password"].as_str().unwrap();
        // What was open is closed.
        recruiter.post("/api/v1/customers", &w.new_customer("张伟")).await.expect_problem(401, "unauthenticated");
        let log_in = json!({"institution": w.code, "user_name": "recruiter", "password": password});
        let opened = w.as_anonymous().post("/api/v1/auth/login", &log_in).await.expect(200);
        assert_eq!(opened.json["must_change_password"], true);
        let again = administrator.post(&path, &json!(null)).await.expect(200);
        assert_ne!(again.json, given.json);
        w.as_anonymous().post("/api/v1/auth/login", &log_in).await.expect_problem(401, "login_refused");
        // Nobody resets the own one so, nor that of somebody who holds more.
        for (of, code) in [(&administrator, "own_standing"), (&w.as_boss(), "staff_beyond_own")] {
            let path = format!("/api/v1/staff/{}/reset-password", of.principal);
            administrator.post(&path, &json!(null)).await.expect_problem(403, code);
        }
        let told = w.as_boss().get("/api/v1/audit-events?target_kind=password").await.expect(200);
        assert!(!told.text.contains(password), "{}", told.text);
    }
}
