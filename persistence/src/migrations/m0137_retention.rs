//! After how many days what goes, and what went.

super::migration!(
    "m0137_retention",
    r#"
-- Institutions without a row keep everything.
CREATE TABLE retention_policies (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    version bigint NOT NULL,
    leads_days bigint CONSTRAINT retention_policies_leads_check CHECK (leads_days BETWEEN 180 AND 3650),
    deleted_customers_days bigint
        CONSTRAINT retention_policies_deleted_check CHECK (deleted_customers_days BETWEEN 30 AND 3650),
    -- Records of processing are kept for three years.
    audit_details_days bigint
        CONSTRAINT retention_policies_audit_check CHECK (audit_details_days BETWEEN 1096 AND 7300),
    notices_days bigint CONSTRAINT retention_policies_notices_check CHECK (notices_days BETWEEN 30 AND 183),
    PRIMARY KEY (institution_id)
);

CREATE TABLE retention_runs (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    id {uuid} NOT NULL,
    -- Which goes on with it, if it did not come to its end.
    job_id {uuid} NOT NULL,
    class text NOT NULL CONSTRAINT retention_runs_class_check
        CHECK (class IN ('leads', 'deleted_customers', 'audit_details', 'notices')),
    days bigint NOT NULL,
    policy_version bigint NOT NULL,
    removed bigint NOT NULL CONSTRAINT retention_runs_removed_check CHECK (removed >= 0),
    skipped bigint NOT NULL CONSTRAINT retention_runs_skipped_check CHECK (skipped >= 0),
    -- How far it has come.
    seen_at bigint NOT NULL,
    seen_id {uuid} NOT NULL,
    started_at bigint NOT NULL,
    finished_at bigint,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT retention_runs_job_key UNIQUE (institution_id, job_id, class)
);
CREATE INDEX retention_runs_started_idx ON retention_runs (institution_id, started_at, id);

CREATE INDEX customers_deleted_idx ON customers (institution_id, deleted_at, id) WHERE deleted_at IS NOT NULL;
"#
);
