//! Who is what to whom.

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
        // It is a part of both, whose versions it raises.
        let read = recruiter.get(&format!("/api/v1/customers/{child}")).await.expect(200);
        assert_eq!(read.json["version"], 2);
        assert_eq!(recruiter.get(&format!("/api/v1/customers/{mother}")).await.json["version"], 2);

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

    async fn only_customers_whose_kinds_fit_are_related_so(w: World) {
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
        // What fits the other kind too does not keep it.
        let [aunt, uncle] = [customer(&w, &recruiter, "guardian", "王丽").await, customer(&w, &recruiter, "other", "王强").await];
        recruiter.post(&relations(&child), &json!({"role": "pick_up", "relative_id": aunt})).await.expect(201);
        recruiter.post(&relations(&aunt), &json!({"role": "spouse", "relative_id": uncle})).await.expect(201);
        recruiter.patch(&format!("/api/v1/customers/{aunt}"), &json!({"kind": "other"})).await.expect(200);
        recruiter.patch(&format!("/api/v1/customers/{aunt}"), &json!({"kind": "company"})).await
            .expect_problem(409, "kind_is_related");
    }

    async fn each_side_sees_its_own_role(w: World) {
        let recruiter = w.as_recruiter();
        let child = customer(&w, &recruiter, "student", "张小明").await;
        let sibling = customer(&w, &recruiter, "student", "张小红").await;
        for (role, kind, inverse) in [
            ("guardian", "guardian", "ward"), ("parent", "other", "child"), ("payer", "company", "beneficiary"),
            ("pick_up", "other", "picked_up"), ("emergency_contact", "guardian", "emergency_of"),
            ("referrer", "student", "referred"), ("school", "school", "pupil"),
        ] {
            let other = customer(&w, &recruiter, kind, "王芳").await;
            let made = recruiter.post(&relations(&child), &json!({"role": role, "relative_id": other})).await.expect(201);
            assert_eq!(made.json["role"], role);
            let of_other = recruiter.get(&relations(&other)).await.expect(200);
            let item = &of_other.json["items"][0];
            assert_eq!((&item["role"], &item["relative_id"]), (&json!(inverse), &json!(child)));
        }
        recruiter.post(&relations(&sibling), &json!({"role": "sibling", "relative_id": child})).await.expect(201);
        recruiter.post(&relations(&child), &json!({"role": "sibling", "relative_id": sibling})).await
            .expect_problem(409, "relation_exists");
        let company = customer(&w, &recruiter, "company", "星海公司").await;
        let clerk = customer(&w, &recruiter, "other", "赵敏").await;
        recruiter.post(&relations(&clerk), &json!({"role": "organization", "relative_id": company})).await.expect(201);
        let of_company = recruiter.get(&relations(&company)).await.expect(200);
        assert_eq!(of_company.json["items"][0]["role"], "contact_person");
        // By role, and page by page.
        let path = format!("{}?role=payer,sibling", relations(&child));
        let found = recruiter.get(&path).await.expect(200);
        let roles: Vec<_> = found.json["items"].as_array().unwrap().iter().map(|item| item["role"].clone()).collect();
        assert_eq!(roles, ["payer", "sibling"]);
        let all = recruiter.get(&relations(&child)).await.json["items"].clone();
        let mut walked = Vec::new();
        let mut path = format!("{}?limit=3", relations(&child));
        loop {
            let page = recruiter.get(&path).await.expect(200);
            walked.extend(page.json["items"].as_array().unwrap().clone());
            let Some(cursor) = page.json["next_cursor"].as_str() else { break };
            path = format!("{}?limit=3&cursor={cursor}", relations(&child));
        }
        assert_eq!(json!(walked), all);
        assert_eq!(walked.len(), 8);
    }

    async fn what_is_changed_from_one_side_is_not_lost_from_the_other(w: World) {
        let recruiter = w.as_recruiter();
        let child = customer(&w, &recruiter, "student", "张小明").await;
        let nanny = customer(&w, &recruiter, "other", "李阿姨").await;
        let made = recruiter.post(&relations(&child), &json!({"role": "pick_up", "relative_id": nanny})).await.expect(201);
        let path = |of: &str| format!("{}/{}", relations(of), made.id());
        let (seen, other) = (recruiter.get(&path(&child)).await.expect(200), recruiter.get(&path(&nanny)).await.expect(200));
        recruiter.patch_if(&path(&nanny), &other.etag(), &json!({"label": "阿姨"})).await.expect(200);
        recruiter.patch_if(&path(&child), &seen.etag(), &json!({"label": null})).await.expect_problem(412, "version_stale");
        recruiter.delete_if(&path(&child), &seen.etag()).await.expect_problem(412, "version_stale");
    }

    async fn siblings_are_siblings_once_whoever_is_named_first(w: World) {
        let recruiter = w.as_recruiter();
        let older = customer(&w, &recruiter, "student", "张小明").await;
        let younger = customer(&w, &recruiter, "student", "张小红").await;
        let twin = customer(&w, &recruiter, "student", "张小红").await;
        let say = async |of: &str, other: &str| recruiter.post(&relations(of), &json!({"role": "sibling", "relative_id": other})).await;
        say(&older, &younger).await.expect(201);
        say(&younger, &older).await.expect_problem(409, "relation_exists");
        say(&twin, &older).await.expect(201);
        let version = async |id: &str| recruiter.get(&format!("/api/v1/customers/{id}")).await.json["version"].clone();
        let body = json!({"duplicate_id": twin, "version": version(&younger).await, "duplicate_version": version(&twin).await, "reason": "同一学员"});
        w.as_boss().post(&format!("/api/v1/customers/{younger}/merge"), &body).await.expect(201);
        let items = recruiter.get(&relations(&older)).await.expect(200).json["items"].clone();
        assert_eq!(items.as_array().unwrap().len(), 1, "{items}");
    }

    async fn a_relation_that_has_ended_is_kept_and_shown_when_it_is_asked_for(w: World) {
        let recruiter = w.as_recruiter();
        let child = customer(&w, &recruiter, "student", "张小明").await;
        let nanny = customer(&w, &recruiter, "other", "李阿姨").await;
        let body = json!({"role": "pick_up", "relative_id": nanny, "valid_from": "2024-09-01", "may_view": false});
        let made = recruiter.post(&relations(&child), &body).await.expect(201);
        assert_eq!((&made.json["valid_from"], &made.json["valid_until"]), (&json!("2024-09-01"), &json!(null)));
        let path = made.header("location").unwrap().to_owned();
        let refused = recruiter.patch(&path, &json!({"valid_until": "2024-09-01", "label": "阿姨 "})).await.expect(422);
        assert_eq!(refused.errors().len(), 2);
        let ended = recruiter.patch(&path, &json!({"valid_until": "2025-09-01", "label": "阿姨"})).await.expect(200);
        assert_eq!((&ended.json["valid_until"], &ended.json["label"]), (&json!("2025-09-01"), &json!("阿姨")));
        assert_eq!(recruiter.get(&format!("/api/v1/customers/{child}")).await.json["version"], 3);
        recruiter.patch(&path, &json!({"label": "阿姨"})).await.expect(200);
        assert_eq!(recruiter.get(&format!("/api/v1/customers/{child}")).await.json["version"], 3);
        recruiter.patch_if(&path, "\"1-0\"", &json!({"label": null})).await.expect_problem(412, "version_stale");
        assert_eq!(recruiter.get(&relations(&child)).await.json["items"], json!([]));
        let with_ended = recruiter.get(&format!("{}?include_ended=true", relations(&child))).await.expect(200);
        assert_eq!(with_ended.json["items"], json!([ended.json]));
        // A later span beside it is another relation; one that overlaps is the same again.
        let again = |from: &str| json!({"role": "pick_up", "relative_id": nanny, "valid_from": from});
        recruiter.post(&relations(&child), &again("2025-08-31")).await.expect_problem(409, "relation_exists");
        recruiter.post(&relations(&child), &again("2025-09-01")).await.expect(201);
        recruiter.patch(&path, &json!({"valid_until": null})).await.expect_problem(409, "relation_exists");
    }

    async fn guardians_may_see_and_are_told_unless_it_is_said_otherwise(w: World) {
        let recruiter = w.as_recruiter();
        let child = customer(&w, &recruiter, "student", "张小明").await;
        let [mother, father] = [customer(&w, &recruiter, "guardian", "王芳").await, customer(&w, &recruiter, "guardian", "张强").await];
        let flags = |answer: &serde_json::Value| (answer["may_view"].clone(), answer["gets_notices"].clone());
        let made = recruiter.post(&relations(&child), &json!({"role": "guardian", "relative_id": mother})).await.expect(201);
        assert_eq!(flags(&made.json), (json!(true), json!(true)));
        let body = json!({"role": "guardian", "relative_id": father, "may_view": false, "gets_notices": false});
        let made = recruiter.post(&relations(&child), &body).await.expect(201);
        assert_eq!(flags(&made.json), (json!(false), json!(false)));
        let body = json!({"role": "payer", "relative_id": father});
        let made = recruiter.post(&relations(&child), &body).await.expect(201);
        assert_eq!(flags(&made.json), (json!(false), json!(false)));
        let friend = customer(&w, &recruiter, "student", "赵一").await;
        let body = json!({"role": "referrer", "relative_id": friend, "may_view": true, "gets_notices": true});
        let refused = recruiter.post(&relations(&child), &body).await.expect(422);
        assert_eq!(refused.errors(), ["#/gets_notices", "#/may_view"].map(|at| (at.into(), "flag_not_fitting".into())));
    }

    async fn one_pays_for_several_and_brings_many_but_is_brought_once(w: World) {
        let recruiter = w.as_recruiter();
        let payer = customer(&w, &recruiter, "company", "星海公司").await;
        let friend = customer(&w, &recruiter, "guardian", "赵一").await;
        let mut children = Vec::new();
        for name in ["张一", "张二", "张三"] {
            let child = customer(&w, &recruiter, "student", name).await;
            recruiter.post(&relations(&child), &json!({"role": "payer", "relative_id": payer})).await.expect(201);
            recruiter.post(&relations(&friend), &json!({"role": "referred", "relative_id": child})).await.expect(201);
            children.push(child);
        }
        let paid_for = recruiter.get(&format!("{}?role=beneficiary", relations(&payer))).await.expect(200);
        assert_eq!(paid_for.json["items"].as_array().unwrap().len(), 3);
        recruiter.post(&relations(&children[0]), &json!({"role": "referrer", "relative_id": payer})).await
            .expect_problem(409, "referrer_exists");
    }

    async fn nobody_becomes_an_ancestor_of_itself_however_many_ask_at_once(w: World) {
        let boss = w.as_boss();
        for role in ["parent", "referrer"] {
            let mut chain = Vec::new();
            for name in ["甲", "乙", "丙", "丁"] {
                chain.push(customer(&w, &boss, "other", name).await);
            }
            boss.post(&relations(&chain[0]), &json!({"role": role, "relative_id": chain[1]})).await.expect(201);
            boss.post(&relations(&chain[1]), &json!({"role": role, "relative_id": chain[0]})).await
                .expect_problem(409, "relation_circular");
            // Each of the two that are missing is good alone; both would close the circle.
            boss.post(&relations(&chain[2]), &json!({"role": role, "relative_id": chain[3]})).await.expect(201);
            let ends = [(1, 2), (3, 0)].map(|(below, above)| {
                let (path, body) = (relations(&chain[below]), json!({"role": role, "relative_id": chain[above]}));
                let boss = &boss;
                async move { boss.post(&path, &body).await }
            });
            let answers = futures_util::future::join_all(ends).await;
            assert_eq!(answers.iter().filter(|a| a.status == 201).count(), 1);
            for refused in answers.into_iter().filter(|a| a.status != 201) {
                refused.expect_problem(409, "relation_circular");
            }
        }
    }

    async fn a_school_has_any_number_of_pupils(w: World) {
        let boss = w.as_boss();
        let school = customer(&w, &boss, "school", "实验小学").await;
        for n in 0..52 {
            let pupil = customer(&w, &boss, "student", &format!("学生{n}")).await;
            boss.post(&relations(&pupil), &json!({"role": "school", "relative_id": school})).await.expect(201);
        }
        let page = boss.get(&relations(&school)).await.expect(200);
        assert_eq!(page.json["items"].as_array().unwrap().len(), 50);
        assert!(page.json["next_cursor"].is_string());
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
        // Nor can it be removed by whoever does not see it.
        recruiter.delete(made.header("location").unwrap()).await.expect_problem(404, "not_found");
    }

    async fn a_relation_is_removed_by_whoever_may_change_both(w: World) {
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

    async fn a_relation_is_removed_once_however_many_remove_it(w: World) {
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
