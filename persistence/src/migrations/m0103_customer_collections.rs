//! Each time when data of a customer were taken in, with what was corrected since.

super::migration!(
    "m0103_customer_collections",
    r#"
CREATE TABLE customer_collections (
    institution_id {uuid} NOT NULL,
    -- That of the customer, where the customer was created with it.
    id {uuid} NOT NULL,
    version bigint NOT NULL,
    customer_id {uuid} NOT NULL,
    is_current boolean NOT NULL,
    channel text NOT NULL,
    collected_at bigint NOT NULL,
    collector_id {uuid},
    department_id {uuid},
    event {text},
    source_document {text},
    -- It may be taken away from the customer later.
    file_id {uuid},
    lawful_basis text CONSTRAINT customer_collections_basis_check CHECK (lawful_basis IN
        ('consent', 'contract', 'legal_duty', 'emergency', 'public_interest', 'published')),
    -- The filled form, sealed.
    form {bytes},
    created_at bigint NOT NULL,
    recorded_at bigint NOT NULL,
    recorded_by {uuid},
    reason {text},
    PRIMARY KEY (institution_id, id, version),
    CONSTRAINT customer_collections_customer_fkey FOREIGN KEY (institution_id, customer_id) REFERENCES customers,
    CONSTRAINT customer_collections_channel_fkey FOREIGN KEY (institution_id, channel)
        REFERENCES source_channels (institution_id, code),
    CONSTRAINT customer_collections_collector_fkey FOREIGN KEY (institution_id, collector_id) REFERENCES staff,
    CONSTRAINT customer_collections_department_fkey
        FOREIGN KEY (institution_id, department_id) REFERENCES departments
);
CREATE INDEX customer_collections_customer_idx
    ON customer_collections (institution_id, customer_id, created_at, id);

INSERT INTO customer_collections (institution_id, id, version, customer_id, is_current, channel, collected_at,
    collector_id, department_id, created_at, recorded_at)
SELECT c.institution_id, c.id, 1, c.id, true, c.channel, c.collected_at, c.collector_id, p.department_id,
    c.created_at, c.created_at
FROM customers c
LEFT JOIN staff_posts p ON p.institution_id = c.institution_id AND p.staff_id = c.collector_id;

-- What was said stays: a version is only put behind a later one, moves with its customer, or loses its form
-- to erasure.
--sqlite
CREATE TRIGGER customer_collections_no_update
    BEFORE UPDATE OF institution_id, id, version, channel, collected_at, collector_id, department_id, event,
        source_document, file_id, lawful_basis, created_at, recorded_at, recorded_by, reason
    ON customer_collections
    BEGIN SELECT RAISE(ABORT, 'customer_collections_append_only'); END;
CREATE TRIGGER customer_collections_no_delete BEFORE DELETE ON customer_collections
    BEGIN SELECT RAISE(ABORT, 'customer_collections_append_only'); END;
--postgres
CREATE TRIGGER customer_collections_no_update
    BEFORE UPDATE OF institution_id, id, version, channel, collected_at, collector_id, department_id, event,
        source_document, file_id, lawful_basis, created_at, recorded_at, recorded_by, reason
    ON customer_collections
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER customer_collections_no_delete BEFORE DELETE ON customer_collections
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
--both
"#
);
