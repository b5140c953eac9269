//! The journal as it is read: every step balances, and all of them come to what the balance says.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::Reach;
use tests::{Actor, Value, World, both, json};

use super::{balance, cashier, charge, cny, pay, payment, student};

/// Entries as somebody sees them.
async fn entries(actor: &Actor, query: &str) -> Vec<Value> {
    let path = format!("/api/v1/journal-entries{query}");
    let page = actor.get(&path).await.expect(200);
    let entries = page.json["items"].as_array().unwrap().clone();
    for entry in &entries {
        assert_eq!(sum(entry, |_| true), 0, "{entry} does not balance");
    }
    entries
}

/// Debits less credits of the lines that are wanted.
fn sum(entry: &Value, wanted: impl Fn(&Value) -> bool) -> i64 {
    let lines = entry["postings"].as_array().unwrap().iter();
    lines
        .filter(|line| wanted(line))
        .map(|line| {
            let amount = line["amount"]["amount_minor"].as_i64().unwrap();
            assert!(amount > 0, "{line}");
            let is_debit = line["side"] == "debit";
            assert!(is_debit || line["side"] == "credit", "{line}");
            if is_debit { amount } else { -amount }
        })
        .sum()
}

/// Debits less credits of a customer, by account.
async fn accounts(w: &World, customer: &str) -> BTreeMap<String, i64> {
    let entries = entries(&cashier(w), &format!("?customer_id={customer}")).await;
    let lines = entries
        .iter()
        .flat_map(|e| e["postings"].as_array().unwrap());
    let named: BTreeSet<_> = lines
        .map(|line| line["account"].as_str().unwrap())
        .collect();
    let of = |account: &str| {
        let own = |line: &Value| line["account"] == account && line["customer_id"] == customer;
        entries.iter().map(|entry| sum(entry, own)).sum()
    };
    let sums = named
        .into_iter()
        .map(|account| (account.to_owned(), of(account)));
    sums.filter(|(_, sum)| *sum != 0).collect()
}

/// Checks that the books of a customer come to what its balance says.
async fn adds_up(w: &World, customer: &str) {
    let [charged, credited, _, outstanding, credit] = balance(w, customer).await;
    let sums = accounts(w, customer).await;
    let of = |account: &str| sums.get(account).copied().unwrap_or_default();
    assert_eq!(of("receivable"), outstanding);
    assert_eq!(of("customer_credit"), -credit);
    assert_eq!(of("deferred_tuition"), credited - charged);
}

fn told(entries: &[Value], field: &str) -> Vec<String> {
    let texts = entries
        .iter()
        .map(|e| e[field].as_str().unwrap().to_owned());
    texts.collect()
}

/// Ids of a list that is walked page by page.
async fn walked(actor: &Actor, query: &str, limit: usize) -> Vec<String> {
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/v1/journal-entries?limit={limit}{query}{cursor}");
        let page = actor.get(&path).await.expect(200);
        assert!(page.ids().len() <= limit);
        ids.extend(page.ids());
        match page.json["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return ids,
        }
    }
}

