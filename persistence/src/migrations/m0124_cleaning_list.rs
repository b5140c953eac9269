//! Records that somebody should look after, and what must be known of them.

super::migration!(
    "m0124_cleaning_list",
    r#"
-- Fields, each on a line.
ALTER TABLE quality_policies ADD COLUMN required_fields text;

CREATE TABLE cleaning_entries (
    institution_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    version bigint NOT NULL,
    customer_id {uuid} NOT NULL,
    holder_id {uuid} NOT NULL,
    customer_campus_id {uuid} NOT NULL,
    reason text NOT NULL CONSTRAINT cleaning_entries_reason_check
        CHECK (reason IN ('incomplete', 'stale', 'contact_invalid', 'duplicate')),
    -- Fields, each between line breaks.
    missing text,
    twin_id {uuid},
    state text NOT NULL CONSTRAINT cleaning_entries_state_check CHECK (state IN ('open', 'kept', 'cleaned')),
    kept_until bigint,
    -- Sealed.
    kept_reason {bytes},
    kept_by {uuid},
    kept_at bigint,
    -- The job that found it last.
    job_id {uuid},
    created_at bigint NOT NULL,
    cleaned_at bigint,
    deleted_at bigint,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT cleaning_entries_customer_fkey
        FOREIGN KEY (institution_id, customer_id, holder_id, customer_campus_id)
        REFERENCES customers (institution_id, id, holder_id, campus_id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT cleaning_entries_twin_fkey FOREIGN KEY (institution_id, twin_id) REFERENCES customers,
    CONSTRAINT cleaning_entries_keeper_fkey FOREIGN KEY (institution_id, kept_by) REFERENCES principals
);
-- A record is on the list once for each reason.
CREATE UNIQUE INDEX cleaning_entries_key
    ON cleaning_entries (institution_id, customer_id, reason) WHERE state <> 'cleaned';
CREATE INDEX cleaning_entries_customer_idx ON cleaning_entries (institution_id, customer_id);
CREATE INDEX cleaning_entries_twin_idx ON cleaning_entries (institution_id, twin_id) WHERE twin_id IS NOT NULL;
CREATE INDEX cleaning_entries_job_idx ON cleaning_entries (institution_id, job_id, holder_id);
CREATE INDEX cleaning_entries_created_idx
    ON cleaning_entries (institution_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX cleaning_entries_holder_idx
    ON cleaning_entries (institution_id, holder_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX cleaning_entries_campus_idx
    ON cleaning_entries (institution_id, customer_campus_id, created_at, id) WHERE deleted_at IS NULL;
-- Most of what was ever found is cleaned.
CREATE INDEX cleaning_entries_open_idx
    ON cleaning_entries (institution_id, created_at, id) WHERE deleted_at IS NULL AND state = 'open';
CREATE INDEX cleaning_entries_open_holder_idx
    ON cleaning_entries (institution_id, holder_id, created_at, id) WHERE deleted_at IS NULL AND state = 'open';
CREATE INDEX cleaning_entries_open_campus_idx
    ON cleaning_entries (institution_id, customer_campus_id, created_at, id)
    WHERE deleted_at IS NULL AND state = 'open';

-- How far a sweep has come: whoever goes on with its job begins there.
CREATE TABLE sweeps (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    job_id {uuid} NOT NULL,
    stage text NOT NULL CONSTRAINT sweeps_stage_check CHECK (stage IN ('looking', 'telling', 'done')),
    -- The last customer that was looked at, or the last person who was told.
    behind_id {uuid} NOT NULL,
    PRIMARY KEY (institution_id, job_id)
);
"#
);
