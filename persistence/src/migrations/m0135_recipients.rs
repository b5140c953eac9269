//! Whom personal data is shared with, and what was shared.

super::migration!(
    "m0135_recipients",
    r#"
CREATE TABLE recipients (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    id {uuid} NOT NULL,
    name {text} NOT NULL,
    name_fold {text} NOT NULL,
    kind text NOT NULL CONSTRAINT recipients_kind_check
        CHECK (kind IN ('partner', 'processor', 'affiliate', 'authority', 'other')),
    purpose {text} NOT NULL,
    lawful_basis text NOT NULL CONSTRAINT recipients_basis_check
        CHECK (lawful_basis IN ('consent', 'contract', 'legal_duty', 'emergency', 'public_interest', 'published')),
    categories {json} NOT NULL,
    country text NOT NULL CONSTRAINT recipients_country_check CHECK (length(country) = 2),
    agreement {text} NOT NULL,
    valid_from date NOT NULL,
    valid_until date,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    archived_at bigint,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT recipients_period_check CHECK (valid_until > valid_from)
);
CREATE INDEX recipients_created_idx ON recipients (institution_id, created_at, id);
CREATE UNIQUE INDEX recipients_name_key ON recipients (institution_id, name_fold) WHERE archived_at IS NULL;

CREATE TABLE disclosures (
    institution_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    customer_id {uuid} NOT NULL,
    recipient_id {uuid} NOT NULL,
    recipient_version bigint NOT NULL,
    lawful_basis text NOT NULL CONSTRAINT disclosures_basis_check
        CHECK (lawful_basis IN ('consent', 'contract', 'legal_duty', 'emergency', 'public_interest', 'published')),
    consent_id {uuid},
    categories {json} NOT NULL,
    -- Sealed.
    details {bytes},
    disclosed_at bigint NOT NULL,
    recorded_by {uuid},
    recorded_at bigint NOT NULL,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT disclosures_customer_fkey FOREIGN KEY (institution_id, customer_id) REFERENCES customers,
    CONSTRAINT disclosures_recipient_fkey FOREIGN KEY (institution_id, recipient_id) REFERENCES recipients,
    CONSTRAINT disclosures_consent_fkey FOREIGN KEY (institution_id, consent_id) REFERENCES consents,
    CONSTRAINT disclosures_recorder_fkey FOREIGN KEY (institution_id, recorded_by) REFERENCES principals
);
CREATE INDEX disclosures_customer_idx ON disclosures (institution_id, customer_id, disclosed_at, id);
CREATE INDEX disclosures_recipient_idx ON disclosures (institution_id, recipient_id, disclosed_at, id);

-- What was shared stays shared.
--sqlite
CREATE TRIGGER disclosures_no_delete BEFORE DELETE ON disclosures
    BEGIN SELECT RAISE(ABORT, 'disclosures_append_only'); END;
--postgres
CREATE TRIGGER disclosures_no_delete BEFORE DELETE ON disclosures
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"#
);
