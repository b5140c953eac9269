//! All targets of an audit record, and the blocks that seal the trail.

super::migration!(
    "m0051_audit_sealing",
    r#"
-- What a transaction touched besides its first target, which stands in the record itself.
CREATE TABLE audit_targets (
    institution_id {uuid} NOT NULL,
    record_id {uuid} NOT NULL,
    kind text NOT NULL,
    target_id {uuid} NOT NULL,
    PRIMARY KEY (institution_id, record_id, kind, target_id),
    CONSTRAINT audit_targets_record_fkey FOREIGN KEY (institution_id, record_id) REFERENCES audit_records
);
CREATE INDEX audit_targets_target_idx ON audit_targets (institution_id, target_id, record_id);
CREATE INDEX audit_records_principal_idx ON audit_records (institution_id, principal_id, at, id);

-- Records by position, each block over the digest of the one before it.
CREATE TABLE audit_blocks (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    number bigint NOT NULL CONSTRAINT audit_blocks_number_check CHECK (number > 0),
    first_position bigint NOT NULL,
    last_position bigint NOT NULL,
    sealed_at bigint NOT NULL,
    previous {bytes} NOT NULL,
    digest {bytes} NOT NULL,
    -- Ed25519 over the digest, by a key that is not in the database.
    signature {bytes} NOT NULL,
    PRIMARY KEY (institution_id, number),
    CONSTRAINT audit_blocks_positions_check CHECK (first_position > 0 AND last_position >= first_position)
);

--sqlite
CREATE TRIGGER audit_targets_no_update BEFORE UPDATE ON audit_targets
    BEGIN SELECT RAISE(ABORT, 'audit_targets_append_only'); END;
CREATE TRIGGER audit_targets_no_delete BEFORE DELETE ON audit_targets
    BEGIN SELECT RAISE(ABORT, 'audit_targets_append_only'); END;
CREATE TRIGGER audit_blocks_no_update BEFORE UPDATE ON audit_blocks
    BEGIN SELECT RAISE(ABORT, 'audit_blocks_append_only'); END;
CREATE TRIGGER audit_blocks_no_delete BEFORE DELETE ON audit_blocks
    BEGIN SELECT RAISE(ABORT, 'audit_blocks_append_only'); END;
--postgres
CREATE TRIGGER audit_targets_append_only BEFORE UPDATE OR DELETE ON audit_targets
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_targets_no_truncate BEFORE TRUNCATE ON audit_targets
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_blocks_append_only BEFORE UPDATE OR DELETE ON audit_blocks
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_blocks_no_truncate BEFORE TRUNCATE ON audit_blocks
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--both
"#
);
