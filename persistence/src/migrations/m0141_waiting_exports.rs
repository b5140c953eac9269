//! Exports that wait for an approval, and those that end by one.

super::migration!(
    "m0141_waiting_exports",
    r#"
--sqlite
CREATE TABLE exports_2 (
    institution_id blob NOT NULL REFERENCES institutions,
    id blob NOT NULL,
    version bigint NOT NULL,
    owner_id blob NOT NULL,
    job_id blob NOT NULL,
    entity text NOT NULL CONSTRAINT exports_entity_check CHECK (entity IN ('customers')),
    format text NOT NULL CONSTRAINT exports_format_check CHECK (format IN ('csv', 'xlsx')),
    locale text NOT NULL CONSTRAINT exports_locale_check CHECK (locale IN ('zh-CN', 'en')),
    filters text NOT NULL,
    status text NOT NULL CONSTRAINT exports_status_check CHECK (status IN ('waiting_for_approval', 'running',
        'succeeded', 'failed', 'cancelled', 'refused', 'recalled', 'expired')),
    row_count bigint,
    revealed_rows bigint,
    file_id blob,
    -- Stands for all that its owner might do and see: another digest ends it.
    rights blob,
    -- When its file goes.
    expires_at bigint,
    created_at bigint NOT NULL,
    finished_at bigint,
    -- That it waits or waited for.
    approval_id blob,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT exports_owner_fkey FOREIGN KEY (institution_id, owner_id) REFERENCES principals,
    CONSTRAINT exports_approval_fkey FOREIGN KEY (institution_id, approval_id) REFERENCES approvals
        DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT exports_approval_check CHECK (approval_id IS NOT NULL
        OR status NOT IN ('waiting_for_approval', 'refused', 'recalled', 'expired')),
    CONSTRAINT exports_end_check
        CHECK ((status IN ('waiting_for_approval', 'running')) = (finished_at IS NULL)),
    CONSTRAINT exports_made_check CHECK (status <> 'succeeded' OR (row_count IS NOT NULL
        AND revealed_rows IS NOT NULL AND file_id IS NOT NULL AND rights IS NOT NULL
        AND expires_at IS NOT NULL))
);
INSERT INTO exports_2 (institution_id, id, version, owner_id, job_id, entity, format, locale, filters, status,
    row_count, revealed_rows, file_id, rights, expires_at, created_at, finished_at)
SELECT institution_id, id, version, owner_id, job_id, entity, format, locale, filters, status,
    row_count, revealed_rows, file_id, rights, expires_at, created_at, finished_at
FROM exports;
DROP TABLE exports;
ALTER TABLE exports_2 RENAME TO exports;
CREATE INDEX exports_owner_idx ON exports (institution_id, owner_id, created_at, id);
CREATE UNIQUE INDEX exports_job_key ON exports (institution_id, job_id);
CREATE INDEX exports_under_way_idx ON exports (institution_id, owner_id) WHERE finished_at IS NULL;
--postgres
-- That it waits or waited for.
ALTER TABLE exports ADD COLUMN approval_id uuid;
ALTER TABLE exports DROP CONSTRAINT exports_status_check;
ALTER TABLE exports ADD CONSTRAINT exports_status_check CHECK (status IN ('waiting_for_approval', 'running',
    'succeeded', 'failed', 'cancelled', 'refused', 'recalled', 'expired'));
ALTER TABLE exports DROP CONSTRAINT exports_end_check;
ALTER TABLE exports ADD CONSTRAINT exports_end_check
    CHECK ((status IN ('waiting_for_approval', 'running')) = (finished_at IS NULL));
ALTER TABLE exports ADD CONSTRAINT exports_approval_fkey FOREIGN KEY (institution_id, approval_id)
    REFERENCES approvals DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE exports ADD CONSTRAINT exports_approval_check CHECK (approval_id IS NOT NULL
    OR status NOT IN ('waiting_for_approval', 'refused', 'recalled', 'expired'));
--both
"#
);
