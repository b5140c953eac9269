use tests::{World, both, json};

use super::{counts, money, pay, report, void};

const NOTHING: [i64; 4] = [0; 4];

/// A student of the north campus.
async fn student(w: &World) -> String {
    w.new_student("张伟").await
}

both! {
    async fn a_campus_where_nothing_happened_has_a_day_of_zeros(w: World) {
        let read = report(&w.as_boss(), &w, None).await.expect(200);
        assert_eq!(read.json["campus_id"], json!(w.places.north));
        assert_eq!(read.json["time_zone"], "Asia/Shanghai");
        let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
        let evaluated: jiff::Timestamp = read.json["evaluated_at"].as_str().unwrap().parse().unwrap();
        assert_eq!(read.json["on"], evaluated.to_zoned(zone).date().to_string());
        assert_eq!(counts(&read.json), NOTHING);
        assert_eq!(money(&read.json["money_in"]), [0; 3]);
        assert_eq!(read.json["money_in"]["net"]["currency"], "CNY");
        assert_eq!(read.json["money_in"]["methods"], json!([]));
    }

    async fn a_day_without_news_is_not_sent_again(w: World) {
        let path = format!("/api/v1/campuses/{}/day-report", w.places.north);
        let boss = w.as_boss();
        let etag = boss.get(&path).await.expect(200).etag();
        let again = async || {
            let request = boss.request(reqwest::Method::GET, &path);
            boss.send(request.header("if-none-match", &etag)).await
        };
        again().await.expect(304);
        student(&w).await;
        again().await.expect(200);
    }

    async fn what_happens_at_a_campus_counts_there_on_that_day(w: World) {
        let boss = w.as_boss();
        let (child, gone, elsewhere) = (student(&w).await, student(&w).await, student(&w).await);
        boss.delete(&format!("/api/v1/customers/{gone}")).await.expect(204);
        let away = json!({"holder_id": w.places.south, "campus_id": w.places.south, "reason": "搬家"});
        boss.post(&format!("/api/v1/customers/{elsewhere}/transfer"), &away).await.expect(200);
        let mut guardian = w.new_customer("王芳");
        guardian["kind"] = json!("guardian");
        boss.post("/api/v1/customers", &guardian).await.expect(201);

        let today = report(&boss, &w, None).await.expect(200).json["on"].clone();
        for customer in [&child, &elsewhere] {
            let said = json!({"customer_id": customer, "method": "phone", "outcome": "considering", "next_on": today});
            boss.post("/api/v1/follow-ups", &said).await.expect(201);
        }
        let class = w.open_class(json!({})).await;
        w.enroll(&child, &class).await.expect(201);
        // A class of the north, a student of the south: it happened in the north.
        w.enroll(&elsewhere, &class).await.expect(201);

        let read = report(&boss, &w, None).await.expect(200);
        assert_eq!(counts(&read.json), [1, 1, 1, 2]);
        let again = report(&boss, &w, today.as_str()).await.expect(200);
        assert_eq!(counts(&again.json), [1, 1, 1, 2]);
    }

    async fn what_is_only_planned_is_due_and_not_done(w: World) {
        let boss = w.as_boss();
        let child = student(&w).await;
        let today = report(&boss, &w, None).await.expect(200).json["on"].clone();
        let plan = json!({"customer_id": child, "method": "phone", "outcome": "planned", "next_on": today});
        boss.post("/api/v1/follow-ups", &plan).await.expect(201);
        assert_eq!(counts(&report(&boss, &w, None).await.json), [1, 0, 1, 0]);
    }

    async fn who_is_spoken_to_is_no_more_due(w: World) {
        let boss = w.as_boss();
        let child = student(&w).await;
        let today = report(&boss, &w, None).await.expect(200).json["on"].clone();
        let mut said = json!({"customer_id": child, "method": "phone", "outcome": "no_answer", "next_on": today});
        boss.post("/api/v1/follow-ups", &said).await.expect(201);
        assert_eq!(counts(&report(&boss, &w, None).await.json), [1, 1, 1, 0]);
        said.as_object_mut().unwrap().remove("next_on");
        boss.post("/api/v1/follow-ups", &said).await.expect(201);
        assert_eq!(counts(&report(&boss, &w, None).await.json), [1, 2, 0, 0]);
    }

    async fn money_is_told_by_method_and_a_void_of_the_same_day_takes_it_back(w: World) {
        let finance = w.actor("finance");
        let child = student(&w).await;
        pay(&finance, &w, &child, "cash", 300).await;
        pay(&finance, &w, &child, "cash", 40).await;
        let wrong = pay(&finance, &w, &child, "wechat", 5000).await;
        void(&finance, &wrong).await;
        let read = report(&finance, &w, None).await.expect(200);
        assert_eq!(money(&read.json["money_in"]), [5340, 5000, 340]);
        let methods = read.json["money_in"]["methods"].as_array().unwrap();
        let told: Vec<_> = methods.iter().map(|m| (m["method"].as_str().unwrap(), money(m))).collect();
        assert_eq!(told, [("cash", [340, 0, 340]), ("wechat", [5000, 5000, 0])]);
    }

    async fn whoever_reaches_the_whole_campus_reads_the_same_and_nobody_else_reads_anything(w: World) {
        let child = student(&w).await;
        pay(&w.actor("finance"), &w, &child, "cash", 300).await;
        let read = report(&w.as_boss(), &w, None).await.expect(200).json;
        let headquarters = w.hire(&["headquarters_user"], w.places.south, None).await;
        for actor in [w.as_manager(), w.actor("finance"), headquarters] {
            let mut same = report(&actor, &w, None).await.expect(200).json;
            same["evaluated_at"] = read["evaluated_at"].clone();
            assert_eq!(same, read);
        }
        // Their own customers, or their team's, are not the campus.
        for name in ["recruiter", "supervisor", "outsider", "southerner"] {
            let actor = w.actor(name);
            let absent = actor.get(&format!("/api/v1/campuses/{}/day-report", uuid::Uuid::now_v7())).await;
            let refused = report(&actor, &w, None).await.expect_problem(404, "not_found");
            assert_eq!(refused.essence(), absent.essence(), "{name}");
        }
        report(&w.as_stranger(), &w, None).await.expect_problem(404, "not_found");
        report(&w.actor("service"), &w, None).await.expect_problem(403, "permission_missing");
    }

    async fn a_day_that_is_none_is_refused_and_any_other_can_be_asked_for(w: World) {
        let boss = w.as_boss();
        let refused = report(&boss, &w, Some("2026-02-30")).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors()[0].0, "on");
        for day in ["1900-01-01", "2020-02-29", "9999-12-31"] {
            let read = report(&boss, &w, Some(day)).await.expect(200);
            assert_eq!((counts(&read.json), &read.json["on"]), (NOTHING, &json!(day)));
        }
    }
}
