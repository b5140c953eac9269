//! What every transaction leaves behind: audit records, events, finished replies; and the keys
//! that seal what is sensitive.

super::migration!(
    "m0002_trail",
    r#"
-- Data and index keys of an institution, wrapped by the master key.
CREATE TABLE field_keys (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    version integer NOT NULL,
    wrapped {bytes} NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (institution_id, version)
);

CREATE TABLE audit_records (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    id {uuid} NOT NULL,
    at bigint NOT NULL,
    principal_id {uuid} NOT NULL,
    principal_kind text NOT NULL,
    operation text NOT NULL,
    outcome text NOT NULL CONSTRAINT audit_records_outcome_check CHECK (outcome IN ('done', 'refused')),
    request_id {uuid} NOT NULL,
    trace_id {uuid} NOT NULL,
    target_kind text NOT NULL,
    target_id {uuid} NOT NULL,
    -- SHA-256 over salt and payload: it stays when these are erased.
    payload_digest {bytes} NOT NULL,
    PRIMARY KEY (institution_id, id)
);
CREATE INDEX audit_records_at_idx ON audit_records (institution_id, at, id);
CREATE INDEX audit_records_target_idx ON audit_records (institution_id, target_id, at, id);

CREATE TABLE audit_payloads (
    institution_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    salt {bytes},
    payload {bytes},
    PRIMARY KEY (institution_id, id),
    CONSTRAINT audit_payloads_record_fkey FOREIGN KEY (institution_id, id) REFERENCES audit_records
);

CREATE TABLE events (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    id {uuid} NOT NULL,
    -- Given by the sequencer once the row is committed; gapless in an institution.
    position bigint,
    at bigint NOT NULL,
    type text NOT NULL,
    schema_version integer NOT NULL,
    subject_kind text NOT NULL,
    subject_id {uuid} NOT NULL,
    subject_version bigint NOT NULL,
    actor_id {uuid} NOT NULL,
    actor_kind text NOT NULL,
    data {json} NOT NULL,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT events_position_key UNIQUE (institution_id, position)
);
CREATE INDEX events_unsequenced_idx ON events (institution_id, id) WHERE position IS NULL;

CREATE TABLE idempotency_records (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    principal_id {uuid} NOT NULL,
    -- Method, path and key, hashed: a key is the caller's and may say anything.
    key_digest {bytes} NOT NULL,
    fingerprint {bytes} NOT NULL,
    reply {bytes} NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    PRIMARY KEY (institution_id, principal_id, key_digest)
);
CREATE INDEX idempotency_records_expiry_idx ON idempotency_records (expires_at);

--sqlite
CREATE TRIGGER audit_records_no_update BEFORE UPDATE ON audit_records
    BEGIN SELECT RAISE(ABORT, 'audit_records_append_only'); END;
CREATE TRIGGER audit_records_no_delete BEFORE DELETE ON audit_records
    BEGIN SELECT RAISE(ABORT, 'audit_records_append_only'); END;
CREATE TRIGGER audit_payloads_no_delete BEFORE DELETE ON audit_payloads
    BEGIN SELECT RAISE(ABORT, 'audit_payloads_append_only'); END;
CREATE TRIGGER audit_payloads_only_erased BEFORE UPDATE ON audit_payloads
    WHEN NEW.salt IS NOT NULL OR NEW.payload IS NOT NULL
        OR NEW.institution_id IS NOT OLD.institution_id OR NEW.id IS NOT OLD.id
    BEGIN SELECT RAISE(ABORT, 'audit_payloads_append_only'); END;
CREATE TRIGGER events_only_sequenced BEFORE UPDATE ON events
    WHEN OLD.position IS NOT NULL OR NEW.institution_id IS NOT OLD.institution_id
        OR NEW.id IS NOT OLD.id OR NEW.at IS NOT OLD.at OR NEW.type IS NOT OLD.type
        OR NEW.schema_version IS NOT OLD.schema_version
        OR NEW.subject_kind IS NOT OLD.subject_kind OR NEW.subject_id IS NOT OLD.subject_id
        OR NEW.subject_version IS NOT OLD.subject_version OR NEW.actor_id IS NOT OLD.actor_id
        OR NEW.actor_kind IS NOT OLD.actor_kind OR NEW.data IS NOT OLD.data
    BEGIN SELECT RAISE(ABORT, 'events_append_only'); END;
CREATE TRIGGER events_no_delete BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'events_append_only'); END;
--postgres
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%_append_only', TG_TABLE_NAME;
END $$;
CREATE TRIGGER audit_records_append_only BEFORE UPDATE OR DELETE ON audit_records
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_records_no_truncate BEFORE TRUNCATE ON audit_records
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_payloads_no_delete BEFORE DELETE ON audit_payloads
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_payloads_only_erased BEFORE UPDATE ON audit_payloads
    FOR EACH ROW WHEN (NEW.salt IS NOT NULL OR NEW.payload IS NOT NULL
        OR NEW.institution_id <> OLD.institution_id OR NEW.id <> OLD.id)
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_payloads_no_truncate BEFORE TRUNCATE ON audit_payloads
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER events_only_sequenced BEFORE UPDATE ON events
    FOR EACH ROW WHEN (OLD.position IS NOT NULL
        OR (NEW.institution_id, NEW.id, NEW.at, NEW.type, NEW.schema_version, NEW.subject_kind,
            NEW.subject_id, NEW.subject_version, NEW.actor_id, NEW.actor_kind, NEW.data)
        IS DISTINCT FROM
           (OLD.institution_id, OLD.id, OLD.at, OLD.type, OLD.schema_version, OLD.subject_kind,
            OLD.subject_id, OLD.subject_version, OLD.actor_id, OLD.actor_kind, OLD.data))
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER events_no_delete BEFORE DELETE ON events
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER events_no_truncate BEFORE TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--both
"#
);
