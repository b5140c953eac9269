//! Which version of which kind's form a collection was filled in by.

super::migration!(
    "m0107_form_versions",
    r#"
ALTER TABLE customer_collections ADD COLUMN form_kind text CONSTRAINT customer_collections_form_kind_check CHECK
    (form_kind IN ('student', 'guardian', 'school', 'institution', 'partner', 'company', 'other'));
ALTER TABLE customer_collections ADD COLUMN form_version bigint;
-- As all that a collection says, they stay.
--sqlite
CREATE TRIGGER customer_collections_form_no_update BEFORE UPDATE OF form_kind, form_version ON customer_collections
    BEGIN SELECT RAISE(ABORT, 'customer_collections_append_only'); END;
--postgres
CREATE TRIGGER customer_collections_form_no_update BEFORE UPDATE OF form_kind, form_version ON customer_collections
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
--both
"#
);
