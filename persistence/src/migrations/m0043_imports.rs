//! Imports, and what became of each of their rows.

super::migration!(
    "m0043_imports",
    r#"
CREATE TABLE imports (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    id {uuid} NOT NULL,
    version bigint NOT NULL,
    owner_id {uuid} NOT NULL,
    campus_id {uuid} NOT NULL,
    file_id {uuid} NOT NULL,
    job_id {uuid} NOT NULL,
    entity text NOT NULL CONSTRAINT imports_entity_check CHECK (entity IN ('customers')),
    mode text NOT NULL CONSTRAINT imports_mode_check CHECK (mode IN ('validate', 'commit')),
    mapping {json},
    -- The last row that is done; a run that begins anew goes on behind it.
    last_row bigint NOT NULL,
    created bigint NOT NULL,
    duplicate bigint NOT NULL,
    skipped bigint NOT NULL,
    failed bigint NOT NULL,
    result_file_id {uuid},
    created_at bigint NOT NULL,
    finished_at bigint,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT imports_owner_fkey FOREIGN KEY (institution_id, owner_id) REFERENCES principals,
    CONSTRAINT imports_campus_fkey FOREIGN KEY (institution_id, campus_id) REFERENCES campuses
);
CREATE INDEX imports_owner_idx ON imports (institution_id, owner_id, created_at, id);
CREATE INDEX imports_finished_idx ON imports (finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE import_rows (
    institution_id {uuid} NOT NULL,
    import_id {uuid} NOT NULL,
    row_number bigint NOT NULL,
    outcome text NOT NULL CONSTRAINT import_rows_outcome_check
        CHECK (outcome IN ('created', 'duplicate', 'skipped', 'failed')),
    customer_id {uuid},
    -- Problems with their values, differences, what was left out; sealed.
    detail {bytes},
    PRIMARY KEY (institution_id, import_id, row_number),
    CONSTRAINT import_rows_import_fkey FOREIGN KEY (institution_id, import_id) REFERENCES imports,
    CONSTRAINT import_rows_customer_fkey FOREIGN KEY (institution_id, customer_id) REFERENCES customers
);
CREATE INDEX import_rows_customer_idx ON import_rows (institution_id, customer_id)
    WHERE customer_id IS NOT NULL;

-- Who has a name and a birth date: the second way to know a child again.
CREATE INDEX customers_born_idx ON customers (institution_id, name_fold, birth_date)
    WHERE birth_date IS NOT NULL AND deleted_at IS NULL;
"#
);
