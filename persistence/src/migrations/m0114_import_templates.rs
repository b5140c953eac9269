//! Templates of imports.

super::migration!(
    "m0114_import_templates",
    r#"
CREATE TABLE import_templates (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    id {uuid} NOT NULL,
    version bigint NOT NULL,
    owner_id {uuid} NOT NULL,
    audience text NOT NULL CONSTRAINT import_templates_audience_check CHECK (audience IN ('own', 'institution')),
    entity text NOT NULL CONSTRAINT import_templates_entity_check CHECK (entity IN ('customers')),
    action text NOT NULL CONSTRAINT import_templates_action_check
        CHECK (action IN ('create', 'skip', 'update', 'upsert')),
    match_key text NOT NULL CONSTRAINT import_templates_match_key_check
        CHECK (match_key IN ('household', 'phone', 'email', 'id')),
    lists text NOT NULL CONSTRAINT import_templates_lists_check CHECK (lists IN ('append', 'replace')),
    -- Name, headings and their fields, sealed: people write names into them.
    content {bytes} NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT import_templates_owner_fkey FOREIGN KEY (institution_id, owner_id) REFERENCES principals
);
CREATE INDEX import_templates_created_idx ON import_templates (institution_id, created_at, id);
CREATE INDEX import_templates_owner_idx ON import_templates (institution_id, owner_id);

-- By which an import began; it may be gone by now.
ALTER TABLE imports ADD COLUMN template_id {uuid};
"#
);
