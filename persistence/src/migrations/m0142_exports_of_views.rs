//! Exports of what a view finds, and with columns beside those of the list.

super::migration!(
    "m0142_exports_of_views",
    r#"
--sqlite
-- It was asked for in this version.
ALTER TABLE exports ADD COLUMN view_id blob;
--postgres
-- It was asked for in this version.
ALTER TABLE exports ADD COLUMN view_id uuid;
--both
ALTER TABLE exports ADD COLUMN view_version bigint
    CONSTRAINT exports_view_check CHECK ((view_version IS NULL) = (view_id IS NULL));
-- What rows show beside the list, parted by commas.
ALTER TABLE exports ADD COLUMN expand text NOT NULL DEFAULT '';
"#
);
