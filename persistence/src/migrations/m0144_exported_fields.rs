//! Custom fields that an export shows.

super::migration!(
    "m0144_exported_fields",
    r#"
-- Their codes, parted by commas, in the order of their columns.
ALTER TABLE exports ADD COLUMN custom_fields text NOT NULL DEFAULT '';
"#
);
