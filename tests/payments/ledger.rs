//! What was posted stays as it was posted, whoever holds the database.

use domain::access::PrincipalKind;
use persistence::Operation;
use sea_orm::{ConnectionTrait, Value};
use tests::{World, both, json};

use super::{cashier, charge, pay, student};

async fn refused(w: &World, sql: &str, values: Vec<Value>) {
    let failed = w.execute(sql, values).await;
    assert!(failed.is_err(), "{sql}");
}

both! {
    async fn no_row_of_the_books_is_changed_or_deleted_by_raw_sql(w: World) {
        let customer = student(&w).await;
        charge(&w, &customer, 500).await;
        let paid = pay(&w, &customer, 800).await;
        let path = format!("/api/v1/payments/{}/void", paid.id());
        cashier(&w).post(&path, &json!({"reason": "录错"})).await.expect(200);
        let own = || vec![Value::from(w.institution.uuid())];
        for table in [
            "journal_entries", "journal_postings", "payment_allocations", "charges", "payments",
            "customer_balances", "number_series", "receipts",
        ] {
            refused(&w, &format!("DELETE FROM {table} WHERE institution_id = ?"), own()).await;
        }
        for (table, change) in [
            ("journal_entries", "legal_entity = 'x'"),
            ("journal_entries", "posted_at = 0"),
            ("journal_postings", "amount_minor = amount_minor + 1"),
            ("journal_postings", "side = 'debit'"),
            ("payment_allocations", "amount_minor = 1"),
            ("charges", "amount_minor = amount_minor + 1, outstanding_minor = outstanding_minor + 1"),
            ("charges", "outstanding_minor = 0"),
            ("charges", "description = 'x'"),
            ("payments", "amount_minor = 1"),
            ("payments", "method = 'card'"),
            ("payments", "unallocated_minor = 1"),
            ("payments", "voided_at = NULL, voided_on = NULL, voided_by = NULL, void_reason = NULL"),
            ("customer_balances", "outstanding_minor = 0"),
            ("number_series", "last = last + 2"),
            ("receipts", "number = 7"),
            ("receipts", "voided_at = NULL"),
        ] {
            refused(&w, &format!("UPDATE {table} SET {change} WHERE institution_id = ?"), own()).await;
        }
    }

    async fn no_row_of_the_books_is_replaced_by_another(w: World) {
        if w.server.app.db.is_postgres() {
            // There is no REPLACE there, and ON CONFLICT is an UPDATE like any other.
            return;
        }
        let customer = student(&w).await;
        charge(&w, &customer, 500).await;
        pay(&w, &customer, 500).await;
        for table in ["journal_entries", "journal_postings", "receipts", "audit_records", "events"] {
            let sql = format!("INSERT OR REPLACE INTO {table} SELECT * FROM {table}");
            let (app, sql) = (w.server.app.clone(), &sql);
            let operation = Operation::system(
                w.institution, PrincipalKind::System, "replace", app.clock.stamp(),
            );
            let replaced = app
                .db
                .transaction(&operation, |tx| async move { Ok(tx.execute_unprepared(sql).await?) })
                .await;
            assert!(replaced.is_err(), "{table}");
        }
    }

    async fn postgresql_refuses_an_entry_that_does_not_balance(w: World) {
        if !w.server.app.db.is_postgres() {
            // SQLite has no trigger at the commit: there the one way in and the invariant hold it.
            return;
        }
        let customer = student(&w).await;
        let one_sided = "INSERT INTO journal_postings (institution_id, entry_id, line, account, customer_id, \
            side, amount_minor, currency) SELECT institution_id, id, 9, 'cash', customer_id, 'debit', 1, 'CNY' \
            FROM journal_entries WHERE institution_id = ?";
        charge(&w, &customer, 500).await;
        refused(&w, one_sided, vec![w.institution.uuid().into()]).await;
        let empty = "INSERT INTO journal_entries (institution_id, id, legal_entity, campus_id, business_date, \
            posted_at, source_kind, source_id, cause, customer_id) SELECT institution_id, source_id, legal_entity, \
            campus_id, business_date, posted_at, source_kind, source_id, cause, customer_id \
            FROM journal_entries WHERE institution_id = ?";
        refused(&w, empty, vec![w.institution.uuid().into()]).await;
    }

    async fn an_entry_tells_where_and_when_it_happened(w: World) {
        let customer = student(&w).await;
        charge(&w, &customer, 500).await;
        let rows = w.server.texts(
            "SELECT e.cause || ' ' || e.source_kind || ' ' || e.legal_entity || ' ' || p.account || ' ' || p.side \
             FROM journal_entries e JOIN journal_postings p \
             ON p.institution_id = e.institution_id AND p.entry_id = e.id \
             WHERE e.institution_id = ? AND e.campus_id = ? ORDER BY p.line",
            vec![w.institution.uuid().into(), w.places.north.uuid().into()],
        ).await;
        assert_eq!(rows, [
            "charged charge 启明教育有限公司 receivable debit",
            "charged charge 启明教育有限公司 deferred_tuition credit",
        ]);
    }
}
