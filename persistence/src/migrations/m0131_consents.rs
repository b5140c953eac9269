//! Notices of the use of personal data, and what people decided after them.

super::migration!(
    "m0131_consents",
    r#"
CREATE TABLE privacy_notices (
    institution_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    purpose {text} NOT NULL CONSTRAINT privacy_notices_purpose_check
        CHECK (purpose IN ('child_data', 'sensitive_data', 'marketing', 'profiling', 'sharing', 'photos', 'recording')),
    revision bigint NOT NULL CONSTRAINT privacy_notices_revision_check CHECK (revision > 0),
    language {text} NOT NULL,
    title {text} NOT NULL,
    text {text} NOT NULL,
    asks_anew boolean NOT NULL,
    published_at bigint NOT NULL,
    published_by {uuid},
    PRIMARY KEY (institution_id, id),
    CONSTRAINT privacy_notices_publisher_fkey FOREIGN KEY (institution_id, published_by) REFERENCES principals
);
CREATE UNIQUE INDEX privacy_notices_key ON privacy_notices (institution_id, purpose, revision);
CREATE INDEX privacy_notices_published_idx ON privacy_notices (institution_id, published_at, id);

CREATE TABLE consents (
    institution_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    customer_id {uuid} NOT NULL,
    purpose {text} NOT NULL CONSTRAINT consents_purpose_check
        CHECK (purpose IN ('child_data', 'sensitive_data', 'marketing', 'profiling', 'sharing', 'photos', 'recording')),
    channel {text} CONSTRAINT consents_channel_check
        CHECK (channel IN ('phone', 'sms', 'wechat', 'qq', 'email', 'post', 'visit')),
    decision {text} NOT NULL CONSTRAINT consents_decision_check CHECK (decision IN ('given', 'withdrawn')),
    decided_at bigint NOT NULL,
    decided_by {uuid},
    notice_id {uuid},
    -- Sealed.
    evidence {bytes},
    recorded_by {uuid},
    recorded_at bigint NOT NULL,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT consents_customer_fkey FOREIGN KEY (institution_id, customer_id) REFERENCES customers,
    CONSTRAINT consents_decider_fkey FOREIGN KEY (institution_id, decided_by) REFERENCES customers,
    CONSTRAINT consents_notice_fkey FOREIGN KEY (institution_id, notice_id) REFERENCES privacy_notices,
    CONSTRAINT consents_recorder_fkey FOREIGN KEY (institution_id, recorded_by) REFERENCES principals
);
CREATE INDEX consents_customer_idx ON consents (institution_id, customer_id, decided_at, id);
CREATE INDEX consents_decider_idx ON consents (institution_id, decided_by) WHERE decided_by IS NOT NULL;

INSERT INTO role_permissions (institution_id, role_id, permission, reach)
    SELECT institution_id, id, 'privacy:manage', 'institution' FROM roles
    WHERE is_built_in AND code IN ('boss', 'data_protector')
    ON CONFLICT DO NOTHING;
"#
);
