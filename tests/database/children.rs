//! What refers to a customer stands in two lists, which are those of the schema.

use std::collections::BTreeSet;

use persistence::customers::{CHILDREN, POINTERS};
use tests::both;

both! {
    async fn everything_that_refers_to_a_customer_is_listed(w: World) {
        let sql = if w.server.app.db.is_postgres() {
            "SELECT c.conrelid::regclass::text || '.' || own.attname \
             FROM pg_constraint c \
             CROSS JOIN LATERAL unnest(c.conkey, c.confkey) AS k(own, other) \
             JOIN pg_attribute own ON own.attrelid = c.conrelid AND own.attnum = k.own \
             JOIN pg_attribute other ON other.attrelid = c.confrelid AND other.attnum = k.other \
             WHERE c.contype = 'f' AND c.confrelid = 'customers'::regclass AND other.attname = 'id'"
        } else {
            // A foreign key to the primary key names no columns there: the second is the id.
            "SELECT m.name || '.' || k.\"from\" FROM sqlite_master m \
             JOIN pragma_foreign_key_list(m.name) k \
             WHERE m.type = 'table' AND k.\"table\" = 'customers' \
             AND (k.\"to\" = 'id' OR (k.\"to\" IS NULL AND k.seq = 1))"
        };
        let found: BTreeSet<String> = w.server.texts(sql, vec![]).await.into_iter().collect();
        let listed: BTreeSet<String> =
            POINTERS.iter().map(|p| format!("{}.{}", p.table, p.column)).collect();
        assert_eq!(found, listed, "persistence/src/customers/children.rs");
    }

    async fn every_table_that_carries_its_customers_holder_is_moved_by_a_transfer(w: World) {
        let mut found = BTreeSet::new();
        for table in w.server.tables().await {
            if w.server.columns(&table).await.iter().any(|c| c == "customer_campus_id") {
                found.insert(table);
            }
        }
        let listed: BTreeSet<String> = CHILDREN.iter().map(|c| c.table.to_owned()).collect();
        assert_eq!(found, listed, "persistence/src/customers/children.rs");
    }
}
