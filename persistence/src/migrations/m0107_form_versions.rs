//! Which version of its form a collection was filled in by.

super::migration!(
    "m0107_form_versions",
    r#"
ALTER TABLE customer_collections ADD COLUMN form_version bigint;
-- As all that a collection says, it stays.
--sqlite
CREATE TRIGGER customer_collections_form_no_update BEFORE UPDATE OF form_version ON customer_collections
    BEGIN SELECT RAISE(ABORT, 'customer_collections_append_only'); END;
--postgres
CREATE TRIGGER customer_collections_form_no_update BEFORE UPDATE OF form_version ON customer_collections
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
--both
"#
);
