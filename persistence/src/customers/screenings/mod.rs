//! Screenings: what was said of records, the rules by which it is said, and their runs.

mod judge;
pub mod rules;
pub mod runs;
pub mod store;

pub use judge::judged;

use crate::events::EventType;

/// Of a record something was said.
pub static RECORDED: EventType = EventType {
    name: "screening.recorded",
    schema_version: 1,
};
pub static RULE_CREATED: EventType = EventType {
    name: "screening_rule.created",
    schema_version: 1,
};
pub static RULE_CHANGED: EventType = EventType {
    name: "screening_rule.changed",
    schema_version: 1,
};

/// Every event of screening.
pub static EVENTS: &[&EventType] = &[&RECORDED, &RULE_CREATED, &RULE_CHANGED];
