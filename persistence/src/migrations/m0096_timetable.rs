//! Timetables: lessons in the order in which they begin; and what teachers see of their students, in
//! institutions that are there already.

super::migration!(
    "m0096_timetable",
    r#"
DROP INDEX lessons_class_idx;
DROP INDEX lessons_created_idx;
CREATE INDEX lessons_class_idx ON lessons (institution_id, class_id, starts_at, id);
CREATE INDEX lessons_campus_idx ON lessons (institution_id, campus_id, starts_at, id);
CREATE INDEX lessons_start_idx ON lessons (institution_id, starts_at, id);
INSERT INTO role_permissions (institution_id, role_id, permission, reach)
    SELECT institution_id, id, 'customers:read', 'taught' FROM roles
    WHERE is_built_in AND code = 'teacher'
    ON CONFLICT DO NOTHING;
"#
);
