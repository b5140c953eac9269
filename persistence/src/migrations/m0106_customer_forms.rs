//! What registration forms demand of customers, kind by kind: a row for each version, of which the last counts.

super::migration!(
    "m0106_customer_forms",
    r#"
CREATE TABLE customer_forms (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    -- The same of all versions of a kind.
    id {uuid} NOT NULL,
    kind text NOT NULL CONSTRAINT customer_forms_kind_check CHECK (kind IN
        ('student', 'guardian', 'school', 'institution', 'partner', 'company', 'other')),
    version bigint NOT NULL,
    -- A list of JSON: read as a whole, never asked for its parts.
    marks text NOT NULL,
    -- What the form was from then on, with its custom fields.
    form_version bigint NOT NULL,
    changed_at bigint NOT NULL,
    changed_by {uuid} NOT NULL,
    PRIMARY KEY (institution_id, kind, version)
);
--sqlite
CREATE TRIGGER customer_forms_no_update BEFORE UPDATE ON customer_forms
    BEGIN SELECT RAISE(ABORT, 'customer_forms_append_only'); END;
CREATE TRIGGER customer_forms_no_delete BEFORE DELETE ON customer_forms
    BEGIN SELECT RAISE(ABORT, 'customer_forms_append_only'); END;
--postgres
CREATE TRIGGER customer_forms_no_update BEFORE UPDATE ON customer_forms
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER customer_forms_no_delete BEFORE DELETE ON customer_forms
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
--both
"#
);
