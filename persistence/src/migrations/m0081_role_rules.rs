//! Roles for everyone of a department, of a position, or of both.

super::migration!(
    "m0081_role_rules",
    r#"
CREATE TABLE role_rules (
    institution_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    role_id {uuid} NOT NULL,
    department_id {uuid},
    position_id {uuid},
    created_at bigint NOT NULL,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT role_rules_bounds_check CHECK (department_id IS NOT NULL OR position_id IS NOT NULL),
    CONSTRAINT role_rules_role_fkey FOREIGN KEY (institution_id, role_id) REFERENCES roles,
    CONSTRAINT role_rules_department_fkey FOREIGN KEY (institution_id, department_id) REFERENCES departments,
    CONSTRAINT role_rules_position_fkey FOREIGN KEY (institution_id, position_id) REFERENCES staff_positions
);
CREATE UNIQUE INDEX role_rules_key ON role_rules (institution_id, role_id, department_id, position_id)
    WHERE department_id IS NOT NULL AND position_id IS NOT NULL;
CREATE UNIQUE INDEX role_rules_department_key ON role_rules (institution_id, role_id, department_id)
    WHERE position_id IS NULL;
CREATE UNIQUE INDEX role_rules_position_key ON role_rules (institution_id, role_id, position_id)
    WHERE department_id IS NULL;
CREATE INDEX role_rules_department_idx ON role_rules (institution_id, department_id);
CREATE INDEX role_rules_position_idx ON role_rules (institution_id, position_id);
"#
);
