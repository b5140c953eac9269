//! Enrollments: rows, the ledger of lesson hours, and what was bought.

pub mod attendance;
pub(crate) mod entity;
pub mod hours;
pub mod purchases;
pub mod store;

use domain::{customers::TimelineKind, enrollments::ALREADY_ENROLLED};

use crate::{
    customers::{Child, OnTimeline},
    database::Constraint,
    events::EventType,
};

pub static CREATED: EventType = EventType {
    name: "enrollment.created",
    schema_version: 1,
};
pub static COMPLETED: EventType = EventType {
    name: "enrollment.completed",
    schema_version: 1,
};
pub static WITHDRAWN: EventType = EventType {
    name: "enrollment.withdrawn",
    schema_version: 1,
};

pub static ROLL_CALLED: EventType = EventType {
    name: "lesson.roll_called",
    schema_version: 1,
};

/// Every event of this capability.
pub static EVENTS: &[&EventType] = &[&CREATED, &COMPLETED, &WITHDRAWN, &ROLL_CALLED];

pub(crate) static CHILD: Child = Child {
    table: "enrollments",
    // Each has entries in the ledger of hours.
    keeps: Some("1 = 1"),
    hides: false,
    shown: OnTimeline::As {
        kind: TimelineKind::Enrollment,
        permission: "enrollments:read",
        at: "created_at",
        actor: "NULL",
        text: "note",
        amount: "price_minor",
        currency: "currency",
        only: "TRUE",
        ended: "status <> 'active'",
    },
};

pub(crate) static CONSTRAINTS: &[Constraint] = &[Constraint {
    name: "enrollments_active_key",
    columns: "enrollments.institution_id, enrollments.class_id, enrollments.customer_id",
    rule: &ALREADY_ENROLLED,
    pointer: "",
}];
