//! Institutions and their parts, principals, roles, sessions.

super::migration!(
    "m0001_organization",
    r#"
CREATE TABLE institutions (
    institution_id {uuid} NOT NULL PRIMARY KEY,
    number integer NOT NULL CONSTRAINT institutions_number_key UNIQUE,
    code {text} NOT NULL CONSTRAINT institutions_code_key UNIQUE,
    name {text} NOT NULL,
    time_zone text NOT NULL,
    currency text NOT NULL CONSTRAINT institutions_currency_check CHECK (length(currency) = 3),
    locale text NOT NULL,
    status text NOT NULL CONSTRAINT institutions_status_check CHECK (status IN ('active', 'suspended')),
    access_version bigint NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL
);

CREATE TABLE regions (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    id {uuid} NOT NULL,
    name {text} NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    archived_at bigint,
    PRIMARY KEY (institution_id, id)
);

CREATE TABLE campuses (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    id {uuid} NOT NULL,
    region_id {uuid},
    name {text} NOT NULL,
    legal_entity {text} NOT NULL,
    is_headquarters boolean NOT NULL,
    time_zone text NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    archived_at bigint,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT campuses_region_fkey FOREIGN KEY (institution_id, region_id) REFERENCES regions
);

CREATE TABLE departments (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    id {uuid} NOT NULL,
    parent_id {uuid},
    code text NOT NULL,
    name {text} NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    archived_at bigint,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT departments_code_key UNIQUE (institution_id, code),
    CONSTRAINT departments_parent_fkey FOREIGN KEY (institution_id, parent_id) REFERENCES departments
);

CREATE TABLE principals (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    id {uuid} NOT NULL,
    kind text NOT NULL CONSTRAINT principals_kind_check
        CHECK (kind IN ('staff', 'portal', 'api_client', 'device', 'system', 'operator')),
    status text NOT NULL CONSTRAINT principals_status_check CHECK (status IN ('active', 'suspended', 'left')),
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (institution_id, id)
);

CREATE TABLE teams (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    id {uuid} NOT NULL,
    campus_id {uuid},
    leader_id {uuid},
    name {text} NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    archived_at bigint,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT teams_campus_fkey FOREIGN KEY (institution_id, campus_id) REFERENCES campuses,
    CONSTRAINT teams_leader_fkey FOREIGN KEY (institution_id, leader_id) REFERENCES principals
);
CREATE INDEX teams_leader_idx ON teams (institution_id, leader_id);

CREATE TABLE staff (
    institution_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    user_name {text} NOT NULL,
    name {text} NOT NULL,
    position {text},
    home_team_id {uuid},
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT staff_user_name_key UNIQUE (institution_id, user_name),
    CONSTRAINT staff_principal_fkey FOREIGN KEY (institution_id, id) REFERENCES principals,
    CONSTRAINT staff_home_team_fkey FOREIGN KEY (institution_id, home_team_id) REFERENCES teams
);
CREATE INDEX staff_home_team_idx ON staff (institution_id, home_team_id);

CREATE TABLE staff_campuses (
    institution_id {uuid} NOT NULL,
    staff_id {uuid} NOT NULL,
    campus_id {uuid} NOT NULL,
    PRIMARY KEY (institution_id, staff_id, campus_id),
    CONSTRAINT staff_campuses_staff_fkey FOREIGN KEY (institution_id, staff_id) REFERENCES staff,
    CONSTRAINT staff_campuses_campus_fkey FOREIGN KEY (institution_id, campus_id) REFERENCES campuses
);
CREATE INDEX staff_campuses_campus_idx ON staff_campuses (institution_id, campus_id);

-- Who can hold customers: a person of staff or the pool of a campus, under its id.
CREATE TABLE holders (
    institution_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    staff_id {uuid},
    pool_campus_id {uuid},
    PRIMARY KEY (institution_id, id),
    CONSTRAINT holders_kind_check CHECK (
        (staff_id = id AND pool_campus_id IS NULL) OR (pool_campus_id = id AND staff_id IS NULL)),
    CONSTRAINT holders_staff_fkey FOREIGN KEY (institution_id, staff_id) REFERENCES staff,
    CONSTRAINT holders_pool_fkey FOREIGN KEY (institution_id, pool_campus_id) REFERENCES campuses
);

CREATE TABLE roles (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    id {uuid} NOT NULL,
    code text NOT NULL,
    name {text} NOT NULL,
    is_built_in boolean NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    archived_at bigint,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT roles_code_key UNIQUE (institution_id, code)
);

CREATE TABLE role_permissions (
    institution_id {uuid} NOT NULL,
    role_id {uuid} NOT NULL,
    permission text NOT NULL,
    reach text NOT NULL CONSTRAINT role_permissions_reach_check
        CHECK (reach IN ('own', 'team', 'campus', 'region', 'institution', 'taught', 'family')),
    PRIMARY KEY (institution_id, role_id, permission, reach),
    CONSTRAINT role_permissions_role_fkey FOREIGN KEY (institution_id, role_id) REFERENCES roles
);

CREATE TABLE principal_roles (
    institution_id {uuid} NOT NULL,
    principal_id {uuid} NOT NULL,
    role_id {uuid} NOT NULL,
    PRIMARY KEY (institution_id, principal_id, role_id),
    CONSTRAINT principal_roles_principal_fkey FOREIGN KEY (institution_id, principal_id) REFERENCES principals,
    CONSTRAINT principal_roles_role_fkey FOREIGN KEY (institution_id, role_id) REFERENCES roles
);
CREATE INDEX principal_roles_role_idx ON principal_roles (institution_id, role_id);

CREATE TABLE sessions (
    institution_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    principal_id {uuid} NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    ended_at bigint,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT sessions_principal_fkey FOREIGN KEY (institution_id, principal_id) REFERENCES principals
);
CREATE INDEX sessions_principal_idx ON sessions (institution_id, principal_id);
"#
);
