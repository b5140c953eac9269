//! Recording a follow-up and correcting it.

use tests::{both, json};

use super::{customer, day, record};

const PATH: &str = "/api/v1/follow-ups";

both! {
    async fn what_is_planned_does_not_become_what_was_done_nor_the_other_way(w: World) {
        let recruiter = w.as_recruiter();
        let id = customer(&w).await;
        for (begun, changed) in [("planned", "interested"), ("interested", "planned")] {
            let body = json!({"customer_id": id, "method": "phone", "outcome": begun, "next_on": day(&w, 1)});
            let made = recruiter.post(PATH, &body).await.expect(201);
            let refused = recruiter.patch(made.header("location").unwrap(), &json!({"outcome": changed})).await
                .expect_problem(422, "validation_failed");
            assert_eq!(refused.errors(), [("#/outcome".into(), "outcome_fixed".into())]);
        }
    }

    async fn a_follow_up_reads_back_as_it_was_sent(w: World) {
        let id = customer(&w).await;
        let recruiter = w.as_recruiter();
        let next = day(&w, 3);
        let made = recruiter.post(PATH, &json!({
            "customer_id": id, "method": "wechat", "outcome": "appointment_made", "intent": 4,
            "content": "周六上午来试听", "occurred_at": "2026-01-02T03:04:05+08:00", "next_on": next,
        })).await.expect(201);
        assert_eq!(made.json["author_id"], json!(recruiter.principal));
        assert_eq!(made.json["occurred_at"], "2026-01-01T19:04:05Z");
        assert_eq!((&made.json["is_open"], &made.json["is_overdue"]), (&json!(true), &json!(false)));
        let read = recruiter.get(made.header("location").unwrap()).await.expect(200);
        assert_eq!(read.json, made.json);
        // The customer's version is its own.
        assert_eq!(recruiter.get(&format!("/api/v1/customers/{id}")).await.json["version"], 1);
    }

    async fn every_broken_field_of_a_follow_up_is_told_at_once(w: World) {
        let id = customer(&w).await;
        let refused = w.as_recruiter().post(PATH, &json!({
            "customer_id": id, "method": "phone", "outcome": "other", "content": "\u{7}",
            "occurred_at": "2999-01-01T00:00:00Z", "next_on": day(&w, -1),
        })).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [
            ("#/content".into(), "control_character".into()),
            ("#/next_on".into(), "next_date_invalid".into()),
            ("#/occurred_at".into(), "occurred_in_future".into()),
        ]);
        for (field, value) in [("method", json!("smoke")), ("intent", json!(5)), ("next_on", json!("2026-02-30"))] {
            let mut body = json!({"customer_id": id, "method": "phone", "outcome": "other"});
            body[field] = value;
            w.as_recruiter().post(PATH, &body).await.expect_problem(422, "validation_failed");
        }
    }

    async fn a_follow_up_that_is_only_planned_has_a_next_date_until_it_is_called_off(w: World) {
        let id = customer(&w).await;
        let recruiter = w.as_recruiter();
        let mut plan = json!({"customer_id": id, "method": "phone", "outcome": "planned", "intent": 1});
        let refused = recruiter.post(PATH, &plan).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/next_on".into(), "next_date_missing".into())]);
        plan["next_on"] = json!(day(&w, 0));
        let made = recruiter.post(PATH, &plan).await.expect(201);
        let due = recruiter.get("/api/v1/follow-ups/due").await.expect(200);
        assert_eq!((due.ids(), &due.json["items"][0]["outcome"]), (vec![made.id()], &json!("planned")));
        let path = made.header("location").unwrap();
        let off = recruiter.patch(path, &json!({"next_on": null})).await.expect(200);
        assert_eq!(off.json["is_open"], false);
        recruiter.patch(path, &json!({"content": "家长来电取消"})).await.expect(200);
    }

    async fn a_customer_out_of_reach_is_as_good_as_none(w: World) {
        let id = customer(&w).await;
        let body = |id: &str| json!({"customer_id": id, "method": "phone", "outcome": "other"});
        let random = uuid::Uuid::now_v7().to_string();
        for actor in [w.as_colleague(), w.as_outsider(), w.as_stranger()] {
            let refused = actor.post(PATH, &body(&id)).await.expect(422);
            assert_eq!(refused.errors(), [("#/customer_id".into(), "unknown_reference".into())]);
            assert_eq!(refused.essence(), actor.post(PATH, &body(&random)).await.essence());
        }
        w.actor("finance").post(PATH, &body(&id)).await.expect_problem(403, "permission_missing");
    }

    async fn a_follow_up_goes_with_its_customer(w: World) {
        let id = customer(&w).await;
        let made = record(&w, &id, None).await;
        let path = made.header("location").unwrap();
        w.as_colleague().get(path).await.expect(404);
        let to = json!({"holder_id": w.as_colleague().principal, "reason": "分班调整"});
        w.as_manager().post(&format!("/api/v1/customers/{id}/transfer"), &to).await.expect(200);
        w.as_colleague().get(path).await.expect(200);
        w.as_recruiter().get(path).await.expect(404);
        assert!(w.as_recruiter().get(PATH).await.ids().is_empty());

        let boss = w.as_boss();
        boss.delete(&format!("/api/v1/customers/{id}")).await.expect(204);
        boss.get(path).await.expect(404);
        assert!(boss.get(PATH).await.ids().is_empty());
        boss.post(&format!("/api/v1/customers/{id}/restore"), &json!(null)).await.expect(200);
        boss.get(path).await.expect(200);
    }

    async fn a_correction_needs_the_version_that_was_read(w: World) {
        let id = customer(&w).await;
        let made = record(&w, &id, None).await;
        let path = made.header("location").unwrap();
        let recruiter = w.as_recruiter();
        let changed = recruiter.patch(path, &json!({"content": "已回电", "intent": 2})).await.expect(200);
        assert_eq!((&changed.json["version"], &changed.json["content"]), (&json!(2), &json!("已回电")));
        recruiter.patch_if(path, &made.etag(), &json!({"intent": 3})).await.expect_problem(412, "version_stale");
        let same = recruiter.patch(path, &json!({"intent": 2})).await.expect(200);
        assert_eq!(same.json["version"], 2);
        let cleared = recruiter.patch(path, &json!({"content": null})).await.expect(200);
        assert_eq!(cleared.json["content"], json!(null));
    }

    async fn a_list_of_follow_ups_is_narrowed_by_its_filters(w: World) {
        let recruiter = w.as_recruiter();
        let (one, other) = (customer(&w).await, customer(&w).await);
        let first = record(&w, &one, None).await.id();
        let second = record(&w, &other, None).await.id();
        let visit = json!({"customer_id": one, "method": "visit", "outcome": "agreed", "occurred_at": "2026-01-01T00:00:00Z"});
        let third = w.as_supervisor().post(PATH, &visit).await.expect(201).id();
        for (query, expected) in [
            (String::new(), vec![&third, &second, &first]),
            ("sort=created_at".into(), vec![&first, &second, &third]),
            (format!("customer_id={one}"), vec![&third, &first]),
            ("method=visit,email".into(), vec![&third]),
            ("outcome=considering".into(), vec![&second, &first]),
            (format!("author_id={}", w.as_supervisor().principal), vec![&third]),
            ("occurred_at[lt]=2026-01-02T00:00:00Z".into(), vec![&third]),
            (format!("campus_id={}", w.places.south), vec![]),
        ] {
            let list = recruiter.get(&format!("{PATH}?{query}")).await.expect(200);
            assert_eq!(list.ids().iter().collect::<Vec<_>>(), expected, "{query}");
        }
        recruiter.get(&format!("{PATH}?color=red")).await.expect_problem(422, "validation_failed");
    }
}
