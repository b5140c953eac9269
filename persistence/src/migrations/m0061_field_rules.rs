//! What roles of an institution's own leave of fields; that of built-in roles stands in the program.

super::migration!(
    "m0061_field_rules",
    r#"
CREATE TABLE role_field_rules (
    institution_id {uuid} NOT NULL,
    role_id {uuid} NOT NULL,
    record text NOT NULL,
    field text NOT NULL,
    access text NOT NULL CONSTRAINT role_field_rules_access_check
        CHECK (access IN ('hidden', 'masked', 'read_only')),
    PRIMARY KEY (institution_id, role_id, record, field),
    CONSTRAINT role_field_rules_role_fkey FOREIGN KEY (institution_id, role_id) REFERENCES roles
);
"#
);