both! {
    async fn every_step_from_enrollment_to_void_stands_in_the_journal(w: World) {
        let class = w.open_class(json!({"price": cny(1000)})).await;
        let customer = student(&w).await;
        w.enroll(&customer, &class).await.expect(201);
        adds_up(&w, &customer).await;
        let mut body = payment(&w, &customer, 600);
        body["allocations"] = json!([]);
        let paid = cashier(&w).post("/api/v1/payments", &body).await.expect(201);
        adds_up(&w, &customer).await;
        let path = format!("/api/v1/payments/{}", paid.id());
        cashier(&w).post(&format!("{path}/allocate"), &json!({})).await.expect(200);
        adds_up(&w, &customer).await;
        cashier(&w).post(&format!("{path}/void"), &json!({"reason": "录错"})).await.expect(200);
        adds_up(&w, &customer).await;
        pay(&w, &customer, 400).await;
        adds_up(&w, &customer).await;

        let all = entries(&cashier(&w), "").await;
        assert_eq!(told(&all, "cause"), ["paid", "voided", "allocated", "paid", "charged"]);
        assert_eq!(told(&all, "source_kind"), ["payment", "payment", "payment", "payment", "charge"]);
        assert_eq!(told(&all[1..4], "source_id"), [paid.id(), paid.id(), paid.id()]);
        assert_eq!(all[1]["reversal_of"], all[3]["id"]);
        assert!([0, 2, 3, 4].iter().all(|place| all[*place]["reversal_of"].is_null()));
        for entry in &all {
            assert_eq!(entry["customer_id"], json!(customer));
            assert_eq!(entry["campus_id"], json!(w.places.north));
            assert_eq!(entry["legal_entity"], "启明教育有限公司");
        }
        assert_eq!(all[2]["postings"], json!([
            {"account": "customer_credit", "side": "debit", "amount": cny(600), "customer_id": customer},
            {"account": "receivable", "side": "credit", "amount": cny(600), "customer_id": customer},
        ]));
        let sums = accounts(&w, &customer).await;
        let expected = [("cash", 400), ("deferred_tuition", -1000), ("receivable", 600)];
        assert_eq!(sums, expected.map(|(account, sum)| (account.to_owned(), sum)).into());
    }

    async fn what_a_credit_gives_back_to_another_adds_up_for_both(w: World) {
        let (child, guardian) = (student(&w).await, student(&w).await);
        let owed = charge(&w, &child, 500).await;
        let mut body = payment(&w, &guardian, 450);
        body["allocations"] = json!([{"charge_id": owed, "amount": cny(400)}]);
        cashier(&w).post("/api/v1/payments", &body).await.expect(201);
        let credit = json!({"amount": cny(300), "reason": "优惠"});
        cashier(&w).post(&format!("/api/v1/charges/{owed}/credit"), &credit).await.expect(200);
        assert_eq!(balance(&w, &guardian).await, [0, 0, 0, 0, 250]);
        for customer in [&child, &guardian] {
            adds_up(&w, customer).await;
        }
    }

    async fn entries_are_those_of_the_customers_within_reach(w: World) {
        for (code, reach) in [
            ("own_books", Reach::Own), ("team_books", Reach::Team), ("region_books", Reach::Region),
            ("taught_books", Reach::Taught),
        ] {
            w.add_role(code, &[("payments:read", reach)]).await;
        }
        let clerk = w.hire(&["own_books"], w.places.north, None).await;
        let teacher = w.hire(&["taught_books"], w.places.north, None).await;
        let regional = w.hire(&["region_books"], w.places.east, None).await;
        let leader = w.as_supervisor();
        w.reorganize(
            "INSERT INTO principal_roles (institution_id, principal_id, role_id) \
             SELECT institution_id, ?, id FROM roles WHERE institution_id = ? AND code = 'team_books'",
            vec![leader.principal.uuid().into(), w.institution.uuid().into()],
        ).await;
        let boss = w.as_boss();
        let (north, east, south) = (w.places.north.uuid(), w.places.east.uuid(), w.places.south.uuid());
        let mut made = Vec::new();
        for (holder, campus) in [
            (north, north), (clerk.principal.uuid(), north), (w.as_recruiter().principal.uuid(), north),
            (east, east), (south, south),
        ] {
            let mut body = w.new_customer("李雷");
            body["holder_id"] = json!(holder);
            body["campus_id"] = json!(campus);
            let id = boss.post("/api/v1/customers", &body).await.expect(201).id();
            let owed = json!({"customer_id": id, "amount": cny(10), "description": "学费"});
            boss.post("/api/v1/charges", &owed).await.expect(201);
            let paid = json!({"payer_id": id, "campus_id": campus, "method": "card", "amount": cny(10)});
            boss.post("/api/v1/payments", &paid).await.expect(201);
            made.push(id);
        }
        let class = w.open_class(json!({"teacher_id": teacher.principal, "price": cny(0)})).await;
        w.enroll(&made[4], &class).await.expect(201);
        for (name, actor, expected) in [
            ("boss", boss, vec![0, 1, 2, 3, 4]),
            ("manager", w.as_manager(), vec![0, 1, 2]),
            ("cashier", cashier(&w), vec![0, 1, 2]),
            ("southerner", w.actor("southerner"), vec![4]),
            ("regional", regional, vec![0, 1, 2, 3]),
            ("leader", leader, vec![2]),
            ("clerk", clerk, vec![1]),
            ("teacher", teacher, vec![4]),
            ("stranger", w.as_stranger(), vec![]),
        ] {
            let seen = entries(&actor, "").await;
            let whose: BTreeSet<String> = told(&seen, "customer_id").into_iter().collect();
            let reached: BTreeSet<String> = expected.iter().map(|place| made[*place].clone()).collect();
            assert_eq!(whose, reached, "{name}");
            let ids = told(&seen, "id");
            assert_eq!(ids.len(), 2 * expected.len(), "{name} sees each once");
            for limit in [1, 3] {
                assert_eq!(walked(&actor, "", limit).await, ids, "{name} in pages of {limit}");
            }
            for (place, customer) in made.iter().enumerate() {
                let seen = entries(&actor, &format!("?customer_id={customer}")).await;
                assert_eq!(seen.len(), if expected.contains(&place) { 2 } else { 0 }, "{name}");
            }
        }
        w.as_recruiter().get("/api/v1/journal-entries").await.expect_problem(403, "permission_missing");
    }

    async fn lines_of_customers_out_of_reach_are_one_and_name_nobody(w: World) {
        w.add_role("books", &[("payments:read", Reach::Own)]).await;
        let clerk = w.hire(&["books"], w.places.north, None).await;
        let mut body = w.new_customer("王芳");
        body["holder_id"] = json!(clerk.principal);
        let guardian = w.as_boss().post("/api/v1/customers", &body).await.expect(201).id();
        let (one, two) = (student(&w).await, student(&w).await);
        let (a, b) = (charge(&w, &one, 40).await, charge(&w, &two, 50).await);
        let mut body = payment(&w, &guardian, 100);
        body["allocations"] = json!([{"charge_id": a, "amount": cny(40)}, {"charge_id": b, "amount": cny(50)}]);
        let paid = cashier(&w).post("/api/v1/payments", &body).await.expect(201);
        let void = format!("/api/v1/payments/{}/void", paid.id());
        cashier(&w).post(&void, &json!({"reason": "录错"})).await.expect(200);

        let seen = entries(&clerk, "").await;
        assert_eq!(told(&seen, "cause"), ["voided", "paid"]);
        assert_eq!(seen[1]["postings"], json!([
            {"account": "cash", "side": "debit", "amount": cny(100), "customer_id": guardian},
            {"account": "receivable", "side": "credit", "amount": cny(90), "customer_id": null},
            {"account": "customer_credit", "side": "credit", "amount": cny(10), "customer_id": guardian},
        ]));
        assert_eq!(seen[0]["postings"].as_array().unwrap().len(), 3);
        assert_eq!(seen[0]["reversal_of"], seen[1]["id"]);
        assert!(entries(&clerk, &format!("?customer_id={one}")).await.is_empty());
        assert_eq!(entries(&clerk, &format!("?customer_id={one},{guardian}")).await, seen);

        let whole = entries(&cashier(&w), &format!("?customer_id={one}")).await;
        assert_eq!(told(&whole, "cause"), ["voided", "paid", "charged"]);
        assert_eq!(whole[1]["postings"].as_array().unwrap().len(), 4);
    }

    async fn entries_are_asked_for_by_what_they_are(w: World) {
        let (one, other) = (student(&w).await, student(&w).await);
        let mut body = payment(&w, &one, 100);
        body["campus_id"] = json!(w.places.east);
        charge(&w, &one, 100).await;
        w.as_boss().post("/api/v1/payments", &body).await.expect(201);
        pay(&w, &other, 5).await;
        let boss = w.as_boss();
        let all = entries(&boss, "").await;
        let (times, ids) = (told(&all, "posted_at"), told(&all, "id"));
        assert_eq!(told(&all, "cause"), ["paid", "paid", "charged"]);
        let day: jiff::civil::Date = all[0]["business_date"].as_str().unwrap().parse().unwrap();
        let (yesterday, tomorrow) = (day.yesterday().unwrap(), day.tomorrow().unwrap());
        let (north, east) = (w.places.north, w.places.east);
        for actor in [boss, w.as_manager()] {
            for (query, expected) in [
                ("cause=charged".into(), &ids[2..]),
                ("cause=charged,paid".into(), &ids[..]),
                ("cause=voided".into(), &[]),
                ("source_kind=payment".into(), &ids[..2]),
                (format!("campus_id={east}"), &ids[1..2]),
                (format!("campus_id={east},{north}"), &ids[..]),
                (format!("customer_id={one}"), &ids[1..]),
                (format!("customer_id={one}&cause=paid"), &ids[1..2]),
                (format!("business_date[gte]={yesterday}&business_date[lt]={tomorrow}"), &ids[..]),
                (format!("business_date[gte]={tomorrow}"), &[]),
                (format!("business_date[lt]={yesterday}"), &[]),
                ("business_date[gte]=1900-01-01&business_date[lt]=9999-12-31".into(), &ids[..]),
                (format!("posted_at[gte]={}", times[1]), &ids[..2]),
                (format!("posted_at[lt]={}", times[1]), &ids[2..]),
            ] {
                let seen = entries(&actor, &format!("?{query}")).await;
                assert_eq!(told(&seen, "id"), expected, "{query}");
                assert_eq!(walked(&actor, &format!("&{query}"), 1).await, expected, "{query}");
            }
        }
        for query in ["cause=stolen", "source_kind=refund", "kind=paid", "business_date[gte]=2026-02-30"] {
            let path = format!("/api/v1/journal-entries?{query}");
            w.as_boss().get(&path).await.expect_problem(422, "validation_failed");
        }
        let page = w.as_boss().get("/api/v1/journal-entries?limit=1").await.expect(200);
        let next = page.json["next_cursor"].as_str().unwrap();
        let path = format!("/api/v1/journal-entries?limit=1&cause=paid&cursor={next}");
        w.as_boss().get(&path).await.expect_problem(422, "invalid_cursor");
    }

    async fn the_books_stay_where_they_are_and_are_read_where_the_customer_is(w: World) {
        let south = w.places.south;
        let customer = student(&w).await;
        charge(&w, &customer, 100).await;
        let before = entries(&w.as_manager(), "").await;
        let to = json!({"holder_id": south, "campus_id": south, "reason": "搬家"});
        w.as_boss().post(&format!("/api/v1/customers/{customer}/transfer"), &to).await.expect(200);
        assert!(entries(&w.as_manager(), "").await.is_empty());
        assert_eq!(entries(&w.actor("southerner"), "").await, before);
        assert_eq!(before[0]["campus_id"], json!(w.places.north));
    }
}
