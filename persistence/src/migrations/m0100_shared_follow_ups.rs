//! Follow-ups of shared customers are listed from their index alone: there may be thousands to choose the
//! newest from.

super::migration!(
    "m0100_shared_follow_ups",
    r#"
DROP INDEX follow_ups_customer_idx;
CREATE INDEX follow_ups_customer_idx
    ON follow_ups (institution_id, customer_id, occurred_at, id, created_at, deleted_at);
"#
);
