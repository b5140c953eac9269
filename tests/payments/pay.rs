use tests::{both, json};

use super::{balance, cashier, charge, cny, outstanding, pay, payment, student};

both! {
    async fn a_payment_settles_the_oldest_charges_first_and_the_rest_is_credit(w: World) {
        let customer = student(&w).await;
        let first = charge(&w, &customer, 500).await;
        let second = charge(&w, &customer, 300).await;
        let paid = pay(&w, &customer, 600).await;
        assert_eq!(outstanding(&w, &first).await, 0);
        assert_eq!(outstanding(&w, &second).await, 200);
        assert_eq!(paid.json["unallocated"], cny(0));
        let parts = paid.json["allocations"].as_array().unwrap();
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0]["charge_id"], json!(first));
        assert_eq!(parts[1]["amount"], cny(100));
        assert_eq!(balance(&w, &customer).await, [800, 0, 600, 200, 0]);
        let paid = pay(&w, &customer, 500).await;
        assert_eq!(paid.json["unallocated"], cny(300));
        assert_eq!(balance(&w, &customer).await, [800, 0, 800, 0, 300]);
        let read = cashier(&w).get(paid.header("location").unwrap()).await.expect(200);
        assert_eq!(read.json, paid.json);
        assert_eq!(read.etag(), paid.etag());
    }

    async fn a_guardian_pays_for_two_children_at_once(w: World) {
        let (guardian, one, two) = (student(&w).await, student(&w).await, student(&w).await);
        let (a, b) = (charge(&w, &one, 400).await, charge(&w, &two, 500).await);
        let mut body = payment(&w, &guardian, 1000);
        body["allocations"] = json!([
            {"charge_id": a, "amount": cny(400)},
            {"charge_id": b, "amount": cny(450)},
        ]);
        cashier(&w).post("/api/v1/payments", &body).await.expect(201);
        assert_eq!(balance(&w, &one).await, [400, 0, 400, 0, 0]);
        assert_eq!(balance(&w, &two).await, [500, 0, 450, 50, 0]);
        assert_eq!(balance(&w, &guardian).await, [0, 0, 0, 0, 150]);
    }

    async fn what_a_payer_is_to_pay_for_others_is_settled_too(w: World) {
        let (guardian, child) = (student(&w).await, student(&w).await);
        let body = json!({"customer_id": child, "payer_id": guardian, "amount": cny(700), "description": "学费"});
        let id = cashier(&w).post("/api/v1/charges", &body).await.expect(201).id();
        pay(&w, &guardian, 700).await;
        assert_eq!(outstanding(&w, &id).await, 0);
        assert_eq!(balance(&w, &child).await, [700, 0, 700, 0, 0]);
    }

    async fn an_empty_list_of_allocations_keeps_everything_as_credit(w: World) {
        let customer = student(&w).await;
        let id = charge(&w, &customer, 500).await;
        let mut body = payment(&w, &customer, 500);
        body["allocations"] = json!([]);
        let paid = cashier(&w).post("/api/v1/payments", &body).await.expect(201);
        assert_eq!(outstanding(&w, &id).await, 500);
        let path = format!("/api/v1/payments/{}/allocate", paid.id());
        let put = cashier(&w).post(&path, &json!({})).await.expect(200);
        assert_eq!(put.json["version"], 2);
        assert_eq!(outstanding(&w, &id).await, 0);
        cashier(&w).post(&path, &json!({})).await.expect_problem(409, "nothing_to_allocate");
    }

    async fn what_is_wrong_with_a_payment_is_told_by_field(w: World) {
        let customer = student(&w).await;
        let id = charge(&w, &customer, 100).await;
        let before = w.server.contents(w.institution).await;
        let all = |minor: i64| json!([{"charge_id": id, "amount": cny(minor)}]);
        for (field, value, pointer, code) in [
            ("amount", cny(0), "#/amount/amount_minor", "out_of_range"),
            ("amount", cny(i64::MAX), "#/amount/amount_minor", "out_of_range"),
            ("amount", json!({"amount_minor": 100, "currency": "USD"}), "#/amount/currency", "currency_mismatch"),
            ("amount", cny(1_000_000_000_001), "#/amount/amount_minor", "out_of_range"),
            ("paid_on", json!("2199-01-01"), "#/paid_on", "paid_in_future"),
            ("paid_on", json!("2999-01-01"), "#/paid_on", "date_out_of_range"),
            ("paid_on", json!("0026-01-01"), "#/paid_on", "out_of_range"),
            ("method", json!("gold"), "#/method", "not_in_list"),
            ("note", json!("a\u{0}b"), "#/note", "control_character"),
            ("payer_id", json!(uuid::Uuid::now_v7()), "#/payer_id", "unknown_reference"),
            ("campus_id", json!(w.places.south), "#/campus_id", "unknown_reference"),
            ("allocations", all(201), "#/allocations", "allocation_exceeds_payment"),
            ("allocations", all(0), "#/allocations/0/amount/amount_minor", "out_of_range"),
            ("allocations", all(-5), "#/allocations/0/amount/amount_minor", "out_of_range"),
            ("allocations", json!([{"charge_id": id, "amount": cny(1)}, {"charge_id": id, "amount": cny(1)}]),
                "#/allocations/1/charge_id", "allocated_twice"),
            ("allocations", json!([{"charge_id": uuid::Uuid::now_v7(), "amount": cny(1)}]),
                "#/allocations/0/charge_id", "unknown_reference"),
        ] {
            let mut body = payment(&w, &customer, 200);
            body[field] = value.clone();
            let refused = cashier(&w).post("/api/v1/payments", &body).await.expect_problem(422, "validation_failed");
            assert_eq!(refused.errors(), [(pointer.into(), code.into())], "{field}: {value}");
        }
        let mut body = payment(&w, &customer, 200);
        body["allocations"] = all(101);
        cashier(&w).post("/api/v1/payments", &body).await.expect_problem(409, "charge_overpaid");
        body["allocations"] = json!([{"charge_id": id, "amount": {"amount_minor": 1, "currency": "USD"}}]);
        cashier(&w).post("/api/v1/payments", &body).await.expect_problem(422, "currency_mismatch");
        assert_eq!(before, w.server.contents(w.institution).await);
    }

    async fn filters_narrow_the_list_of_payments(w: World) {
        let (one, two) = (student(&w).await, student(&w).await);
        let first = pay(&w, &one, 100).await.id();
        let mut body = payment(&w, &two, 200);
        body["method"] = json!("alipay");
        body["paid_on"] = json!("2026-01-31");
        let second = cashier(&w).post("/api/v1/payments", &body).await.expect(201).id();
        for (query, expected) in [
            (String::new(), vec![&second, &first]),
            ("?method=alipay,card".into(), vec![&second]),
            (format!("?payer_id={one}"), vec![&first]),
            ("?paid_on%5Blt%5D=2026-02-01".into(), vec![&second]),
            ("?paid_on%5Bgte%5D=2026-02-01".into(), vec![&first]),
            ("?is_voided=true".into(), vec![]),
        ] {
            let page = cashier(&w).get(&format!("/api/v1/payments{query}")).await.expect(200);
            assert_eq!(page.ids().iter().collect::<Vec<_>>(), expected, "{query}");
        }
    }
}
