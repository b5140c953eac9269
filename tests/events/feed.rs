//! What a follower of the feed sees.

use reqwest::Method;
use tests::{Actor, Answer, Value, both, json};

const FEED: &str = "/api/v1/events";

/// Everything that the feed holds, by following it from the beginning in small parts.
async fn all(actor: &Actor, more: &str) -> Vec<Value> {
    let (mut after, mut events) = (0, Vec::new());
    loop {
        let path = format!("{FEED}?after={after}&limit=7{more}");
        let part = actor.get(&path).await.expect(200);
        events.extend(part.json["items"].as_array().unwrap().clone());
        after = part.json["next_after"].as_i64().unwrap();
        if part.json["has_more"] == false {
            return events;
        }
    }
}

fn refused(answer: Answer, parameter: &str, code: &str) {
    let answer = answer.expect_problem(422, "validation_failed");
    assert_eq!(answer.errors(), [(parameter.to_owned(), code.to_owned())]);
}

both! {
    async fn a_follower_learns_of_each_change_in_order_and_of_nobody_elses(w: World) {
        let (boss, recruiter) = (w.as_boss(), w.as_recruiter());
        let made = recruiter.post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
        let path = format!("/api/v1/customers/{}", made.id());
        recruiter.patch(&path, &json!({"intent": 4, "note": "canary-1a2b"})).await.expect(200);
        w.as_manager().delete(&path).await.expect(204);
        w.server.settle().await;
        let events = all(&boss, "").await;
        let positions: Vec<_> = events.iter().map(|e| e["position"].as_i64().unwrap()).collect();
        assert_eq!(positions, (1..=i64::try_from(events.len()).unwrap()).collect::<Vec<_>>());
        let own: Vec<_> = events.iter().filter(|e| e["subject"]["id"] == made.id()).collect();
        let told: Vec<_> = own.iter().map(|e| (e["type"].as_str().unwrap(), e["subject"]["version"].as_i64().unwrap())).collect();
        assert_eq!(told, [("customer.created", 1), ("customer.changed", 2), ("customer.deleted", 3)]);
        assert_eq!(own[0]["actor"], json!({"id": recruiter.principal, "kind": "staff"}));
        // No field that a rule may close: whoever follows the feed is not asked about each.
        let (holder, campus) = (&made.json["holder_id"], &made.json["campus_id"]);
        assert_eq!(own[0]["data"], json!({"kind": "student", "holder_id": holder, "campus_id": campus}));
        assert_eq!(own[1]["data"], json!({"changed": ["intent", "note"]}));
        assert!(!json!(events).to_string().contains("canary-1a2b"));
        for event in &events {
            w.server.contract.check_event(event);
        }
        let foreign = all(&w.as_stranger(), "").await;
        assert!(!foreign.is_empty());
        assert!(foreign.iter().all(|e| events.iter().all(|mine| mine["id"] != e["id"])));
    }

    async fn a_change_is_in_the_feed_within_a_second(w: World) {
        let (boss, recruiter) = (w.as_boss(), w.as_recruiter());
        w.server.settle().await;
        let end = boss.get(&format!("{FEED}?limit=200")).await.expect(200).json["next_after"].clone();
        for name in ["张伟", "李娜", "王芳"] {
            let made = recruiter.post("/api/v1/customers", &w.new_customer(name)).await.expect(201);
            let since = std::time::Instant::now();
            loop {
                let part = boss.get(&format!("{FEED}?after={end}")).await.expect(200);
                let items = part.json["items"].as_array().unwrap();
                if items.iter().any(|e| e["subject"]["id"] == made.id()) {
                    break;
                }
                // A second when the machine is idle.
                assert!(since.elapsed().as_secs() < 120, "the event did not come");
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        }
    }

    async fn a_follower_of_some_types_sees_only_these_and_still_gets_on(w: World) {
        let (boss, recruiter) = (w.as_boss(), w.as_recruiter());
        for name in ["张伟", "李娜"] {
            let made = recruiter.post("/api/v1/customers", &w.new_customer(name)).await.expect(201);
            recruiter.patch(&format!("/api/v1/customers/{}", made.id()), &json!({"intent": 1})).await.expect(200);
        }
        w.server.settle().await;
        let some = all(&boss, "&type=customer.changed,staff.hired").await;
        assert_eq!(some.iter().filter(|e| e["type"] == "customer.changed").count(), 2);
        assert!(some.iter().all(|e| ["customer.changed", "staff.hired"].contains(&e["type"].as_str().unwrap())));
        let none = boss.get(&format!("{FEED}?type=customer.restored")).await.expect(200);
        assert_eq!(none.json["items"], json!([]));
        assert!(none.json["next_after"].as_i64().unwrap() > 4);
        let same = boss.request(Method::GET, &format!("{FEED}?type=customer.restored"));
        boss.send(same.header("if-none-match", none.etag())).await.expect(304);
    }

    async fn what_a_roll_call_tells_is_as_the_contract_says(w: World) {
        let boss = w.as_boss();
        let class = w.open_class(json!({})).await;
        let student = w.enroll(&w.new_student("张伟").await, &class).await.expect(201).id();
        let lesson = json!({"held_on": "2026-09-05", "start_time": "18:00", "end_time": "19:30", "hours_hundredths": 100});
        let lesson = boss.post(&format!("/api/v1/classes/{class}/lessons"), &lesson).await.expect(201).id();
        let marks = json!({"students": [{"enrollment_id": student, "status": "present"}]});
        boss.post(&format!("/api/v1/lessons/{lesson}/roll-call"), &marks).await.expect(200);
        w.server.settle().await;
        let events = all(&boss, "").await;
        let called = events.iter().find(|e| e["type"] == "lesson.roll_called").unwrap();
        assert_eq!(called["data"]["students"], marks["students"]);
        for event in &events {
            w.server.contract.check_event(event);
        }
    }

    async fn a_request_that_asks_for_what_can_not_be_is_refused(w: World) {
        let boss = w.as_boss();
        w.server.settle().await;
        refused(boss.get(&format!("{FEED}?type=customer.exploded")).await, "type", "not_in_list");
        refused(boss.get(&format!("{FEED}?after=1000000")).await, "after", "feed_ahead");
        refused(boss.get(&format!("{FEED}?after=-1")).await, "after", "out_of_range");
        refused(boss.get(&format!("{FEED}?limit=201")).await, "limit", "out_of_range");
        refused(boss.get(&format!("{FEED}?cursor=x")).await, "cursor", "unknown_parameter");
        w.as_recruiter().get(FEED).await.expect_problem(403, "permission_missing");
        w.as_anonymous().get(FEED).await.expect_problem(401, "unauthenticated");
    }

    async fn what_is_purged_is_said_to_be_gone_and_positions_go_on(w: World) {
        let boss = w.as_boss();
        w.server.settle().await;
        let end = all(&boss, "").await.len();
        let own = || vec![w.institution.uuid().into()];
        let delete = "DELETE FROM events WHERE institution_id = ? AND position <= 3";
        assert!(w.execute(delete, own()).await.is_err(), "nothing was given up yet");
        let give_up = "UPDATE positions SET purged_to = 3 WHERE institution_id = ? AND stream = 'events'";
        w.execute(give_up, own()).await.unwrap();
        assert_eq!(w.execute(delete, own()).await.unwrap(), 3);
        assert!(w.execute(&delete.replace('3', "4"), own()).await.is_err());
        for back in ["purged_to = 2", "last = last - 1"] {
            let sql = format!("UPDATE positions SET {back} WHERE institution_id = ?");
            assert!(w.execute(&sql, own()).await.is_err(), "{back}");
        }
        refused(boss.get(&format!("{FEED}?after=2")).await, "after", "feed_purged");
        let rest = boss.get(&format!("{FEED}?after=3&limit=200")).await.expect(200);
        assert_eq!(rest.json["items"][0]["position"], 4);
        w.as_recruiter().post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
        w.server.settle().await;
        let news = boss.get(&format!("{FEED}?after={end}")).await.expect(200);
        assert_eq!(news.json["items"][0]["position"], json!(end + 1));
    }
}
