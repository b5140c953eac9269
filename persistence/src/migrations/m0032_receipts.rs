//! Numbers without gaps, and the receipts that carry them.

super::migration!(
    "m0032_receipts",
    r#"
-- The last number given of a series, by campus and year. Its row is the last lock of a transaction.
CREATE TABLE number_series (
    institution_id {uuid} NOT NULL,
    campus_id {uuid} NOT NULL,
    series text NOT NULL CONSTRAINT number_series_series_check CHECK (series IN ('receipt')),
    year smallint NOT NULL,
    -- The campus in its numbers: the same in every series.
    campus_number integer NOT NULL CONSTRAINT number_series_campus_number_check CHECK (campus_number > 0),
    last bigint NOT NULL CONSTRAINT number_series_last_check CHECK (last > 0),
    PRIMARY KEY (institution_id, campus_id, series, year),
    CONSTRAINT number_series_campus_number_key UNIQUE (institution_id, campus_number, series, year),
    CONSTRAINT number_series_campus_fkey FOREIGN KEY (institution_id, campus_id) REFERENCES campuses
);

CREATE TABLE receipts (
    institution_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    version bigint NOT NULL,
    payment_id {uuid} NOT NULL,
    campus_id {uuid} NOT NULL,
    year smallint NOT NULL,
    campus_number integer NOT NULL,
    number bigint NOT NULL CONSTRAINT receipts_number_check CHECK (number > 0),
    print_count integer NOT NULL CONSTRAINT receipts_print_count_check CHECK (print_count >= 0),
    issued_at bigint NOT NULL,
    voided_at bigint,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT receipts_payment_key UNIQUE (institution_id, payment_id),
    CONSTRAINT receipts_number_key UNIQUE (institution_id, campus_id, year, number),
    CONSTRAINT receipts_payment_fkey FOREIGN KEY (institution_id, payment_id) REFERENCES payments,
    CONSTRAINT receipts_campus_fkey FOREIGN KEY (institution_id, campus_id) REFERENCES campuses
);

--sqlite
CREATE TRIGGER number_series_only_next BEFORE UPDATE ON number_series
    WHEN NEW.institution_id IS NOT OLD.institution_id OR NEW.campus_id IS NOT OLD.campus_id
        OR NEW.series IS NOT OLD.series OR NEW.year IS NOT OLD.year
        OR NEW.campus_number IS NOT OLD.campus_number OR NEW.last <> OLD.last + 1
    BEGIN SELECT RAISE(ABORT, 'number_series_append_only'); END;
CREATE TRIGGER number_series_no_delete BEFORE DELETE ON number_series
    BEGIN SELECT RAISE(ABORT, 'number_series_append_only'); END;
CREATE TRIGGER receipts_guarded BEFORE UPDATE ON receipts
    WHEN NEW.institution_id IS NOT OLD.institution_id OR NEW.id IS NOT OLD.id
        OR NEW.payment_id IS NOT OLD.payment_id OR NEW.campus_id IS NOT OLD.campus_id
        OR NEW.year IS NOT OLD.year OR NEW.campus_number IS NOT OLD.campus_number
        OR NEW.number IS NOT OLD.number OR NEW.issued_at IS NOT OLD.issued_at
        OR NEW.print_count < OLD.print_count
        OR (OLD.voided_at IS NOT NULL AND NEW.voided_at IS NOT OLD.voided_at)
    BEGIN SELECT RAISE(ABORT, 'receipts_append_only'); END;
CREATE TRIGGER receipts_no_delete BEFORE DELETE ON receipts
    BEGIN SELECT RAISE(ABORT, 'receipts_append_only'); END;
--postgres
CREATE TRIGGER number_series_only_next BEFORE UPDATE ON number_series FOR EACH ROW
    WHEN ((NEW.institution_id, NEW.campus_id, NEW.series, NEW.year, NEW.campus_number, NEW.last)
        IS DISTINCT FROM
          (OLD.institution_id, OLD.campus_id, OLD.series, OLD.year, OLD.campus_number, OLD.last + 1))
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER number_series_no_delete BEFORE DELETE ON number_series
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER number_series_no_truncate BEFORE TRUNCATE ON number_series
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER receipts_guarded BEFORE UPDATE ON receipts FOR EACH ROW
    WHEN ((NEW.institution_id, NEW.id, NEW.payment_id, NEW.campus_id, NEW.year, NEW.campus_number,
           NEW.number, NEW.issued_at)
        IS DISTINCT FROM
          (OLD.institution_id, OLD.id, OLD.payment_id, OLD.campus_id, OLD.year, OLD.campus_number,
           OLD.number, OLD.issued_at)
        OR NEW.print_count < OLD.print_count
        OR (OLD.voided_at IS NOT NULL AND NEW.voided_at IS DISTINCT FROM OLD.voided_at))
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER receipts_no_delete BEFORE DELETE ON receipts
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER receipts_no_truncate BEFORE TRUNCATE ON receipts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--both
"#
);
