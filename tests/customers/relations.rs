//! Guardians and their wards.

use tests::{Actor, World, both, json};

async fn customer(w: &World, actor: &Actor, kind: &str, name: &str) -> String {
    let mut body = w.new_customer(name);
    body["kind"] = json!(kind);
    actor
        .post("/api/v1/customers", &body)
        .await
        .expect(201)
        .id()
}

fn relations(customer: &str) -> String {
    format!("/api/v1/customers/{customer}/relations")
}

both! {
    async fn a_guardian_and_a_child_see_each_other(w: World) {
        let recruiter = w.as_recruiter();
        let child = customer(&w, &recruiter, "student", "张小明").await;
        let mut body = w.new_customer("王芳");
        body["kind"] = json!("guardian");
        body["contact_points"] = json!([{"kind": "phone", "value": "13800138000"}]);
        let mother = recruiter.post("/api/v1/customers", &body).await.expect(201).id();
        let made = recruiter.post(&relations(&child), &json!({"role": "guardian", "relative_id": mother, "label": "妈妈"})).await.expect(201);
        assert_eq!(made.json["contact_points"][0]["value"], "138****8000");
        let of_child = recruiter.get(&relations(&child)).await.expect(200);
        assert_eq!(of_child.json["items"], json!([made.json]));
        let of_mother = recruiter.get(&relations(&mother)).await.expect(200);
        let item = &of_mother.json["items"][0];
        assert_eq!((&item["role"], &item["relative_id"], &item["label"]), (&json!("ward"), &json!(child), &json!("妈妈")));
        // It is a part of the child, whose version it raises.
        let read = recruiter.get(&format!("/api/v1/customers/{child}")).await.expect(200);
        assert_eq!(read.json["version"], 2);
        assert_eq!(recruiter.get(&format!("/api/v1/customers/{mother}")).await.json["version"], 1);

        let path = made.header("location").unwrap().to_owned();
        recruiter.delete_if(&path, "\"1-0\"").await.expect_problem(412, "version_stale");
        recruiter.delete_if(&path, &read.etag()).await.expect(204);
        assert_eq!(recruiter.get(&relations(&mother)).await.json["items"], json!([]));
    }

    async fn two_are_related_once_however_it_is_said(w: World) {
        let recruiter = w.as_recruiter();
        let child = customer(&w, &recruiter, "student", "张小明").await;
        let mother = customer(&w, &recruiter, "guardian", "王芳").await;
        let one = json!({"role": "guardian", "relative_id": mother});
        let other = json!({"role": "ward", "relative_id": child});
        let (to_child, to_mother) = (relations(&child), relations(&mother));
        let answers = futures_util::future::join_all((0..8).map(|n| {
            if n % 2 == 0 { recruiter.post(&to_child, &one) } else { recruiter.post(&to_mother, &other) }
        })).await;
        assert_eq!(answers.iter().filter(|a| a.status == 201).count(), 1);
        for refused in answers.into_iter().filter(|a| a.status != 201) {
            refused.expect_problem(409, "relation_exists");
        }
        assert_eq!(recruiter.get(&to_child).await.json["items"].as_array().unwrap().len(), 1);
    }

    async fn only_a_student_and_a_guardian_are_related_so(w: World) {
        let recruiter = w.as_recruiter();
        let child = customer(&w, &recruiter, "student", "张小明").await;
        let sibling = customer(&w, &recruiter, "student", "张小红").await;
        let mother = customer(&w, &recruiter, "guardian", "王芳").await;
        for (of, role, relative) in [(&child, "guardian", &sibling), (&child, "ward", &mother), (&child, "guardian", &child)] {
            let refused = recruiter.post(&relations(of), &json!({"role": role, "relative_id": relative})).await.expect(422);
            assert_eq!(refused.errors(), [("#/relative_id".into(), "relation_not_fitting".into())]);
        }
        recruiter.post(&relations(&child), &json!({"role": "guardian", "relative_id": mother})).await.expect(201);
        recruiter.patch(&format!("/api/v1/customers/{mother}"), &json!({"kind": "student"})).await
            .expect_problem(409, "kind_is_related");
    }

    async fn a_relative_out_of_reach_is_neither_shown_nor_taken(w: World) {
        let (boss, recruiter) = (w.as_boss(), w.as_recruiter());
        let child = customer(&w, &recruiter, "student", "张小明").await;
        let hidden = customer(&w, &w.as_colleague(), "guardian", "王芳").await;
        let body = json!({"role": "guardian", "relative_id": hidden});
        let refused = recruiter.post(&relations(&child), &body).await.expect(422);
        let random = json!({"role": "guardian", "relative_id": uuid::Uuid::now_v7()});
        assert_eq!(refused.essence(), recruiter.post(&relations(&child), &random).await.essence());
        let made = boss.post(&relations(&child), &body).await.expect(201);
        assert_eq!(recruiter.get(&relations(&child)).await.json["items"], json!([]));
        // Nor can it be ended by whoever does not see it.
        recruiter.delete(made.header("location").unwrap()).await.expect_problem(404, "not_found");
    }

    async fn a_relation_is_ended_by_whoever_may_change_both(w: World) {
        let (boss, recruiter) = (w.as_boss(), w.as_recruiter());
        let child = customer(&w, &recruiter, "student", "张小明").await;
        let mother = customer(&w, &w.as_colleague(), "guardian", "王芳").await;
        let share = json!({"grantee_id": recruiter.principal, "access": "read"});
        boss.post(&format!("/api/v1/customers/{mother}/shares"), &share).await.expect(201);
        let body = json!({"role": "guardian", "relative_id": mother});
        recruiter.post(&relations(&child), &body).await.expect(422);
        let made = boss.post(&relations(&child), &body).await.expect(201);
        let path = made.header("location").unwrap();
        assert_eq!(recruiter.get(path).await.expect(200).json, made.json);
        recruiter.delete(path).await.expect_problem(404, "not_found");
        let share = json!({"grantee_id": recruiter.principal, "access": "write"});
        boss.delete(&format!("/api/v1/customers/{mother}/shares/{}", recruiter.principal)).await.expect(204);
        boss.post(&format!("/api/v1/customers/{mother}/shares"), &share).await.expect(201);
        recruiter.delete(path).await.expect(204);
        recruiter.get(path).await.expect_problem(404, "not_found");
    }

    async fn a_relation_is_ended_once_however_many_end_it(w: World) {
        let boss = w.as_boss();
        for _ in 0..4 {
            let child = customer(&w, &boss, "student", "张小明").await;
            let mother = customer(&w, &boss, "guardian", "王芳").await;
            let made = boss.post(&relations(&child), &json!({"role": "guardian", "relative_id": mother})).await.expect(201).id();
            let paths = [&child, &mother].map(|of| format!("{}/{made}", relations(of)));
            let ends = (0..6).map(|n| boss.delete(&paths[n % 2]));
            let answers = futures_util::future::join_all(ends).await;
            assert_eq!(answers.iter().filter(|a| a.status == 204).count(), 1);
            for refused in answers.into_iter().filter(|a| a.status != 204) {
                refused.expect_problem(404, "not_found");
            }
        }
    }
}
