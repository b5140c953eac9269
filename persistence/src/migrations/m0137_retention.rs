//! After how many days who goes, and what was done by it.

super::migration!(
    "m0137_retention",
    r#"
-- Institutions without a row keep everything.
CREATE TABLE retention_policies (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    version bigint NOT NULL,
    leads_days bigint CONSTRAINT retention_policies_leads_check CHECK (leads_days BETWEEN 180 AND 3650),
    leads_in_force_from bigint,
    deleted_customers_days bigint
        CONSTRAINT retention_policies_deleted_check CHECK (deleted_customers_days BETWEEN 30 AND 3650),
    deleted_customers_in_force_from bigint,
    PRIMARY KEY (institution_id),
    CONSTRAINT retention_policies_rules_check CHECK ((leads_days IS NULL) = (leads_in_force_from IS NULL)
        AND (deleted_customers_days IS NULL) = (deleted_customers_in_force_from IS NULL))
);

CREATE TABLE retention_runs (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    id {uuid} NOT NULL,
    version bigint NOT NULL,
    -- Which goes on with it, if it did not come to its end.
    job_id {uuid} NOT NULL,
    class text NOT NULL CONSTRAINT retention_runs_class_check CHECK (class IN ('leads', 'deleted_customers')),
    days bigint NOT NULL,
    policy_version bigint NOT NULL,
    status text NOT NULL CONSTRAINT retention_runs_status_check
        CHECK (status IN ('running', 'finished', 'unfinished', 'stopped', 'failed')),
    looked_at bigint NOT NULL,
    erased bigint NOT NULL CONSTRAINT retention_runs_erased_check CHECK (erased >= 0),
    failed bigint NOT NULL CONSTRAINT retention_runs_failed_check CHECK (failed >= 0),
    -- The last customer that was looked at.
    seen_id {uuid} NOT NULL,
    started_at bigint NOT NULL,
    ended_at bigint,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT retention_runs_job_key UNIQUE (institution_id, job_id, class),
    CONSTRAINT retention_runs_end_check CHECK ((status = 'running') = (ended_at IS NULL))
);
CREATE INDEX retention_runs_started_idx ON retention_runs (institution_id, started_at, id);

-- Of an erasure by a rule; nobody did it then.
ALTER TABLE erasures ADD COLUMN retention_run_id {uuid};
"#
);
