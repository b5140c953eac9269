//! Fields of an institution's own, with every version of them.

super::migration!(
    "m0104_custom_fields",
    r#"
CREATE TABLE custom_fields (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    id {uuid} NOT NULL,
    entity text NOT NULL CONSTRAINT custom_fields_entity_check CHECK (entity IN ('customer')),
    code text NOT NULL,
    name {text} NOT NULL,
    name_fold {text} NOT NULL,
    field_type text NOT NULL CONSTRAINT custom_fields_type_check CHECK (field_type IN
        ('text', 'number', 'date', 'choice', 'multi_choice', 'yes_no', 'money', 'person')),
    decimals smallint NOT NULL,
    -- A list of JSON: read as a whole, never asked for its parts.
    choices text NOT NULL,
    -- Parted by commas.
    kinds text NOT NULL,
    is_sensitive boolean NOT NULL,
    required_at text NOT NULL,
    place integer NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    archived_at bigint,
    PRIMARY KEY (institution_id, id),
    -- Archived ones keep theirs: values stay under it.
    CONSTRAINT custom_fields_code_key UNIQUE (institution_id, entity, code)
);
CREATE UNIQUE INDEX custom_fields_name_key ON custom_fields (institution_id, entity, name_fold)
    WHERE archived_at IS NULL;
CREATE INDEX custom_fields_created_idx ON custom_fields (institution_id, created_at, id);

CREATE TABLE custom_field_versions (
    institution_id {uuid} NOT NULL,
    field_id {uuid} NOT NULL,
    version bigint NOT NULL,
    -- What can change of a field, as JSON.
    said text NOT NULL,
    changed_at bigint NOT NULL,
    changed_by {uuid} NOT NULL,
    PRIMARY KEY (institution_id, field_id, version),
    CONSTRAINT custom_field_versions_field_fkey FOREIGN KEY (institution_id, field_id) REFERENCES custom_fields
);
--sqlite
CREATE TRIGGER custom_field_versions_no_update BEFORE UPDATE ON custom_field_versions
    BEGIN SELECT RAISE(ABORT, 'custom_field_versions_append_only'); END;
CREATE TRIGGER custom_field_versions_no_delete BEFORE DELETE ON custom_field_versions
    BEGIN SELECT RAISE(ABORT, 'custom_field_versions_append_only'); END;
--postgres
CREATE TRIGGER custom_field_versions_no_update BEFORE UPDATE ON custom_field_versions
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER custom_field_versions_no_delete BEFORE DELETE ON custom_field_versions
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
--both
"#
);
