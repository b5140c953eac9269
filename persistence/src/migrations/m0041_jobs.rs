//! Jobs, and the ticks of schedules.

super::migration!(
    "m0041_jobs",
    r#"
CREATE TABLE jobs (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    id {uuid} NOT NULL,
    version bigint NOT NULL,
    -- Whose rights it has; the program's own where there is nobody.
    owner_id {uuid},
    kind text NOT NULL,
    status text NOT NULL CONSTRAINT jobs_status_check
        CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    target_kind text,
    target_id {uuid},
    -- What it is told, sealed; erased when it ends.
    payload {bytes},
    done bigint NOT NULL,
    total bigint,
    attempt integer NOT NULL,
    -- Of whoever runs it; every effect is written under the lease that is valid then.
    lease_token {uuid},
    -- When it is to run, or, while it runs, when its lease ends: by the database's own time.
    due_at bigint NOT NULL,
    cancel_requested boolean NOT NULL,
    problem text,
    request_id {uuid} NOT NULL,
    trace_id {uuid} NOT NULL,
    created_at bigint NOT NULL,
    finished_at bigint,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT jobs_owner_fkey FOREIGN KEY (institution_id, owner_id) REFERENCES principals,
    CONSTRAINT jobs_lease_check CHECK ((status = 'running') = (lease_token IS NOT NULL)),
    CONSTRAINT jobs_end_check CHECK ((status IN ('queued', 'running')) = (finished_at IS NULL))
);
CREATE INDEX jobs_due_idx ON jobs (due_at) WHERE finished_at IS NULL;
CREATE INDEX jobs_owner_idx ON jobs (institution_id, owner_id, created_at, id);
CREATE INDEX jobs_finished_idx ON jobs (finished_at) WHERE finished_at IS NOT NULL;

-- A schedule fires once a tick, over all instances.
CREATE TABLE schedule_ticks (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    schedule text NOT NULL,
    tick bigint NOT NULL,
    fired_at bigint NOT NULL,
    PRIMARY KEY (institution_id, schedule, tick)
);
"#
);
