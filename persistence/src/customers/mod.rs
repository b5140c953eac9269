//! Customers: rows, and what is written with them.

pub mod anchor;
mod children;
pub mod consents;
mod document;
pub(crate) mod entity;
mod index;
pub mod links;
pub mod relations;
pub mod search;
pub mod sorted;
pub mod store;
pub mod timeline;

pub use children::{CHILDREN, Child, OnTimeline, POINTERS};

use crate::events::EventType;

pub static CREATED: EventType = EventType {
    name: "customer.created",
    schema_version: 1,
};
pub static CHANGED: EventType = EventType {
    name: "customer.changed",
    schema_version: 1,
};
pub static HOLDER_CHANGED: EventType = EventType {
    name: "customer.holder_changed",
    schema_version: 1,
};
pub static DELETED: EventType = EventType {
    name: "customer.deleted",
    schema_version: 1,
};
pub static RESTORED: EventType = EventType {
    name: "customer.restored",
    schema_version: 1,
};
pub static CONSENT_RECORDED: EventType = EventType {
    name: "consent.recorded",
    schema_version: 1,
};

/// Every event of this capability.
pub static EVENTS: &[&EventType] = &[
    &CREATED,
    &CHANGED,
    &HOLDER_CHANGED,
    &DELETED,
    &RESTORED,
    &CONSENT_RECORDED,
];
