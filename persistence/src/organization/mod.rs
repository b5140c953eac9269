//! The institution and its parts.

pub mod agreements;
pub mod institution;
pub mod names;
pub mod phones;
pub(crate) mod places;
pub mod role_rules;
pub mod staff;
pub mod store;

use domain::{
    organization::{INSTITUTION_CODE_TAKEN, ROLE_RULE_EXISTS, STAFF_PHONE_TAKEN, USER_NAME_TAKEN},
    reference::NAME_TAKEN,
};
pub use places::has_units;

use crate::{database::Constraint, events::EventType, reference};

pub static REGION: reference::Events = reference::events!("region");
pub static CAMPUS: reference::Events = reference::events!("campus");
pub static DEPARTMENT: reference::Events = reference::events!("department");
pub static POSITION: reference::Events = reference::events!("position");
pub static TEAM: reference::Events = reference::events!("team");
pub static GROUP: reference::Events = reference::events!("group");

pub static INSTITUTION_CHANGED: EventType = EventType {
    name: "institution.changed",
    schema_version: 1,
};
pub static STAFF_HIRED: EventType = EventType {
    name: "staff.hired",
    schema_version: 1,
};
pub static STAFF_CHANGED: EventType = EventType {
    name: "staff.changed",
    schema_version: 1,
};
pub static STAFF_ROLES_CHANGED: EventType = EventType {
    name: "staff.roles_changed",
    schema_version: 1,
};
pub static STAFF_STATUS_CHANGED: EventType = EventType {
    name: "staff.status_changed",
    schema_version: 1,
};

pub static AGREEMENT_RECORDED: EventType = EventType {
    name: "staff_agreement.recorded",
    schema_version: 1,
};
pub static ROLE_RULE_MADE: EventType = EventType {
    name: "role_rule.made",
    schema_version: 1,
};
pub static ROLE_RULE_ENDED: EventType = EventType {
    name: "role_rule.ended",
    schema_version: 1,
};

/// Every event of the institution itself, of staff, of their agreements and of roles by rule; reference
/// data has those of its kinds.
pub static EVENTS: &[&EventType] = &[
    &INSTITUTION_CHANGED,
    &STAFF_HIRED,
    &STAFF_CHANGED,
    &STAFF_ROLES_CHANGED,
    &STAFF_STATUS_CHANGED,
    &AGREEMENT_RECORDED,
    &ROLE_RULE_MADE,
    &ROLE_RULE_ENDED,
];

/// The events of every kind of reference data here.
pub static KINDS: &[&reference::Events] =
    &[&REGION, &CAMPUS, &DEPARTMENT, &POSITION, &TEAM, &GROUP];

/// A unique index over what a rule gives to whom.
macro_rules! rule_key {
    ($name:literal, $columns:literal) => {
        Constraint {
            name: $name,
            columns: concat!("role_rules.institution_id, role_rules.role_id, ", $columns),
            rule: &ROLE_RULE_EXISTS,
            pointer: "",
        }
    };
}

/// A unique index over the names of the living.
macro_rules! name_key {
    ($table:literal) => {
        Constraint {
            name: concat!($table, "_name_key"),
            columns: concat!($table, ".institution_id, ", $table, ".name_fold"),
            rule: &NAME_TAKEN,
            pointer: "",
        }
    };
}

pub(crate) static CONSTRAINTS: &[Constraint] = &[
    Constraint {
        name: "institutions_code_key",
        columns: "institutions.code",
        rule: &INSTITUTION_CODE_TAKEN,
        pointer: "",
    },
    Constraint {
        name: "staff_user_name_key",
        columns: "staff.institution_id, staff.user_name",
        rule: &USER_NAME_TAKEN,
        pointer: "",
    },
    Constraint {
        name: "staff_phone_key",
        columns: "staff.institution_id, staff.phone_digest",
        rule: &STAFF_PHONE_TAKEN,
        pointer: "",
    },
    name_key!("regions"),
    name_key!("campuses"),
    name_key!("departments"),
    name_key!("staff_positions"),
    name_key!("teams"),
    name_key!("groups"),
    name_key!("roles"),
    name_key!("api_clients"),
    rule_key!(
        "role_rules_key",
        "role_rules.department_id, role_rules.position_id"
    ),
    rule_key!("role_rules_department_key", "role_rules.department_id"),
    rule_key!("role_rules_position_key", "role_rules.position_id"),
];
