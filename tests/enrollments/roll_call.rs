//! Roll calls and the hours that they use (I-11).

use futures_util::future::join_all;
use tests::{Actor, Answer, Value, World, both, json};
use uuid::Uuid;

/// A lesson of a class that takes so many hours, in hundredths.
pub(super) async fn lesson(w: &World, class: &str, hours: i32) -> String {
    let body = json!({"held_on": "2026-09-05", "start_time": "18:00", "end_time": "19:30", "hours_hundredths": hours});
    let path = format!("/api/v1/classes/{class}/lessons");
    w.as_boss().post(&path, &body).await.expect(201).id()
}

pub(crate) async fn call(actor: &Actor, lesson: &str, marks: &[(&str, &str)]) -> Answer {
    let students: Vec<Value> = marks
        .iter()
        .map(|(enrollment, status)| json!({"enrollment_id": enrollment, "status": status}))
        .collect();
    let path = format!("/api/v1/lessons/{lesson}/roll-call");
    actor.post(&path, &json!({ "students": students })).await
}

async fn left(w: &World, enrollment: &str) -> Value {
    let path = format!("/api/v1/enrollments/{enrollment}");
    w.as_boss().get(&path).await.expect(200).json["hours_left_hundredths"].clone()
}

both! {
    async fn who_is_present_uses_the_hours_of_the_lesson_once(w: World) {
        let class = w.open_class(json!({"teacher_id": w.actor("teacher").principal})).await;
        let a = w.enroll(&w.new_student("张伟").await, &class).await.expect(201).id();
        let b = w.enroll(&w.new_student("李雷").await, &class).await.expect(201).id();
        let lesson = lesson(&w, &class, 150).await;
        let teacher = w.actor("teacher");
        let called = call(&teacher, &lesson, &[(&a, "present"), (&b, "absent")]).await.expect(200);
        assert_eq!(called.json["students"], json!([
            {"enrollment_id": a, "status": "present", "hours_left_hundredths": 4650},
            {"enrollment_id": b, "status": "absent", "hours_left_hundredths": 4800},
        ]));
        assert_eq!(called.json["version"], 2);
        let again = call(&teacher, &lesson, &[(&a, "present")]).await.expect(200);
        assert_eq!((again.json["version"].clone(), left(&w, &a).await), (json!(2), json!(4650)));
        call(&teacher, &lesson, &[(&a, "leave"), (&b, "present")]).await.expect(200);
        assert_eq!((left(&w, &a).await, left(&w, &b).await), (json!(4800), json!(4650)));
        let read = teacher.get(&format!("/api/v1/lessons/{lesson}")).await.expect(200);
        assert_eq!((read.json["version"].clone(), read.json["called_at"].clone()), (json!(3), called.json["called_at"].clone()));
    }

    async fn many_calls_at_once_charge_a_student_once(w: World) {
        let class = w.open_class(json!({})).await;
        let mut enrollments = Vec::new();
        for name in ["张伟", "李雷", "韩梅梅"] {
            enrollments.push(w.enroll(&w.new_student(name).await, &class).await.expect(201).id());
        }
        for _ in 0..4 {
            let lesson = lesson(&w, &class, 100).await;
            let mut there: Vec<_> = enrollments.iter().map(|id| (id.as_str(), "present")).collect();
            let mut calls = Vec::new();
            for _ in 0..10 {
                there.rotate_left(1);
                calls.push(there.clone());
            }
            let boss = w.as_boss();
            for answer in join_all(calls.iter().map(|marks| call(&boss, &lesson, marks))).await {
                answer.expect(200);
            }
        }
        for id in &enrollments {
            assert_eq!(left(&w, id).await, 4400);
        }
    }

    async fn a_hundred_corrections_leave_the_balance_exact(w: World) {
        let class = w.open_class(json!({"hours_hundredths": 150})).await;
        let id = w.enroll(&w.new_student("张伟").await, &class).await.expect(201).id();
        let lesson = lesson(&w, &class, 150).await;
        let boss = w.as_boss();
        for turn in 0..100 {
            let status = if turn % 2 == 0 { "present" } else { "absent" };
            call(&boss, &lesson, &[(&id, status)]).await.expect(200);
        }
        assert_eq!(left(&w, &id).await, 150);
        let entries = w.server.texts(
            "SELECT CAST(count(*) AS text) FROM hour_entries WHERE institution_id = ?",
            vec![w.institution.uuid().into()],
        ).await;
        assert_eq!(entries, ["101"]);
    }

    async fn the_last_hour_is_used_once(w: World) {
        let boss = w.as_boss();
        for _ in 0..5 {
            let class = w.open_class(json!({"hours_hundredths": 100})).await;
            let id = w.enroll(&w.new_student("张伟").await, &class).await.expect(201).id();
            let mut lessons = Vec::new();
            for _ in 0..4 {
                lessons.push(lesson(&w, &class, 100).await);
            }
            let marks = [(id.as_str(), "present")];
            let answers = join_all(lessons.iter().map(|lesson| call(&boss, lesson, &marks))).await;
            assert_eq!(answers.iter().filter(|a| a.status == 200).count(), 1);
            for refused in answers.into_iter().filter(|a| a.status != 200) {
                let refused = refused.expect_problem(409, "hours_exhausted");
                assert_eq!(refused.errors(), [("#/students/0/enrollment_id".into(), "hours_exhausted".into())]);
            }
            assert_eq!(left(&w, &id).await, 0);
        }
    }

    async fn a_call_that_breaks_a_rule_marks_nobody(w: World) {
        let class = w.open_class(json!({"hours_hundredths": 100})).await;
        let other = w.open_class(json!({})).await;
        let student = w.new_student("张伟").await;
        let poor = w.enroll(&student, &class).await.expect(201).id();
        let rich = w.enroll(&w.new_student("李雷").await, &class).await.expect(201).id();
        let elsewhere = w.enroll(&student, &other).await.expect(201).id();
        let gone = w.enroll(&w.new_student("韩梅梅").await, &class).await.expect(201).id();
        let boss = w.as_boss();
        boss.post(&format!("/api/v1/enrollments/{gone}/withdraw"), &json!({"reason": "moved"})).await.expect(200);
        let first = lesson(&w, &class, 60).await;
        let second = lesson(&w, &class, 60).await;
        call(&boss, &first, &[(&poor, "present")]).await.expect(200);
        let before = w.server.contents(w.institution).await;
        let absent = Uuid::now_v7().to_string();
        for (marks, status, code, place) in [
            (vec![(rich.as_str(), "present"), (&poor, "present")], 409, "hours_exhausted", 1),
            (vec![(&rich, "present"), (&gone, "present")], 409, "student_withdrawn", 1),
            (vec![(&elsewhere, "present"), (&rich, "present")], 422, "not_in_class", 0),
            (vec![(&rich, "present"), (&absent, "leave")], 422, "not_in_class", 1),
            (vec![(&rich, "present"), (&rich, "absent")], 422, "listed_twice", 1),
        ] {
            let refused = call(&boss, &second, &marks).await.expect(status);
            let pointer = format!("#/students/{place}/enrollment_id");
            assert_eq!(refused.errors(), [(pointer, code.into())]);
        }
        assert_eq!(w.server.contents(w.institution).await, before);
    }

    async fn only_who_reaches_the_class_calls_its_roll(w: World) {
        let class = w.open_class(json!({"teacher_id": w.actor("teacher").principal})).await;
        let id = w.enroll(&w.new_student("张伟").await, &class).await.expect(201).id();
        let own = lesson(&w, &class, 100).await;
        let other = lesson(&w, &w.open_class(json!({})).await, 100).await;
        let marks = [(id.as_str(), "absent")];
        call(&w.as_recruiter(), &own, &marks).await.expect_problem(403, "permission_missing");
        let absent = Uuid::now_v7().to_string();
        for (actor, lesson) in [(w.actor("teacher"), &other), (w.actor("southerner"), &own), (w.as_stranger(), &own)] {
            let refused = call(&actor, lesson, &marks).await;
            let nothing = call(&actor, &absent, &marks).await;
            assert_eq!(refused.essence(), nothing.essence());
        }
        call(&w.actor("service"), &own, &marks).await.expect(200);
        // A student of another campus is in the class all the same.
        let mut far = w.new_customer("远方");
        far["campus_id"] = json!(w.places.south);
        let far = w.as_boss().post("/api/v1/customers", &far).await.expect(201).id();
        let far = w.enroll(&far, &class).await.expect(201).id();
        call(&w.actor("service"), &own, &[(&far, "present")]).await.expect(200);
    }

    async fn what_was_used_stays_owed_after_a_withdrawal(w: World) {
        let price = json!({"amount_minor": 1000, "currency": "CNY"});
        let class = w.open_class(json!({"hours_hundredths": 300, "price": price})).await;
        let id = w.enroll(&w.new_student("张伟").await, &class).await.expect(201).id();
        call(&w.as_boss(), &lesson(&w, &class, 100).await, &[(&id, "present")]).await.expect(200);
        w.as_boss().post(&format!("/api/v1/enrollments/{id}/withdraw"), &json!({"reason": "price"})).await.expect(200);
        let read = "SELECT CAST(credited_minor AS text) || ' ' || CAST(outstanding_minor AS text) \
             FROM charges WHERE institution_id = ?";
        let charges = w.server.texts(read, vec![w.institution.uuid().into()]).await;
        assert_eq!(charges, ["667 333"]);
    }

    async fn a_withdrawal_and_a_roll_call_that_come_together_leave_the_books_right(w: World) {
        for _ in 0..8 {
            let class = w.open_class(json!({"hours_hundredths": 100})).await;
            let id = w.enroll(&w.new_student("张伟").await, &class).await.expect(201).id();
            let lesson = lesson(&w, &class, 100).await;
            let (boss, service) = (w.as_boss(), w.actor("service"));
            let path = format!("/api/v1/enrollments/{id}/withdraw");
            let body = json!({"reason": "other"});
            let marks = [(id.as_str(), "present")];
            let (gone, called) = futures_util::future::join(boss.post(&path, &body), call(&service, &lesson, &marks)).await;
            gone.expect(200);
            if called.status != 200 {
                called.expect_problem(409, "student_withdrawn");
            }
            assert_eq!(left(&w, &id).await, 0);
        }
    }

    async fn a_lesson_is_at_the_clocks_of_its_campus(w: World) {
        let class = w.open_class(json!({})).await;
        let path = format!("/api/v1/classes/{class}/lessons");
        let service = w.actor("service");
        let new = json!({"held_on": "2026-09-05", "start_time": "18:00", "end_time": "19:30", "hours_hundredths": 200});
        let made = service.post(&path, &new).await.expect(201);
        assert_eq!(made.json["starts_at"], "2026-09-05T10:00:00Z");
        assert_eq!((made.json["start_time"].clone(), made.json["end_time"].clone()), (json!("18:00"), json!("19:30")));
        assert_eq!(made.json["time_zone"], "Asia/Shanghai");
        let read = w.as_recruiter().get(made.header("location").unwrap()).await.expect(200);
        assert_eq!((&read.json, read.etag()), (&made.json, made.etag()));
        assert_eq!(w.as_recruiter().get(&path).await.expect(200).ids(), [made.id()]);
        for (field, value) in [("end_time", "18:00"), ("end_time", "24:00"), ("start_time", "6pm"), ("held_on", "2026-02-30")] {
            let mut bad = new.clone();
            bad[field] = json!(value);
            service.post(&path, &bad).await.expect_problem(422, "validation_failed");
        }
        let far = w.open_class(json!({"campus_id": w.places.south})).await;
        service.post(&format!("/api/v1/classes/{far}/lessons"), &new).await.expect_problem(404, "not_found");
        w.as_recruiter().post(&path, &new).await.expect_problem(403, "permission_missing");
        w.as_stranger().get(&path).await.expect_problem(404, "not_found");
        w.as_boss().post(&format!("/api/v1/classes/{class}/archive"), &json!(null)).await.expect(200);
        service.post(&path, &new).await.expect_problem(409, "archived");
    }

    async fn the_roll_of_a_lesson_that_is_to_come_can_not_be_called(w: World) {
        let service = w.actor("service");
        let class = w.open_class(json!({})).await;
        let id = w.enroll(&w.new_student("张伟").await, &class).await.expect(201).id();
        let lesson = lesson(&w, &class, 150).await;
        let path = format!("/api/v1/lessons/{lesson}");
        let day = |days: i64| {
            let today = w.server.app.clock.now().in_tz("Asia/Shanghai").unwrap().date();
            json!({"held_on": today.saturating_add(jiff::Span::new().days(days)).to_string()})
        };
        service.patch(&path, &day(2)).await.expect(200);
        let early = call(&service, &lesson, &[(&id, "present")]).await;
        early.expect_problem(409, "lesson_ahead");
        // On its day the roll is called before it begins, too.
        service.patch(&path, &day(0)).await.expect(200);
        call(&service, &lesson, &[(&id, "present")]).await.expect(200);
    }

    async fn a_roll_reads_back_as_it_was_called(w: World) {
        let teacher = w.actor("teacher");
        let class = w.open_class(json!({"teacher_id": teacher.principal})).await;
        let a = w.enroll(&w.new_student("张伟").await, &class).await.expect(201);
        let b = w.enroll(&w.new_student("李雷").await, &class).await.expect(201);
        w.enroll(&w.new_student("韩梅梅").await, &class).await.expect(201);
        let lesson = lesson(&w, &class, 150).await;
        let path = format!("/api/v1/lessons/{lesson}/roll-call");
        let before = teacher.get(&path).await.expect(200);
        assert_eq!((&before.json["called_at"], &before.json["students"]), (&json!(null), &json!([])));
        let none = json!({"students": []});
        let refused = teacher.post(&path, &none).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors()[0].0, "#/students");
        let called = call(&teacher, &lesson, &[(&b.id(), "leave"), (&a.id(), "present")]).await.expect(200);
        let roll = teacher.get(&path).await.expect(200);
        assert_eq!((&roll.json["version"], &roll.json["called_at"]), (&json!(2), &called.json["called_at"]));
        let told: Vec<Value> = roll.json["students"].as_array().unwrap().iter().map(|student| {
            json!([student["enrollment_id"], student["customer_id"], student["student_name"], student["status"],
                student["hours_used_hundredths"], student["marked_by"]])
        }).collect();
        assert_eq!(told, [
            json!([a.id(), a.json["customer_id"], "张伟", "present", 150, teacher.principal]),
            json!([b.id(), b.json["customer_id"], "李雷", "leave", 0, teacher.principal]),
        ]);
        // It stays when a student leaves, and is for who reaches the class.
        let leave = format!("/api/v1/enrollments/{}/withdraw", a.id());
        w.as_boss().post(&leave, &json!({"reason": "moved"})).await.expect(200);
        assert_eq!(teacher.get(&path).await.expect(200).json, roll.json);
        for actor in [w.actor("southerner"), w.as_stranger(), w.as_recruiter()] {
            actor.get(&path).await.expect_problem(404, "not_found");
        }
    }

    async fn a_lesson_is_changed_or_cancelled_until_its_roll_is_called(w: World) {
        let service = w.actor("service");
        let class = w.open_class(json!({})).await;
        let id = w.enroll(&w.new_student("张伟").await, &class).await.expect(201).id();
        let (changed, gone) = (lesson(&w, &class, 150).await, lesson(&w, &class, 150).await);
        let path = format!("/api/v1/lessons/{changed}");
        let body = json!({"held_on": "2026-09-06", "end_time": "20:00", "hours_hundredths": 200});
        let after = service.patch(&path, &body).await.expect(200);
        assert_eq!((&after.json["version"], &after.json["hours_hundredths"]), (&json!(2), &json!(200)));
        assert_eq!((&after.json["starts_at"], &after.json["ends_at"]), (&json!("2026-09-06T10:00:00Z"), &json!("2026-09-06T12:00:00Z")));
        for far in ["9999-12-31", "2200-01-01"] {
            let refused = service.patch(&path, &json!({"held_on": far})).await.expect(422);
            assert!(refused.errors().contains(&("#/held_on".into(), "date_out_of_range".into())), "{far}");
        }
        let refused = service.patch(&path, &json!({"end_time": "17:00"})).await.expect(422);
        assert_eq!(refused.errors(), [("#/end_time".into(), "lesson_times_reversed".into())]);
        w.actor("southerner").patch(&path, &body).await.expect_problem(404, "not_found");

        let cancelled = format!("/api/v1/lessons/{gone}");
        assert!(service.post(&format!("{cancelled}/archive"), &json!(null)).await.expect(200).json["archived_at"].is_string());
        service.patch(&cancelled, &body).await.expect_problem(409, "archived");
        call(&service, &gone, &[(&id, "present")]).await.expect_problem(404, "not_found");
        let list = format!("/api/v1/classes/{class}/lessons");
        assert_eq!(service.get(&list).await.expect(200).ids(), [changed.as_str()]);
        assert_eq!(service.get(&format!("{list}?include_archived=true")).await.expect(200).ids().len(), 2);
        service.post(&format!("{cancelled}/unarchive"), &json!(null)).await.expect(200);

        for lesson in [&changed, &gone] {
            call(&service, lesson, &[(&id, "absent")]).await.expect(200);
            let path = format!("/api/v1/lessons/{lesson}");
            service.patch(&path, &body).await.expect_problem(409, "lesson_called");
            service.post(&format!("{path}/archive"), &json!(null)).await.expect_problem(409, "lesson_called");
        }
    }
}
