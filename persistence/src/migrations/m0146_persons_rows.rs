//! The rows of one person, found without reading those of all: by erasure, and by the document of what is known.

super::migration!(
    "m0146_persons_rows",
    r#"
CREATE INDEX events_subject_idx ON events (institution_id, subject_id);
CREATE INDEX hour_entries_customer_idx ON hour_entries (institution_id, customer_id);
CREATE INDEX purchases_payer_idx ON purchases (institution_id, payer_id);
CREATE INDEX notices_target_idx ON notices (institution_id, target_id) WHERE target_id IS NOT NULL;
CREATE INDEX erasures_customer_idx ON erasures (institution_id, customer_id);
"#
);
