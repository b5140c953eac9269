//! API clients and their keys.

super::migration!(
    "m0060_api_clients",
    r#"
CREATE TABLE api_clients (
    institution_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    name {text} NOT NULL,
    name_fold {text} NOT NULL,
    owner_id {uuid} NOT NULL,
    scopes {json} NOT NULL,
    networks {json} NOT NULL,
    expires_at bigint NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    archived_at bigint,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT api_clients_principal_fkey FOREIGN KEY (institution_id, id) REFERENCES principals,
    CONSTRAINT api_clients_owner_fkey FOREIGN KEY (institution_id, owner_id) REFERENCES staff
);
CREATE UNIQUE INDEX api_clients_name_key ON api_clients (institution_id, name_fold) WHERE archived_at IS NULL;

CREATE TABLE api_client_campuses (
    institution_id {uuid} NOT NULL,
    client_id {uuid} NOT NULL,
    campus_id {uuid} NOT NULL,
    PRIMARY KEY (institution_id, client_id, campus_id),
    CONSTRAINT api_client_campuses_client_fkey FOREIGN KEY (institution_id, client_id) REFERENCES api_clients,
    CONSTRAINT api_client_campuses_campus_fkey FOREIGN KEY (institution_id, campus_id) REFERENCES campuses
);

-- A key is a session of its client, under the same id; only a digest of its secret is kept.
CREATE TABLE api_keys (
    institution_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    digest {bytes} NOT NULL,
    last_used_at bigint,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT api_keys_session_fkey FOREIGN KEY (institution_id, id) REFERENCES sessions
);
"#
);
