//! What happened to a customer, newest first.

use domain::access::Reach;
use tests::{Value, both, json};

use super::{customer, record};

both! {
    async fn a_timeline_tells_what_happened_newest_first(w: World) {
        let recruiter = w.as_recruiter();
        let id = customer(&w).await;
        let path = format!("/api/v1/customers/{id}/timeline");
        assert_eq!(recruiter.get(&path).await.expect(200).json, json!({"items": [], "next_cursor": null}));
        let first = record(&w, &id, None).await;
        let early = json!({"customer_id": id, "method": "visit", "outcome": "other", "content": "首次到访", "occurred_at": "2026-01-01T00:00:00Z"});
        let earlier = recruiter.post("/api/v1/follow-ups", &early).await.expect(201);
        record(&w, &customer(&w).await, None).await;
        let items = recruiter.get(&path).await.expect(200).json["items"].clone();
        let records: Vec<&Value> = items.as_array().unwrap().iter().map(|i| &i["record_id"]).collect();
        assert_eq!(records, [&json!(first.id()), &json!(earlier.id())]);
        assert_eq!(items[1], json!({
            "kind": "follow_up", "category": "marketing", "at": "2026-01-01T00:00:00Z", "record_id": earlier.id(),
            "actor_id": recruiter.principal, "text": "首次到访", "amount": null, "is_ended": false,
        }));
        let page = recruiter.get(&format!("{path}?limit=1&kind=follow_up")).await.expect(200);
        let cursor = page.json["next_cursor"].as_str().unwrap();
        let rest = recruiter.get(&format!("{path}?limit=1&kind=follow_up&cursor={cursor}")).await.expect(200);
        assert_eq!(rest.json["items"], json!([items[1]]));
        assert_eq!(rest.json["next_cursor"], json!(null));
    }

    async fn a_timeline_tells_of_what_was_collected_and_agreed_and_goes_by_categories(w: World) {
        let recruiter = w.as_recruiter();
        let id = customer(&w).await;
        let of = |rest: &str| format!("/api/v1/customers/{id}/{rest}");
        record(&w, &id, None).await;
        let met = json!({"source_channel": "hotline", "event": "开放日"});
        let met = recruiter.post(&of("collections"), &met).await.expect(201);
        let refused = json!({"purpose": "photos", "decision": "withdrawn"});
        let refused = recruiter.post(&of("consents"), &refused).await.expect(201);
        let told = recruiter.get(&of("timeline?category=descriptive")).await.expect(200);
        let mut told: Vec<_> = told.json["items"].as_array().unwrap().iter()
            .map(|item| (item["kind"].clone(), item["record_id"].clone(), item["text"].clone(), item["is_ended"].clone()))
            .collect();
        told.sort_by_key(|entry| entry.0.to_string());
        assert_eq!(told, [
            (json!("collection"), json!(met.id()), json!(null), json!(false)),
            (json!("consent"), json!(refused.id()), json!("photos"), json!(true)),
        ]);
        let all = recruiter.get(&of("timeline")).await.expect(200);
        assert_eq!(all.json["items"].as_array().unwrap().len(), 3);
        let none = recruiter.get(&of("timeline?category=descriptive&kind=follow_up")).await.expect(200);
        assert_eq!(none.json["items"], json!([]));
        let marketing = recruiter.get(&of("timeline?category=marketing,transaction")).await.expect(200);
        assert_eq!(marketing.json["items"].as_array().unwrap().len(), 1);
    }

    async fn a_timeline_tells_nobody_more_than_they_may_read(w: World) {
        let id = customer(&w).await;
        record(&w, &id, None).await;
        let path = format!("/api/v1/customers/{id}/timeline");
        w.add_role("blind", &[("customers:read", Reach::Institution)]).await;
        w.add_role("short", &[("customers:read", Reach::Institution), ("follow_ups:read", Reach::Own)]).await;
        w.add_role("far", &[("customers:read", Reach::Institution), ("follow_ups:read", Reach::Campus)]).await;
        for (role, seen) in [("blind", 0), ("short", 0), ("far", 1)] {
            let actor = w.hire(&[role], w.places.north, None).await;
            let timeline = actor.get(&path).await.expect(200);
            assert_eq!(timeline.json["items"].as_array().unwrap().len(), seen, "{role}");
        }
        w.as_colleague().get(&path).await.expect_problem(404, "not_found");
    }
}
