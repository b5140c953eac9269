//! Which keys this database was made with.

super::migration!(
    "m0006_installation",
    r#"
CREATE TABLE installation_keys (
    name text NOT NULL PRIMARY KEY,
    fingerprint {bytes} NOT NULL
);
"#
);
