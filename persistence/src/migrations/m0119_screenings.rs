//! What was said of records, and who may say it.

super::migration!(
    "m0119_screenings",
    r#"
CREATE TABLE customer_screenings (
    institution_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    customer_id {uuid} NOT NULL,
    outcome text NOT NULL CONSTRAINT customer_screenings_outcome_check CHECK (outcome IN ('valid', 'invalid')),
    reason text NOT NULL,
    -- Sealed.
    details {bytes},
    rule_id {uuid},
    rule_version bigint,
    run_id {uuid},
    screened_by {uuid},
    screened_at bigint NOT NULL,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT customer_screenings_customer_fkey FOREIGN KEY (institution_id, customer_id) REFERENCES customers,
    CONSTRAINT customer_screenings_rule_fkey FOREIGN KEY (institution_id, rule_id, rule_version)
        REFERENCES screening_rule_versions (institution_id, rule_id, version),
    CONSTRAINT customer_screenings_run_fkey FOREIGN KEY (institution_id, run_id) REFERENCES screening_runs,
    CONSTRAINT customer_screenings_screener_fkey FOREIGN KEY (institution_id, screened_by) REFERENCES principals,
    CONSTRAINT customer_screenings_rule_check CHECK ((rule_id IS NULL) = (rule_version IS NULL))
);
-- The last one is what counts.
CREATE INDEX customer_screenings_customer_idx ON customer_screenings (institution_id, customer_id, screened_at, id);

INSERT INTO role_permissions (institution_id, role_id, permission, reach)
    SELECT institution_id, id, 'customers:screen', 'institution' FROM roles
    WHERE is_built_in AND code IN ('boss', 'customer_information_administrator', 'data_management')
    ON CONFLICT DO NOTHING;
"#
);
