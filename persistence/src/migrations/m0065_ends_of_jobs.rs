//! What a job was bounded to when it was asked for, and how imports end.

super::migration!(
    "m0065_ends_of_jobs",
    r#"
-- The permissions within which its owner asked for it; all of the owner's where it is null.
ALTER TABLE jobs ADD COLUMN scope {json};
ALTER TABLE imports ADD COLUMN status text NOT NULL DEFAULT 'running'
    CONSTRAINT imports_status_check CHECK (status IN ('running', 'succeeded', 'failed', 'cancelled'));
CREATE UNIQUE INDEX imports_job_key ON imports (institution_id, job_id);
UPDATE imports SET status = 'succeeded' WHERE finished_at IS NOT NULL;
"#
);
