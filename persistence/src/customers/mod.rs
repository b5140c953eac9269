//! Customers: rows, and what is written with them.

pub mod activity;
pub mod anchor;
pub mod channels;
mod children;
pub mod cleaning;
pub mod collections;
pub mod consents;
pub mod details;
mod document;
pub mod duplicates;
pub(crate) mod entity;
pub mod filings;
pub mod forms;
pub(crate) mod hiding;
mod index;
pub mod insights;
pub mod links;
pub mod merges;
pub mod photos;
pub mod quality;
pub mod relations;
pub mod screenings;
pub mod search;
pub mod sorted;
pub mod store;
pub mod timeline;

pub use children::{CHILDREN, Child, OnMerge, OnTimeline, POINTERS, Pointer};

use domain::{customers::CHANNEL_CODE_TAKEN, fault::REFERENCE_UNKNOWN, reference::NAME_TAKEN};

use crate::{database::Constraint, events::EventType, reference};

pub static SOURCE_CHANNEL: reference::Events = reference::events!("source_channel");

/// The events of every kind of reference data here.
pub static KINDS: &[&reference::Events] = &[&SOURCE_CHANNEL];

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
pub static FORM_CHANGED: EventType = EventType {
    name: "customer_form.changed",
    schema_version: 1,
};
pub static INSIGHT_RECORDED: EventType = EventType {
    name: "insight.recorded",
    schema_version: 1,
};
pub static INSIGHT_WITHDRAWN: EventType = EventType {
    name: "insight.withdrawn",
    schema_version: 1,
};
/// Of the survivor, and of the one that was merged into it.
pub static MERGED: EventType = EventType {
    name: "customer.merged",
    schema_version: 1,
};
pub static UNMERGED: EventType = EventType {
    name: "customer.unmerged",
    schema_version: 1,
};

pub static QUALITY_POLICY_CHANGED: EventType = EventType {
    name: "quality_policy.changed",
    schema_version: 1,
};
/// Of the person, and of each id that stood for it.
pub static ERASED: EventType = EventType {
    name: "customer.erased",
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
    &FORM_CHANGED,
    &INSIGHT_RECORDED,
    &INSIGHT_WITHDRAWN,
    &MERGED,
    &UNMERGED,
    &ERASED,
    &QUALITY_POLICY_CHANGED,
];

pub(crate) static CONSTRAINTS: &[Constraint] = &[
    Constraint {
        name: "source_channels_name_key",
        columns: "source_channels.institution_id, source_channels.name_fold",
        rule: &NAME_TAKEN,
        pointer: "",
    },
    Constraint {
        name: "source_channels_code_key",
        columns: "source_channels.institution_id, source_channels.code",
        rule: &CHANNEL_CODE_TAKEN,
        pointer: "",
    },
    Constraint {
        name: "customers_channel_open",
        columns: "",
        rule: &REFERENCE_UNKNOWN,
        pointer: "/source_channel",
    },
];
