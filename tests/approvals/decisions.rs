//! Deciding: one decision a step, never one's own, in time; and the history of it.

use futures_util::future::join;
use tests::{both, json};

use super::{ask, by, decide, delegate, notices, path, policy, role, subject, waiting_for};
use crate::jobs::fired_on;

both! {
    async fn of_two_who_decide_at_once_one_is_first(w: World) {
        let (manager, steward) = (w.as_manager(), "customer_information_administrator");
        let one = w.hire(&[steward], w.places.north, None).await;
        let other = w.hire(&[steward], w.places.north, None).await;
        policy(&w, 1, json!([{"role_id": role(&w, steward).await}])).await;
        let asked = ask(&w, &manager).await;
        let (a, b) = join(decide(&one, &asked, 1, "approve"), decide(&other, &asked, 1, "refuse")).await;
        let mut statuses = [a.status, b.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "{} {}", a.text, b.text);
        let late = if a.status == 409 { a } else { b };
        late.expect_problem(409, "approval_ended");
        let read = one.get(&path(&asked.id())).await.expect(200);
        assert_eq!(read.json["history"].as_array().unwrap().len(), 2);
        assert_eq!(other.get(&path(&asked.id())).await.expect(200).json["state"], read.json["state"]);
    }

    async fn the_same_decision_twice_is_one(w: World) {
        let (manager, boss) = (w.as_manager(), w.as_boss());
        policy(&w, 1, json!([by(&boss)])).await;
        let asked = ask(&w, &manager).await;
        let (path, body) = (format!("{}/decision", path(&asked.id())), json!({"step": 1, "verdict": "approve"}));
        let first = boss.post_with_key(&path, "once", &body).await.expect(200);
        let again = boss.post_with_key(&path, "once", &body).await.expect(200);
        assert_eq!((again.header("idempotency-replayed"), &again.json), (Some("true"), &first.json));
    }

    async fn a_step_is_left_to_somebody_else(w: World) {
        let (manager, boss, employee) = (w.as_manager(), w.as_boss(), w.actor("employee"));
        policy(&w, 1, json!([by(&boss)])).await;
        let asked = ask(&w, &manager).await;
        let refused = delegate(&boss, &asked, &manager).await.expect(422);
        assert_eq!(refused.errors(), [("#/staff_id".to_owned(), "approval_to_asker".to_owned())]);
        let refused = delegate(&boss, &asked, &w.as_stranger()).await.expect(422);
        assert_eq!(refused.errors(), [("#/staff_id".to_owned(), "unknown_reference".to_owned())]);
        delegate(&manager, &asked, &employee).await.expect_problem(403, "approval_own");
        delegate(&employee, &asked, &employee).await.expect_problem(404, "not_found");
        let done = delegate(&boss, &asked, &employee).await.expect(200);
        let act = &done.json["history"][1];
        assert_eq!((&act["act"], &act["staff_id"], &act["reason"]), (&json!("delegated"), &json!(employee.principal), &json!("出差一周")));
        assert_eq!((&done.json["steps"][0]["staff_id"], &done.json["may_decide"]), (&json!(employee.principal), &json!(false)));
        assert_eq!(notices(&employee).await, [json!("approval_wanted")]);
        assert_eq!((waiting_for(&boss).await, waiting_for(&employee).await), (vec![], vec![asked.id()]));
        decide(&boss, &asked, 1, "approve").await.expect_problem(403, "approval_not_yours");
        decide(&employee, &asked, 1, "approve").await.expect(200);
    }

    async fn what_nobody_decides_in_time_expires(w: World) {
        let (manager, boss) = (w.as_manager(), w.as_boss());
        policy(&w, 1, json!([by(&boss)])).await;
        let asked = ask(&w, &manager).await;
        let due = asked.json["due_at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
        let made = asked.json["created_at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
        assert_eq!(due.as_microsecond() - made.as_microsecond(), 7 * 86_400_000_000);
        w.execute("UPDATE approvals SET due_at = created_at WHERE institution_id = ?",
            vec![w.institution.uuid().into()]).await.unwrap();
        decide(&boss, &asked, 1, "approve").await.expect_problem(409, "approval_ended");
        fired_on(w.server).await;
        let job = subject(&manager, &asked).await.json["job_id"].as_str().unwrap().to_owned();
        let job = manager.ended_job(&job).await;
        assert_eq!(job.json["problem"]["code"], "approval_expired");
        assert_eq!(subject(&manager, &asked).await.json["status"], "expired");
        let over = boss.get(&path(&asked.id())).await.expect(200);
        assert_eq!((&over.json["state"], &over.json["history"][1]["actor_id"]), (&json!("expired"), &json!(null)));
        assert_eq!(notices(&manager).await, [json!("approval_expired")]);
    }

    async fn the_history_can_not_be_rewritten(w: World) {
        policy(&w, 1, json!([by(&w.as_boss())])).await;
        ask(&w, &w.as_manager()).await;
        for sql in [
            "UPDATE approval_acts SET act = 'approved' WHERE institution_id = ?",
            "DELETE FROM approval_acts WHERE institution_id = ?",
            "DELETE FROM approvals WHERE institution_id = ?",
        ] {
            let done = w.execute(sql, vec![w.institution.uuid().into()]).await;
            assert!(done.is_err(), "{sql}");
        }
    }

    async fn what_is_asked_for_is_not_in_the_clear_in_the_database(w: World) {
        let boss = w.as_boss();
        policy(&w, 1, json!([by(&boss)])).await;
        let asked = ask(&w, &w.as_manager()).await;
        decide(&boss, &asked, 1, "refuse").await.expect(200);
        let all = w.server.contents(w.institution).await;
        for table in ["approvals", "approval_acts"] {
            let text = all[table].join(" ");
            assert!(!text.contains("月度盘点") && !text.contains("不需要这么多"), "{table}");
        }
    }
}
