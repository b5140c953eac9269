//! What is learned of customers from outside.

super::migration!(
    "m0147_insights",
    r#"
CREATE TABLE customer_insights (
    institution_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    customer_id {uuid} NOT NULL,
    version bigint NOT NULL,
    topic text NOT NULL CONSTRAINT customer_insights_topic_check
        CHECK (topic IN ('interests', 'social_behaviour', 'consumption', 'background')),
    content {text},
    source text NOT NULL CONSTRAINT customer_insights_source_check
        CHECK (source IN ('social_media', 'partner', 'industry_report', 'market_survey', 'public_record', 'other')),
    origin {text},
    observed_on date NOT NULL,
    lawful_basis text NOT NULL CONSTRAINT customer_insights_basis_check
        CHECK (lawful_basis IN ('consent', 'contract', 'legal_duty', 'emergency', 'public_interest', 'published')),
    authorisation {text} NOT NULL,
    consent_id {uuid},
    recorded_at bigint NOT NULL,
    recorded_by {uuid},
    withdrawn_at bigint,
    withdrawn_by {uuid},
    withdrawal_reason {text},
    PRIMARY KEY (institution_id, id),
    CONSTRAINT customer_insights_consent_check CHECK ((lawful_basis = 'consent') = (consent_id IS NOT NULL)),
    CONSTRAINT customer_insights_content_check CHECK ((content IS NULL) = (withdrawn_at IS NOT NULL)),
    CONSTRAINT customer_insights_origin_check CHECK ((origin IS NULL) = (content IS NULL)),
    CONSTRAINT customer_insights_withdrawal_check CHECK ((withdrawal_reason IS NULL) = (withdrawn_at IS NULL)),
    CONSTRAINT customer_insights_customer_fkey FOREIGN KEY (institution_id, customer_id) REFERENCES customers,
    CONSTRAINT customer_insights_consent_fkey FOREIGN KEY (institution_id, consent_id) REFERENCES consents,
    CONSTRAINT customer_insights_recorder_fkey FOREIGN KEY (institution_id, recorded_by) REFERENCES principals,
    CONSTRAINT customer_insights_withdrawer_fkey FOREIGN KEY (institution_id, withdrawn_by) REFERENCES principals
);
CREATE INDEX customer_insights_customer_idx ON customer_insights (institution_id, customer_id, recorded_at, id);
CREATE INDEX customer_insights_consent_idx ON customer_insights (institution_id, consent_id) WHERE consent_id IS NOT NULL;
"#
);
