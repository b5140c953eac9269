use tests::{both, json};

use super::{balance, cashier, charge, cny, outstanding, pay, student};

both! {
    async fn a_void_reopens_what_was_paid_and_voids_the_receipt_under_its_number(w: World) {
        let customer = student(&w).await;
        let id = charge(&w, &customer, 500).await;
        let paid = pay(&w, &customer, 800).await;
        let path = format!("/api/v1/payments/{}", paid.id());
        let voided = cashier(&w).post(&format!("{path}/void"), &json!({"reason": "金额录错"})).await.expect(200);
        assert_eq!(voided.json["void_reason"], "金额录错");
        assert_eq!(voided.json["unallocated"], cny(0));
        assert_eq!(voided.json["allocations"], json!([]));
        assert_eq!(voided.json["receipt_number"], paid.json["receipt_number"]);
        assert_eq!(outstanding(&w, &id).await, 500);
        assert_eq!(balance(&w, &customer).await, [500, 0, 0, 500, 0]);
        let receipt = cashier(&w).get(&format!("{path}/receipt")).await.expect(200);
        assert_eq!(receipt.json["number"], paid.json["receipt_number"]);
        assert_eq!(receipt.json["voided_at"], voided.json["voided_at"]);
        let page = cashier(&w).get("/api/v1/payments?is_voided=true").await.expect(200);
        assert_eq!(page.ids(), [paid.id()]);
    }

    async fn a_payment_is_voided_once(w: World) {
        let customer = student(&w).await;
        let paid = pay(&w, &customer, 100).await;
        let path = format!("/api/v1/payments/{}", paid.id());
        let reason = json!({"reason": "录错"});
        cashier(&w).post_with_key(&format!("{path}/void"), "v", &reason).await.expect(200);
        let again = cashier(&w).post_with_key(&format!("{path}/void"), "v", &reason).await.expect(200);
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        cashier(&w).post(&format!("{path}/void"), &reason).await.expect_problem(409, "payment_voided");
        charge(&w, &customer, 100).await;
        cashier(&w).post(&format!("{path}/allocate"), &json!({})).await.expect_problem(409, "payment_voided");
    }

    async fn a_void_needs_its_permission_a_reason_and_a_key(w: World) {
        let customer = student(&w).await;
        let paid = pay(&w, &customer, 100).await;
        let path = format!("/api/v1/payments/{}/void", paid.id());
        w.as_manager().post(&path, &json!({"reason": "录错"})).await.expect_problem(403, "permission_missing");
        let refused = cashier(&w).post(&path, &json!({"reason": " x"})).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/reason".into(), "blank".into())]);
        let cashier = cashier(&w);
        cashier.send(cashier.request(reqwest::Method::POST, &path).json(&json!({"reason": "录错"}))).await
            .expect_problem(400, "idempotency_key_required");
    }

    async fn a_payment_that_went_to_many_charges_can_be_voided(w: World) {
        let customer = student(&w).await;
        for _ in 0..101 {
            charge(&w, &customer, 1).await;
        }
        let path = format!("/api/v1/payments/{}", pay(&w, &customer, 101).await.id());
        assert_eq!(balance(&w, &customer).await, [101, 0, 100, 1, 1]);
        cashier(&w).post(&format!("{path}/allocate"), &json!({})).await.expect(200);
        assert_eq!(balance(&w, &customer).await, [101, 0, 101, 0, 0]);
        cashier(&w).post(&format!("{path}/void"), &json!({"reason": "录错"})).await.expect(200);
        assert_eq!(balance(&w, &customer).await, [101, 0, 0, 101, 0]);
    }
}
