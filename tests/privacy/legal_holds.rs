//! Legal holds: while one stands the person is there, whoever wants it erased.

use futures_util::future::join;
use tests::{Actor, Answer, both, json};

use super::erasures::{erase, path, take_in};
use crate::customers::merge::{merge, undo};

const HOLDS: &str = "/api/v1/legal-holds";

pub(super) async fn place(by: &Actor, customer: &str) -> Answer {
    let body = json!({"customer_id": customer, "reason": "退费诉讼"});
    by.post(HOLDS, &body).await
}

async fn release(by: &Actor, hold: &str) -> Answer {
    let body = json!({"reason": "已结案"});
    by.post(&format!("{HOLDS}/{hold}/release"), &body).await
}

/// What stands in the way of somebody's erasure.
async fn obstacles(by: &Actor, customer: &str) -> Vec<String> {
    let preview = by
        .get(&format!("{}/erasure", path(customer)))
        .await
        .expect(200);
    let named = preview.json["obstacles"].as_array().unwrap().clone();
    named
        .iter()
        .map(|name| name.as_str().unwrap().to_owned())
        .collect()
}

both! {
    async fn a_held_person_is_erased_once_no_hold_stands(w: World) {
        let boss = w.as_boss();
        let person = take_in(&w, "张伟", json!({})).await;
        let first = place(&boss, &person).await.expect(201);
        assert_eq!((&first.json["reason"], &first.json["released_at"], &first.json["placed_by"]),
            (&json!("退费诉讼"), &json!(null), &json!(boss.principal)));
        assert_eq!(boss.get(first.header("location").unwrap()).await.expect(200).json, first.json);
        let second = place(&boss, &person).await.expect(201).id();
        for hold in [&first.id(), &second] {
            assert_eq!(obstacles(&boss, &person).await, ["legal_hold"]);
            erase(&boss, &person).await.expect_problem(409, "erasure_obstructed");
            boss.get(&path(&person)).await.expect(200);
            let over = release(&boss, hold).await.expect(200);
            assert_eq!((&over.json["version"], &over.json["release_reason"], &over.json["released_by"]),
                (&json!(2), &json!("已结案"), &json!(boss.principal)));
            release(&boss, hold).await.expect_problem(409, "hold_over");
        }
        assert_eq!(obstacles(&boss, &person).await, Vec::<String>::new());
        erase(&boss, &person).await.expect(201);
        // That it was held stays on record, but not why.
        let kept = boss.get(&format!("{HOLDS}/{second}")).await.expect(200);
        assert_eq!((&kept.json["reason"], &kept.json["release_reason"], &kept.json["customer_id"]),
            (&json!(null), &json!(null), &json!(person)));
        let refused = place(&boss, &person).await.expect(422);
        assert_eq!(refused.errors(), [("#/customer_id".into(), "unknown_reference".into())]);
    }

    async fn a_hold_ends_when_its_time_is_over(w: World) {
        let boss = w.as_boss();
        let person = take_in(&w, "张伟", json!({})).await;
        let now = w.server.app.clock.now();
        let body = json!({"customer_id": person, "reason": " x", "ends_at": now});
        let refused = boss.post(HOLDS, &body).await.expect(422);
        assert_eq!(refused.errors(), [("#/ends_at", "hold_ends_too_soon"), ("#/reason", "blank")]
            .map(|(at, code)| (at.into(), code.into())));
        let body = json!({"customer_id": person, "reason": "退费诉讼", "ends_at": now + jiff::SignedDuration::from_hours(1)});
        let hold = boss.post(HOLDS, &body).await.expect(201).id();
        assert_eq!(obstacles(&boss, &person).await, ["legal_hold"]);
        w.execute("UPDATE legal_holds SET ends_at = placed_at + 1 WHERE institution_id = ?",
            vec![w.institution.uuid().into()]).await.unwrap();
        release(&boss, &hold).await.expect_problem(409, "hold_over");
        assert_eq!(obstacles(&boss, &person).await, Vec::<String>::new());
        erase(&boss, &person).await.expect(201);
    }

    async fn a_deleted_person_can_be_held(w: World) {
        let boss = w.as_boss();
        let person = take_in(&w, "张伟", json!({})).await;
        boss.delete(&path(&person)).await.expect(204);
        place(&boss, &person).await.expect(201);
        erase(&boss, &person).await.expect_problem(409, "erasure_obstructed");
    }

    async fn holds_are_found_by_customer_and_by_whether_they_stand(w: World) {
        let boss = w.as_boss();
        let (person, other) = (take_in(&w, "张伟", json!({})).await, take_in(&w, "李娜", json!({})).await);
        let over = place(&boss, &person).await.expect(201).id();
        release(&boss, &over).await.expect(200);
        let standing = place(&boss, &person).await.expect(201).id();
        let others = place(&boss, &other).await.expect(201).id();
        for (asked, found) in [
            (String::new(), vec![&others, &standing, &over]),
            (format!("?customer_id={person}"), vec![&standing, &over]),
            ("?is_standing=true".to_owned(), vec![&others, &standing]),
            (format!("?customer_id={person}&is_standing=false"), vec![&over]),
        ] {
            let listed = boss.get(&format!("{HOLDS}{asked}")).await.expect(200).ids();
            assert_eq!(listed.iter().collect::<Vec<_>>(), found, "{asked}");
        }
    }

    async fn a_merge_carries_a_hold_to_the_survivor_and_its_undoing_takes_it_back(w: World) {
        let boss = w.as_boss();
        let (survivor, duplicate) = (take_in(&w, "张伟", json!({})).await, take_in(&w, "张伟", json!({})).await);
        let hold = place(&boss, &duplicate).await.expect(201).id();
        let merged = merge(&boss, &survivor, &duplicate).await.expect(201).id();
        let carried = boss.get(&format!("{HOLDS}/{hold}")).await.expect(200);
        assert_eq!(carried.json["customer_id"], json!(survivor));
        assert_eq!(obstacles(&boss, &survivor).await, ["legal_hold"]);
        erase(&boss, &survivor).await.expect_problem(409, "erasure_obstructed");
        undo(&boss, &merged).await.expect(200);
        assert_eq!(obstacles(&boss, &survivor).await, Vec::<String>::new());
        assert_eq!(obstacles(&boss, &duplicate).await, ["legal_hold"]);
        // One that was placed on both stays on both: they are not parted any more.
        let merged = merge(&boss, &survivor, &duplicate).await.expect(201).id();
        let later = place(&boss, &duplicate).await.expect(201);
        assert_eq!(later.json["customer_id"], json!(survivor));
        assert_eq!(undo(&boss, &merged).await.status, 409);
    }

    async fn a_hold_and_an_erasure_at_once_leave_one_of_them(w: World) {
        let boss = w.as_boss();
        for _ in 0..4 {
            let person = take_in(&w, "张伟", json!({})).await;
            let body = json!({"version": 1, "reason": "requested"});
            let erasure = format!("{}/erasure", path(&person));
            let (held, erased) = join(place(&boss, &person), boss.post(&erasure, &body)).await;
            let both = (held.status, erased.status);
            assert!([(201, 409), (422, 201)].contains(&both), "{both:?}");
        }
    }

    async fn who_does_not_manage_data_protection_neither_places_nor_sees_holds(w: World) {
        let (boss, recruiter, stranger) = (w.as_boss(), w.as_recruiter(), w.as_stranger());
        let person = take_in(&w, "张伟", json!({})).await;
        let hold = place(&boss, &person).await.expect(201).id();
        let own = format!("{HOLDS}/{hold}");
        place(&recruiter, &person).await.expect_problem(403, "permission_missing");
        release(&recruiter, &hold).await.expect_problem(403, "permission_missing");
        for seen in [HOLDS, &own] {
            recruiter.get(seen).await.expect_problem(403, "permission_missing");
        }
        let refused = place(&stranger, &person).await.expect(422);
        assert_eq!(refused.errors(), [("#/customer_id".into(), "unknown_reference".into())]);
        stranger.get(&own).await.expect_problem(404, "not_found");
        release(&stranger, &hold).await.expect_problem(404, "not_found");
        let listed = stranger.get(&format!("{HOLDS}?customer_id={person}")).await.expect(200);
        assert_eq!(listed.ids(), Vec::<String>::new());
    }

    async fn placing_and_releasing_are_told_to_the_feed_and_the_trail(w: World) {
        let boss = w.as_boss();
        let person = take_in(&w, "张伟", json!({})).await;
        let hold = place(&boss, &person).await.expect(201).id();
        release(&boss, &hold).await.expect(200);
        w.server.settle().await;
        let feed = boss.get("/api/v1/events?limit=200").await.expect(200);
        let items = feed.json["items"].as_array().unwrap().iter();
        let told: Vec<_> = items.filter(|event| event["subject"]["id"] == json!(hold))
            .map(|event| (event["type"].as_str().unwrap(), &event["data"]["customer_id"])).collect();
        assert_eq!(told, [("legal_hold.placed", &json!(person)), ("legal_hold.released", &json!(person))]);
        let trail = boss.get(&format!("/api/v1/audit-events?target_id={hold}")).await.expect(200);
        let operations: Vec<_> = trail.json["items"].as_array().unwrap().iter()
            .map(|record| record["operation"].as_str().unwrap()).collect();
        assert_eq!(operations, ["releaseLegalHold", "placeLegalHold"]);
        let contents = w.server.contents(w.institution).await;
        assert!(!contents["legal_holds"].join(" ").contains("退费诉讼"));
    }
}
