use domain::access::Reach;
use tests::{Engine, Server, World, both, json, run_on};

use super::{
    CUSTOMERS, PREVIEW, RULES, RUNS, counts, found, history, intent, lead, listed, preview, rule,
    run, said, screen, standing,
};

both! {
    async fn a_run_marks_what_its_preview_counted_and_nothing_else(w: World) {
        let boss = w.as_boss();
        let (weak, strong) = (lead(&w, "甲", Some(1)).await, lead(&w, "乙", Some(4)).await);
        let (unknown, decided) = (lead(&w, "丙", None).await, lead(&w, "丁", Some(1)).await);
        screen(&boss, &decided, "valid", "verified").await.expect(201);
        let low = rule(&boss, intent("lte", 1), "invalid").await;
        rule(&boss, intent("gte", 3), "valid").await;
        let told = preview(&boss, &json!({})).await;
        assert_eq!((counts(&told), &told["looked_at"]), ((vec![1, 1], 1), &json!(3)));
        let mut sample: Vec<_> = told["sample"].as_array().unwrap().iter()
            .map(|record| (record["customer_id"].clone(), record["outcome"].clone())).collect();
        sample.sort_by_key(|(id, _)| id.to_string());
        let mut expected = vec![(json!(weak), json!("invalid")), (json!(strong), json!("valid"))];
        expected.sort_by_key(|(id, _)| id.to_string());
        assert_eq!(sample, expected);
        assert_eq!(standing(&boss, &weak).await, "unscreened");
        let done = run(&boss, &json!({"preview_key": told["preview_key"]})).await;
        assert_eq!((counts(&done), &done["looked_at"], &done["status"]), ((vec![1, 1], 1), &json!(3), &json!("succeeded")));
        assert_eq!((listed(&boss, "invalid").await, listed(&boss, "unscreened").await), (vec!["甲".to_owned()], vec!["丙".to_owned()]));
        assert_eq!(found(&boss, &json!({"field": "screening", "op": "in", "value": ["valid"]})).await, ["乙", "丁"]);
        let marked = boss.get(&format!("{CUSTOMERS}/{weak}/screening-standing")).await.expect(200);
        let marked = &marked.json["screening"];
        assert_eq!((&marked["rule_id"], &marked["rule_version"], &marked["run_id"], &marked["screened_by"]),
            (&json!(low), &json!(1), &done["id"], &json!(boss.principal)));
        assert_eq!((history(&boss, &decided).await, history(&boss, &unknown).await), (vec![said("valid", "verified")], vec![]));
        let job = boss.get(&format!("/api/v1/jobs/{}", done["job_id"].as_str().unwrap())).await.expect(200);
        assert_eq!(job.json["progress"], json!({"done": 3, "total": 3, "percent": 100}));
        // A second one finds nothing new.
        assert_eq!(counts(&run(&boss, &json!({})).await), (vec![0, 0], 1));
        assert_eq!(boss.get(RUNS).await.expect(200).ids().len(), 2);
        w.as_manager().get(&format!("{RUNS}/{}", done["id"].as_str().unwrap())).await.expect(403);
    }

    async fn a_view_and_conditions_confine_it(w: World) {
        let boss = w.as_boss();
        for (name, level) in [("张一", 1), ("张二", 2), ("王一", 1), ("王二", 2)] {
            lead(&w, name, Some(level)).await;
        }
        rule(&boss, intent("gte", 1), "valid").await;
        let view = json!({"name": "张", "entity": "customers", "search": {"name": "张"}});
        let view = boss.post("/api/v1/views", &view).await.expect(201).id();
        let body = json!({"view_id": view, "conditions": intent("eq", 2)});
        let told = preview(&boss, &body).await;
        assert_eq!((counts(&told), &told["looked_at"]), ((vec![1], 0), &json!(1)));
        let mut confined = body.clone();
        confined["preview_key"] = told["preview_key"].clone();
        // Confined otherwise it would be another run.
        boss.post(RUNS, &json!({"preview_key": told["preview_key"]})).await.expect_problem(409, "screening_changed");
        assert_eq!(counts(&run(&boss, &confined).await), (vec![1], 0));
        assert_eq!(listed(&boss, "valid").await, ["张二"]);
        let rest = json!({"view_id": view});
        let told = preview(&boss, &rest).await;
        boss.patch(&format!("/api/v1/views/{view}"), &json!({"search": {"name": "王"}})).await.expect(200);
        let stale = json!({"view_id": view, "preview_key": told["preview_key"]});
        boss.post(RUNS, &stale).await.expect_problem(409, "screening_changed");
        let masked = json!({"name": "号码", "entity": "customers", "search": {"phone": "8000"}});
        let masked = boss.post("/api/v1/views", &masked).await.expect(201).id();
        let plain = boss.post(PREVIEW, &json!({"view_id": masked})).await;
        assert!(plain.status == 200 || plain.errors() == [("#/view_id".to_owned(), "screening_view_reveals".to_owned())], "{}", plain.text);
        let mail = json!({"name": "邮箱", "entity": "customers", "search": {"email": "lily"}});
        let mail = boss.post("/api/v1/views", &mail).await.expect(201).id();
        let refused = boss.post(PREVIEW, &json!({"view_id": mail})).await.expect(422);
        assert_eq!(refused.errors(), [("#/view_id".to_owned(), "screening_view_reveals".to_owned())]);
    }

    async fn what_is_out_of_reach_is_neither_counted_nor_marked(w: World) {
        let boss = w.as_boss();
        lead(&w, "北", Some(1)).await;
        let mut south = w.new_customer("南");
        south["campus_id"] = json!(w.places.south);
        south["intent"] = json!(1);
        let south = boss.post(CUSTOMERS, &south).await.expect(201).id();
        rule(&boss, intent("gte", 1), "valid").await;
        // Who sees everybody, and screens one campus only.
        let code = format!("screening_{}", uuid::Uuid::now_v7().simple());
        w.add_role(&code, &[("customers:read", Reach::Institution), ("customers:screen", Reach::Campus)]).await;
        let steward = w.hire(&[&code], w.places.north, None).await;
        let told = preview(&steward, &json!({})).await;
        assert_eq!((counts(&told), &told["looked_at"]), ((vec![1], 0), &json!(1)));
        assert_eq!(counts(&run(&steward, &json!({"preview_key": told["preview_key"]})).await), (vec![1], 0));
        assert_eq!(listed(&boss, "unscreened").await, ["南"]);
        screen(&steward, &south, "valid", "verified").await.expect_problem(404, "not_found");
        let body = json!({"customer_ids": [south], "outcome": "valid", "reason": "verified"});
        steward.post(&format!("{CUSTOMERS}/screen"), &body).await.expect_problem(422, "validation_failed");
        // Of another institution there is nothing at all.
        assert_eq!(preview(&w.as_stranger(), &json!({})).await["rules"], json!([]));
    }

    async fn a_run_is_refused_once_a_rule_is_another_than_was_previewed(w: World) {
        let boss = w.as_boss();
        let customer = lead(&w, "张伟", Some(1)).await;
        let made = rule(&boss, intent("gte", 1), "valid").await;
        let told = preview(&boss, &json!({})).await;
        let key = json!({"preview_key": told["preview_key"]});
        boss.patch(&format!("{RULES}/{made}"), &json!({"conditions": intent("gte", 2)})).await.expect(200);
        boss.post(RUNS, &key).await.expect_problem(409, "screening_changed");
        assert_eq!(standing(&boss, &customer).await, "unscreened");
        let anew = preview(&boss, &json!({})).await;
        assert_eq!(counts(&anew), (vec![0], 1));
        rule(&boss, intent("eq", 1), "invalid").await;
        boss.post(RUNS, &json!({"preview_key": anew["preview_key"]})).await.expect_problem(409, "screening_changed");
        let last = preview(&boss, &json!({})).await;
        let done = run(&boss, &json!({"preview_key": last["preview_key"]})).await;
        assert_eq!((counts(&done), &done["rules"][0]["version"]), ((vec![0, 1], 0), &json!(2)));
    }

    async fn two_runs_at_once_mark_each_record_once(w: World) {
        let boss = w.as_boss();
        let mut all = Vec::new();
        for number in 0..120 {
            all.push(lead(&w, &format!("客户{number}"), Some(1)).await);
        }
        rule(&boss, intent("eq", 1), "valid").await;
        let body = json!({});
        let (one, other) = tokio::join!(run(&boss, &body), run(&boss, &body));
        let marked = |run: &tests::Value| counts(run).0[0];
        assert_eq!(marked(&one) + marked(&other), 120);
        for customer in &all {
            assert_eq!(history(&boss, customer).await, [said("valid", "meets_criteria")]);
        }
    }
}

