//! Exports.

super::migration!(
    "m0095_exports",
    r#"
CREATE TABLE exports (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    id {uuid} NOT NULL,
    version bigint NOT NULL,
    owner_id {uuid} NOT NULL,
    job_id {uuid} NOT NULL,
    entity text NOT NULL CONSTRAINT exports_entity_check CHECK (entity IN ('customers')),
    format text NOT NULL CONSTRAINT exports_format_check CHECK (format IN ('csv', 'xlsx')),
    locale text NOT NULL CONSTRAINT exports_locale_check CHECK (locale IN ('zh-CN', 'en')),
    filters {json} NOT NULL,
    status text NOT NULL CONSTRAINT exports_status_check
        CHECK (status IN ('running', 'succeeded', 'failed', 'cancelled')),
    row_count bigint,
    revealed_rows bigint,
    file_id {uuid},
    -- Stands for all that its owner might do and see: another digest ends it.
    rights {bytes},
    -- When its file goes.
    expires_at bigint,
    created_at bigint NOT NULL,
    finished_at bigint,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT exports_owner_fkey FOREIGN KEY (institution_id, owner_id) REFERENCES principals,
    CONSTRAINT exports_end_check CHECK ((status = 'running') = (finished_at IS NULL)),
    CONSTRAINT exports_made_check CHECK (status <> 'succeeded' OR (row_count IS NOT NULL
        AND revealed_rows IS NOT NULL AND file_id IS NOT NULL AND rights IS NOT NULL
        AND expires_at IS NOT NULL))
);
CREATE INDEX exports_owner_idx ON exports (institution_id, owner_id, created_at, id);
CREATE UNIQUE INDEX exports_job_key ON exports (institution_id, job_id);
CREATE INDEX exports_under_way_idx ON exports (institution_id, owner_id) WHERE finished_at IS NULL;
"#
);
