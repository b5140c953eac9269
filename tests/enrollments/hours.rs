//! The ledger of lesson hours as it is read.

use tests::{Actor, Value, World, both, json};

use super::roll_call::{call, lesson};

/// The ledger, newest first, which comes to what the enrollment says is left.
async fn ledger(w: &World, actor: &Actor, enrollment: &str) -> Vec<Value> {
    let path = format!("/api/v1/enrollments/{enrollment}");
    let left = w.as_boss().get(&path).await.expect(200).json["hours_left_hundredths"].clone();
    let page = actor.get(&format!("{path}/hour-entries")).await.expect(200);
    let entries = page.json["items"].as_array().unwrap().clone();
    let moved = |entry: &Value| entry["hours_hundredths"].as_i64().unwrap();
    assert_eq!(json!(entries.iter().map(moved).sum::<i64>()), left);
    let mut sum = 0;
    for entry in entries.iter().rev() {
        sum += moved(entry);
        assert_eq!(entry["hours_left_hundredths"], json!(sum));
    }
    entries
}

fn told(entries: &[Value]) -> Vec<Value> {
    let told = entries.iter().map(|entry| {
        json!([
            entry["kind"],
            entry["hours_hundredths"],
            entry["lesson_id"],
            entry["lesson_starts_at"]
        ])
    });
    told.collect()
}

both! {
    async fn what_was_granted_used_and_given_back_adds_up_to_what_is_left(w: World) {
        let teacher = w.actor("teacher");
        let class = w.open_class(json!({"teacher_id": teacher.principal, "hours_hundredths": 400})).await;
        let id = w.enroll(&w.new_student("张伟").await, &class).await.expect(201).id();
        let other = w.enroll(&w.new_student("李雷").await, &class).await.expect(201).id();
        let (first, second) = (lesson(&w, &class, 150).await, lesson(&w, &class, 100).await);
        assert_eq!(told(&ledger(&w, &teacher, &id).await), [json!(["granted", 400, null, null])]);
        call(&teacher, &first, &[(&id, "present"), (&other, "present")]).await.expect(200);
        call(&teacher, &second, &[(&id, "present"), (&other, "absent")]).await.expect(200);
        call(&teacher, &first, &[(&id, "leave")]).await.expect(200);
        let begins = "2026-09-05T10:00:00Z";
        let entries = ledger(&w, &teacher, &id).await;
        assert_eq!(told(&entries), [
            json!(["reversed", 150, first, begins]),
            json!(["consumed", -100, second, begins]),
            json!(["consumed", -150, first, begins]),
            json!(["granted", 400, null, null]),
        ]);
        assert_eq!(entries[0]["reversal_of"], entries[2]["id"]);
        assert!(entries[1..].iter().all(|entry| entry["reversal_of"].is_null()));
        assert_eq!(entries[0]["campus_id"], json!(w.places.north));
        assert_eq!(ledger(&w, &teacher, &other).await.len(), 2);

        let path = format!("/api/v1/enrollments/{id}/withdraw");
        w.as_boss().post(&path, &json!({"reason": "moved"})).await.expect(200);
        let ended = ledger(&w, &w.as_manager(), &id).await;
        assert_eq!(told(&ended[..1]), [json!(["reversed", -300, null, null])]);
        assert_eq!((&ended[0]["reversal_of"], &ended[0]["hours_left_hundredths"]), (&ended[4]["id"], &json!(0)));
        assert_eq!(ended[1..], entries);
    }

    async fn a_ledger_of_hours_is_read_in_pages_by_who_reaches_its_enrollment(w: World) {
        let teacher = w.actor("teacher");
        let class = w.open_class(json!({"teacher_id": teacher.principal})).await;
        let id = w.enroll(&w.new_student("张伟").await, &class).await.expect(201).id();
        let lesson = lesson(&w, &class, 100).await;
        for status in ["present", "absent", "present", "leave"] {
            call(&teacher, &lesson, &[(&id, status)]).await.expect(200);
        }
        let all = ledger(&w, &teacher, &id).await;
        assert_eq!(all.len(), 5);
        let path = format!("/api/v1/enrollments/{id}/hour-entries");
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        for _ in 0..3 {
            let page = teacher.get(&format!("{path}?limit=2{cursor}")).await.expect(200);
            seen.extend(page.json["items"].as_array().unwrap().clone());
            cursor = format!("&cursor={}", page.json["next_cursor"].as_str().unwrap_or_default());
        }
        assert_eq!((seen, cursor.as_str()), (all, "&cursor="));
        let nothing = format!("/api/v1/enrollments/{}/hour-entries", uuid::Uuid::now_v7());
        for actor in [w.as_recruiter(), w.as_outsider(), w.actor("southerner"), w.as_stranger()] {
            let refused = actor.get(&path).await.expect_problem(404, "not_found");
            assert_eq!(refused.essence(), actor.get(&nothing).await.essence());
        }
        w.actor("employee").get(&path).await.expect_problem(403, "permission_missing");
    }
}
