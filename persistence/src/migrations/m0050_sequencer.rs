//! Positions of events and audit records, and who gives them.

super::migration!(
    "m0050_sequencer",
    r#"
-- What only one instance may do at a time. Times are the database's own.
CREATE TABLE leases (
    name text NOT NULL PRIMARY KEY,
    token {uuid} NOT NULL,
    expires_at bigint NOT NULL
);

-- How far each stream of an institution has come: never back, also when its rows are purged.
CREATE TABLE positions (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    stream text NOT NULL CONSTRAINT positions_stream_check CHECK (stream IN ('events', 'audit_records')),
    last bigint NOT NULL CONSTRAINT positions_last_check CHECK (last >= 0),
    -- Rows up to here may be deleted.
    purged_to bigint NOT NULL CONSTRAINT positions_purged_check CHECK (purged_to BETWEEN 0 AND last),
    PRIMARY KEY (institution_id, stream)
);

ALTER TABLE audit_records ADD COLUMN position bigint;
CREATE UNIQUE INDEX audit_records_position_key ON audit_records (institution_id, position);
CREATE INDEX audit_records_unsequenced_idx ON audit_records (institution_id, id) WHERE position IS NULL;

--sqlite
CREATE TRIGGER positions_only_forward BEFORE UPDATE ON positions
    WHEN NEW.institution_id IS NOT OLD.institution_id OR NEW.stream IS NOT OLD.stream
        OR NEW.last < OLD.last OR NEW.purged_to < OLD.purged_to
    BEGIN SELECT RAISE(ABORT, 'positions_only_forward'); END;
CREATE TRIGGER positions_no_delete BEFORE DELETE ON positions
    BEGIN SELECT RAISE(ABORT, 'positions_only_forward'); END;
DROP TRIGGER audit_records_no_update;
CREATE TRIGGER audit_records_only_sequenced BEFORE UPDATE ON audit_records
    WHEN OLD.position IS NOT NULL OR NEW.position IS NULL
        OR NEW.institution_id IS NOT OLD.institution_id OR NEW.id IS NOT OLD.id
        OR NEW.at IS NOT OLD.at OR NEW.principal_id IS NOT OLD.principal_id
        OR NEW.principal_kind IS NOT OLD.principal_kind OR NEW.operation IS NOT OLD.operation
        OR NEW.outcome IS NOT OLD.outcome OR NEW.request_id IS NOT OLD.request_id
        OR NEW.trace_id IS NOT OLD.trace_id OR NEW.target_kind IS NOT OLD.target_kind
        OR NEW.target_id IS NOT OLD.target_id OR NEW.payload_digest IS NOT OLD.payload_digest
    BEGIN SELECT RAISE(ABORT, 'audit_records_append_only'); END;
DROP TRIGGER events_no_delete;
CREATE TRIGGER events_only_purged BEFORE DELETE ON events
    WHEN OLD.position IS NULL OR OLD.position > COALESCE((
        SELECT purged_to FROM positions
        WHERE institution_id = OLD.institution_id AND stream = 'events'), 0)
    BEGIN SELECT RAISE(ABORT, 'events_append_only'); END;
--postgres
CREATE TRIGGER positions_only_forward BEFORE UPDATE ON positions
    FOR EACH ROW WHEN (NEW.institution_id <> OLD.institution_id OR NEW.stream <> OLD.stream
        OR NEW.last < OLD.last OR NEW.purged_to < OLD.purged_to)
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER positions_no_delete BEFORE DELETE ON positions
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER positions_no_truncate BEFORE TRUNCATE ON positions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
DROP TRIGGER audit_records_append_only ON audit_records;
CREATE TRIGGER audit_records_no_delete BEFORE DELETE ON audit_records
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_records_only_sequenced BEFORE UPDATE ON audit_records
    FOR EACH ROW WHEN (OLD.position IS NOT NULL OR NEW.position IS NULL
        OR (NEW.institution_id, NEW.id, NEW.at, NEW.principal_id, NEW.principal_kind, NEW.operation,
            NEW.outcome, NEW.request_id, NEW.trace_id, NEW.target_kind, NEW.target_id, NEW.payload_digest)
        IS DISTINCT FROM
           (OLD.institution_id, OLD.id, OLD.at, OLD.principal_id, OLD.principal_kind, OLD.operation,
            OLD.outcome, OLD.request_id, OLD.trace_id, OLD.target_kind, OLD.target_id, OLD.payload_digest))
    EXECUTE FUNCTION refuse_change();
DROP TRIGGER events_no_delete ON events;
CREATE FUNCTION refuse_unless_purged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.position IS NULL OR OLD.position > COALESCE((
        SELECT purged_to FROM positions
        WHERE institution_id = OLD.institution_id AND stream = 'events'), 0) THEN
        RAISE EXCEPTION 'events_append_only';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER events_only_purged BEFORE DELETE ON events
    FOR EACH ROW EXECUTE FUNCTION refuse_unless_purged();
--both
"#
);
