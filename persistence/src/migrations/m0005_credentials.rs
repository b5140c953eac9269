//! Passwords, refresh tokens, and the count of failed log-ins.

super::migration!(
    "m0005_credentials",
    r#"
CREATE TABLE credentials (
    institution_id {uuid} NOT NULL,
    principal_id {uuid} NOT NULL,
    password_hash text NOT NULL,
    must_change boolean NOT NULL,
    changed_at bigint NOT NULL,
    PRIMARY KEY (institution_id, principal_id),
    CONSTRAINT credentials_principal_fkey FOREIGN KEY (institution_id, principal_id) REFERENCES principals
);

-- One row a token of a session's family; only digests. A used one that comes back ends the session.
CREATE TABLE refresh_tokens (
    institution_id {uuid} NOT NULL,
    digest {bytes} NOT NULL,
    session_id {uuid} NOT NULL,
    expires_at bigint NOT NULL,
    used_at bigint,
    PRIMARY KEY (institution_id, digest),
    CONSTRAINT refresh_tokens_session_fkey FOREIGN KEY (institution_id, session_id) REFERENCES sessions
);
CREATE INDEX refresh_tokens_session_idx ON refresh_tokens (institution_id, session_id);

-- Failed log-ins by a keyed digest of account and network: the account may not exist, and neither
-- may its institution.
CREATE TABLE login_failures (
    key_digest {bytes} NOT NULL PRIMARY KEY,
    failures integer NOT NULL,
    counted_from bigint NOT NULL,
    blocked_until bigint NOT NULL
);
CREATE INDEX login_failures_age_idx ON login_failures (counted_from);
"#
);
