//! User groups; names of reference data that are unique among the living; the side of a role.
//!
//! Institutions that were founded before get a near enough folded name: the exact fold is the
//! program's, and each record gets it with its next change.

super::migration!(
    "m0004_groups",
    r#"
CREATE TABLE groups (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    id {uuid} NOT NULL,
    name {text} NOT NULL,
    name_fold {text} NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    archived_at bigint,
    PRIMARY KEY (institution_id, id)
);

CREATE TABLE group_members (
    institution_id {uuid} NOT NULL,
    group_id {uuid} NOT NULL,
    staff_id {uuid} NOT NULL,
    PRIMARY KEY (institution_id, group_id, staff_id),
    CONSTRAINT group_members_group_fkey FOREIGN KEY (institution_id, group_id) REFERENCES groups,
    CONSTRAINT group_members_staff_fkey FOREIGN KEY (institution_id, staff_id) REFERENCES staff
);
CREATE INDEX group_members_staff_idx ON group_members (institution_id, staff_id);

ALTER TABLE regions ADD COLUMN name_fold {text} NOT NULL DEFAULT '';
UPDATE regions SET name_fold = lower(replace(name, ' ', ''));
ALTER TABLE campuses ADD COLUMN name_fold {text} NOT NULL DEFAULT '';
UPDATE campuses SET name_fold = lower(replace(name, ' ', ''));
ALTER TABLE departments ADD COLUMN name_fold {text} NOT NULL DEFAULT '';
UPDATE departments SET name_fold = lower(replace(name, ' ', ''));
ALTER TABLE teams ADD COLUMN name_fold {text} NOT NULL DEFAULT '';
UPDATE teams SET name_fold = lower(replace(name, ' ', ''));
ALTER TABLE roles ADD COLUMN name_fold {text} NOT NULL DEFAULT '';
UPDATE roles SET name_fold = lower(replace(name, ' ', ''));
ALTER TABLE roles ADD COLUMN side text NOT NULL DEFAULT 'either'
    CONSTRAINT roles_side_check CHECK (side IN ('either', 'sales', 'purchasing'));

CREATE UNIQUE INDEX regions_name_key ON regions (institution_id, name_fold) WHERE archived_at IS NULL;
CREATE UNIQUE INDEX campuses_name_key ON campuses (institution_id, name_fold) WHERE archived_at IS NULL;
CREATE UNIQUE INDEX departments_name_key ON departments (institution_id, name_fold) WHERE archived_at IS NULL;
CREATE UNIQUE INDEX teams_name_key ON teams (institution_id, name_fold) WHERE archived_at IS NULL;
CREATE UNIQUE INDEX groups_name_key ON groups (institution_id, name_fold) WHERE archived_at IS NULL;
CREATE UNIQUE INDEX roles_name_key ON roles (institution_id, name_fold) WHERE archived_at IS NULL;

CREATE INDEX staff_created_idx ON staff (institution_id, created_at, id);
CREATE INDEX departments_parent_idx ON departments (institution_id, parent_id);
CREATE INDEX campuses_region_idx ON campuses (institution_id, region_id);
"#
);
