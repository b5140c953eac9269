//! Approvals: policies, what waits for a decision, and who may decide.

pub mod acts;
mod deciders;
pub mod policies;
pub mod store;

use domain::{approvals::APPROVAL_POLICY_EXISTS, reference::NAME_TAKEN};

use crate::{database::Constraint, events::EventType, reference};

pub static APPROVAL_POLICY: reference::Events = reference::events!("approval_policy");

/// The events of every kind of reference data here.
pub static KINDS: &[&reference::Events] = &[&APPROVAL_POLICY];

pub static ASKED: EventType = EventType {
    name: "approval.asked",
    schema_version: 1,
};
/// Another step comes.
pub static STEP_APPROVED: EventType = EventType {
    name: "approval.step_approved",
    schema_version: 1,
};
pub static APPROVED: EventType = EventType {
    name: "approval.approved",
    schema_version: 1,
};
pub static REFUSED: EventType = EventType {
    name: "approval.refused",
    schema_version: 1,
};
pub static DELEGATED: EventType = EventType {
    name: "approval.delegated",
    schema_version: 1,
};
pub static RECALLED: EventType = EventType {
    name: "approval.recalled",
    schema_version: 1,
};
pub static EXPIRED: EventType = EventType {
    name: "approval.expired",
    schema_version: 1,
};

/// Every event of this capability.
pub static EVENTS: &[&EventType] = &[
    &ASKED,
    &STEP_APPROVED,
    &APPROVED,
    &REFUSED,
    &DELEGATED,
    &RECALLED,
    &EXPIRED,
];

pub(crate) static CONSTRAINTS: &[Constraint] = &[
    Constraint {
        name: "approval_policies_name_key",
        columns: "approval_policies.institution_id, approval_policies.name_fold",
        rule: &NAME_TAKEN,
        pointer: "",
    },
    Constraint {
        name: "approval_policies_from_key",
        columns: "approval_policies.institution_id, approval_policies.kind, approval_policies.from_amount",
        rule: &APPROVAL_POLICY_EXISTS,
        pointer: "",
    },
];
