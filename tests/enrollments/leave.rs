use tests::{both, json};

use super::roll_call::{call, lesson};

both! {
    async fn withdrawing_frees_the_seat_and_takes_back_what_was_not_used(w: World) {
        let class = w.open_class(json!({"capacity": 1})).await;
        let student = w.new_student("张伟").await;
        let made = w.enroll(&student, &class).await.expect(201);
        let other = w.new_student("李雷").await;
        w.enroll(&other, &class).await.expect_problem(409, "class_full");
        let path = format!("/api/v1/enrollments/{}", made.id());
        let service = w.actor("service");
        let gone = service.post(&format!("{path}/withdraw"), &json!({"reason": "moved"})).await.expect(200);
        assert_eq!(gone.json["status"], "withdrawn");
        assert_eq!(gone.json["withdrawal_reason"], "moved");
        assert_eq!(gone.json["hours_left_hundredths"], 0);
        assert_eq!(gone.json["version"], 2);
        assert!(gone.json["ended_on"].is_string());
        for action in ["withdraw", "complete"] {
            let body = if action == "withdraw" { json!({"reason": "other"}) } else { json!(null) };
            service.post(&format!("{path}/{action}"), &body).await.expect_problem(409, "enrollment_ended");
        }
        w.enroll(&other, &class).await.expect(201);
        w.enroll(&student, &class).await.expect_problem(409, "class_full");
    }

    async fn what_an_enrollment_costs_is_owed_until_it_is_withdrawn(w: World) {
        let read = "SELECT CAST(amount_minor AS text) || ' ' || CAST(credited_minor AS text) || ' ' \
             || CAST(outstanding_minor AS text) || ' ' || description FROM charges WHERE institution_id = ?";
        let charges = async || w.server.texts(read, vec![w.institution.uuid().into()]).await;
        let student = w.new_student("张伟").await;
        let free = w.open_class(json!({"price": {"amount_minor": 0, "currency": "CNY"}})).await;
        let trial = w.enroll(&student, &free).await.expect(201);
        assert!(charges().await.is_empty());
        let class = w.open_class(json!({"name": "语文1班"})).await;
        let made = w.enroll(&student, &class).await.expect(201);
        assert_eq!(charges().await, ["480000 0 480000 语文1班"]);
        for id in [trial.id(), made.id()] {
            let path = format!("/api/v1/enrollments/{id}/withdraw");
            w.actor("service").post(&path, &json!({"reason": "price"})).await.expect(200);
        }
        assert_eq!(charges().await, ["480000 480000 0 语文1班"]);
    }

    async fn completing_frees_the_seat_and_leaves_the_hours(w: World) {
        let class = w.open_class(json!({"capacity": 1})).await;
        let student = w.new_student("张伟").await;
        let made = w.enroll(&student, &class).await.expect(201);
        let path = format!("/api/v1/enrollments/{}", made.id());
        let done = w.actor("service").post(&format!("{path}/complete"), &json!(null)).await.expect(200);
        assert_eq!(done.json["status"], "completed");
        assert_eq!(done.json["withdrawal_reason"], json!(null));
        assert_eq!(done.json["hours_left_hundredths"], 4800);
        // The same student may come again.
        w.enroll(&student, &class).await.expect(201);
    }

    async fn a_class_with_students_stays_and_keeps_their_seats(w: World) {
        let boss = w.as_boss();
        let class = w.open_class(json!({"capacity": 2})).await;
        let path = format!("/api/v1/classes/{class}");
        for name in ["张伟", "李雷"] {
            w.enroll(&w.new_student(name).await, &class).await.expect(201);
        }
        boss.patch(&path, &json!({"capacity": 1})).await.expect_problem(409, "capacity_below_taken");
        boss.post(&format!("{path}/archive"), &json!(null)).await.expect_problem(409, "in_use");
        assert_eq!(boss.patch(&path, &json!({"capacity": 3})).await.expect(200).json["seats_taken"], 2);
    }

    async fn a_reason_is_one_of_the_list(w: World) {
        let class = w.open_class(json!({})).await;
        let made = w.enroll(&w.new_student("张伟").await, &class).await.expect(201);
        let path = format!("/api/v1/enrollments/{}/withdraw", made.id());
        for body in [json!({}), json!({"reason": "whim"}), json!({"reason": null})] {
            w.as_boss().post(&path, &body).await.expect_problem(422, "validation_failed");
        }
    }

    async fn what_was_credited_before_is_not_credited_again(w: World) {
        let student = w.new_student("张伟").await;
        let boss = w.as_boss();
        for (used, by_hand, credited, owed) in
            [(0, 100_000, 480_000, 0), (1000, 100_000, 400_833, 79_167), (0, 480_000, 480_000, 0)]
        {
            let class = w.open_class(json!({})).await;
            let made = w.enroll(&student, &class).await.expect(201).id();
            let charges = boss.get(&format!("/api/v1/charges?enrollment_id={made}")).await.expect(200);
            let charge = format!("/api/v1/charges/{}", charges.ids()[0]);
            let credit = json!({"amount": {"amount_minor": by_hand, "currency": "CNY"}, "reason": "老生优惠"});
            boss.post(&format!("{charge}/credit"), &credit).await.expect(200);
            if used > 0 {
                call(&boss, &lesson(&w, &class, used).await, &[(&made, "present")]).await.expect(200);
            }
            let path = format!("/api/v1/enrollments/{made}/withdraw");
            boss.post(&path, &json!({"reason": "price"})).await.expect(200);
            let left = boss.get(&charge).await.expect(200).json;
            let told = [&left["credited"], &left["outstanding"]].map(|sum| sum["amount_minor"].clone());
            assert_eq!(told, [json!(credited), json!(owed)], "{used} {by_hand}");
            let taken = w.server.texts(
                "SELECT CAST(amount_minor AS text) FROM purchases \
                 WHERE institution_id = ? AND enrollment_id = ? AND reversal_of IS NOT NULL",
                vec![w.institution.uuid().into(), made.parse::<uuid::Uuid>().unwrap().into()],
            ).await;
            assert_eq!(taken, [(by_hand - credited).to_string()]);
        }
    }

    async fn what_moves_hours_or_money_wants_a_key(w: World) {
        let boss = w.as_boss();
        let class = w.open_class(json!({})).await;
        let made = w.enroll(&w.new_student("张伟").await, &class).await.expect(201).id();
        let lesson = lesson(&w, &class, 100).await;
        for (path, body) in [
            (format!("/api/v1/enrollments/{made}/withdraw"), json!({"reason": "moved"})),
            (format!("/api/v1/lessons/{lesson}/roll-call"), json!({"students": [{"enrollment_id": made, "status": "present"}]})),
        ] {
            boss.send(boss.request(reqwest::Method::POST, &path).json(&body)).await
                .expect_problem(400, "idempotency_key_required");
        }
    }

    async fn whoever_pays_for_an_active_enrollment_can_not_be_deleted(w: World) {
        let boss = w.as_boss();
        let free = w.open_class(json!({"price": {"amount_minor": 0, "currency": "CNY"}})).await;
        let (student, payer) = (w.new_student("张伟").await, w.new_student("王芳").await);
        let body = json!({"customer_id": student, "class_id": free, "payer_id": payer});
        let made = boss.post("/api/v1/enrollments", &body).await.expect(201).id();
        let path = format!("/api/v1/customers/{payer}");
        boss.delete(&path).await.expect_problem(409, "customer_in_use");
        boss.post(&format!("/api/v1/enrollments/{made}/withdraw"), &json!({"reason": "moved"})).await.expect(200);
        boss.delete(&path).await.expect(204);
    }

    async fn a_student_who_was_ever_enrolled_stays_a_student(w: World) {
        let boss = w.as_boss();
        let student = w.new_student("张伟").await;
        let path = format!("/api/v1/customers/{student}");
        let made = w.enroll(&student, &w.open_class(json!({})).await).await.expect(201).id();
        for kind in ["guardian", "company"] {
            boss.patch(&path, &json!({"kind": kind})).await.expect_problem(409, "kind_is_enrolled");
        }
        boss.post(&format!("/api/v1/enrollments/{made}/withdraw"), &json!({"reason": "moved"})).await.expect(200);
        boss.patch(&path, &json!({"kind": "guardian"})).await.expect_problem(409, "kind_is_enrolled");
        boss.patch(&path, &json!({"kind": "student", "intent": 2})).await.expect(200);
    }
}
