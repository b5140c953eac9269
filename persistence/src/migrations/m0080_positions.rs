//! Positions to choose from, in the place of a text each; and in which department and position
//! people stand.

super::migration!(
    "m0080_positions",
    r#"
CREATE TABLE staff_positions (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    id {uuid} NOT NULL,
    name {text} NOT NULL,
    name_fold {text} NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    archived_at bigint,
    PRIMARY KEY (institution_id, id)
);
CREATE UNIQUE INDEX staff_positions_name_key ON staff_positions (institution_id, name_fold)
    WHERE archived_at IS NULL;

CREATE TABLE staff_posts (
    institution_id {uuid} NOT NULL,
    staff_id {uuid} NOT NULL,
    department_id {uuid},
    position_id {uuid},
    PRIMARY KEY (institution_id, staff_id),
    CONSTRAINT staff_posts_staff_fkey FOREIGN KEY (institution_id, staff_id) REFERENCES staff,
    CONSTRAINT staff_posts_department_fkey FOREIGN KEY (institution_id, department_id) REFERENCES departments,
    CONSTRAINT staff_posts_position_fkey FOREIGN KEY (institution_id, position_id) REFERENCES staff_positions
);
CREATE INDEX staff_posts_department_idx ON staff_posts (institution_id, department_id);
CREATE INDEX staff_posts_position_idx ON staff_posts (institution_id, position_id);

INSERT INTO staff_positions (institution_id, id, name, name_fold, version, created_at)
SELECT institution_id,
--postgres
    gen_random_uuid(),
--sqlite
    randomblob(16),
--both
    min(position), lower(replace(position, ' ', '')), 1, min(created_at)
FROM staff WHERE position IS NOT NULL
GROUP BY institution_id, lower(replace(position, ' ', ''));

INSERT INTO staff_posts (institution_id, staff_id, position_id)
SELECT s.institution_id, s.id, p.id FROM staff s
JOIN staff_positions p ON p.institution_id = s.institution_id
    AND p.name_fold = lower(replace(s.position, ' ', ''));

ALTER TABLE staff DROP COLUMN position;
"#
);
