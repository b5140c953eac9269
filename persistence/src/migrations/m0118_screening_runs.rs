//! Rules of screening, as they are applied to what nobody has screened.

super::migration!(
    "m0118_screening_runs",
    r#"
CREATE TABLE screening_runs (
    institution_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    version bigint NOT NULL,
    owner_id {uuid} NOT NULL,
    job_id {uuid} NOT NULL,
    view_id {uuid},
    view_version bigint,
    -- Rules and their versions in their order, each with how many it has marked.
    rules {json} NOT NULL,
    status text NOT NULL CONSTRAINT screening_runs_status_check
        CHECK (status IN ('running', 'succeeded', 'failed', 'cancelled')),
    looked_at bigint NOT NULL,
    -- Behind which record it goes on.
    behind_at bigint,
    behind_id {uuid},
    created_at bigint NOT NULL,
    finished_at bigint,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT screening_runs_owner_fkey FOREIGN KEY (institution_id, owner_id) REFERENCES principals,
    CONSTRAINT screening_runs_end_check CHECK ((status = 'running') = (finished_at IS NULL))
);
CREATE INDEX screening_runs_owner_idx ON screening_runs (institution_id, owner_id, created_at, id);
CREATE INDEX screening_runs_job_idx ON screening_runs (institution_id, job_id);
"#
);
