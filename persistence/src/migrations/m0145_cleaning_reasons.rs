//! The cleaning list by one reason, of whatever reach, without reading what is there for others.

super::migration!(
    "m0145_cleaning_reasons",
    r#"
CREATE INDEX cleaning_entries_reason_idx
    ON cleaning_entries (institution_id, reason, created_at, id) WHERE deleted_at IS NULL AND state = 'open';
CREATE INDEX cleaning_entries_reason_holder_idx
    ON cleaning_entries (institution_id, holder_id, reason, created_at, id)
    WHERE deleted_at IS NULL AND state = 'open';
CREATE INDEX cleaning_entries_reason_campus_idx
    ON cleaning_entries (institution_id, customer_campus_id, reason, created_at, id)
    WHERE deleted_at IS NULL AND state = 'open';
"#
);
