use tests::{both, json};

use super::{balance, cashier, charge, cny, outstanding, pay, payment, student};

both! {
    async fn a_charge_reads_back_and_is_listed(w: World) {
        let customer = student(&w).await;
        let body = json!({"customer_id": customer, "amount": cny(129_900), "description": "秋季学费", "due_on": "2026-09-01"});
        let made = cashier(&w).post("/api/v1/charges", &body).await.expect(201);
        assert_eq!(made.json["status"], "open");
        assert_eq!(made.json["payer_id"], json!(customer));
        assert_eq!(made.json["campus_id"], json!(w.places.north));
        assert_eq!(made.json["outstanding"], cny(129_900));
        let read = cashier(&w).get(made.header("location").unwrap()).await.expect(200);
        assert_eq!(read.json, made.json);
        assert_eq!(read.etag(), made.etag());
        for (query, shown) in [
            ("", true),
            ("?status=open", true),
            ("?status=settled", false),
            ("?status=settled,open&sort=created_at", true),
            ("?due_on%5Blt%5D=1900-01-01", false),
            ("?due_on%5Blt%5D=9999-12-31", true),
            ("?due_on%5Blt%5D=2026-09-02", true),
            ("?due_on%5Blt%5D=2026-09-01", false),
            (&format!("?customer_id={customer}"), true),
            (&format!("?campus_id={}", w.places.south), false),
        ] {
            let page = cashier(&w).get(&format!("/api/v1/charges{query}")).await.expect(200);
            assert_eq!(page.ids() == [made.id()], shown, "{query}");
        }
    }

    async fn what_is_wrong_with_a_charge_is_told_by_field(w: World) {
        let customer = student(&w).await;
        let right = json!({"customer_id": customer, "amount": cny(100), "description": "学费"});
        for (field, value, pointer, code) in [
            ("amount", cny(0), "#/amount/amount_minor", "out_of_range"),
            ("amount", cny(-1), "#/amount/amount_minor", "out_of_range"),
            ("due_on", json!("1899-12-31"), "#/due_on", "out_of_range"),
            ("due_on", json!("2200-01-01"), "#/due_on", "date_out_of_range"),
            ("due_on", json!("9999-12-31"), "#/due_on", "date_out_of_range"),
            ("amount", cny(1_000_000_000_001), "#/amount/amount_minor", "out_of_range"),
            ("amount", cny(i64::MAX), "#/amount/amount_minor", "out_of_range"),
            ("amount", cny(i64::MIN), "#/amount/amount_minor", "out_of_range"),
            ("amount", json!({"amount_minor": 100, "currency": "USD"}), "#/amount/currency", "currency_mismatch"),
            ("description", json!(" 学费"), "#/description", "blank"),
            ("customer_id", json!(uuid::Uuid::now_v7()), "#/customer_id", "unknown_reference"),
            ("payer_id", json!(uuid::Uuid::now_v7()), "#/payer_id", "unknown_reference"),
            ("campus_id", json!(w.places.south), "#/campus_id", "unknown_reference"),
            ("campus_id", json!(w.other_places.north), "#/campus_id", "unknown_reference"),
        ] {
            let mut body = right.clone();
            body[field] = value.clone();
            let refused = cashier(&w).post("/api/v1/charges", &body).await.expect_problem(422, "validation_failed");
            assert_eq!(refused.errors(), [(pointer.into(), code.into())], "{field}: {value}");
        }
        assert_eq!(balance(&w, &customer).await, [0; 5]);
    }

    async fn sums_do_not_leave_the_range(w: World) {
        // What thousands of the largest charges and payments would come to.
        let (one, other) = (student(&w).await, student(&w).await);
        let set = async |charged: i64, credit: i64| {
            w.execute(
                "UPDATE customer_balances SET charged_minor = ?, outstanding_minor = ?, credit_minor = ? \
                 WHERE institution_id = ?",
                vec![charged.into(), charged.into(), credit.into(), w.institution.uuid().into()],
            ).await.unwrap();
        };
        for customer in [&one, &other] {
            charge(&w, customer, 1_000_000_000_000).await;
        }
        set(9_007_199_254_740_991, 9_007_199_254_740_991).await;
        let one_more = json!({"customer_id": one, "amount": cny(1), "description": "学费"});
        cashier(&w).post("/api/v1/charges", &one_more).await.expect_problem(422, "amount_out_of_range");
        let mut body = payment(&w, &one, 1);
        body["allocations"] = json!([]);
        cashier(&w).post("/api/v1/payments", &body).await.expect_problem(422, "amount_out_of_range");
        let total = cashier(&w).get("/api/v1/receivables/total").await.expect(200);
        assert_eq!(total.json["outstanding"], cny(9_007_199_254_740_991));
        assert_eq!(total.json["campuses"][0]["outstanding"], cny(9_007_199_254_740_991));
        assert_eq!(total.json["customers"], 2);
        set(1_000_000_000_000, 0).await;
    }

    async fn crediting_takes_what_is_unpaid_first_and_gives_the_rest_back_to_the_payer(w: World) {
        let customer = student(&w).await;
        let guardian = student(&w).await;
        let id = charge(&w, &customer, 1000).await;
        let body = json!({"payer_id": guardian, "campus_id": w.places.north, "method": "card",
            "amount": cny(600), "allocations": [{"charge_id": id, "amount": cny(600)}]});
        let paid = cashier(&w).post("/api/v1/payments", &body).await.expect(201);
        let credit = |minor| {
            let body = json!({"amount": cny(minor), "reason": "中途退班"});
            let path = format!("/api/v1/charges/{id}/credit");
            let cashier = cashier(&w);
            async move { cashier.post(&path, &body).await }
        };
        credit(300).await.expect(200);
        assert_eq!(balance(&w, &customer).await, [1000, 300, 600, 100, 0]);
        let credited = credit(400).await.expect(200);
        assert_eq!(credited.json["status"], "settled");
        assert_eq!(balance(&w, &customer).await, [1000, 700, 300, 0, 0]);
        assert_eq!(balance(&w, &guardian).await, [0, 0, 0, 0, 300]);
        let read = cashier(&w).get(&format!("/api/v1/payments/{}", paid.id())).await.expect(200);
        assert_eq!(read.json["unallocated"], cny(300));
        assert_eq!(read.json["allocations"][0]["amount"], cny(300));
        credit(301).await.expect_problem(409, "credit_exceeds_charge");
        credit(0).await.expect(422);
        // What was given back can be put to another charge.
        let next = charge(&w, &customer, 250).await;
        let body = json!({"allocations": [{"charge_id": next, "amount": cny(250)}]});
        let path = format!("/api/v1/payments/{}/allocate", paid.id());
        cashier(&w).post(&path, &body).await.expect(200);
        assert_eq!(outstanding(&w, &next).await, 0);
        assert_eq!(balance(&w, &guardian).await, [0, 0, 0, 0, 50]);
        // And a void takes all of it back, wherever it has gone meanwhile.
        let path = format!("/api/v1/payments/{}/void", paid.id());
        cashier(&w).post(&path, &json!({"reason": "退款"})).await.expect(200);
        assert_eq!(balance(&w, &guardian).await, [0; 5]);
        assert_eq!(balance(&w, &customer).await, [1250, 700, 0, 550, 0]);
    }

    async fn whoever_stands_in_the_books_can_not_be_deleted(w: World) {
        let customer = student(&w).await;
        charge(&w, &customer, 100).await;
        w.as_boss().delete(&format!("/api/v1/customers/{customer}")).await
            .expect_problem(409, "customer_in_use");
        let payer = student(&w).await;
        pay(&w, &payer, 100).await;
        w.as_boss().delete(&format!("/api/v1/customers/{payer}")).await
            .expect_problem(409, "customer_in_use");
    }

    async fn whoever_is_to_pay_an_open_charge_can_not_be_deleted(w: World) {
        let (customer, payer) = (student(&w).await, student(&w).await);
        let body = json!({"customer_id": customer, "payer_id": payer, "amount": cny(100), "description": "学费"});
        let owed = cashier(&w).post("/api/v1/charges", &body).await.expect(201).id();
        let path = format!("/api/v1/customers/{payer}");
        w.as_boss().delete(&path).await.expect_problem(409, "customer_in_use");
        let credit = json!({"amount": cny(100), "reason": "取消"});
        cashier(&w).post(&format!("/api/v1/charges/{owed}/credit"), &credit).await.expect(200);
        w.as_boss().delete(&path).await.expect(204);
    }

    async fn charges_and_payments_are_listed_from_either_end(w: World) {
        let customer = student(&w).await;
        let first = [charge(&w, &customer, 1).await, pay(&w, &customer, 1).await.id()];
        let second = [charge(&w, &customer, 1).await, pay(&w, &customer, 1).await.id()];
        for (n, list) in ["/api/v1/charges", "/api/v1/payments"].iter().enumerate() {
            let newest = cashier(&w).get(&format!("{list}?sort=-created_at")).await.expect(200);
            assert_eq!(newest.ids(), [&second[n], &first[n]].map(String::as_str));
            assert_eq!(cashier(&w).get(list).await.expect(200).ids(), newest.ids());
            let oldest = cashier(&w).get(&format!("{list}?sort=created_at&limit=1")).await.expect(200);
            assert_eq!(oldest.ids(), [first[n].as_str()]);
            let cursor = oldest.json["next_cursor"].as_str().unwrap();
            let rest = cashier(&w).get(&format!("{list}?sort=created_at&limit=1&cursor={cursor}")).await.expect(200);
            assert_eq!(rest.ids(), [second[n].as_str()]);
        }
    }
}
