//! Key ranges of the day of a campus.

super::migration!(
    "m0070_analytics",
    r#"
CREATE INDEX follow_ups_day_idx ON follow_ups (institution_id, customer_campus_id, occurred_at)
    WHERE deleted_at IS NULL;
CREATE INDEX enrollments_day_idx ON enrollments (institution_id, campus_id, enrolled_on);
"#
);
