use domain::access::Reach;
use tests::{Value, both, json};

use super::{
    BULK, all_or_nothing, best_effort, create, customer, delete, outcomes, seen, transfer, update,
};
use crate::access::fields::reader_with;

/// A problem without what tells one request from another.
fn essence(result: &Value) -> Value {
    let mut result = result.clone();
    result["id"] = Value::Null;
    for own in ["instance", "trace_id"] {
        result["problem"][own] = Value::Null;
    }
    result
}

both! {
    async fn a_permission_is_asked_for_by_the_operations_that_need_it(w: World) {
        let recruiter = w.as_recruiter();
        let id = customer(&recruiter, &w).await;
        let operations = json!([
            create(&w, "李雷"),
            delete(&id, 1),
            transfer(&id, w.places.north),
            update(&id, 1, json!({"intent": 4})),
        ]);
        let before = w.server.contents(w.institution).await;
        let refused = all_or_nothing(&recruiter, operations.clone()).await.expect_problem(403, "permission_missing");
        assert!(refused.header("www-authenticate").unwrap().contains("scope=\"customers:delete\""));
        assert_eq!(w.server.contents(w.institution).await, before);

        let done = best_effort(&recruiter, operations).await.expect(200);
        let missing = || (403, "permission_missing".to_owned());
        assert_eq!(outcomes(&done), [(201, String::new()), missing(), missing(), (200, String::new())]);
        assert_eq!(seen(&recruiter, &id).await, (200, json!(2), json!(4)));
    }

    async fn what_was_refused_for_want_of_a_permission_is_on_the_trail(w: World) {
        let (recruiter, boss) = (w.as_recruiter(), w.as_boss());
        let id = customer(&recruiter, &w).await;
        let call = json!({"mode": "best_effort", "operations": [delete(&id, 1), update(&id, 1, json!({"intent": 4}))]});
        let done = recruiter.post_with_key(BULK, "once", &call).await.expect(200);
        recruiter.post_with_key(BULK, "once", &call).await.expect(200);
        w.server.settle().await;
        let trail = boss.get("/api/v1/audit-events?outcome=refused").await.expect(200);
        assert_eq!(trail.ids().len(), 1, "{}", trail.text);
        let record = &trail.json["items"][0];
        assert_eq!((&record["operation"], &record["request_id"]),
            (&json!("bulkCustomers"), &json!(done.header("x-request-id").unwrap())));
    }

    async fn whoever_may_do_one_kind_of_operation_may_do_that(w: World) {
        let everywhere = |code| [(code, Reach::Institution)];
        for (role, permission) in [("cleaner", "customers:delete"), ("dispatcher", "customers:assign")] {
            w.add_role(role, &everywhere(permission)).await;
            let actor = w.hire(&[role], w.places.north, None).await;
            let (one, other) = (customer(&w.as_recruiter(), &w).await, customer(&w.as_recruiter(), &w).await);
            let done = best_effort(&actor, json!([
                delete(&one, 1), transfer(&other, w.places.north), create(&w, "李雷"),
            ])).await.expect(200);
            let statuses: Vec<_> = outcomes(&done).into_iter().map(|(status, _)| status).collect();
            let expected = if role == "cleaner" { [204, 403, 403] } else { [403, 200, 403] };
            assert_eq!(statuses, expected, "{role}");
        }
        w.add_role("watcher", &everywhere("customers:read")).await;
        let watcher = w.hire(&["watcher"], w.places.north, None).await;
        best_effort(&watcher, json!([create(&w, "李雷")])).await.expect_problem(403, "permission_missing");
    }

    async fn out_of_reach_looks_like_absent(w: World) {
        let boss = w.as_boss();
        let mut body = w.new_customer("张伟");
        body["campus_id"] = json!(w.places.south);
        body["holder_id"] = json!(w.places.south);
        let there = boss.post("/api/v1/customers", &body).await.expect(201).id();
        let foreign = w.as_stranger().post("/api/v1/customers", &json!({
            "kind": "student", "name": "张伟", "source_channel": "hotline", "campus_id": w.other_places.north,
        })).await.expect(201).id();
        let nothing = uuid::Uuid::now_v7().to_string();
        let manager = w.as_manager();
        let ask = async |id: &str| best_effort(&manager, json!([
            update(id, 1, json!({"intent": 1})),
            update(id, 9, json!({"intent": 1})),
            delete(id, 1),
            transfer(id, w.places.north),
        ])).await.expect(200);
        let absent = ask(&nothing).await;
        for answer in [ask(&there).await, ask(&foreign).await] {
            for place in 0..4 {
                assert_eq!(essence(&answer.json["results"][place]), essence(&absent.json["results"][place]));
                assert_eq!(answer.json["results"][place]["status"], 404);
            }
        }
        assert_eq!(seen(&boss, &there).await.1, json!(1));
        let refused = async |id: &str| {
            let answer = all_or_nothing(&manager, json!([update(id, 1, json!({"intent": 1}))])).await;
            answer.expect_problem(422, "operations_refused").essence()
        };
        assert_eq!(refused(&there).await, refused(&nothing).await);
    }

    async fn a_field_that_a_rule_closes_is_refused_in_its_operation(w: World) {
        let rules = json!([{"record": "customers", "field": "intent", "access": "read_only"}]);
        let actor = reader_with(&w, &["customers:read", "customers:write"], rules).await;
        let (one, other) = (customer(&w.as_recruiter(), &w).await, customer(&w.as_recruiter(), &w).await);
        let operations = json!([
            update(&one, 1, json!({"intent": 4})), update(&other, 1, json!({"note": "来访"})),
        ]);
        let refused = all_or_nothing(&actor, operations.clone()).await.expect_problem(422, "validation_failed");
        let error = ("#/operations/0/data/intent".to_owned(), "field_read_only".to_owned());
        assert_eq!(refused.errors(), [error]);
        let done = best_effort(&actor, operations).await.expect(200);
        assert_eq!(outcomes(&done), [(422, "validation_failed".to_owned()), (200, String::new())]);
        assert_eq!(seen(&w.as_recruiter(), &one).await.1, json!(1));
    }

    async fn nothing_but_ids_and_versions_is_answered(w: World) {
        let recruiter = w.as_recruiter();
        let id = customer(&recruiter, &w).await;
        let mut new = create(&w, "金丝雀");
        new["data"]["contact_points"] = json!([{"kind": "phone", "value": "13912345678"}]);
        let done = best_effort(&recruiter, json!([new, update(&id, 1, json!({"note": "雀在笼中"}))])).await.expect(200);
        for canary in ["金丝雀", "5678", "雀在笼中"] {
            assert!(!done.text.contains(canary), "{}", done.text);
        }
    }
}
