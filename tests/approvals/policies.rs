//! Policies: who agrees to what, from which amount upward.

use domain::access::Reach;
use tests::{both, json};

use super::{POLICIES, by, export_of, path, policy, role};
use crate::exports::{begin, customer, ended, export};

both! {
    async fn a_policy_is_made_read_changed_and_put_away(w: World) {
        let (boss, manager) = (w.as_boss(), w.as_manager());
        let steward = role(&w, "customer_information_administrator").await;
        let made = policy(&w, 100, json!([{"role_id": steward}, by(&manager)])).await;
        let path = format!("{POLICIES}/{}", made.id());
        assert_eq!(made.header("location"), Some(path.as_str()));
        assert_eq!(made.json["days"], 7);
        assert_eq!(made.json["steps"], json!([
            {"role_id": steward, "staff_id": null}, {"role_id": null, "staff_id": manager.principal},
        ]));
        let read = w.as_recruiter().get(&path).await.expect(200);
        assert_eq!((&read.json, read.etag()), (&made.json, made.etag()));
        let change = json!({"days": 3, "steps": [by(&manager)]});
        let changed = boss.patch_if(&path, &made.etag(), &change).await.expect(200);
        assert_eq!((&changed.json["version"], &changed.json["days"]), (&json!(2), &json!(3)));
        assert_eq!(changed.json["steps"].as_array().unwrap().len(), 1);
        boss.patch_if(&path, &made.etag(), &change).await.expect_problem(412, "version_stale");
        boss.post(&format!("{path}/archive"), &json!(null)).await.expect(200);
        assert_eq!(boss.get(POLICIES).await.expect(200).ids(), [""; 0]);
        boss.patch(&path, &json!({"days": 4})).await.expect_problem(409, "archived");
        policy(&w, 100, json!([by(&manager)])).await;
        boss.post(&format!("{path}/unarchive"), &json!(null)).await.expect(409);
        w.server.settle().await;
        let events = boss.get(&format!("/api/v1/events?subject_id={}", made.id())).await;
        if events.status == 200 {
            assert_eq!(events.json["items"].as_array().unwrap().len(), 3);
        }
    }

    async fn a_policy_names_people_and_roles_that_there_are(w: World) {
        let boss = w.as_boss();
        let body = |steps: tests::Value| json!({"name": "导出", "kind": "export", "from_amount": 10, "steps": steps});
        for (steps, pointer, code) in [
            (json!([]), "#/steps", "too_few"),
            (json!([{}]), "#/steps/0", "approval_step_unclear"),
            (json!([by(&boss), {"role_id": w.as_stranger().principal}]), "#/steps/1/role_id", "unknown_reference"),
            (json!([by(&w.as_stranger())]), "#/steps/0/staff_id", "unknown_reference"),
            (json!([by(&boss), by(&boss), by(&boss), by(&boss), by(&boss), by(&boss)]), "#/steps", "too_many"),
        ] {
            let refused = boss.post(POLICIES, &body(steps)).await.expect(422);
            assert_eq!(refused.errors()[0].0, pointer, "{}", refused.text);
            assert!(code == "too_few" || refused.errors()[0].1 == code, "{}", refused.text);
        }
        let both = json!([{"role_id": role(&w, "boss").await, "staff_id": boss.principal}]);
        let refused = boss.post(POLICIES, &body(both)).await.expect(422);
        assert_eq!(refused.errors(), [("#/steps/0".to_owned(), "approval_step_unclear".to_owned())]);
        boss.post(POLICIES, &body(json!([by(&boss)]))).await.expect(201);
        boss.post(POLICIES, &body(json!([by(&boss)]))).await.expect(409);
        let mut other = body(json!([by(&boss)]));
        other["name"] = json!("另一条");
        boss.post(POLICIES, &other).await.expect_problem(409, "approval_policy_exists");
        other["from_amount"] = json!(11);
        boss.post(POLICIES, &other).await.expect(201);
        w.as_manager().post(POLICIES, &other).await.expect_problem(403, "permission_missing");
    }

    async fn of_several_policies_the_one_that_begins_highest_applies(w: World) {
        let (boss, manager) = (w.as_boss(), w.as_manager());
        for name in ["甲", "乙", "丙"] {
            customer(&w, name, json!({})).await;
        }
        policy(&w, 2, json!([by(&w.as_recruiter())])).await;
        let three = policy(&w, 3, json!([by(&w.as_recruiter()), by(&boss)])).await;
        policy(&w, 4, json!([by(&boss)])).await;
        let job = begin(&manager, "csv", &json!({})).await;
        let export = export_of(&manager, &job).await;
        let id = export.json["approval_id"].as_str().unwrap();
        let approval = manager.get(&path(id)).await.expect(200);
        assert_eq!(approval.json["policy_id"], json!(three.id()));
        assert_eq!((&approval.json["amount"], approval.json["steps"].as_array().unwrap().len()), (&json!(3), 2));
        // Later changes make no difference to what waits.
        let policy = format!("{POLICIES}/{}", three.id());
        boss.patch(&policy, &json!({"steps": [by(&boss)], "days": 1})).await.expect(200);
        let same = manager.get(&path(id)).await.expect(200);
        assert_eq!(same.json, approval.json);
        assert_eq!(same.json["policy_version"], 1);
    }

    async fn without_a_policy_or_below_it_exports_begin_at_once(w: World) {
        customer(&w, "甲", json!({})).await;
        let manager = w.as_manager();
        let made = export(&manager, "csv", &json!({})).await;
        assert_eq!(made.json["approval_id"], json!(null));
        policy(&w, 2, json!([by(&w.as_recruiter())])).await;
        export(&manager, "csv", &json!({})).await;
        // Rows are those that the caller exports, not those that there are.
        customer(&w, "乙", json!({})).await;
        export(&w.actor("southerner"), "csv", &json!({})).await;
        w.add_role("narrow", &[("customers:read", Reach::Institution), ("exports:run", Reach::Own)]).await;
        let narrow = w.hire(&["narrow"], w.places.north, None).await;
        customer(&w, "丙", json!({"holder_id": narrow.principal})).await;
        let job = begin(&narrow, "csv", &json!({})).await;
        assert_eq!(ended(&narrow, &job).await.json["rows"], 1);
        let job = begin(&manager, "csv", &json!({"intent": [4]})).await;
        assert_eq!(ended(&manager, &job).await.json["status"], "succeeded");
        let job = begin(&manager, "csv", &json!({})).await;
        assert_eq!(export_of(&manager, &job).await.json["status"], "waiting_for_approval");
    }
}
