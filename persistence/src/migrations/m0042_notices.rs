//! Notices: an inbox for each principal.

super::migration!(
    "m0042_notices",
    r#"
CREATE TABLE notices (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    id {uuid} NOT NULL,
    version bigint NOT NULL,
    principal_id {uuid} NOT NULL,
    kind text NOT NULL,
    numbers {json} NOT NULL,
    target_kind text,
    target_id {uuid},
    created_at bigint NOT NULL,
    read_at bigint,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT notices_principal_fkey FOREIGN KEY (institution_id, principal_id) REFERENCES principals
);
CREATE INDEX notices_inbox_idx ON notices (institution_id, principal_id, created_at, id);
CREATE INDEX notices_unread_idx ON notices (institution_id, principal_id) WHERE read_at IS NULL;
"#
);
