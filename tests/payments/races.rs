use std::collections::BTreeSet;

use futures_util::future::join_all;
use tests::{both, json};

use super::{balance, cashier, charge, cny, outstanding, pay, payment, student};

both! {
    async fn of_two_payments_that_together_exceed_a_charge_one_wins(w: World) {
        for _ in 0..5 {
            let (one, two, child) = (student(&w).await, student(&w).await, student(&w).await);
            let id = charge(&w, &child, 100).await;
            let body = |payer: &str| {
                let mut body = payment(&w, payer, 60);
                body["allocations"] = json!([{"charge_id": id, "amount": cny(60)}]);
                body
            };
            let bodies = [body(&one), body(&two)];
            let cashier = cashier(&w);
            let answers = join_all(bodies.iter().map(|body| cashier.post("/api/v1/payments", body))).await;
            let mut statuses: Vec<u16> = answers.iter().map(|a| a.status).collect();
            statuses.sort_unstable();
            assert_eq!(statuses, [201, 409]);
            assert_eq!(outstanding(&w, &id).await, 40);
        }
    }

    async fn a_payment_that_is_voided_by_many_at_once_is_voided_once(w: World) {
        let customer = student(&w).await;
        let id = charge(&w, &customer, 100).await;
        let paid = pay(&w, &customer, 100).await;
        let path = format!("/api/v1/payments/{}/void", paid.id());
        let reason = json!({"reason": "录错"});
        let cashier = cashier(&w);
        let answers = join_all((0..8).map(|_| cashier.post(&path, &reason))).await;
        assert_eq!(answers.iter().filter(|a| a.status == 200).count(), 1);
        for refused in answers.into_iter().filter(|a| a.status != 200) {
            refused.expect_problem(409, "payment_voided");
        }
        assert_eq!(outstanding(&w, &id).await, 100);
    }

    async fn receipts_of_many_payments_at_once_have_no_gap(w: World) {
        let mut customers = Vec::new();
        for _ in 0..4 {
            let customer = student(&w).await;
            charge(&w, &customer, 1_000).await;
            customers.push(customer);
        }
        let cashier = cashier(&w);
        let bodies: Vec<_> = (0..24).map(|n| {
            let mut body = payment(&w, &customers[n % 4], 10);
            if n % 3 == 0 {
                // Refused in the middle of the transaction.
                body["allocations"] = json!([{"charge_id": uuid::Uuid::now_v7(), "amount": cny(1)}]);
            }
            body
        }).collect();
        let answers = join_all(bodies.iter().map(|body| cashier.post("/api/v1/payments", body))).await;
        let numbers: BTreeSet<String> = answers.iter()
            .filter(|a| a.status == 201)
            .map(|a| a.json["receipt_number"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(numbers.len(), 16);
        assert!(numbers.iter().next_back().unwrap().ends_with("-01-000016"), "{numbers:?}");
    }

    async fn two_desks_that_issue_their_first_receipts_at_once_get_numbers_of_their_own(w: World) {
        let customer = student(&w).await;
        let boss = w.as_boss();
        let bodies: Vec<_> = [w.places.north, w.places.east, w.places.south, w.places.north].map(|campus| {
            let mut body = payment(&w, &customer, 10);
            body["campus_id"] = json!(campus);
            body
        }).into();
        let answers = join_all(bodies.iter().map(|body| boss.post("/api/v1/payments", body))).await;
        let numbers: BTreeSet<String> = answers.into_iter()
            .map(|a| a.expect(201).json["receipt_number"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(numbers.len(), 4);
    }

    async fn paying_crediting_and_voiding_at_once_keeps_the_books(w: World) {
        let (customer, guardian) = (student(&w).await, student(&w).await);
        let id = charge(&w, &customer, 1_000).await;
        let mut paid = Vec::new();
        for _ in 0..4 {
            let mut body = payment(&w, &guardian, 100);
            body["allocations"] = json!([{"charge_id": id, "amount": cny(100)}]);
            paid.push(cashier(&w).post("/api/v1/payments", &body).await.expect(201).id());
        }
        let cashier = cashier(&w);
        let mut calls = Vec::new();
        for payment_id in &paid {
            calls.push((format!("/api/v1/payments/{payment_id}/void"), json!({"reason": "录错"})));
        }
        for _ in 0..4 {
            calls.push((format!("/api/v1/charges/{id}/credit"), json!({"amount": cny(250), "reason": "退班"})));
            let mut body = payment(&w, &guardian, 50);
            body["allocations"] = json!([{"charge_id": id, "amount": cny(50)}]);
            calls.push(("/api/v1/payments".to_owned(), body));
        }
        let answers = join_all(calls.iter().map(|(path, body)| cashier.post(path, body))).await;
        for answer in &answers {
            assert!([200, 201, 409].contains(&answer.status), "{}", answer.text);
        }
        let [charged, credited, settled, owed, _] = balance(&w, &customer).await;
        assert_eq!(charged - credited - settled, owed);
        assert_eq!(outstanding(&w, &id).await, owed);
    }
}
