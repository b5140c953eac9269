//! Customers who were found to be one: which id stands for which, and what it takes to part them again.

super::migration!(
    "m0122_customer_merges",
    r#"
CREATE TABLE customer_merges (
    institution_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    survivor_id {uuid} NOT NULL,
    merged_id {uuid} NOT NULL,
    -- Who the merged one is now: the survivor, or whom that was merged into since.
    now_id {uuid} NOT NULL,
    -- Of the survivor, with the merge.
    survivor_version bigint NOT NULL,
    -- What was before and what moved, and why; sealed.
    kept {bytes} NOT NULL,
    merged_at bigint NOT NULL,
    merged_by {uuid} NOT NULL,
    undone_at bigint,
    undone_by {uuid},
    PRIMARY KEY (institution_id, id),
    CONSTRAINT customer_merges_two_check CHECK (survivor_id <> merged_id AND now_id <> merged_id),
    CONSTRAINT customer_merges_undone_check CHECK ((undone_at IS NULL) = (undone_by IS NULL)),
    CONSTRAINT customer_merges_survivor_fkey FOREIGN KEY (institution_id, survivor_id) REFERENCES customers,
    CONSTRAINT customer_merges_merged_fkey FOREIGN KEY (institution_id, merged_id) REFERENCES customers,
    CONSTRAINT customer_merges_now_fkey FOREIGN KEY (institution_id, now_id) REFERENCES customers
);
-- An id stands for one customer at a time.
CREATE UNIQUE INDEX customer_merges_merged_key ON customer_merges (institution_id, merged_id)
    WHERE undone_at IS NULL;
CREATE INDEX customer_merges_now_idx ON customer_merges (institution_id, now_id) WHERE undone_at IS NULL;
CREATE INDEX customer_merges_survivor_idx ON customer_merges (institution_id, survivor_id, merged_at, id);

-- Documents go to another customer only where the two are one, or were.
--sqlite
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
        OR NEW.credited_minor < OLD.credited_minor OR NEW.description IS NOT OLD.description
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
        OR NEW.business_date IS NOT OLD.business_date OR NEW.note IS NOT OLD.note
        OR NEW.entry_id IS NOT OLD.entry_id OR NEW.received_by IS NOT OLD.received_by
        OR NEW.created_at IS NOT OLD.created_at
        OR (OLD.voided_at IS NOT NULL AND (NEW.voided_at IS NOT OLD.voided_at
            OR NEW.voided_on IS NOT OLD.voided_on OR NEW.voided_by IS NOT OLD.voided_by
            OR NEW.void_reason IS NOT OLD.void_reason))
    BEGIN SELECT RAISE(ABORT, 'payments_append_only'); END;
CREATE TRIGGER customer_merges_no_delete BEFORE DELETE ON customer_merges
    BEGIN SELECT RAISE(ABORT, 'customer_merges_append_only'); END;
--postgres
DROP TRIGGER charges_guarded ON charges;
CREATE TRIGGER charges_guarded BEFORE UPDATE ON charges FOR EACH ROW
    WHEN ((NEW.institution_id, NEW.id, NEW.campus_id, NEW.enrollment_id,
           NEW.currency, NEW.amount_minor, NEW.description, NEW.due_on, NEW.created_at)
        IS DISTINCT FROM
          (OLD.institution_id, OLD.id, OLD.campus_id, OLD.enrollment_id,
           OLD.currency, OLD.amount_minor, OLD.description, OLD.due_on, OLD.created_at)
        OR NEW.credited_minor < OLD.credited_minor)
    EXECUTE FUNCTION refuse_change();
DROP TRIGGER payments_guarded ON payments;
CREATE TRIGGER payments_guarded BEFORE UPDATE ON payments FOR EACH ROW
    WHEN ((NEW.institution_id, NEW.id, NEW.campus_id, NEW.method, NEW.currency,
           NEW.amount_minor, NEW.paid_on, NEW.business_date, NEW.note, NEW.entry_id, NEW.received_by,
           NEW.created_at)
        IS DISTINCT FROM
          (OLD.institution_id, OLD.id, OLD.campus_id, OLD.method, OLD.currency,
           OLD.amount_minor, OLD.paid_on, OLD.business_date, OLD.note, OLD.entry_id, OLD.received_by,
           OLD.created_at)
        OR (OLD.voided_at IS NOT NULL
            AND (NEW.voided_at, NEW.voided_on, NEW.voided_by, NEW.void_reason)
            IS DISTINCT FROM (OLD.voided_at, OLD.voided_on, OLD.voided_by, OLD.void_reason)))
    EXECUTE FUNCTION refuse_change();
-- The argument names the column of the customer.
CREATE FUNCTION refuse_other_customer() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was uuid := to_jsonb(OLD) ->> TG_ARGV[0];
    is_now uuid := to_jsonb(NEW) ->> TG_ARGV[0];
BEGIN
    IF was <> is_now AND NOT EXISTS (SELECT 1 FROM customer_merges m
            WHERE m.institution_id = OLD.institution_id
            AND ((m.merged_id = was AND m.survivor_id = is_now)
                OR (m.survivor_id = was AND m.merged_id = is_now)))
    THEN
        RAISE EXCEPTION '%_append_only', TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER charges_customer_guarded BEFORE UPDATE ON charges FOR EACH ROW
    WHEN (NEW.customer_id IS DISTINCT FROM OLD.customer_id)
    EXECUTE FUNCTION refuse_other_customer('customer_id');
CREATE TRIGGER charges_payer_guarded BEFORE UPDATE ON charges FOR EACH ROW
    WHEN (NEW.payer_id IS DISTINCT FROM OLD.payer_id)
    EXECUTE FUNCTION refuse_other_customer('payer_id');
CREATE TRIGGER payments_customer_guarded BEFORE UPDATE ON payments FOR EACH ROW
    WHEN (NEW.customer_id IS DISTINCT FROM OLD.customer_id)
    EXECUTE FUNCTION refuse_other_customer('customer_id');
CREATE TRIGGER customer_merges_no_delete BEFORE DELETE ON customer_merges
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER customer_merges_no_truncate BEFORE TRUNCATE ON customer_merges
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--both

INSERT INTO role_permissions (institution_id, role_id, permission, reach)
    SELECT institution_id, id, 'customers:merge',
        CASE WHEN code = 'branch_manager' THEN 'campus' ELSE 'institution' END
    FROM roles WHERE is_built_in
    AND code IN ('boss', 'sales_director', 'branch_manager', 'customer_information_administrator')
    ON CONFLICT DO NOTHING;
"#
);
