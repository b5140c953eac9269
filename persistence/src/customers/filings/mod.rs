//! Filings: records that were checked and stand in the archive.

pub(crate) mod entity;
pub mod store;

use super::{Child, OnTimeline};
use crate::events::EventType;

pub static FILED: EventType = EventType {
    name: "filing.filed",
    schema_version: 1,
};
/// The record was changed since.
pub static CHANGED: EventType = EventType {
    name: "filing.changed",
    schema_version: 1,
};
pub static TAKEN_OUT: EventType = EventType {
    name: "filing.taken_out",
    schema_version: 1,
};

/// Every event of filings.
pub static EVENTS: &[&EventType] = &[&FILED, &CHANGED, &TAKEN_OUT];

pub(crate) static CHILD: Child = Child {
    table: "customer_filings",
    keeps: None,
    hides: true,
    shown: OnTimeline::Elsewhere,
};
