//! What refers to a customer stands in two lists, which are those of the schema.

use std::collections::BTreeSet;

use persistence::{
    customers::{CHILDREN, POINTERS},
    privacy::{
        erasure::{OF_NOBODY, OF_PERSONS, OnErasure},
        personal_data::TOLD,
    },
};
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

    async fn erasure_says_of_every_table_what_it_does(w: World) {
        let mut listed: Vec<String> = OF_PERSONS.iter().map(|t| t.table.to_owned()).collect();
        listed.extend(OF_NOBODY.iter().map(|table| (*table).to_owned()));
        listed.sort();
        assert_eq!(listed, w.server.tables().await, "persistence/src/privacy/erasure/registry.rs");
        for pointer in POINTERS {
            let is_of_person = OF_PERSONS.iter().any(|table| table.table == pointer.table);
            assert!(is_of_person, "{} names a customer", pointer.table);
        }
    }

    async fn a_person_is_told_of_every_column_or_why_not(w: World) {
        let told = || TOLD.iter().copied().flatten();
        let listed: BTreeSet<&str> = told().map(|told| told.table).collect();
        let of_persons: BTreeSet<&str> = OF_PERSONS.iter().map(|of| of.table).collect();
        assert_eq!(listed, of_persons, "persistence/src/privacy/personal_data/registry.rs");
        for told in told() {
            let columns = w.server.columns(told.table).await;
            let known: BTreeSet<&str> = columns.iter().map(String::as_str).collect();
            let said = told.columns.iter().map(|column| column.column);
            let withheld = told.withheld.iter().map(|(column, _)| *column);
            let mut listed: BTreeSet<&str> = said.chain(withheld).chain(["institution_id"]).collect();
            // What is found by it stands elsewhere on SQLite.
            if told.table == "search_documents" && !w.server.app.db.is_postgres() {
                listed.remove("grams");
            }
            assert_eq!(listed, known, "{}: persistence/src/privacy/personal_data/registry.rs", told.table);
        }
    }

    async fn erasure_says_of_every_text_what_becomes_of_it(w: World) {
        let postgres = w.server.app.db.is_postgres();
        for table in OF_PERSONS {
            let emptied: Vec<&str> = match &table.on_erasure {
                OnErasure::Removed | OnErasure::Expired => continue,
                OnErasure::Emptied(columns) => columns.iter().map(|(name, _)| *name).collect(),
                OnErasure::Resealed { column, .. } => vec![*column],
                OnErasure::Kept(_) => Vec::new(),
            };
            let sql = if postgres {
                "SELECT CAST(column_name AS text) FROM information_schema.columns \
                 WHERE table_schema = current_schema() AND table_name = ? \
                 AND data_type IN ('text', 'bytea', 'jsonb', 'date', 'smallint')"
            } else {
                // Ids are blobs as well.
                "SELECT name FROM pragma_table_info(?) WHERE lower(type) IN ('text', 'blob', 'date', 'smallint') \
                 AND name <> 'id' AND name NOT LIKE '%\\_id' ESCAPE '\\' AND name NOT LIKE '%\\_by' ESCAPE '\\' \
                 AND name <> 'reversal_of'"
            };
            for column in w.server.texts(sql, vec![table.table.into()]).await {
                let is_told = emptied.contains(&column.as_str()) || table.harmless.contains(&column.as_str());
                assert!(is_told, "{}.{column}: persistence/src/privacy/erasure/registry.rs", table.table);
            }
        }
    }
}
