use std::collections::BTreeSet;

use domain::customers::facts::FACTS;
use tests::{both, json};

both! {
    async fn every_table_of_facts_about_a_customer_is_listed(w: World) {
        let mut found = BTreeSet::new();
        for table in w.server.tables().await {
            if w.server.columns(&table).await.iter().any(|c| c == "beneficiary_id") {
                found.insert(table);
            }
        }
        let listed: BTreeSet<String> = FACTS.iter().map(|f| f.table.to_owned()).collect();
        assert_eq!(found, listed, "domain/src/customers/facts.rs");
        for fact in FACTS {
            let columns = w.server.columns(fact.table).await;
            for column in ["beneficiary_id", "occurred_on", "reversal_of"].iter().chain(fact.values) {
                assert!(columns.iter().any(|c| c == column), "{}.{column}", fact.table);
            }
        }
    }

    async fn an_enrollment_is_a_purchase_and_a_withdrawal_takes_it_back(w: World) {
        let class = w.open_class(json!({})).await;
        let student = w.new_student("张伟").await;
        let body = json!({"customer_id": student, "class_id": class, "purchase_mode": "phone"});
        let made = w.as_boss().post("/api/v1/enrollments", &body).await.expect(201);
        let read = "SELECT mode || ' ' || CAST(quantity_hundredths AS text) || ' ' || CAST(amount_minor AS text) \
             FROM purchases WHERE institution_id = ? ORDER BY posted_at";
        let facts = async || w.server.texts(read, vec![w.institution.uuid().into()]).await;
        assert_eq!(facts().await, ["phone 4800 480000"]);
        let path = format!("/api/v1/enrollments/{}/withdraw", made.id());
        w.as_boss().post(&path, &json!({"reason": "moved"})).await.expect(200);
        assert_eq!(facts().await, ["phone 4800 480000", "phone -4800 -480000"]);
    }

    async fn ledgers_refuse_every_change(w: World) {
        let class = w.open_class(json!({})).await;
        w.enroll(&w.new_student("张伟").await, &class).await.expect(201);
        let mine = || vec![w.institution.uuid().into()];
        for sql in [
            "UPDATE hour_entries SET hundredths = hundredths + 1 WHERE institution_id = ?",
            "DELETE FROM hour_entries WHERE institution_id = ?",
            "UPDATE purchases SET amount_minor = 0 WHERE institution_id = ?",
            "DELETE FROM purchases WHERE institution_id = ?",
            "UPDATE hour_lots SET created_at = 0 WHERE institution_id = ?",
            "UPDATE hour_lots SET balance_hundredths = -1 WHERE institution_id = ?",
            "DELETE FROM hour_lots WHERE institution_id = ?",
            "DELETE FROM enrollments WHERE institution_id = ?",
            "UPDATE classes SET seats_taken = capacity + 1 WHERE institution_id = ?",
        ] {
            assert!(w.execute(sql, mine()).await.is_err(), "{sql}");
        }
    }
}
