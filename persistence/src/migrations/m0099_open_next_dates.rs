//! The open next dates of a campus by their days: they go with its clocks, those of hidden customers too.

super::migration!(
    "m0099_open_next_dates",
    r#"
CREATE INDEX follow_ups_open_campus_idx ON follow_ups (institution_id, customer_campus_id, next_on)
    WHERE due_at IS NOT NULL;
"#
);
