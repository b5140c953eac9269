use std::collections::BTreeSet;

use domain::access::Reach;
use tests::{Actor, World, both, json};
use uuid::Uuid;

use super::{balance, charge, cny, pay, student};

/// A student in these hands, who owes an amount.
async fn debtor(w: &World, holder: Uuid, campus: Uuid, minor: i64) -> String {
    let boss = w.as_boss();
    let mut body = w.new_customer("李雷");
    body["holder_id"] = json!(holder);
    body["campus_id"] = json!(campus);
    let id = boss.post("/api/v1/customers", &body).await.expect(201).id();
    let body = json!({"customer_id": id, "amount": cny(minor), "description": "学费"});
    boss.post("/api/v1/charges", &body).await.expect(201);
    id
}

async fn owing(actor: &Actor, query: &str) -> Vec<String> {
    let page = actor
        .get(&format!("/api/v1/receivables{query}"))
        .await
        .expect(200);
    let items = page.json["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["customer_id"].as_str().unwrap().to_owned())
        .collect()
}

async fn total(actor: &Actor) -> (i64, i64) {
    let read = actor.get("/api/v1/receivables/total").await.expect(200);
    let campuses = read.json["campuses"].as_array().unwrap();
    let sum: i64 = campuses
        .iter()
        .map(|c| c["outstanding"]["amount_minor"].as_i64().unwrap())
        .sum();
    assert_eq!(read.json["outstanding"], cny(sum));
    (sum, read.json["customers"].as_i64().unwrap())
}

both! {
    async fn nothing_was_posted_and_nothing_is_owed(w: World) {
        let customer = student(&w).await;
        assert_eq!(balance(&w, &customer).await, [0; 5]);
        assert_eq!(total(&w.as_boss()).await, (0, 0));
        assert!(owing(&w.as_boss(), "").await.is_empty());
    }

    async fn receivables_are_those_of_the_customers_within_reach(w: World) {
        w.add_role("own_books", &[("payments:read", Reach::Own)]).await;
        w.add_role("team_books", &[("payments:read", Reach::Team)]).await;
        w.add_role("region_books", &[("payments:read", Reach::Region)]).await;
        let clerk = w.hire(&["own_books"], w.places.north, None).await;
        let regional = w.hire(&["region_books"], w.places.east, None).await;
        let leader = w.as_supervisor();
        w.reorganize(
            "INSERT INTO principal_roles (institution_id, principal_id, role_id) \
             SELECT institution_id, ?, id FROM roles WHERE institution_id = ? AND code = 'team_books'",
            vec![leader.principal.uuid().into(), w.institution.uuid().into()],
        ).await;
        let (north, east, south) = (w.places.north.uuid(), w.places.east.uuid(), w.places.south.uuid());
        let pool = debtor(&w, north, north, 1).await;
        let clerks = debtor(&w, clerk.principal.uuid(), north, 20).await;
        let teams = debtor(&w, w.as_recruiter().principal.uuid(), north, 300).await;
        let easts = debtor(&w, east, east, 4_000).await;
        let souths = debtor(&w, south, south, 50_000).await;
        for (name, actor, expected, sum) in [
            ("boss", w.as_boss(), vec![&pool, &clerks, &teams, &easts, &souths], 54_321),
            ("manager", w.as_manager(), vec![&pool, &clerks, &teams], 321),
            ("southerner", w.actor("southerner"), vec![&souths], 50_000),
            ("regional", regional, vec![&pool, &clerks, &teams, &easts], 4_321),
            ("leader", leader, vec![&teams], 300),
            ("clerk", clerk, vec![&clerks], 20),
            ("stranger", w.as_stranger(), vec![], 0),
        ] {
            let seen = owing(&actor, "").await;
            let count = i64::try_from(expected.len()).unwrap();
            let expected: BTreeSet<&String> = expected.into_iter().collect();
            assert_eq!(seen.iter().collect::<BTreeSet<_>>(), expected, "{name}");
            assert_eq!(seen.len(), expected.len(), "{name} sees somebody twice");
            assert_eq!(total(&actor).await, (sum, count), "{name}");
        }
        let boss = w.as_boss();
        assert_eq!(owing(&boss, &format!("?campus_id={east}")).await, [easts]);
        let page = boss.get("/api/v1/receivables?limit=2").await.expect(200);
        let next = page.json["next_cursor"].as_str().unwrap();
        assert_eq!(owing(&boss, &format!("?limit=2&cursor={next}")).await.len(), 2);
    }

    async fn whoever_has_paid_everything_is_not_listed_any_more(w: World) {
        let customer = student(&w).await;
        charge(&w, &customer, 100).await;
        assert_eq!(owing(&w.as_manager(), "").await, std::slice::from_ref(&customer));
        pay(&w, &customer, 100).await;
        assert!(owing(&w.as_manager(), "").await.is_empty());
    }

    async fn a_transfer_takes_the_money_along(w: World) {
        let south = w.places.south;
        let customer = student(&w).await;
        charge(&w, &customer, 100).await;
        let paid = pay(&w, &customer, 30).await;
        let to = json!({"holder_id": south, "campus_id": south, "reason": "搬家"});
        w.as_boss().post(&format!("/api/v1/customers/{customer}/transfer"), &to).await.expect(200);
        let southerner = w.actor("southerner");
        assert_eq!(owing(&southerner, "").await, std::slice::from_ref(&customer));
        let path = format!("/api/v1/payments/{}", paid.id());
        // It happened at the north campus, and stays there in the books.
        let read = southerner.get(&path).await.expect(200);
        assert_eq!(read.json["campus_id"], json!(w.places.north));
        for path in [path, format!("/api/v1/customers/{customer}/balance")] {
            w.as_manager().get(&path).await.expect_problem(404, "not_found");
        }
    }
}
