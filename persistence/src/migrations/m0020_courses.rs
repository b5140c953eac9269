//! Subjects, courses and classes.

super::migration!(
    "m0020_courses",
    r#"
CREATE TABLE subjects (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    id {uuid} NOT NULL,
    name {text} NOT NULL,
    name_fold {text} NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    archived_at bigint,
    PRIMARY KEY (institution_id, id)
);
CREATE UNIQUE INDEX subjects_name_key ON subjects (institution_id, name_fold) WHERE archived_at IS NULL;

CREATE TABLE courses (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    id {uuid} NOT NULL,
    subject_id {uuid} NOT NULL,
    name {text} NOT NULL,
    name_fold {text} NOT NULL,
    level {text},
    hours_hundredths integer NOT NULL CONSTRAINT courses_hours_check CHECK (hours_hundredths > 0),
    price_minor bigint NOT NULL CONSTRAINT courses_price_check CHECK (price_minor >= 0),
    currency text NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    archived_at bigint,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT courses_subject_fkey FOREIGN KEY (institution_id, subject_id) REFERENCES subjects
);
CREATE UNIQUE INDEX courses_name_key ON courses (institution_id, name_fold) WHERE archived_at IS NULL;
CREATE INDEX courses_subject_idx ON courses (institution_id, subject_id);

CREATE TABLE classes (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    id {uuid} NOT NULL,
    course_id {uuid} NOT NULL,
    campus_id {uuid} NOT NULL,
    teacher_id {uuid},
    name {text} NOT NULL,
    name_fold {text} NOT NULL,
    number {text},
    room {text},
    capacity integer NOT NULL CONSTRAINT classes_capacity_check CHECK (capacity BETWEEN 1 AND 1000),
    -- Active enrollments: kept by guarded updates, proved by an invariant.
    seats_taken integer NOT NULL DEFAULT 0,
    hours_hundredths integer NOT NULL CONSTRAINT classes_hours_check CHECK (hours_hundredths > 0),
    price_minor bigint NOT NULL CONSTRAINT classes_price_check CHECK (price_minor >= 0),
    currency text NOT NULL,
    starts_on date NOT NULL,
    ends_on date,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    archived_at bigint,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT classes_seats_check CHECK (seats_taken BETWEEN 0 AND capacity),
    CONSTRAINT classes_course_fkey FOREIGN KEY (institution_id, course_id) REFERENCES courses,
    CONSTRAINT classes_campus_fkey FOREIGN KEY (institution_id, campus_id) REFERENCES campuses,
    CONSTRAINT classes_teacher_fkey FOREIGN KEY (institution_id, teacher_id) REFERENCES staff
);
CREATE UNIQUE INDEX classes_name_key
    ON classes (institution_id, campus_id, name_fold) WHERE archived_at IS NULL;
CREATE UNIQUE INDEX classes_number_key ON classes (institution_id, number) WHERE archived_at IS NULL;
CREATE INDEX classes_created_idx ON classes (institution_id, created_at, id);
CREATE INDEX classes_campus_idx ON classes (institution_id, campus_id, created_at, id);
CREATE INDEX classes_course_idx ON classes (institution_id, course_id, created_at, id);
CREATE INDEX classes_teacher_idx ON classes (institution_id, teacher_id, created_at, id);
"#
);
