//! Exports that wait: they begin once approved, and end where they are not.

use tests::{both, json};

use super::{ask, by, decide, notices, path, policy, recall, role, subject, waiting_for};
use crate::exports::{EXPORTS, content};

both! {
    async fn an_export_waits_until_all_steps_are_approved_in_their_order(w: World) {
        let (boss, manager, supervisor) = (w.as_boss(), w.as_manager(), w.as_supervisor());
        let steward = w.hire(&["customer_information_administrator"], w.places.south, None).await;
        let code = role(&w, "customer_information_administrator").await;
        policy(&w, 1, json!([{"role_id": code}, by(&supervisor)])).await;
        let asked = ask(&w, &manager).await;
        assert_eq!((&asked.json["state"], &asked.json["step"], &asked.json["deciders"]), (&json!("waiting"), &json!(1), &json!("named")));
        assert_eq!(asked.json["may_decide"], false);
        assert!(asked.json["summary"].as_str().unwrap().contains("月度盘点"), "{}", asked.text);
        assert_eq!(asked.json["asker_id"], json!(manager.principal));
        let export = subject(&manager, &asked).await;
        let job = format!("/api/v1/jobs/{}", export.json["job_id"].as_str().unwrap());
        assert_eq!(manager.get(&job).await.expect(200).json["status"], "queued");
        let file = format!("{EXPORTS}/{}/content", export.id());
        manager.get(&file).await.expect_problem(409, "export_not_ready");

        // Only who decides the first step sees it, is told of it and can decide.
        assert_eq!((waiting_for(&steward).await, waiting_for(&supervisor).await), (vec![asked.id()], vec![]));
        assert_eq!((notices(&steward).await, notices(&supervisor).await.len()), (vec![json!("approval_wanted")], 0));
        supervisor.get(&path(&asked.id())).await.expect_problem(404, "not_found");
        decide(&supervisor, &asked, 2, "approve").await.expect_problem(404, "not_found");
        decide(&boss, &asked, 1, "approve").await.expect_problem(404, "not_found");
        w.as_stranger().get(&path(&asked.id())).await.expect_problem(404, "not_found");
        decide(&steward, &asked, 2, "approve").await.expect_problem(403, "approval_not_yours");

        let first = decide(&steward, &asked, 1, "approve").await.expect(200);
        assert_eq!((&first.json["state"], &first.json["step"], &first.json["version"]), (&json!("waiting"), &json!(2), &json!(2)));
        assert_eq!(subject(&manager, &asked).await.json["status"], "waiting_for_approval");
        decide(&steward, &asked, 1, "approve").await.expect_problem(409, "approval_step_decided");
        decide(&steward, &asked, 2, "approve").await.expect_problem(403, "approval_not_yours");
        assert_eq!(notices(&supervisor).await, [json!("approval_wanted")]);
        let last = decide(&supervisor, &asked, 2, "approve").await.expect(200);
        assert_eq!((&last.json["state"], &last.json["deciders"]), (&json!("approved"), &json!(null)));
        manager.ended_job(export.json["job_id"].as_str().unwrap()).await;
        let export = subject(&manager, &asked).await;
        assert_eq!((&export.json["status"], &export.json["rows"]), (&json!("succeeded"), &json!(1)));
        assert!(content(&manager, &export).await.text.contains("张伟"));
        assert!(notices(&manager).await.contains(&json!("approval_approved")));

        let acts: Vec<_> = last.json["history"].as_array().unwrap().iter()
            .map(|act| (act["act"].clone(), act["step"].clone(), act["actor_id"].clone())).collect();
        assert_eq!(acts, [
            (json!("asked"), json!(1), json!(manager.principal)),
            (json!("approved"), json!(1), json!(steward.principal)),
            (json!("approved"), json!(2), json!(supervisor.principal)),
        ]);
        w.server.settle().await;
        let types = "approval.asked,approval.step_approved,approval.approved";
        let events = boss.get(&format!("/api/v1/events?type={types}")).await.expect(200);
        let told: Vec<_> = events.json["items"].as_array().unwrap().iter().map(|e| e["type"].clone()).collect();
        assert_eq!(told, [json!("approval.asked"), json!("approval.step_approved"), json!("approval.approved")]);
        assert!(!events.text.contains("月度盘点"));
        let trail = boss.get(&format!("/api/v1/audit-events?target_id={}&outcome=done", asked.id())).await.expect(200);
        let done: Vec<_> = trail.json["items"].as_array().unwrap().iter().map(|e| e["operation"].clone()).collect();
        assert_eq!(done, [json!("decideApproval"), json!("decideApproval"), json!("createExport")]);
    }

    async fn a_refusal_ends_the_export_and_says_why(w: World) {
        let (manager, boss) = (w.as_manager(), w.as_boss());
        policy(&w, 1, json!([by(&boss), by(&w.as_supervisor())])).await;
        let asked = ask(&w, &manager).await;
        let decision = format!("{}/decision", path(&asked.id()));
        let refused = boss.post(&decision, &json!({"step": 1, "verdict": "refuse"})).await.expect(422);
        assert_eq!(refused.errors(), [("#/reason".to_owned(), "approval_reason_missing".to_owned())]);
        let done = decide(&boss, &asked, 1, "refuse").await.expect(200);
        assert_eq!(done.json["history"][1]["reason"], "不需要这么多");
        let export = subject(&manager, &asked).await;
        assert_eq!(export.json["status"], "refused");
        assert!(!export.json["finished_at"].is_null());
        let job = format!("/api/v1/jobs/{}", export.json["job_id"].as_str().unwrap());
        let job = manager.get(&job).await.expect(200);
        assert_eq!((&job.json["status"], &job.json["problem"]["code"]), (&json!("cancelled"), &json!("approval_refused")));
        assert_eq!(notices(&manager).await, [json!("approval_refused")]);
        decide(&boss, &asked, 1, "approve").await.expect_problem(409, "approval_ended");
        recall(&manager, &asked).await.expect_problem(409, "approval_ended");
        // Who asks anew has room for it.
        ask(&w, &manager).await;
        ask(&w, &manager).await;
        let body = json!({"entity": "customers", "format": "csv", "reason": "盘点"});
        manager.post(EXPORTS, &body).await.expect_problem(409, "too_many_exports");
    }

    async fn whoever_asked_recalls_it_or_cancels_its_job(w: World) {
        let (manager, boss) = (w.as_manager(), w.as_boss());
        policy(&w, 1, json!([by(&boss)])).await;
        let asked = ask(&w, &manager).await;
        recall(&boss, &asked).await.expect_problem(403, "approval_not_asked");
        recall(&w.as_recruiter(), &asked).await.expect_problem(404, "not_found");
        assert_eq!(recall(&manager, &asked).await.expect(200).json["state"], "recalled");
        assert_eq!(subject(&manager, &asked).await.json["status"], "recalled");
        decide(&boss, &asked, 1, "approve").await.expect_problem(409, "approval_ended");

        let asked = ask(&w, &manager).await;
        let export = subject(&manager, &asked).await;
        let cancel = format!("/api/v1/jobs/{}/cancel", export.json["job_id"].as_str().unwrap());
        manager.post(&cancel, &json!(null)).await.expect(200);
        assert_eq!(subject(&manager, &asked).await.json["status"], "cancelled");
        assert_eq!(boss.get(&path(&asked.id())).await.expect(200).json["state"], "recalled");
        assert_eq!(waiting_for(&boss).await, [""; 0]);
        let list = manager.get("/api/v1/approvals?side=asked_by_me&state=recalled").await.expect(200);
        assert_eq!(list.ids().len(), 2);
        assert_eq!(manager.get("/api/v1/approvals?state=waiting").await.expect(200).ids(), [""; 0]);
    }

    async fn what_was_approved_runs_with_the_rights_of_then(w: World) {
        let (manager, boss) = (w.as_manager(), w.as_boss());
        policy(&w, 1, json!([by(&boss)])).await;
        let asked = ask(&w, &manager).await;
        let export = subject(&manager, &asked).await;
        w.reorganize(
            "DELETE FROM principal_roles WHERE institution_id = ? AND principal_id = ?",
            vec![w.institution.uuid().into(), manager.principal.uuid().into()],
        ).await;
        decide(&boss, &asked, 1, "approve").await.expect(200);
        let job = manager.ended_job(export.json["job_id"].as_str().unwrap()).await;
        assert_eq!((&job.json["status"], &job.json["problem"]["code"]), (&json!("failed"), &json!("permission_missing")));
    }
}
