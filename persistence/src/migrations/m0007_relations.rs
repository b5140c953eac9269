//! Guardians of students.

super::migration!(
    "m0007_relations",
    r#"
CREATE TABLE customer_relations (
    institution_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    student_id {uuid} NOT NULL,
    guardian_id {uuid} NOT NULL,
    label {text},
    created_at bigint NOT NULL,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT customer_relations_two_check CHECK (student_id <> guardian_id),
    CONSTRAINT customer_relations_student_fkey FOREIGN KEY (institution_id, student_id) REFERENCES customers,
    CONSTRAINT customer_relations_guardian_fkey FOREIGN KEY (institution_id, guardian_id) REFERENCES customers
);
CREATE UNIQUE INDEX customer_relations_key ON customer_relations (institution_id, student_id, guardian_id);
CREATE INDEX customer_relations_guardian_idx ON customer_relations (institution_id, guardian_id, student_id);
"#
);
