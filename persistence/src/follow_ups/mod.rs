//! Follow-ups: rows, and what is written with them.

pub mod clocks;
pub(crate) mod entity;
pub mod store;

use domain::customers::TimelineKind;

use crate::{
    customers::{Child, OnTimeline},
    events::EventType,
};

pub static RECORDED: EventType = EventType {
    name: "follow_up.recorded",
    schema_version: 1,
};
pub static CHANGED: EventType = EventType {
    name: "follow_up.changed",
    schema_version: 1,
};

/// Every event of this capability.
pub static EVENTS: &[&EventType] = &[&RECORDED, &CHANGED];

pub(crate) static CHILD: Child = Child {
    table: "follow_ups",
    keeps: None,
    hides: true,
    shown: OnTimeline::As {
        kind: TimelineKind::FollowUp,
        permission: "follow_ups:read",
        at: "occurred_at",
        actor: "author_id",
        text: "content",
        amount: "NULL",
        currency: "NULL",
        only: "TRUE",
        ended: "FALSE",
    },
};
