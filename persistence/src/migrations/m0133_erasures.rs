//! Erasures of people: their certificates, who was erased, and by what they are known again in lists.

super::migration!(
    "m0133_erasures",
    r#"
CREATE TABLE erasures (
    institution_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    number bigint NOT NULL CONSTRAINT erasures_number_check CHECK (number > 0),
    customer_id {uuid} NOT NULL,
    reason text NOT NULL CONSTRAINT erasures_reason_check
        CHECK (reason IN ('requested', 'consent_withdrawn', 'purpose_fulfilled', 'unlawful')),
    request_id {uuid},
    -- What became of the rows of each table.
    tables {json} NOT NULL,
    erased_at bigint NOT NULL,
    erased_by {uuid} NOT NULL,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT erasures_number_key UNIQUE (institution_id, number),
    CONSTRAINT erasures_customer_fkey FOREIGN KEY (institution_id, customer_id) REFERENCES customers,
    CONSTRAINT erasures_request_fkey FOREIGN KEY (institution_id, request_id) REFERENCES privacy_requests
);
CREATE INDEX erasures_erased_idx ON erasures (institution_id, erased_at, id);

-- Every id of an erased person, those that stood for it too.
CREATE TABLE erased_customers (
    institution_id {uuid} NOT NULL,
    customer_id {uuid} NOT NULL,
    number bigint NOT NULL,
    PRIMARY KEY (institution_id, customer_id),
    CONSTRAINT erased_customers_customer_fkey FOREIGN KEY (institution_id, customer_id) REFERENCES customers
);

-- Keyed hashes of ways to reach erased people, and of their names with these: nobody reads them back.
CREATE TABLE erased_contacts (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    digest {bytes} NOT NULL,
    PRIMARY KEY (institution_id, digest)
);

-- Texts of documents are changed by erasure only.
--sqlite
CREATE TRIGGER erasures_no_update BEFORE UPDATE ON erasures
    BEGIN SELECT RAISE(ABORT, 'erasures_append_only'); END;
CREATE TRIGGER erasures_no_delete BEFORE DELETE ON erasures
    BEGIN SELECT RAISE(ABORT, 'erasures_append_only'); END;
CREATE TRIGGER erased_customers_no_update BEFORE UPDATE ON erased_customers
    BEGIN SELECT RAISE(ABORT, 'erased_customers_append_only'); END;
CREATE TRIGGER erased_customers_no_delete BEFORE DELETE ON erased_customers
    BEGIN SELECT RAISE(ABORT, 'erased_customers_append_only'); END;
DROP TRIGGER charges_guarded;
CREATE TRIGGER charges_guarded BEFORE UPDATE ON charges
    WHEN NEW.institution_id IS NOT OLD.institution_id OR NEW.id IS NOT OLD.id
        OR (NEW.customer_id IS NOT OLD.customer_id AND NOT EXISTS (SELECT 1 FROM customer_merges m
            WHERE m.institution_id = OLD.institution_id
            AND ((m.merged_id = OLD.customer_id AND m.survivor_id = NEW.customer_id)
                OR (m.survivor_id = OLD.customer_id AND m.merged_id = NEW.customer_id))))
        OR (NEW.payer_id IS NOT OLD.payer_id AND NOT EXISTS (SELECT 1 FROM customer_merges m
            WHERE m.institution_id = OLD.institution_id
            AND ((m.merged_id = OLD.payer_id AND m.survivor_id = NEW.payer_id)
                OR (m.survivor_id = OLD.payer_id AND m.merged_id = NEW.payer_id))))
        OR NEW.campus_id IS NOT OLD.campus_id OR NEW.enrollment_id IS NOT OLD.enrollment_id
        OR NEW.currency IS NOT OLD.currency OR NEW.amount_minor IS NOT OLD.amount_minor
        OR NEW.credited_minor < OLD.credited_minor
        OR (NEW.description IS NOT OLD.description AND NOT EXISTS (SELECT 1 FROM erased_customers e
            WHERE e.institution_id = OLD.institution_id AND e.customer_id = OLD.customer_id))
        OR NEW.due_on IS NOT OLD.due_on OR NEW.created_at IS NOT OLD.created_at
    BEGIN SELECT RAISE(ABORT, 'charges_append_only'); END;
DROP TRIGGER payments_guarded;
CREATE TRIGGER payments_guarded BEFORE UPDATE ON payments
    WHEN NEW.institution_id IS NOT OLD.institution_id OR NEW.id IS NOT OLD.id
        OR (NEW.customer_id IS NOT OLD.customer_id AND NOT EXISTS (SELECT 1 FROM customer_merges m
            WHERE m.institution_id = OLD.institution_id
            AND ((m.merged_id = OLD.customer_id AND m.survivor_id = NEW.customer_id)
                OR (m.survivor_id = OLD.customer_id AND m.merged_id = NEW.customer_id))))
        OR NEW.campus_id IS NOT OLD.campus_id
        OR NEW.method IS NOT OLD.method OR NEW.currency IS NOT OLD.currency
        OR NEW.amount_minor IS NOT OLD.amount_minor OR NEW.paid_on IS NOT OLD.paid_on
        OR NEW.business_date IS NOT OLD.business_date
        OR NEW.entry_id IS NOT OLD.entry_id OR NEW.received_by IS NOT OLD.received_by
        OR NEW.created_at IS NOT OLD.created_at
        OR (OLD.voided_at IS NOT NULL AND (NEW.voided_at IS NOT OLD.voided_at
            OR NEW.voided_on IS NOT OLD.voided_on OR NEW.voided_by IS NOT OLD.voided_by))
        OR ((NEW.note IS NOT OLD.note OR (OLD.voided_at IS NOT NULL AND NEW.void_reason IS NOT OLD.void_reason))
            AND NOT EXISTS (SELECT 1 FROM erased_customers e
            WHERE e.institution_id = OLD.institution_id AND e.customer_id = OLD.customer_id))
    BEGIN SELECT RAISE(ABORT, 'payments_append_only'); END;
DROP TRIGGER customer_collections_no_update;
CREATE TRIGGER customer_collections_no_update
    BEFORE UPDATE OF institution_id, id, version, channel, collected_at, collector_id, department_id,
        lawful_basis, created_at, recorded_at, recorded_by
    ON customer_collections
    BEGIN SELECT RAISE(ABORT, 'customer_collections_append_only'); END;
CREATE TRIGGER customer_collections_only_erased
    BEFORE UPDATE OF event, source_document, file_id, reason ON customer_collections
    WHEN NOT EXISTS (SELECT 1 FROM erased_customers e
        WHERE e.institution_id = OLD.institution_id AND e.customer_id = OLD.customer_id)
    BEGIN SELECT RAISE(ABORT, 'customer_collections_append_only'); END;
--postgres
CREATE TRIGGER erasures_append_only BEFORE UPDATE OR DELETE ON erasures
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER erasures_no_truncate BEFORE TRUNCATE ON erasures
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER erased_customers_append_only BEFORE UPDATE OR DELETE ON erased_customers
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER erased_customers_no_truncate BEFORE TRUNCATE ON erased_customers
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE FUNCTION refuse_unless_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM erased_customers e
            WHERE e.institution_id = OLD.institution_id AND e.customer_id = OLD.customer_id)
    THEN
        RAISE EXCEPTION '%_append_only', TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
