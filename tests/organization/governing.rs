//! Who decides about whom: roles that are given, standing, and passwords.

use domain::access::Reach;
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

    async fn the_sessions_of_somebody_who_lost_a_phone_are_ended(w: World) {
        let administrator = w.hire(&["system_administrator"], w.places.north, None).await;
        let recruiter = w.as_recruiter();
        let path = |of: &tests::Actor, what: &str| format!("/api/v1/staff/{}/{what}", of.principal);
        let own = recruiter.get("/api/v1/auth/sessions").await.expect(200);
        let seen = administrator.get(&path(&recruiter, "sessions")).await.expect(200);
        assert_eq!(seen.ids(), own.ids());
        assert!(!own.ids().is_empty());
        assert_eq!(seen.json["items"][0]["is_current"], false);
        for refused in [
            w.as_manager().get(&path(&recruiter, "sessions")).await,
            w.as_manager().post(&path(&recruiter, "end-sessions"), &json!(null)).await,
        ] {
            refused.expect_problem(403, "permission_missing");
        }
        w.as_stranger().get(&path(&recruiter, "sessions")).await.expect_problem(404, "not_found");
        for (of, code) in [(&administrator, "own_standing"), (&w.as_boss(), "staff_beyond_own")] {
            administrator.post(&path(of, "end-sessions"), &json!(null)).await.expect_problem(403, code);
        }
        administrator.post(&path(&recruiter, "end-sessions"), &json!(null)).await.expect(204);
        recruiter.get("/api/v1/me").await.expect_problem(401, "unauthenticated");
        assert!(administrator.get(&path(&recruiter, "sessions")).await.expect(200).ids().is_empty());
        let told = w.as_boss().get("/api/v1/audit-events?operation=endStaffSessions&outcome=done").await.expect(200);
        assert_eq!(told.json["items"].as_array().unwrap().len(), 1);
    }

    async fn nobody_takes_from_a_role_of_those_who_govern_and_hold_more(w: World) {
        let boss = w.as_boss();
        let of = |code: &str| json!({"permission": code, "reach": "institution"});
        let chief = json!({"name": "主管", "permissions": [of("organization:write"), of("customers:read")]});
        let path = boss.post("/api/v1/roles", &chief).await.expect(201).header("location").unwrap().to_owned();
        let holder = w.hire(&[], w.places.north, None).await;
        let id = path.rsplit('/').next().unwrap();
        boss.put(&format!("/api/v1/staff/{}/roles", holder.principal), &json!({"role_ids": [id]})).await.expect(200);
        w.add_role("editor", &[("roles:write", Reach::Institution), ("customers:read", Reach::Institution)]).await;
        let editor = w.hire(&["editor"], w.places.north, None).await;
        let less = json!({"permissions": [of("customers:read")]});
        editor.patch(&path, &less).await.expect_problem(403, "staff_beyond_own");
        let rules = json!({"rules": [{"record": "customers", "field": "note", "access": "hidden"}]});
        editor.put(&format!("{path}/field-rules"), &rules).await.expect_problem(403, "staff_beyond_own");
        boss.patch(&path, &less).await.expect(200);
    }

    async fn nobody_widens_their_own_reach_by_the_places_that_they_arrange(w: World) {
        w.add_role("arranger", &[
            ("organization:write", Reach::Institution),
            ("staff:write", Reach::Institution),
            ("customers:read", Reach::Team),
            ("customers:read", Reach::Region),
        ]).await;
        let arranger = w.hire(&["arranger"], w.places.north, None).await;
        let me = arranger.principal;
        let team = format!("/api/v1/teams/{}", w.places.team);
        arranger.patch(&team, &json!({"leader_id": me})).await.expect_problem(403, "own_standing");
        arranger.patch(&team, &json!({"leader_id": w.as_colleague().principal})).await.expect(200);
        let group = json!({"name": "暑期班", "member_ids": [me]});
        arranger.post("/api/v1/groups", &group).await.expect_problem(403, "own_standing");
        let region = w.as_boss().post("/api/v1/regions", &json!({"name": "华北"})).await.expect(201).id();
        let region = json!({"region_id": region});
        arranger.patch(&format!("/api/v1/campuses/{}", w.places.north), &region).await.expect_problem(403, "own_standing");
        arranger.patch(&format!("/api/v1/campuses/{}", w.places.south), &region).await.expect(200);
        // Neither do others' places come to where one's own are.
        let own = w.as_boss().post("/api/v1/regions", &json!({"name": "华东"})).await.expect(201).id();
        let own = json!({"region_id": own});
        w.as_boss().patch(&format!("/api/v1/campuses/{}", w.places.north), &own).await.expect(200);
        arranger.patch(&format!("/api/v1/campuses/{}", w.places.south), &own).await.expect_problem(403, "own_standing");
        let boss = w.as_boss();
        let led = json!({"name": "我带的组", "leader_id": me});
        let led = boss.post("/api/v1/teams", &led).await.expect(201).id();
        let person = format!("/api/v1/staff/{}", w.as_recruiter().principal);
        let home = json!({"home_team_id": led});
        arranger.patch(&person, &home).await.expect_problem(403, "own_standing");
        boss.patch(&person, &home).await.expect(200);
        let group = boss.post("/api/v1/groups", &json!({"name": "暑期班", "member_ids": [me]})).await.expect(201).id();
        boss.patch(&person, &json!({"home_team_id": null})).await.expect(200);
        for path in [format!("/api/v1/teams/{led}"), format!("/api/v1/groups/{group}")] {
            boss.post(&format!("{path}/archive"), &json!(null)).await.expect(200);
            let back = format!("{path}/unarchive");
            arranger.post(&back, &json!(null)).await.expect_problem(403, "own_standing");
            boss.post(&back, &json!(null)).await.expect(200);
        }
        // Who reaches everything gains nothing.
        boss.patch(&team, &json!({"leader_id": boss.principal})).await.expect(200);
    }

    async fn of_two_who_suspend_each_other_one_is_left(w: World) {
        for _ in 0..5 {
            let one = w.hire(&["system_administrator"], w.places.north, None).await;
            let other = w.hire(&["system_administrator"], w.places.north, None).await;
            let path = |of: &Actor| format!("/api/v1/staff/{}/suspend", of.principal);
            let (to_one, to_other) = (path(&one), path(&other));
            let (left, right) = tokio::join!(
                one.post(&to_other, &json!(null)),
                other.post(&to_one, &json!(null)),
            );
            let done = [&left, &right].iter().filter(|answer| answer.status == 200).count();
            assert_eq!(done, 1, "{} {}", left.text, right.text);
        }
    }

    async fn who_has_left_is_given_no_password(w: World) {
        let administrator = w.hire(&["system_administrator"], w.places.north, None).await;
        let path = format!("/api/v1/staff/{}", w.as_recruiter().principal);
        administrator.post(&format!("{path}/leave"), &json!(null)).await.expect(200);
        administrator.post(&format!("{path}/reset-password"), &json!(null)).await.expect_problem(409, "staff_status");
    }
}