/// On a server whose jobs nobody runs.
fn idle(engine: Engine) {
    let Some(server) = Server::own(engine, &[("EDUCRM_JOB_WORKERS", "0")]) else {
        return;
    };
    run_on(server, |w: World| async move {
        let boss = w.as_boss();
        lead(&w, "张伟", Some(1)).await;
        rule(&boss, intent("eq", 1), "valid").await;
        let key = uuid::Uuid::now_v7().to_string();
        let job = boss.post_with_key(RUNS, &key, &json!({})).await.expect(202);
        let again = boss.post_with_key(RUNS, &key, &json!({})).await.expect(202);
        assert_eq!(job.json, again.json);
        assert_eq!(boss.get(RUNS).await.expect(200).ids().len(), 1);
        let cancel = format!("/api/v1/jobs/{}/cancel", job.id());
        let ended = boss.post(&cancel, &json!(null)).await.expect(200);
        let run = ended.json["result"]["id"].as_str().unwrap();
        let run = boss.get(&format!("{RUNS}/{run}")).await.expect(200);
        assert_eq!(run.json["status"], "cancelled");
        assert!(run.json["finished_at"].is_string());
        assert_eq!(listed(&boss, "unscreened").await, ["张伟"]);
    });
}

#[test]
fn a_run_that_is_cancelled_before_it_began_has_ended_on_sqlite() {
    idle(Engine::Sqlite);
}

#[test]
fn a_run_that_is_cancelled_before_it_began_has_ended_on_postgres() {
    idle(Engine::Postgres);
}
