//! Which customers an import made or changed, so that it can be undone.

super::migration!(
    "m0112_import_customers",
    r#"
ALTER TABLE imports ADD COLUMN undo_job_id {uuid};
ALTER TABLE imports ADD COLUMN undone_at bigint;
ALTER TABLE imports ADD COLUMN undone_by {uuid};
CREATE INDEX imports_undo_idx ON imports (institution_id, undo_job_id) WHERE undo_job_id IS NOT NULL;

CREATE TABLE import_customers (
    institution_id {uuid} NOT NULL,
    import_id {uuid} NOT NULL,
    customer_id {uuid} NOT NULL,
    row_number bigint NOT NULL,
    deed text NOT NULL CONSTRAINT import_customers_deed_check CHECK (deed IN ('created', 'updated')),
    -- As the import left the customer, or as its undoing did.
    version bigint NOT NULL,
    -- Follow-ups that were planned with it.
    follow_ups bigint NOT NULL,
    -- What it was before, where it was there; sealed.
    kept {bytes},
    undone_at bigint,
    PRIMARY KEY (institution_id, import_id, customer_id),
    CONSTRAINT import_customers_kept_check CHECK (kept IS NULL OR deed = 'updated'),
    CONSTRAINT import_customers_import_fkey FOREIGN KEY (institution_id, import_id) REFERENCES imports,
    CONSTRAINT import_customers_customer_fkey FOREIGN KEY (institution_id, customer_id) REFERENCES customers
);
CREATE INDEX import_customers_customer_idx ON import_customers (institution_id, customer_id);
"#
);
