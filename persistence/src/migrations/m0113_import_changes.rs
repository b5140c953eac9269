//! Imports that change customers who are there: by which key they are found, and what becomes of rows.

super::migration!(
    "m0113_import_changes",
    r#"
ALTER TABLE imports ADD COLUMN action text NOT NULL DEFAULT 'create'
    CONSTRAINT imports_action_check CHECK (action IN ('create', 'skip', 'update', 'upsert'));
ALTER TABLE imports ADD COLUMN match_key text NOT NULL DEFAULT 'household'
    CONSTRAINT imports_match_key_check CHECK (match_key IN ('household', 'phone', 'email', 'id'));
ALTER TABLE imports ADD COLUMN lists text NOT NULL DEFAULT 'append'
    CONSTRAINT imports_lists_check CHECK (lists IN ('append', 'replace'));
ALTER TABLE imports ADD COLUMN updated bigint NOT NULL DEFAULT 0;
ALTER TABLE imports ADD COLUMN unchanged bigint NOT NULL DEFAULT 0;

--sqlite
CREATE TABLE import_rows_2 (
    institution_id blob NOT NULL,
    import_id blob NOT NULL,
    row_number bigint NOT NULL,
    outcome text NOT NULL CONSTRAINT import_rows_outcome_check
        CHECK (outcome IN ('created', 'updated', 'unchanged', 'duplicate', 'skipped', 'failed')),
    customer_id blob,
    -- Problems with their values, differences, what was left out; sealed.
    detail blob,
    PRIMARY KEY (institution_id, import_id, row_number),
    CONSTRAINT import_rows_import_fkey FOREIGN KEY (institution_id, import_id) REFERENCES imports,
    CONSTRAINT import_rows_customer_fkey FOREIGN KEY (institution_id, customer_id) REFERENCES customers
);
INSERT INTO import_rows_2 (institution_id, import_id, row_number, outcome, customer_id, detail)
SELECT institution_id, import_id, row_number, outcome, customer_id, detail FROM import_rows;
DROP TABLE import_rows;
ALTER TABLE import_rows_2 RENAME TO import_rows;
CREATE INDEX import_rows_customer_idx ON import_rows (institution_id, customer_id)
    WHERE customer_id IS NOT NULL;
--postgres
ALTER TABLE import_rows DROP CONSTRAINT import_rows_outcome_check;
ALTER TABLE import_rows ADD CONSTRAINT import_rows_outcome_check
    CHECK (outcome IN ('created', 'updated', 'unchanged', 'duplicate', 'skipped', 'failed'));
--both
"#
);
