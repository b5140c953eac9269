//! By which session, or which key of an API client, something was done.

super::migration!(
    "m0091_audit_sessions",
    r#"
-- No foreign key: the record stays when the session is removed.
ALTER TABLE audit_records ADD COLUMN session_id {uuid};

--sqlite
DROP TRIGGER audit_records_only_sequenced;
CREATE TRIGGER audit_records_only_sequenced BEFORE UPDATE ON audit_records
    WHEN OLD.position IS NOT NULL OR NEW.position IS NULL
        OR NEW.institution_id IS NOT OLD.institution_id OR NEW.id IS NOT OLD.id
        OR NEW.at IS NOT OLD.at OR NEW.principal_id IS NOT OLD.principal_id
        OR NEW.principal_kind IS NOT OLD.principal_kind OR NEW.operation IS NOT OLD.operation
        OR NEW.outcome IS NOT OLD.outcome OR NEW.request_id IS NOT OLD.request_id
        OR NEW.trace_id IS NOT OLD.trace_id OR NEW.target_kind IS NOT OLD.target_kind
        OR NEW.target_id IS NOT OLD.target_id OR NEW.payload_digest IS NOT OLD.payload_digest
        OR NEW.session_id IS NOT OLD.session_id
    BEGIN SELECT RAISE(ABORT, 'audit_records_append_only'); END;
--postgres
DROP TRIGGER audit_records_only_sequenced ON audit_records;
CREATE TRIGGER audit_records_only_sequenced BEFORE UPDATE ON audit_records
    FOR EACH ROW WHEN (OLD.position IS NOT NULL OR NEW.position IS NULL
        OR (NEW.institution_id, NEW.id, NEW.at, NEW.principal_id, NEW.principal_kind, NEW.operation,
            NEW.outcome, NEW.request_id, NEW.trace_id, NEW.target_kind, NEW.target_id, NEW.payload_digest,
            NEW.session_id)
        IS DISTINCT FROM
           (OLD.institution_id, OLD.id, OLD.at, OLD.principal_id, OLD.principal_kind, OLD.operation,
            OLD.outcome, OLD.request_id, OLD.trace_id, OLD.target_kind, OLD.target_id, OLD.payload_digest,
            OLD.session_id))
    EXECUTE FUNCTION refuse_change();
--both
"#
);
