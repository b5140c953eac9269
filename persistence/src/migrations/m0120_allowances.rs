//! How much each principal has asked of what one may ask only so often.

super::migration!(
    "m0120_allowances",
    r#"
CREATE TABLE allowances (
    institution_id {uuid} NOT NULL,
    principal_id {uuid} NOT NULL,
    kind text NOT NULL,
    taken bigint NOT NULL,
    counted_from bigint NOT NULL,
    PRIMARY KEY (institution_id, principal_id, kind),
    CONSTRAINT allowances_principal_fkey FOREIGN KEY (institution_id, principal_id) REFERENCES principals
);
"#
);
