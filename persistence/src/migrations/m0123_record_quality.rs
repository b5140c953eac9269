//! What the quality of a record goes by beyond the record itself.

super::migration!(
    "m0123_record_quality",
    r#"
-- Institutions without a row go by what the program has for all.
CREATE TABLE quality_policies (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    version bigint NOT NULL,
    stale_after_days bigint NOT NULL CONSTRAINT quality_policies_days_check CHECK (stale_after_days > 0),
    PRIMARY KEY (institution_id)
);

-- A row each, once anything of it happened.
CREATE TABLE customer_upkeep (
    institution_id {uuid} NOT NULL,
    customer_id {uuid} NOT NULL,
    -- When somebody last made sure of the whole record.
    verified_at bigint,
    verified_by {uuid},
    -- When ways to reach the customer were last corrected.
    contacts_changed_at bigint,
    PRIMARY KEY (institution_id, customer_id),
    CONSTRAINT customer_upkeep_customer_fkey FOREIGN KEY (institution_id, customer_id) REFERENCES customers,
    CONSTRAINT customer_upkeep_verifier_fkey FOREIGN KEY (institution_id, verified_by) REFERENCES principals
);
"#
);
