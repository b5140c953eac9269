//! Enrollments, and the fact that something was bought.

super::migration!(
    "m0021_enrollments",
    r#"
CREATE TABLE enrollments (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    id {uuid} NOT NULL,
    version bigint NOT NULL,
    customer_id {uuid} NOT NULL,
    holder_id {uuid} NOT NULL,
    customer_campus_id {uuid} NOT NULL,
    class_id {uuid} NOT NULL,
    course_id {uuid} NOT NULL,
    campus_id {uuid} NOT NULL,
    payer_id {uuid} NOT NULL,
    price_minor bigint NOT NULL CONSTRAINT enrollments_price_check CHECK (price_minor >= 0),
    currency text NOT NULL,
    hours_hundredths integer NOT NULL CONSTRAINT enrollments_hours_check CHECK (hours_hundredths > 0),
    status text NOT NULL CONSTRAINT enrollments_status_check
        CHECK (status IN ('active', 'completed', 'withdrawn')),
    enrolled_on date NOT NULL,
    ended_on date,
    reason text,
    note {text},
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT enrollments_end_check CHECK ((status = 'active') = (ended_on IS NULL)),
    CONSTRAINT enrollments_reason_check CHECK ((status = 'withdrawn') = (reason IS NOT NULL)),
    CONSTRAINT enrollments_customer_fkey FOREIGN KEY (institution_id, customer_id, holder_id, customer_campus_id)
        REFERENCES customers (institution_id, id, holder_id, campus_id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT enrollments_payer_fkey FOREIGN KEY (institution_id, payer_id) REFERENCES customers,
    CONSTRAINT enrollments_class_fkey FOREIGN KEY (institution_id, class_id) REFERENCES classes,
    CONSTRAINT enrollments_course_fkey FOREIGN KEY (institution_id, course_id) REFERENCES courses,
    CONSTRAINT enrollments_campus_fkey FOREIGN KEY (institution_id, campus_id) REFERENCES campuses
);
CREATE UNIQUE INDEX enrollments_active_key
    ON enrollments (institution_id, class_id, customer_id) WHERE status = 'active';
CREATE INDEX enrollments_created_idx ON enrollments (institution_id, created_at, id);
CREATE INDEX enrollments_holder_idx ON enrollments (institution_id, holder_id, created_at, id);
CREATE INDEX enrollments_customer_campus_idx ON enrollments (institution_id, customer_campus_id, created_at, id);
CREATE INDEX enrollments_customer_idx ON enrollments (institution_id, customer_id, created_at, id);
CREATE INDEX enrollments_class_idx ON enrollments (institution_id, class_id, created_at, id);
CREATE INDEX enrollments_payer_idx ON enrollments (institution_id, payer_id);

-- Append-only; a reversal takes back what it names, in whole or in part.
CREATE TABLE purchases (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    id {uuid} NOT NULL,
    enrollment_id {uuid} NOT NULL,
    beneficiary_id {uuid} NOT NULL,
    payer_id {uuid} NOT NULL,
    campus_id {uuid} NOT NULL,
    legal_entity {text} NOT NULL,
    occurred_on date NOT NULL,
    posted_at bigint NOT NULL,
    product_id {uuid} NOT NULL,
    quantity_hundredths integer NOT NULL,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    mode text NOT NULL CONSTRAINT purchases_mode_check CHECK (mode IN ('on_site', 'online', 'phone', 'partner')),
    reversal_of {uuid},
    PRIMARY KEY (institution_id, id),
    CONSTRAINT purchases_sign_check CHECK (
        (reversal_of IS NULL AND quantity_hundredths > 0 AND amount_minor >= 0)
        OR (reversal_of IS NOT NULL AND quantity_hundredths <= 0 AND amount_minor <= 0)),
    CONSTRAINT purchases_reversal_key UNIQUE (institution_id, reversal_of),
    CONSTRAINT purchases_enrollment_fkey FOREIGN KEY (institution_id, enrollment_id) REFERENCES enrollments,
    CONSTRAINT purchases_beneficiary_fkey FOREIGN KEY (institution_id, beneficiary_id) REFERENCES customers,
    CONSTRAINT purchases_payer_fkey FOREIGN KEY (institution_id, payer_id) REFERENCES customers,
    CONSTRAINT purchases_campus_fkey FOREIGN KEY (institution_id, campus_id) REFERENCES campuses,
    CONSTRAINT purchases_product_fkey FOREIGN KEY (institution_id, product_id) REFERENCES classes,
    CONSTRAINT purchases_reversal_fkey FOREIGN KEY (institution_id, reversal_of) REFERENCES purchases
);
CREATE INDEX purchases_beneficiary_idx ON purchases (institution_id, beneficiary_id, occurred_on);
CREATE INDEX purchases_enrollment_idx ON purchases (institution_id, enrollment_id);

--sqlite
CREATE TRIGGER enrollments_no_delete BEFORE DELETE ON enrollments
    BEGIN SELECT RAISE(ABORT, 'enrollments_append_only'); END;
CREATE TRIGGER purchases_no_update BEFORE UPDATE ON purchases
    BEGIN SELECT RAISE(ABORT, 'purchases_append_only'); END;
CREATE TRIGGER purchases_no_delete BEFORE DELETE ON purchases
    BEGIN SELECT RAISE(ABORT, 'purchases_append_only'); END;
--postgres
CREATE TRIGGER enrollments_no_delete BEFORE DELETE ON enrollments
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER purchases_append_only BEFORE UPDATE OR DELETE ON purchases
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER purchases_no_truncate BEFORE TRUNCATE ON purchases
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--both
"#
);
