//! The institution and its parts.

pub mod store;

use domain::organization::INSTITUTION_CODE_TAKEN;

use crate::database::Constraint;

pub(crate) static CONSTRAINTS: &[Constraint] = &[Constraint {
    name: "institutions_code_key",
    columns: "institutions.code",
    rule: &INSTITUTION_CODE_TAKEN,
    pointer: "",
}];
