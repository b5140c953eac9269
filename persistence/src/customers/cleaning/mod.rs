//! The cleaning list: entries, what of them somebody may see, and the sweep that finds them.

pub(crate) mod entity;
mod seen;
pub mod store;
pub mod sweep;
mod twins;

use super::{Child, OnTimeline};
use crate::events::EventType;

pub static OPENED: EventType = EventType {
    name: "cleaning_entry.opened",
    schema_version: 1,
};
pub static CHANGED: EventType = EventType {
    name: "cleaning_entry.changed",
    schema_version: 1,
};
pub static KEPT: EventType = EventType {
    name: "cleaning_entry.kept",
    schema_version: 1,
};
pub static CLEANED: EventType = EventType {
    name: "cleaning_entry.cleaned",
    schema_version: 1,
};

/// Every event of the cleaning list.
pub static EVENTS: &[&EventType] = &[&OPENED, &CHANGED, &KEPT, &CLEANED];

pub(crate) static CHILD: Child = Child {
    table: "cleaning_entries",
    keeps: None,
    hides: true,
    shown: OnTimeline::Elsewhere,
};