DROP TRIGGER charges_guarded ON charges;
CREATE TRIGGER charges_guarded BEFORE UPDATE ON charges FOR EACH ROW
    WHEN ((NEW.institution_id, NEW.id, NEW.campus_id, NEW.enrollment_id,
           NEW.currency, NEW.amount_minor, NEW.due_on, NEW.created_at)
        IS DISTINCT FROM
          (OLD.institution_id, OLD.id, OLD.campus_id, OLD.enrollment_id,
           OLD.currency, OLD.amount_minor, OLD.due_on, OLD.created_at)
        OR NEW.credited_minor < OLD.credited_minor)
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER charges_only_erased BEFORE UPDATE ON charges FOR EACH ROW
    WHEN (NEW.description IS DISTINCT FROM OLD.description)
    EXECUTE FUNCTION refuse_unless_erased();
DROP TRIGGER payments_guarded ON payments;
CREATE TRIGGER payments_guarded BEFORE UPDATE ON payments FOR EACH ROW
    WHEN ((NEW.institution_id, NEW.id, NEW.campus_id, NEW.method, NEW.currency,
           NEW.amount_minor, NEW.paid_on, NEW.business_date, NEW.entry_id, NEW.received_by,
           NEW.created_at)
        IS DISTINCT FROM
          (OLD.institution_id, OLD.id, OLD.campus_id, OLD.method, OLD.currency,
           OLD.amount_minor, OLD.paid_on, OLD.business_date, OLD.entry_id, OLD.received_by,
           OLD.created_at)
        OR (OLD.voided_at IS NOT NULL
            AND (NEW.voided_at, NEW.voided_on, NEW.voided_by)
            IS DISTINCT FROM (OLD.voided_at, OLD.voided_on, OLD.voided_by)))
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payments_only_erased BEFORE UPDATE ON payments FOR EACH ROW
    WHEN (NEW.note IS DISTINCT FROM OLD.note
        OR (OLD.voided_at IS NOT NULL AND NEW.void_reason IS DISTINCT FROM OLD.void_reason))
    EXECUTE FUNCTION refuse_unless_erased();
DROP TRIGGER customer_collections_no_update ON customer_collections;
CREATE TRIGGER customer_collections_no_update
    BEFORE UPDATE OF institution_id, id, version, channel, collected_at, collector_id, department_id,
        lawful_basis, created_at, recorded_at, recorded_by
    ON customer_collections
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER customer_collections_only_erased
    BEFORE UPDATE OF event, source_document, file_id, reason ON customer_collections
    FOR EACH ROW EXECUTE FUNCTION refuse_unless_erased();
--both

INSERT INTO role_permissions (institution_id, role_id, permission, reach)
    SELECT institution_id, id, 'privacy:erase', 'institution' FROM roles
    WHERE is_built_in AND code IN ('boss', 'data_protector')
    ON CONFLICT DO NOTHING;
"#
);
