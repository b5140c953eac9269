//! Records that were checked and stand in the archive.

super::migration!(
    "m0125_filings",
    r#"
CREATE TABLE customer_filings (
    institution_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    version bigint NOT NULL,
    customer_id {uuid} NOT NULL,
    holder_id {uuid} NOT NULL,
    customer_campus_id {uuid} NOT NULL,
    kind text NOT NULL,
    business_scope {text},
    region_code {text},
    state text NOT NULL CONSTRAINT customer_filings_state_check CHECK (state IN ('filed', 'changed', 'taken_out')),
    customer_version bigint NOT NULL,
    created_at bigint NOT NULL,
    filed_at bigint NOT NULL,
    filed_by {uuid},
    changed_at bigint,
    taken_out_at bigint,
    taken_out_by {uuid},
    -- Sealed.
    taken_out_reason {bytes},
    deleted_at bigint,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT customer_filings_customer_fkey
        FOREIGN KEY (institution_id, customer_id, holder_id, customer_campus_id)
        REFERENCES customers (institution_id, id, holder_id, campus_id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT customer_filings_filer_fkey FOREIGN KEY (institution_id, filed_by) REFERENCES principals,
    CONSTRAINT customer_filings_taker_fkey FOREIGN KEY (institution_id, taken_out_by) REFERENCES principals
);
-- A record is in the archive once.
CREATE UNIQUE INDEX customer_filings_key
    ON customer_filings (institution_id, customer_id) WHERE state <> 'taken_out';
CREATE INDEX customer_filings_customer_idx ON customer_filings (institution_id, customer_id);
CREATE INDEX customer_filings_created_idx
    ON customer_filings (institution_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX customer_filings_holder_idx
    ON customer_filings (institution_id, holder_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX customer_filings_campus_idx
    ON customer_filings (institution_id, customer_campus_id, created_at, id) WHERE deleted_at IS NULL;
"#
);
