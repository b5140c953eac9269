//! Files: what is known of them. Their contents stand in a store of their own, sealed.

super::migration!(
    "m0040_files",
    r#"
CREATE TABLE files (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    id {uuid} NOT NULL,
    version bigint NOT NULL,
    owner_id {uuid} NOT NULL,
    purpose text NOT NULL CONSTRAINT files_purpose_check CHECK (purpose IN ('record', 'import')),
    -- Being received, stored, or about to be removed.
    state text NOT NULL CONSTRAINT files_state_check CHECK (state IN ('receiving', 'stored', 'removing')),
    type text NOT NULL CONSTRAINT files_type_check
        CHECK (type IN ('text', 'xlsx', 'pdf', 'png', 'jpeg', 'webp')),
    -- Sealed: a name may tell whose file it is.
    name {bytes},
    size bigint NOT NULL CONSTRAINT files_size_check CHECK (size >= 0),
    sha256 {bytes},
    record_kind text,
    record_id {uuid},
    created_at bigint NOT NULL,
    expires_at bigint,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT files_owner_fkey FOREIGN KEY (institution_id, owner_id) REFERENCES principals,
    CONSTRAINT files_whole_check
        CHECK (state = 'receiving' OR (name IS NOT NULL AND sha256 IS NOT NULL AND size > 0)),
    CONSTRAINT files_record_check CHECK ((record_kind IS NULL) = (record_id IS NULL)),
    -- What belongs to nothing does not stay.
    CONSTRAINT files_expiry_check CHECK (record_id IS NOT NULL OR expires_at IS NOT NULL)
);
CREATE INDEX files_record_idx ON files (institution_id, record_id) WHERE record_id IS NOT NULL;
CREATE INDEX files_expiry_idx ON files (expires_at) WHERE expires_at IS NOT NULL;
"#
);
