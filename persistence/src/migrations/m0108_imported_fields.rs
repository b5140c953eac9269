//! Columns of an import that hold custom fields.

super::migration!(
    "m0108_imported_fields",
    r#"
-- A list of JSON: pairs of a column and a code.
ALTER TABLE imports ADD COLUMN custom_fields text NOT NULL DEFAULT '[]';
"#
);
