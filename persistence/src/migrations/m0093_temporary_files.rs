//! Finding what is waiting to belong to a record, or to be removed.

super::migration!(
    "m0093_temporary_files",
    r#"
CREATE INDEX files_temporary_idx ON files (institution_id, owner_id) WHERE expires_at IS NOT NULL;
"#
);
