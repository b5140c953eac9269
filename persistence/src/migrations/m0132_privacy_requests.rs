//! What people ask about their own data.

super::migration!(
    "m0132_privacy_requests",
    r#"
CREATE TABLE privacy_requests (
    institution_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    version bigint NOT NULL,
    customer_id {uuid} NOT NULL,
    kind {text} NOT NULL CONSTRAINT privacy_requests_kind_check
        CHECK (kind IN ('access', 'copy', 'correction', 'deletion', 'transfer', 'explanation', 'objection')),
    asked_by {uuid},
    -- How who asks was identified, what is asked and what was answered: sealed together.
    words {bytes} NOT NULL,
    received_at bigint NOT NULL,
    due_on date NOT NULL,
    status {text} NOT NULL CONSTRAINT privacy_requests_status_check
        CHECK (status IN ('open', 'granted', 'refused', 'done')),
    closed_at bigint,
    recorded_by {uuid},
    created_at bigint NOT NULL,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT privacy_requests_customer_fkey FOREIGN KEY (institution_id, customer_id) REFERENCES customers,
    CONSTRAINT privacy_requests_asker_fkey FOREIGN KEY (institution_id, asked_by) REFERENCES customers,
    CONSTRAINT privacy_requests_recorder_fkey FOREIGN KEY (institution_id, recorded_by) REFERENCES principals
);
CREATE INDEX privacy_requests_created_idx ON privacy_requests (institution_id, created_at, id);
CREATE INDEX privacy_requests_status_idx ON privacy_requests (institution_id, status, created_at, id);
CREATE INDEX privacy_requests_customer_idx ON privacy_requests (institution_id, customer_id, created_at, id);
CREATE INDEX privacy_requests_asker_idx ON privacy_requests (institution_id, asked_by) WHERE asked_by IS NOT NULL;
"#
);
