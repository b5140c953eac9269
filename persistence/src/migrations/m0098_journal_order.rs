//! The journal in the order in which it was posted.

super::migration!(
    "m0098_journal_order",
    r#"
CREATE INDEX journal_entries_posted_idx ON journal_entries (institution_id, posted_at, id);
"#
);
