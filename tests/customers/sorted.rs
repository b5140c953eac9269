use domain::{
    access::{CustomersRead, TagsRead},
    customers::{Order, SortKey},
    text_enum::TextEnum,
};
use jiff::Span;
use persistence::{
    access::Grant,
    customers::{
        sorted::{Sort, list_sorted},
        store::{Filter, Tagged},
    },
    scope::SortedPage,
};
use tests::{Actor, World, both, json};

use crate::access::fields::reader_with;

/// Every page of the list in an order, two at a time, by `GET` and by search.
async fn listed(actor: &Actor, order: &str) -> Vec<String> {
    let (mut walked, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = actor
            .get(&format!("/api/v1/customers?limit=2&sort={order}{cursor}"))
            .await;
        let page = page.expect(200);
        walked.extend(page.ids());
        match page.json["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    for more in [
        json!({}),
        json!({"query": "张"}),
        json!({"conditions": {"field": "kind", "op": "is_known"}}),
    ] {
        let (mut found, mut body) = (Vec::new(), more);
        (body["sort"], body["limit"]) = (json!(order), json!(2));
        loop {
            let page = actor
                .post("/api/v1/customers/search", &body)
                .await
                .expect(200);
            found.extend(page.ids());
            match page.json["next_cursor"].as_str() {
                Some(next) => body["cursor"] = json!(next),
                None => break,
            }
        }
        assert_eq!(found, walked, "{order}: {body}");
    }
    walked
}

/// Five customers of the recruiter: names, days since they were collected, hours since they were last
/// spoken to, days until the next contact.
async fn five(w: &World) -> Vec<String> {
    let (recruiter, now) = (w.as_recruiter(), w.server.app.clock.now());
    let mut ids = Vec::new();
    for (name, collected, contact, next) in [
        ("张伟", 3, Some(5), None),
        ("张 Ｂ", 9, None, None),
        ("张a", 1, Some(50), Some(9)),
        ("张b", 5, Some(1), Some(2)),
        ("张娜", 4, None, None),
    ] {
        let mut body = w.new_customer(name);
        body["collected_at"] = json!(now - Span::new().hours(24 * collected));
        let id = recruiter
            .post("/api/v1/customers", &body)
            .await
            .expect(201)
            .id();
        if let Some(hours) = contact {
            let mut body = json!({"customer_id": id, "method": "phone", "outcome": "considering",
                "occurred_at": now - Span::new().hours(hours)});
            if let Some(days) = next {
                let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
                body["next_on"] = json!(now.to_zoned(zone).date() + Span::new().days(days));
            }
            recruiter
                .post("/api/v1/follow-ups", &body)
                .await
                .expect(201);
        }
        ids.push(id);
    }
    recruiter
        .patch(
            &format!("/api/v1/customers/{}", ids[1]),
            &json!({"intent": 2}),
        )
        .await
        .expect(200);
    ids
}

both! {
    async fn customers_are_listed_in_every_order_and_what_is_unknown_stands_at_the_end(w: World) {
        let ids = five(&w).await;
        for (order, expected) in [
            ("created_at", [0, 1, 2, 3, 4]), ("-created_at", [4, 3, 2, 1, 0]),
            // 张a, 张b twice, 张伟, 张娜, by code points; equal names by their ids.
            ("name", [2, 1, 3, 0, 4]), ("-name", [4, 0, 3, 1, 2]),
            ("updated_at", [0, 2, 3, 4, 1]), ("-updated_at", [1, 4, 3, 2, 0]),
            ("collected_at", [1, 3, 4, 0, 2]), ("-collected_at", [2, 0, 4, 3, 1]),
            ("last_contact_at", [2, 0, 3, 1, 4]), ("-last_contact_at", [3, 0, 2, 4, 1]),
            ("next_contact_on", [3, 2, 0, 1, 4]), ("-next_contact_on", [2, 3, 4, 1, 0]),
        ] {
            let expected: Vec<_> = expected.iter().map(|at| ids[*at].clone()).collect();
            for who in ["recruiter", "supervisor", "manager", "boss"] {
                assert_eq!(listed(&w.actor(who), order).await, expected, "{order} of {who}");
            }
        }
        assert!(listed(&w.as_outsider(), "name").await.is_empty());
        let orders = w.as_boss().get("/api/v1/enums").await.expect(200);
        let orders = orders.json["items"].as_array().unwrap().iter().find(|list| list["name"] == Order::NAME);
        assert_eq!(orders.unwrap()["values"].as_array().unwrap().len(), 12);
        // A cursor is of its own order.
        let page = w.as_boss().get("/api/v1/customers?limit=2&sort=name").await.expect(200);
        let cursor = page.json["next_cursor"].as_str().unwrap();
        w.as_boss().get(&format!("/api/v1/customers?limit=2&sort=-name&cursor={cursor}")).await
            .expect_problem(422, "invalid_cursor");
    }

    async fn nobody_sorts_by_what_they_may_not_read(w: World) {
        let refused = async |actor: &Actor, order: &str| {
            let list = actor.get(&format!("/api/v1/customers?sort={order}")).await.expect(422);
            assert_eq!(list.errors(), [("sort".to_owned(), "field_not_readable".to_owned())], "{order}");
            let search = actor.post("/api/v1/customers/search", &json!({"sort": order})).await.expect(422);
            assert_eq!(search.errors(), [("#/sort".to_owned(), "field_not_readable".to_owned())], "{order}");
        };
        for (field, access) in [("name", "masked"), ("name", "hidden"), ("collected_at", "hidden")] {
            let rules = json!([{"record": "customers", "field": field, "access": access}]);
            let reader = reader_with(&w, &["customers:read"], rules).await;
            refused(&reader, field).await;
            refused(&reader, &format!("-{field}")).await;
            for order in ["updated_at", "last_contact_at", "next_contact_on"] {
                let asked = reader.get(&format!("/api/v1/customers?sort={order}")).await;
                assert_eq!(asked.status, if order == "updated_at" { 200 } else { 422 }, "{order}");
            }
        }
        refused(&reader_with(&w, &["customers:read"], json!([])).await, "-last_contact_at").await;
    }

    async fn a_list_that_is_too_long_is_sorted_by_its_creation_only(w: World) {
        five(&w).await;
        let app = &w.server.app;
        let (read, now) = (app.db.read(), app.clock.now());
        let grant = Grant::<CustomersRead>::system(w.institution, now, "a test sorts");
        let untagged: Tagged<'_, Grant<TagsRead>> = None;
        let sort = Sort::new(SortKey::Name, None).unwrap();
        let page = SortedPage { is_descending: false, after: None, limit: 51 };
        for (most, is_sorted) in [(5, true), (4, false)] {
            let filter = Filter::default();
            let sorted = list_sorted(&read, untagged, (&grant, &filter), (&sort, &page), most).await.unwrap();
            assert_eq!(sorted.is_some(), is_sorted);
        }
        // Within one campus there are fewer.
        let south = grant.narrowed(&[w.places.south.uuid()], &[]);
        let sorted = list_sorted(&read, untagged, (&south, &Filter::default()), (&sort, &page), 1).await.unwrap();
        assert_eq!(sorted.map(|rows| rows.len()), Some(0));
        assert_eq!(Sort::new(SortKey::LastContactAt, None).map(|_| ()), None);
    }
}
