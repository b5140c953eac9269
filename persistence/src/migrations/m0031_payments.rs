//! Charges, payments, what of one was put to the other, and the balance of each customer.

super::migration!(
    "m0031_payments",
    r#"
CREATE TABLE charges (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    id {uuid} NOT NULL,
    version bigint NOT NULL,
    customer_id {uuid} NOT NULL,
    holder_id {uuid} NOT NULL,
    customer_campus_id {uuid} NOT NULL,
    payer_id {uuid} NOT NULL,
    campus_id {uuid} NOT NULL,
    enrollment_id {uuid},
    currency text NOT NULL CONSTRAINT charges_currency_check CHECK (length(currency) = 3),
    amount_minor bigint NOT NULL CONSTRAINT charges_amount_check
        CHECK (amount_minor BETWEEN 1 AND 9007199254740991),
    credited_minor bigint NOT NULL CONSTRAINT charges_credited_check CHECK (credited_minor >= 0),
    paid_minor bigint NOT NULL CONSTRAINT charges_paid_check CHECK (paid_minor >= 0),
    outstanding_minor bigint NOT NULL CONSTRAINT charges_outstanding_check
        CHECK (outstanding_minor >= 0 AND outstanding_minor = amount_minor - credited_minor - paid_minor),
    description {text} NOT NULL CONSTRAINT charges_description_check CHECK (length(description) BETWEEN 1 AND 200),
    due_on date NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT charges_customer_fkey FOREIGN KEY (institution_id, customer_id, holder_id, customer_campus_id)
        REFERENCES customers (institution_id, id, holder_id, campus_id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT charges_payer_fkey FOREIGN KEY (institution_id, payer_id) REFERENCES customers,
    CONSTRAINT charges_campus_fkey FOREIGN KEY (institution_id, campus_id) REFERENCES campuses,
    CONSTRAINT charges_enrollment_fkey FOREIGN KEY (institution_id, enrollment_id) REFERENCES enrollments
);
CREATE INDEX charges_created_idx ON charges (institution_id, created_at, id);
CREATE INDEX charges_holder_idx ON charges (institution_id, holder_id, created_at, id);
CREATE INDEX charges_campus_idx ON charges (institution_id, customer_campus_id, created_at, id);
CREATE INDEX charges_customer_idx ON charges (institution_id, customer_id, created_at, id);
CREATE INDEX charges_payer_idx ON charges (institution_id, payer_id, created_at, id);
CREATE INDEX charges_enrollment_idx ON charges (institution_id, enrollment_id) WHERE enrollment_id IS NOT NULL;

CREATE TABLE payments (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    id {uuid} NOT NULL,
    version bigint NOT NULL,
    customer_id {uuid} NOT NULL,
    holder_id {uuid} NOT NULL,
    customer_campus_id {uuid} NOT NULL,
    campus_id {uuid} NOT NULL,
    method text NOT NULL CONSTRAINT payments_method_check
        CHECK (method IN ('cash', 'card', 'wechat', 'alipay', 'bank_transfer', 'other')),
    currency text NOT NULL CONSTRAINT payments_currency_check CHECK (length(currency) = 3),
    amount_minor bigint NOT NULL CONSTRAINT payments_amount_check
        CHECK (amount_minor BETWEEN 1 AND 9007199254740991),
    -- The payer's credit.
    unallocated_minor bigint NOT NULL CONSTRAINT payments_unallocated_check
        CHECK (unallocated_minor BETWEEN 0 AND amount_minor),
    paid_on date NOT NULL,
    business_date date NOT NULL,
    note {text},
    entry_id {uuid} NOT NULL,
    received_by {uuid} NOT NULL,
    voided_at bigint,
    voided_on date,
    voided_by {uuid},
    void_reason {text},
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT payments_void_check CHECK (
        (voided_at IS NULL AND voided_on IS NULL AND voided_by IS NULL AND void_reason IS NULL)
        OR (voided_at IS NOT NULL AND voided_on IS NOT NULL AND voided_by IS NOT NULL
            AND void_reason IS NOT NULL AND unallocated_minor = 0)),
    CONSTRAINT payments_customer_fkey FOREIGN KEY (institution_id, customer_id, holder_id, customer_campus_id)
        REFERENCES customers (institution_id, id, holder_id, campus_id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT payments_campus_fkey FOREIGN KEY (institution_id, campus_id) REFERENCES campuses,
    CONSTRAINT payments_entry_fkey FOREIGN KEY (institution_id, entry_id) REFERENCES journal_entries
);
CREATE INDEX payments_created_idx ON payments (institution_id, created_at, id);
CREATE INDEX payments_holder_idx ON payments (institution_id, holder_id, created_at, id);
CREATE INDEX payments_campus_idx ON payments (institution_id, customer_campus_id, created_at, id);
CREATE INDEX payments_customer_idx ON payments (institution_id, customer_id, created_at, id);
CREATE INDEX payments_day_idx ON payments (institution_id, campus_id, business_date);
CREATE INDEX payments_void_day_idx ON payments (institution_id, campus_id, voided_on) WHERE voided_on IS NOT NULL;

-- What of a payment is put to a charge; below zero where it is taken from it again.
CREATE TABLE payment_allocations (
    institution_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    payment_id {uuid} NOT NULL,
    charge_id {uuid} NOT NULL,
    entry_id {uuid} NOT NULL,
    amount_minor bigint NOT NULL CONSTRAINT payment_allocations_amount_check
        CHECK (amount_minor <> 0 AND amount_minor BETWEEN -9007199254740991 AND 9007199254740991),
    created_at bigint NOT NULL,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT payment_allocations_payment_fkey FOREIGN KEY (institution_id, payment_id) REFERENCES payments,
    CONSTRAINT payment_allocations_charge_fkey FOREIGN KEY (institution_id, charge_id) REFERENCES charges,
    CONSTRAINT payment_allocations_entry_fkey FOREIGN KEY (institution_id, entry_id) REFERENCES journal_entries
);
CREATE INDEX payment_allocations_payment_idx ON payment_allocations (institution_id, payment_id, charge_id);
CREATE INDEX payment_allocations_charge_idx ON payment_allocations (institution_id, charge_id, payment_id);

-- Sums of a customer, kept in the transactions that change them. Those who owe something are listed.
CREATE TABLE customer_balances (
    institution_id {uuid} NOT NULL,
    customer_id {uuid} NOT NULL,
    holder_id {uuid} NOT NULL,
    customer_campus_id {uuid} NOT NULL,
    currency text NOT NULL CONSTRAINT customer_balances_currency_check CHECK (length(currency) = 3),
    charged_minor bigint NOT NULL CONSTRAINT customer_balances_charged_check
        CHECK (charged_minor BETWEEN 0 AND 9007199254740991),
    credited_minor bigint NOT NULL CONSTRAINT customer_balances_credited_check CHECK (credited_minor >= 0),
    paid_minor bigint NOT NULL CONSTRAINT customer_balances_paid_check CHECK (paid_minor >= 0),
    outstanding_minor bigint NOT NULL CONSTRAINT customer_balances_outstanding_check
        CHECK (outstanding_minor >= 0 AND outstanding_minor = charged_minor - credited_minor - paid_minor),
    credit_minor bigint NOT NULL CONSTRAINT customer_balances_credit_check
        CHECK (credit_minor BETWEEN 0 AND 9007199254740991),
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (institution_id, customer_id),
    CONSTRAINT customer_balances_customer_fkey FOREIGN KEY (institution_id, customer_id, holder_id, customer_campus_id)
        REFERENCES customers (institution_id, id, holder_id, campus_id) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX customer_balances_created_idx ON customer_balances
    (institution_id, created_at, customer_id) WHERE outstanding_minor > 0;
CREATE INDEX customer_balances_holder_idx ON customer_balances
    (institution_id, holder_id, created_at, customer_id) WHERE outstanding_minor > 0;
CREATE INDEX customer_balances_campus_idx ON customer_balances
    (institution_id, customer_campus_id, created_at, customer_id) WHERE outstanding_minor > 0;

--sqlite
CREATE TRIGGER charges_guarded BEFORE UPDATE ON charges
    WHEN NEW.institution_id IS NOT OLD.institution_id OR NEW.id IS NOT OLD.id
        OR NEW.customer_id IS NOT OLD.customer_id OR NEW.payer_id IS NOT OLD.payer_id
        OR NEW.campus_id IS NOT OLD.campus_id OR NEW.enrollment_id IS NOT OLD.enrollment_id
        OR NEW.currency IS NOT OLD.currency OR NEW.amount_minor IS NOT OLD.amount_minor
        OR NEW.credited_minor < OLD.credited_minor OR NEW.description IS NOT OLD.description
        OR NEW.due_on IS NOT OLD.due_on OR NEW.created_at IS NOT OLD.created_at
    BEGIN SELECT RAISE(ABORT, 'charges_append_only'); END;
CREATE TRIGGER charges_no_delete BEFORE DELETE ON charges
    BEGIN SELECT RAISE(ABORT, 'charges_append_only'); END;
CREATE TRIGGER payments_guarded BEFORE UPDATE ON payments
    WHEN NEW.institution_id IS NOT OLD.institution_id OR NEW.id IS NOT OLD.id
        OR NEW.customer_id IS NOT OLD.customer_id OR NEW.campus_id IS NOT OLD.campus_id
        OR NEW.method IS NOT OLD.method OR NEW.currency IS NOT OLD.currency
        OR NEW.amount_minor IS NOT OLD.amount_minor OR NEW.paid_on IS NOT OLD.paid_on
        OR NEW.business_date IS NOT OLD.business_date OR NEW.note IS NOT OLD.note
        OR NEW.entry_id IS NOT OLD.entry_id OR NEW.received_by IS NOT OLD.received_by
        OR NEW.created_at IS NOT OLD.created_at
        OR (OLD.voided_at IS NOT NULL AND (NEW.voided_at IS NOT OLD.voided_at
            OR NEW.voided_on IS NOT OLD.voided_on OR NEW.voided_by IS NOT OLD.voided_by
            OR NEW.void_reason IS NOT OLD.void_reason))
    BEGIN SELECT RAISE(ABORT, 'payments_append_only'); END;
CREATE TRIGGER payments_no_delete BEFORE DELETE ON payments
    BEGIN SELECT RAISE(ABORT, 'payments_append_only'); END;
CREATE TRIGGER payment_allocations_no_update BEFORE UPDATE ON payment_allocations
    BEGIN SELECT RAISE(ABORT, 'payment_allocations_append_only'); END;
CREATE TRIGGER payment_allocations_no_delete BEFORE DELETE ON payment_allocations
    BEGIN SELECT RAISE(ABORT, 'payment_allocations_append_only'); END;
CREATE TRIGGER customer_balances_no_delete BEFORE DELETE ON customer_balances
    BEGIN SELECT RAISE(ABORT, 'customer_balances_append_only'); END;
--postgres
CREATE TRIGGER charges_guarded BEFORE UPDATE ON charges FOR EACH ROW
    WHEN ((NEW.institution_id, NEW.id, NEW.customer_id, NEW.payer_id, NEW.campus_id, NEW.enrollment_id,
           NEW.currency, NEW.amount_minor, NEW.description, NEW.due_on, NEW.created_at)
        IS DISTINCT FROM
          (OLD.institution_id, OLD.id, OLD.customer_id, OLD.payer_id, OLD.campus_id, OLD.enrollment_id,
           OLD.currency, OLD.amount_minor, OLD.description, OLD.due_on, OLD.created_at)
        OR NEW.credited_minor < OLD.credited_minor)
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER charges_no_delete BEFORE DELETE ON charges
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER charges_no_truncate BEFORE TRUNCATE ON charges
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payments_guarded BEFORE UPDATE ON payments FOR EACH ROW
    WHEN ((NEW.institution_id, NEW.id, NEW.customer_id, NEW.campus_id, NEW.method, NEW.currency,
           NEW.amount_minor, NEW.paid_on, NEW.business_date, NEW.note, NEW.entry_id, NEW.received_by,
           NEW.created_at)
        IS DISTINCT FROM
          (OLD.institution_id, OLD.id, OLD.customer_id, OLD.campus_id, OLD.method, OLD.currency,
           OLD.amount_minor, OLD.paid_on, OLD.business_date, OLD.note, OLD.entry_id, OLD.received_by,
           OLD.created_at)
        OR (OLD.voided_at IS NOT NULL
            AND (NEW.voided_at, NEW.voided_on, NEW.voided_by, NEW.void_reason)
            IS DISTINCT FROM (OLD.voided_at, OLD.voided_on, OLD.voided_by, OLD.void_reason)))
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payments_no_delete BEFORE DELETE ON payments
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payments_no_truncate BEFORE TRUNCATE ON payments
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payment_allocations_append_only BEFORE UPDATE OR DELETE ON payment_allocations
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payment_allocations_no_truncate BEFORE TRUNCATE ON payment_allocations
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER customer_balances_no_delete BEFORE DELETE ON customer_balances
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER customer_balances_no_truncate BEFORE TRUNCATE ON customer_balances
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--both
"#
);
