use domain::access::Reach;
use tests::{both, json};

use super::{cashier, charge, cny, pay, payment, student};

both! {
    async fn a_share_of_a_customer_does_not_open_its_money(w: World) {
        w.add_role("books", &[("payments:read", Reach::Own), ("payments:write", Reach::Own), ("customers:read", Reach::Own)]).await;
        let friend = w.hire(&["books"], w.places.north, None).await;
        let customer = student(&w).await;
        let owed = charge(&w, &customer, 100).await;
        let paid = pay(&w, &customer, 30).await;
        let share = json!({"grantee_id": friend.principal, "access": "write"});
        w.as_boss().post(&format!("/api/v1/customers/{customer}/shares"), &share).await.expect(201);
        friend.get(&format!("/api/v1/customers/{customer}")).await.expect(200);
        for path in [
            format!("/api/v1/charges/{owed}"),
            format!("/api/v1/payments/{}", paid.id()),
            format!("/api/v1/payments/{}/receipt", paid.id()),
            format!("/api/v1/receipts/{}/page", paid.json["receipt_id"].as_str().unwrap()),
            format!("/api/v1/customers/{customer}/balance"),
        ] {
            friend.get(&path).await.expect_problem(404, "not_found");
        }
        for path in ["/api/v1/charges", "/api/v1/payments", "/api/v1/receivables"] {
            assert_eq!(friend.get(path).await.expect(200).json["items"], json!([]));
        }
        friend.post("/api/v1/payments", &payment(&w, &customer, 10)).await.expect(422);
    }

    async fn a_charge_out_of_reach_does_not_show_in_a_payment(w: World) {
        w.add_role("books", &[("payments:read", Reach::Own)]).await;
        let clerk = w.hire(&["books"], w.places.north, None).await;
        let mut body = w.new_customer("王芳");
        body["holder_id"] = json!(clerk.principal);
        let guardian = w.as_boss().post("/api/v1/customers", &body).await.expect(201).id();
        let child = student(&w).await;
        let owed = charge(&w, &child, 100).await;
        let mut body = payment(&w, &guardian, 100);
        body["allocations"] = json!([{"charge_id": owed, "amount": cny(100)}]);
        let paid = cashier(&w).post("/api/v1/payments", &body).await.expect(201);
        let path = format!("/api/v1/payments/{}", paid.id());
        let seen = clerk.get(&path).await.expect(200);
        assert_eq!(seen.json["allocations"], json!([]));
        assert_eq!(seen.json["unallocated"], cny(0));
        assert_eq!(cashier(&w).get(&path).await.expect(200).json["allocations"][0]["charge_id"], json!(owed));
    }

    async fn nobody_pays_for_or_charges_whom_he_does_not_reach(w: World) {
        let customer = student(&w).await;
        let owed = charge(&w, &customer, 100).await;
        w.add_role("desk", &[("payments:write", Reach::Campus), ("payments:void", Reach::Campus)]).await;
        let south = w.hire(&["desk"], w.places.south, None).await;
        let paid = pay(&w, &customer, 50).await;
        let before = w.server.contents(w.institution).await;
        for (path, body, status) in [
            ("/api/v1/payments".to_owned(), payment(&w, &customer, 10), 422),
            ("/api/v1/charges".to_owned(), json!({"customer_id": customer, "amount": cny(1), "description": "学费"}), 422),
            (format!("/api/v1/charges/{owed}/credit"), json!({"amount": cny(1), "reason": "试一试"}), 404),
            (format!("/api/v1/payments/{}/void", paid.id()), json!({"reason": "试一试"}), 404),
            (format!("/api/v1/payments/{}/allocate", paid.id()), json!({}), 404),
        ] {
            south.post(&path, &body).await.expect(status);
        }
        assert_eq!(before, w.server.contents(w.institution).await);
    }

    async fn a_desk_of_another_campus_can_not_be_named(w: World) {
        let customer = student(&w).await;
        let mut body = payment(&w, &customer, 10);
        for campus in [json!(w.places.south), json!(w.other_places.north), json!(uuid::Uuid::now_v7())] {
            body["campus_id"] = campus;
            let refused = cashier(&w).post("/api/v1/payments", &body).await.expect(422);
            assert_eq!(refused.errors(), [("#/campus_id".into(), "unknown_reference".into())]);
        }
    }

    async fn a_payer_out_of_reach_is_neither_shown_nor_asked_for(w: World) {
        w.add_role("books", &[("payments:read", Reach::Own), ("payments:void", Reach::Own)]).await;
        let clerk = w.hire(&["books"], w.places.north, None).await;
        let mut body = w.new_customer("张小明");
        body["holder_id"] = json!(clerk.principal);
        let child = w.as_boss().post("/api/v1/customers", &body).await.expect(201).id();
        let payer = student(&w).await;
        let body = json!({"customer_id": child, "payer_id": payer, "amount": cny(100), "description": "学费"});
        let owed = cashier(&w).post("/api/v1/charges", &body).await.expect(201);
        assert_eq!(owed.json["payer_id"], json!(payer));
        let path = format!("/api/v1/charges/{}", owed.id());
        assert_eq!(clerk.get(&path).await.expect(200).json["payer_id"], json!(null));
        assert_eq!(clerk.get("/api/v1/charges").await.expect(200).json["items"][0]["payer_id"], json!(null));
        let credit = json!({"amount": cny(1), "reason": "抹零"});
        assert_eq!(clerk.post(&format!("{path}/credit"), &credit).await.expect(200).json["payer_id"], json!(null));
        let by_payer = format!("/api/v1/charges?payer_id={payer}");
        assert!(clerk.get(&by_payer).await.expect(200).ids().is_empty());
        assert_eq!(cashier(&w).get(&by_payer).await.expect(200).ids(), [owed.id()]);
        // His own customers are asked for as before.
        let own = charge(&w, &child, 5).await;
        let page = clerk.get(&format!("/api/v1/charges?payer_id={payer},{child}")).await.expect(200);
        assert_eq!((page.ids(), page.json["items"][0]["payer_id"].clone()), (vec![own], json!(child)));
    }
}
