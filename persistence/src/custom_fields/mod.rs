//! Custom fields: definitions, and the values of records.

pub mod definitions;
pub mod values;

use domain::{custom_fields::CUSTOM_FIELD_CODE_TAKEN, reference::NAME_TAKEN};

use crate::{database::Constraint, reference};

pub static CUSTOM_FIELD: reference::Events = reference::events!("custom_field");

/// The events of every kind of reference data here.
pub static KINDS: &[&reference::Events] = &[&CUSTOM_FIELD];

pub(crate) static CONSTRAINTS: &[Constraint] = &[
    Constraint {
        name: "custom_fields_name_key",
        columns: "custom_fields.institution_id, custom_fields.entity, custom_fields.name_fold",
        rule: &NAME_TAKEN,
        pointer: "",
    },
    Constraint {
        name: "custom_fields_code_key",
        columns: "custom_fields.institution_id, custom_fields.entity, custom_fields.code",
        rule: &CUSTOM_FIELD_CODE_TAKEN,
        pointer: "",
    },
];
