//! Finding what has expired in an institution.

super::migration!(
    "m0090_expiry",
    r#"
DROP INDEX idempotency_records_expiry_idx;
CREATE INDEX idempotency_records_expiry_idx ON idempotency_records (institution_id, expires_at);
CREATE INDEX refresh_tokens_expiry_idx ON refresh_tokens (institution_id, expires_at);
CREATE INDEX notices_age_idx ON notices (institution_id, created_at);
"#
);
