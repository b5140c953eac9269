//! The confidentiality agreement (SECU-10): signed, and demanded by roles.

use tests::{Actor, Answer, World, both, json};

use super::log_in::{GOOD, bearer, log_in, refresh, refresh_token, settled};

/// Makes a built-in role demand the agreement, or no longer.
async fn demand(w: &World, by: &Actor, code: &str, wanted: bool) -> Answer {
    let roles = w.as_boss().get("/api/v1/roles?limit=200").await.expect(200);
    let all = roles.json["items"].as_array().unwrap();
    let role = all.iter().find(|role| role["code"] == code).unwrap();
    let path = format!("/api/v1/roles/{}", role["id"].as_str().unwrap());
    by.patch(&path, &json!({ "requires_agreement": wanted }))
        .await
}

fn agreements(of: &Actor) -> String {
    format!("/api/v1/staff/{}/agreements", of.principal)
}

async fn sign(by: &Actor, of: &Actor, version: i64) -> Answer {
    let body = json!({"version": version, "signed_on": "2025-09-01"});
    by.post(&agreements(of), &body).await
}

async fn in_force(by: &Actor, version: i64) -> Answer {
    let text = json!({ "version": version });
    by.put("/api/v1/confidentiality-agreement", &text).await
}

both! {
    async fn who_has_not_signed_what_a_role_demands_is_not_let_in(w: World) {
        let boss = w.as_boss();
        let recruiter = w.as_recruiter();
        let tokens = settled(&w, "recruiter").await;
        let opened = log_in(&w, "recruiter", GOOD).await.expect(200);
        let role = demand(&w, &boss, "recruiter", true).await.expect(200);
        assert_eq!((&role.json["requires_agreement"], &role.json["is_built_in"]), (&json!(true), &json!(true)));
        let refused = log_in(&w, "recruiter", GOOD).await.expect_problem(403, "agreement_required");
        assert!(refused.json["detail"].as_str().unwrap().contains('1'), "{}", refused.text);
        refresh(&w, refresh_token(&opened)).await.expect_problem(403, "agreement_required");
        // What is open already reaches nothing but the own account.
        let me = bearer(&w, &tokens);
        me.post("/api/v1/customers", &w.new_customer("张伟")).await.expect_problem(403, "agreement_required");
        me.get("/api/v1/customers").await.expect_problem(403, "agreement_required");
        assert_eq!(me.get("/api/v1/me").await.expect(200).json["missing_agreement_version"], 1);
        // Others are let in, and nobody learns of it who does not know the password.
        log_in(&w, "recruiter", "not the password").await.expect_problem(401, "login_refused");
        w.actor("teacher").get("/api/v1/classes").await.expect(200);
        let missing = boss.get(&agreements(&recruiter)).await.expect(200);
        assert_eq!(missing.json, json!({"missing_version": 1, "items": []}));
        sign(&boss, &recruiter, 1).await.expect(201);
        me.post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
        log_in(&w, "recruiter", GOOD).await.expect(200);
        // The token that was refused is still good.
        refresh(&w, refresh_token(&opened)).await.expect(200);
    }

    async fn a_new_version_is_signed_anew_and_the_old_one_stays_on_record(w: World) {
        let boss = w.as_boss();
        let recruiter = w.as_recruiter();
        demand(&w, &boss, "recruiter", true).await.expect(200);
        sign(&boss, &recruiter, 1).await.expect(201);
        recruiter.get("/api/v1/customers").await.expect(200);
        let read = boss.get("/api/v1/confidentiality-agreement").await.expect(200);
        assert_eq!(read.json, json!({"version": 1}));
        assert_eq!(in_force(&boss, 2).await.expect(200).json, json!({"version": 2}));
        recruiter.post("/api/v1/customers", &w.new_customer("张伟")).await.expect_problem(403, "agreement_required");
        boss.put_if("/api/v1/confidentiality-agreement", &read.etag(), &json!({"version": 3})).await
            .expect_problem(412, "version_stale");
        let refused = in_force(&boss, 1).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/version".into(), "agreement_version_lower".into())]);
        sign(&boss, &recruiter, 2).await.expect(201);
        recruiter.post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
        let signed = boss.get(&agreements(&recruiter)).await.expect(200);
        assert_eq!(signed.json["missing_version"], json!(null));
        let versions: Vec<_> = signed.json["items"].as_array().unwrap().iter().map(|a| a["version"].clone()).collect();
        assert_eq!(versions, [2, 1]);
        // A demand that is dropped holds nobody up.
        demand(&w, &boss, "recruiter", false).await.expect(200);
        in_force(&boss, 3).await.expect(200);
        recruiter.get("/api/v1/customers").await.expect(200);
    }

    async fn the_signed_paper_is_kept_with_the_agreement(w: World) {
        let boss = w.as_boss();
        let recruiter = w.as_recruiter();
        let paper = boss.upload("/api/v1/files", "signed.txt", b"signed").await.expect(201).id();
        let body = json!({"version": 1, "signed_on": "2025-09-01", "file_id": paper});
        let made = boss.post(&agreements(&recruiter), &body).await.expect(201);
        assert_eq!(made.json["file_id"], json!(paper));
        assert_eq!(made.json["recorded_by"], json!(boss.principal));
        let file = boss.get(&format!("/api/v1/files/{paper}")).await.expect(200);
        assert_eq!(file.json["expires_at"], json!(null), "{}", file.text);
        // One paper, one agreement; and nobody takes the paper of another.
        let foreign = w.as_colleague().upload("/api/v1/files", "other.txt", b"other").await.expect(201).id();
        for file in [paper, foreign] {
            let body = json!({"version": 1, "signed_on": "2025-09-01", "file_id": file});
            let refused = boss.post(&agreements(&recruiter), &body).await.expect_problem(422, "validation_failed");
            assert_eq!(refused.errors(), [("#/file_id".into(), "unknown_reference".into())]);
        }
        for (version, signed_on, at) in [(0, "2025-09-01", "#/version"), (1, "2199-01-01", "#/signed_on")] {
            let body = json!({"version": version, "signed_on": signed_on});
            let refused = boss.post(&agreements(&recruiter), &body).await.expect_problem(422, "validation_failed");
            assert_eq!(refused.errors().len(), 1, "{}", refused.text);
            assert_eq!(refused.errors()[0].0, at);
        }
    }

    async fn the_signed_paper_is_opened_by_who_signed_and_who_reads_agreements(w: World) {
        let (boss, recruiter) = (w.as_boss(), w.as_recruiter());
        let hr = w.hire(&["hr_administration"], w.places.north, None).await;
        let paper = hr.upload("/api/v1/files", "signed.txt", b"signed").await.expect(201).id();
        let file = format!("/api/v1/files/{paper}");
        for who in [&boss, &recruiter] {
            who.get(&file).await.expect_problem(404, "not_found");
        }
        let body = json!({"version": 1, "signed_on": "2025-09-01", "file_id": paper});
        let made = hr.post(&agreements(&recruiter), &body).await.expect(201);
        let address = made.header("location").unwrap().to_owned();
        assert_eq!(address, format!("{}/{}", agreements(&recruiter), made.id()));
        let read = boss.get(&address).await.expect(200);
        assert_eq!((&read.json, read.etag()), (&made.json, made.etag()));
        // Each agreement is under the person who has signed it.
        let other = format!("{}/{}", agreements(&boss), made.id());
        boss.get(&other).await.expect_problem(404, "not_found");
        recruiter.get(&address).await.expect_problem(403, "permission_missing");
        for who in [&hr, &boss, &recruiter] {
            who.get(&file).await.expect(200);
            let content = who.get(&format!("{file}/content")).await.expect(200);
            assert_eq!(content.text, "signed");
        }
        for who in [w.as_colleague(), w.as_manager(), w.as_stranger()] {
            who.get(&file).await.expect_problem(404, "not_found");
            who.get(&format!("{file}/content")).await.expect_problem(404, "not_found");
        }
        // Who has lost what it takes opens it no more, though the file was the own one.
        let roles = format!("/api/v1/staff/{}/roles", hr.principal);
        boss.put(&roles, &json!({"role_ids": []})).await.expect(200);
        hr.get(&file).await.expect_problem(404, "not_found");
        let downloads = boss.get("/api/v1/audit-events?operation=downloadFile").await.expect(200);
        assert_eq!(downloads.ids().len(), 3);
    }

    async fn nobody_demands_what_shuts_out_themselves_or_those_who_hold_more(w: World) {
        let boss = w.as_boss();
        let administrator = w.hire(&["system_administrator"], w.places.north, None).await;
        demand(&w, &boss, "boss", true).await.expect_problem(409, "agreement_unsigned");
        demand(&w, &administrator, "boss", true).await.expect_problem(403, "staff_beyond_own");
        demand(&w, &administrator, "system_administrator", true).await.expect_problem(409, "agreement_unsigned");
        sign(&boss, &boss, 1).await.expect(201);
        demand(&w, &boss, "boss", true).await.expect(200);
        in_force(&administrator, 2).await.expect_problem(403, "staff_beyond_own");
        in_force(&boss, 2).await.expect_problem(409, "agreement_unsigned");
        assert_eq!(boss.get("/api/v1/confidentiality-agreement").await.expect(200).json, json!({"version": 1}));
        // A version may be signed ahead.
        sign(&boss, &boss, 2).await.expect(201);
        in_force(&administrator, 2).await.expect(200);
        boss.get("/api/v1/customers").await.expect(200);
    }

    async fn a_role_that_is_given_brings_its_demand(w: World) {
        let boss = w.as_boss();
        demand(&w, &boss, "finance", true).await.expect(200);
        let by_hand = w.hire(&["finance"], w.places.north, None).await;
        by_hand.get("/api/v1/customers").await.expect_problem(403, "agreement_required");
        let by_rule = w.hire(&["recruiter"], w.places.north, None).await;
        by_rule.get("/api/v1/customers").await.expect(200);
        let roles = boss.get("/api/v1/roles?limit=200").await.expect(200);
        let finance = roles.json["items"].as_array().unwrap().iter().find(|r| r["code"] == "finance").unwrap()["id"].clone();
        let position = boss.post("/api/v1/positions", &json!({"name": "出纳"})).await.expect(201).id();
        boss.post("/api/v1/role-rules", &json!({"role_id": finance, "position_id": position})).await.expect(201);
        let path = format!("/api/v1/staff/{}", by_rule.principal);
        boss.patch(&path, &json!({"position_id": position})).await.expect(200);
        by_rule.post("/api/v1/customers", &w.new_customer("张伟")).await.expect_problem(403, "agreement_required");
        sign(&boss, &by_rule, 1).await.expect(201);
        by_rule.post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
    }
}
