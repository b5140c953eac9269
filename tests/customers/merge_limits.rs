//! What a merge may not do: lift a refusal, keep more of a child, hand over, reach beyond.

use domain::access::Reach;
use tests::{Actor, Value, World, both, json};

use super::merge::{merge, path, take_in, undo};

async fn decide(by: &Actor, customer: &str, body: Value) {
    let consents = format!("{}/consents", path(customer));
    by.post(&consents, &body).await.expect(201);
}

async fn notice(w: &World, purpose: &str) -> String {
    let body = json!({"purpose": purpose, "language": "zh-CN", "title": "告知书", "text": "我们这样使用您的信息。"});
    w.as_boss()
        .post("/api/v1/privacy-notices", &body)
        .await
        .expect(201)
        .id()
}

async fn standing(by: &Actor, customer: &str, channel: &str) -> Value {
    let told = by
        .get(&format!("{}/consent-standing", path(customer)))
        .await
        .expect(200);
    let mut items = told.json["items"].as_array().unwrap().iter();
    items.find(|item| item["channel"] == channel).unwrap()["standing"].clone()
}

fn obstacles(refused: &tests::Answer) -> String {
    refused.json["detail"].as_str().unwrap().to_owned()
}

both! {
    async fn what_one_withdrew_as_a_whole_the_other_gives_for_no_channel(w: World) {
        let boss = w.as_boss();
        let notice = notice(&w, "marketing").await;
        let refuses = json!({"purpose": "marketing", "decision": "withdrawn"});
        let gives = json!({"purpose": "marketing", "channel": "sms", "decision": "given", "notice_id": notice, "evidence": "表单 1"});
        for refusing_survives in [true, false] {
            let (survivor, duplicate) = (take_in(&w, "张伟", json!({})).await, take_in(&w, "张伟", json!({})).await);
            let (a, b) = if refusing_survives { (&survivor, &duplicate) } else { (&duplicate, &survivor) };
            decide(&boss, a, refuses.clone()).await;
            w.server.app.clock.advance(jiff::SignedDuration::from_secs(1));
            decide(&boss, b, gives.clone()).await;
            assert_eq!(standing(&boss, b, "sms").await, "given");
            let made = merge(&boss, &survivor, &duplicate).await.expect(201);
            assert_eq!(standing(&boss, &survivor, "sms").await, "withdrawn");
            undo(&boss, &made.id()).await.expect(200);
            assert_eq!((standing(&boss, a, "sms").await, standing(&boss, b, "sms").await), (json!("withdrawn"), json!("given")));
        }
    }

    async fn decisions_and_refusals_since_stand_in_the_way_of_undoing(w: World) {
        let boss = w.as_boss();
        for refusal in [
            ("consents", json!({"purpose": "marketing", "decision": "withdrawn"})),
            ("follow-ups", json!({"method": "phone", "outcome": "do_not_contact"})),
        ] {
            let (survivor, duplicate) = (take_in(&w, "张伟", json!({})).await, take_in(&w, "张伟", json!({})).await);
            let made = merge(&boss, &survivor, &duplicate).await.expect(201);
            let (what, mut body) = refusal;
            if what == "consents" {
                decide(&boss, &duplicate, body).await;
            } else {
                body["customer_id"] = json!(duplicate);
                boss.post("/api/v1/follow-ups", &body).await.expect(201);
            }
            let refused = undo(&boss, &made.id()).await.expect_problem(409, "merge_obstructed");
            assert!(obstacles(&refused).contains("decided_since"), "{}", refused.text);
        }
    }

    async fn no_more_is_kept_of_a_child_by_a_merge_than_a_guardian_agreed_to(w: World) {
        let boss = w.as_boss();
        let child = take_in(&w, "小明", json!({"birth_date": "2024-03-01"})).await;
        let known = take_in(&w, "小明", json!({"details": {"hobbies": ["篮球"]}})).await;
        let preview = boss.post(&format!("{}/merge-preview", path(&child)), &json!({"duplicate_id": known})).await.expect(200);
        assert_eq!(preview.json["obstacles"], json!(["guardian_consent_missing"]));
        for (survivor, duplicate) in [(&child, &known), (&known, &child)] {
            let refused = merge(&boss, survivor, duplicate).await.expect_problem(409, "merge_obstructed");
            assert!(obstacles(&refused).contains("guardian_consent_missing"), "{}", refused.text);
        }
        let papers = take_in(&w, "小明", json!({})).await;
        boss.upload(&format!("{}/files", path(&papers)), "notes.txt", b"some notes").await.expect(201);
        merge(&boss, &child, &papers).await.expect_problem(409, "merge_obstructed");
        let mother = take_in(&w, "王芳", json!({"kind": "guardian"})).await;
        let relation = json!({"role": "guardian", "relative_id": mother});
        boss.post(&format!("{}/relations", path(&child)), &relation).await.expect(201);
        let notice = notice(&w, "child_data").await;
        decide(&boss, &child, json!({"purpose": "child_data", "decision": "given", "notice_id": notice, "evidence": "表单 1", "decided_by": mother})).await;
        merge(&boss, &child, &papers).await.expect(201);
        merge(&boss, &child, &known).await.expect(201);
    }

    async fn nobody_takes_a_customer_over_by_merging_it_into_a_newer_one(w: World) {
        let boss = w.as_boss();
        let all = [("customers:read", Reach::Institution), ("customers:write", Reach::Institution), ("customers:merge", Reach::Institution)];
        w.add_role("cleaner", &all).await;
        let cleaner = w.hire(&["cleaner"], w.places.north, None).await;
        let theirs = take_in(&w, "张伟", json!({})).await;
        let own = cleaner.post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201).id();
        let refused = merge(&cleaner, &own, &theirs).await.expect_problem(409, "merge_obstructed");
        assert!(obstacles(&refused).contains("not_taken_in_first"), "{}", refused.text);
        let preview = cleaner.post(&format!("{}/merge-preview", path(&own)), &json!({"duplicate_id": theirs})).await.expect(200);
        assert_eq!(preview.json["obstacles"], json!(["not_taken_in_first"]));
        let holder = boss.get(&path(&theirs)).await.json["holder_id"].clone();
        merge(&cleaner, &theirs, &own).await.expect(201);
        assert_eq!(boss.get(&path(&own)).await.json["holder_id"], holder);
        // Who may assign customers may.
        let newer = take_in(&w, "张伟", json!({"holder_id": w.places.north})).await;
        merge(&boss, &newer, &theirs).await.expect(201);
    }

    async fn a_merge_is_undone_by_those_who_reach_where_it_goes_back_to(w: World) {
        let boss = w.as_boss();
        let all = [("customers:read", Reach::Campus), ("customers:merge", Reach::Campus)];
        w.add_role("local", &all).await;
        let local = w.hire(&["local"], w.places.north, None).await;
        let survivor = take_in(&w, "张伟", json!({})).await;
        let far = json!({"campus_id": w.places.south, "holder_id": w.places.south});
        let duplicate = take_in(&w, "张伟", far).await;
        let made = merge(&boss, &survivor, &duplicate).await.expect(201);
        undo(&local, &made.id()).await.expect_problem(404, "not_found");
        undo(&boss, &made.id()).await.expect(200);
    }

    async fn a_request_by_an_old_id_is_the_survivors(w: World) {
        let boss = w.as_boss();
        let (survivor, duplicate) = (take_in(&w, "张伟", json!({})).await, take_in(&w, "张伟", json!({})).await);
        merge(&boss, &survivor, &duplicate).await.expect(201);
        let body = json!({"customer_id": duplicate, "kind": "deletion"});
        let made = boss.post("/api/v1/privacy-requests", &body).await.expect(201);
        assert_eq!(made.json["customer_id"], json!(survivor));
        for id in [&survivor, &duplicate] {
            let listed = boss.get(&format!("/api/v1/privacy-requests?customer_id={id}")).await.expect(200);
            assert_eq!(listed.ids(), [made.id()]);
        }
    }
}
