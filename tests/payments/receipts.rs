use tests::{Answer, World, both, json};

use super::{cashier, charge, cny, pay, payment, student};

async fn page(w: &World, paid: &Answer, query: &str) -> Answer {
    let receipt = paid.json["receipt_id"].as_str().unwrap();
    let path = format!("/api/v1/receipts/{receipt}/page{query}");
    cashier(w).get(&path).await
}

both! {
    async fn receipts_are_numbered_without_gaps_by_campus(w: World) {
        let customer = student(&w).await;
        let year = w.server.app.clock.now().in_tz("Asia/Shanghai").unwrap().year();
        for value in 1..=3 {
            // A refusal uses up no number.
            let mut wrong = payment(&w, &customer, 100);
            wrong["allocations"] = json!([{"charge_id": uuid::Uuid::now_v7(), "amount": cny(1)}]);
            cashier(&w).post("/api/v1/payments", &wrong).await.expect(422);
            let paid = pay(&w, &customer, 100).await;
            assert_eq!(paid.json["receipt_number"], json!(format!("R{year}-01-{value:06}")));
        }
        let mut body = payment(&w, &customer, 100);
        body["campus_id"] = json!(w.places.south);
        let south = w.as_boss().post("/api/v1/payments", &body).await.expect(201);
        assert_eq!(south.json["receipt_number"], json!(format!("R{year}-02-000001")));
    }

    async fn a_receipt_tells_who_paid_what_for_what(w: World) {
        let customer = student(&w).await;
        charge(&w, &customer, 129_900).await;
        let paid = pay(&w, &customer, 140_950).await;
        let receipt = cashier(&w).get(&format!("/api/v1/payments/{}/receipt", paid.id())).await.expect(200);
        assert_eq!(receipt.json["payer_name"], "张伟");
        assert_eq!(receipt.json["campus_name"], "北校区");
        assert_eq!(receipt.json["legal_entity"], "启明教育有限公司");
        assert_eq!(receipt.json["receiver_name"], "finance");
        assert_eq!(receipt.json["amount_in_figures"], "1,409.50");
        assert_eq!(receipt.json["amount_in_capitals"], "人民币壹仟肆佰零玖元伍角整");
        assert_eq!(receipt.json["lines"], json!([{"description": "学费", "amount": cny(129_900)}]));
        assert_eq!(receipt.json["print_count"], 0);
    }

    async fn a_page_has_two_or_three_parts(w: World) {
        let customer = student(&w).await;
        let paid = pay(&w, &customer, 140_950).await;
        for (query, parts) in [("", 2), ("?parts=2", 2), ("?parts=3", 3)] {
            let page = page(&w, &paid, query).await.expect(200);
            assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
            let policy = page.header("content-security-policy").unwrap();
            assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
            assert_eq!(page.text.matches("<section>").count(), parts);
            let number = paid.json["receipt_number"].as_str().unwrap();
            assert_eq!(page.text.matches(&format!("<dd>{number}</dd>")).count(), parts);
            assert_eq!(page.text.matches("人民币壹仟肆佰零玖元伍角整").count(), parts);
            assert_eq!(page.text.contains("Part 3: stub"), parts == 3);
        }
        for query in ["?parts=1", "?parts=4", "?parts=two"] {
            page(&w, &paid, query).await.expect_problem(422, "validation_failed");
        }
    }

    async fn what_people_write_is_text_on_the_page(w: World) {
        let mut body = w.new_customer("<script>alert('x')</script>");
        body["holder_id"] = json!(w.places.north);
        let customer = w.as_boss().post("/api/v1/customers", &body).await.expect(201).id();
        let body = json!({"customer_id": customer, "amount": cny(100), "description": "<img src=x onerror=\"alert(1)\">&"});
        cashier(&w).post("/api/v1/charges", &body).await.expect(201);
        let paid = pay(&w, &customer, 100).await;
        let page = page(&w, &paid, "?parts=3").await.expect(200);
        assert!(!page.text.contains("<script") && !page.text.contains("<img"), "{}", page.text);
        assert!(page.text.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"));
        assert!(page.text.contains("&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;"));
    }

    async fn reprints_are_counted_and_keep_the_number(w: World) {
        let customer = student(&w).await;
        let paid = pay(&w, &customer, 100).await;
        let receipt = paid.json["receipt_id"].as_str().unwrap().to_owned();
        for count in 1..=2 {
            let printed = cashier(&w).post(&format!("/api/v1/receipts/{receipt}/print"), &json!({"parts": 3})).await.expect(200);
            assert_eq!(printed.json["print_count"], count);
            assert_eq!(printed.json["number"], paid.json["receipt_number"]);
        }
        let shown = page(&w, &paid, "").await.expect(200);
        assert!(shown.text.contains("× 2"));
        cashier(&w).post(&format!("/api/v1/payments/{}/void", paid.id()), &json!({"reason": "录错"})).await.expect(200);
        let shown = page(&w, &paid, "").await.expect(200);
        assert_eq!(shown.text.matches("VOID").count(), 2);
        for (parts, status) in [(1, 422), (4, 422), (2, 200)] {
            cashier(&w).post(&format!("/api/v1/receipts/{receipt}/print"), &json!({"parts": parts})).await.expect(status);
        }
    }
}
