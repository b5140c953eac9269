//! Lessons, roll calls, and the ledger of lesson hours.

super::migration!(
    "m0022_lessons",
    r#"
CREATE TABLE lessons (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    id {uuid} NOT NULL,
    class_id {uuid} NOT NULL,
    campus_id {uuid} NOT NULL,
    held_on date NOT NULL,
    -- By the clocks of the campus, as HH:MM; the instants follow from its zone when it was planned.
    start_time text NOT NULL,
    end_time text NOT NULL,
    time_zone text NOT NULL,
    starts_at bigint NOT NULL,
    ends_at bigint NOT NULL,
    hours_hundredths integer NOT NULL CONSTRAINT lessons_hours_check CHECK (hours_hundredths > 0),
    called_at bigint,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    archived_at bigint,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT lessons_times_check CHECK (end_time > start_time),
    CONSTRAINT lessons_class_fkey FOREIGN KEY (institution_id, class_id) REFERENCES classes,
    CONSTRAINT lessons_campus_fkey FOREIGN KEY (institution_id, campus_id) REFERENCES campuses
);
CREATE INDEX lessons_class_idx ON lessons (institution_id, class_id, created_at, id);
CREATE INDEX lessons_created_idx ON lessons (institution_id, created_at, id);

-- The hours of one enrollment.
CREATE TABLE hour_lots (
    institution_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    enrollment_id {uuid} NOT NULL,
    balance_hundredths integer NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT hour_lots_balance_check CHECK (balance_hundredths >= 0),
    CONSTRAINT hour_lots_enrollment_fkey FOREIGN KEY (institution_id, enrollment_id) REFERENCES enrollments
);
CREATE INDEX hour_lots_enrollment_idx ON hour_lots (institution_id, enrollment_id, created_at, id);

-- Append-only: the balance of a lot is the sum of its entries.
CREATE TABLE hour_entries (
    institution_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    lot_id {uuid} NOT NULL,
    enrollment_id {uuid} NOT NULL,
    customer_id {uuid} NOT NULL,
    campus_id {uuid} NOT NULL,
    legal_entity {text} NOT NULL,
    business_date date NOT NULL,
    posted_at bigint NOT NULL,
    kind text NOT NULL CONSTRAINT hour_entries_kind_check CHECK (kind IN ('granted', 'consumed', 'reversed')),
    hundredths integer NOT NULL,
    lesson_id {uuid},
    reversal_of {uuid},
    PRIMARY KEY (institution_id, id),
    CONSTRAINT hour_entries_sign_check CHECK (
        (kind = 'granted' AND hundredths > 0 AND reversal_of IS NULL AND lesson_id IS NULL)
        OR (kind = 'consumed' AND hundredths < 0 AND reversal_of IS NULL AND lesson_id IS NOT NULL)
        OR (kind = 'reversed' AND hundredths <> 0 AND reversal_of IS NOT NULL)),
    CONSTRAINT hour_entries_reversal_key UNIQUE (institution_id, reversal_of),
    CONSTRAINT hour_entries_lot_fkey FOREIGN KEY (institution_id, lot_id) REFERENCES hour_lots,
    CONSTRAINT hour_entries_enrollment_fkey FOREIGN KEY (institution_id, enrollment_id) REFERENCES enrollments,
    CONSTRAINT hour_entries_customer_fkey FOREIGN KEY (institution_id, customer_id) REFERENCES customers,
    CONSTRAINT hour_entries_campus_fkey FOREIGN KEY (institution_id, campus_id) REFERENCES campuses,
    CONSTRAINT hour_entries_lesson_fkey FOREIGN KEY (institution_id, lesson_id) REFERENCES lessons,
    CONSTRAINT hour_entries_reversal_fkey FOREIGN KEY (institution_id, reversal_of) REFERENCES hour_entries
);
CREATE INDEX hour_entries_lot_idx ON hour_entries (institution_id, lot_id);
CREATE INDEX hour_entries_lesson_idx ON hour_entries (institution_id, lesson_id, enrollment_id)
    WHERE lesson_id IS NOT NULL;

-- What the roll call of a lesson says of a student, once; the entry is the use of hours that stands.
CREATE TABLE attendances (
    institution_id {uuid} NOT NULL,
    lesson_id {uuid} NOT NULL,
    enrollment_id {uuid} NOT NULL,
    status text NOT NULL CONSTRAINT attendances_status_check CHECK (status IN ('present', 'absent', 'leave')),
    entry_id {uuid},
    marked_at bigint NOT NULL,
    marked_by {uuid} NOT NULL,
    PRIMARY KEY (institution_id, lesson_id, enrollment_id),
    CONSTRAINT attendances_entry_check CHECK ((status = 'present') = (entry_id IS NOT NULL)),
    CONSTRAINT attendances_entry_key UNIQUE (institution_id, entry_id),
    CONSTRAINT attendances_lesson_fkey FOREIGN KEY (institution_id, lesson_id) REFERENCES lessons,
    CONSTRAINT attendances_enrollment_fkey FOREIGN KEY (institution_id, enrollment_id) REFERENCES enrollments,
    CONSTRAINT attendances_entry_fkey FOREIGN KEY (institution_id, entry_id) REFERENCES hour_entries
);
CREATE INDEX attendances_enrollment_idx ON attendances (institution_id, enrollment_id);

--sqlite
CREATE TRIGGER hour_lots_guarded BEFORE UPDATE ON hour_lots
    WHEN NEW.institution_id IS NOT OLD.institution_id OR NEW.id IS NOT OLD.id
        OR NEW.enrollment_id IS NOT OLD.enrollment_id OR NEW.created_at IS NOT OLD.created_at
    BEGIN SELECT RAISE(ABORT, 'hour_lots_append_only'); END;
CREATE TRIGGER hour_lots_no_delete BEFORE DELETE ON hour_lots
    BEGIN SELECT RAISE(ABORT, 'hour_lots_append_only'); END;
CREATE TRIGGER hour_entries_no_update BEFORE UPDATE ON hour_entries
    BEGIN SELECT RAISE(ABORT, 'hour_entries_append_only'); END;
CREATE TRIGGER hour_entries_no_delete BEFORE DELETE ON hour_entries
    BEGIN SELECT RAISE(ABORT, 'hour_entries_append_only'); END;
--postgres
CREATE TRIGGER hour_lots_guarded BEFORE UPDATE ON hour_lots FOR EACH ROW
    WHEN ((NEW.institution_id, NEW.id, NEW.enrollment_id, NEW.created_at)
        IS DISTINCT FROM (OLD.institution_id, OLD.id, OLD.enrollment_id, OLD.created_at))
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER hour_lots_no_delete BEFORE DELETE ON hour_lots
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER hour_entries_append_only BEFORE UPDATE OR DELETE ON hour_entries
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER hour_entries_no_truncate BEFORE TRUNCATE ON hour_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--both
"#
);
