//! Who decides where those whom a step names do not work, or asked for it themselves.

use domain::access::Reach;
use tests::{both, json};

use super::{POLICIES, ask, by, decide, notices, path, policy, role, suspend, waiting_for};

both! {
    async fn nobody_decides_what_they_asked_for(w: World) {
        let (boss, manager) = (w.as_boss(), w.as_manager());
        policy(&w, 1, json!([{"role_id": role(&w, "branch_manager").await}])).await;
        let asked = ask(&w, &manager).await;
        decide(&manager, &asked, 1, "approve").await.expect_problem(403, "approval_own");
        assert_eq!(waiting_for(&manager).await, [""; 0]);
        // Another one of the role decides; were there none, whoever makes the policies.
        let other = w.actor("southerner");
        assert_eq!((waiting_for(&other).await, waiting_for(&boss).await), (vec![asked.id()], vec![]));
        suspend(&w, &other).await;
        assert_eq!(waiting_for(&boss).await, [asked.id()]);
        let read = boss.get(&path(&asked.id())).await.expect(200);
        assert_eq!((&read.json["deciders"], &read.json["may_decide"]), (&json!("administrators"), &json!(true)));
        decide(&boss, &asked, 1, "approve").await.expect(200);
    }

    async fn who_is_suspended_or_has_left_is_passed_over(w: World) {
        let (boss, supervisor) = (w.as_boss(), w.as_supervisor());
        let gone = w.hire(&["employee"], w.places.north, None).await;
        boss.post(&format!("/api/v1/staff/{}/leave", gone.principal), &json!(null)).await.expect(200);
        let refused = boss.post(POLICIES, &json!({"name": "导出", "kind": "export", "from_amount": 1,
            "steps": [by(&gone)]})).await.expect(422);
        assert_eq!(refused.errors(), [("#/steps/0/staff_id".to_owned(), "unknown_reference".to_owned())]);
        policy(&w, 1, json!([by(&supervisor), by(&w.as_recruiter())])).await;
        suspend(&w, &w.as_recruiter()).await;
        let asked = ask(&w, &w.as_manager()).await;
        decide(&supervisor, &asked, 1, "approve").await.expect(200);
        // The second step passes to who makes the policies, who is told.
        assert_eq!(notices(&boss).await, [json!("approval_wanted")]);
        w.as_colleague().get(&path(&asked.id())).await.expect_problem(404, "not_found");
        // Whoever works again decides again.
        let path = format!("/api/v1/staff/{}/reinstate", w.as_recruiter().principal);
        boss.post(&path, &json!(null)).await.expect(200);
        assert_eq!(waiting_for(&boss).await, [""; 0]);
        decide(&boss, &asked, 2, "approve").await.expect_problem(404, "not_found");
    }

    async fn where_there_is_nobody_at_all_it_says_so_and_who_administers_roles_decides(w: World) {
        let (boss, supervisor) = (w.as_boss(), w.as_supervisor());
        w.add_role("keeper", &[("roles:write", Reach::Institution)]).await;
        let keeper = w.hire(&["keeper"], w.places.north, None).await;
        policy(&w, 1, json!([by(&supervisor)])).await;
        suspend(&w, &supervisor).await;
        // The only one who makes policies asks.
        let asked = ask(&w, &boss).await;
        assert_eq!(asked.json["deciders"], "nobody");
        decide(&boss, &asked, 1, "approve").await.expect_problem(403, "approval_own");
        assert_eq!(waiting_for(&keeper).await, [asked.id()]);
        assert_eq!(notices(&keeper).await, [json!("approval_wanted")]);
        let done = decide(&keeper, &asked, 1, "approve").await.expect(200);
        assert_eq!(done.json["state"], "approved");
    }

    async fn a_role_that_is_taken_away_decides_nothing(w: World) {
        let (boss, steward) = (w.as_boss(), "customer_information_administrator");
        let (one, other) = (w.hire(&[steward], w.places.north, None).await, w.hire(&[steward], w.places.north, None).await);
        policy(&w, 1, json!([{"role_id": role(&w, steward).await}])).await;
        let asked = ask(&w, &w.as_manager()).await;
        w.reorganize(
            "DELETE FROM principal_roles WHERE institution_id = ? AND principal_id = ?",
            vec![w.institution.uuid().into(), one.principal.uuid().into()],
        ).await;
        decide(&one, &asked, 1, "approve").await.expect_problem(404, "not_found");
        decide(&boss, &asked, 1, "approve").await.expect_problem(404, "not_found");
        decide(&other, &asked, 1, "approve").await.expect(200);
    }
}
