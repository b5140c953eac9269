//! Protection of personal data: rows.

pub mod erasure;
pub mod notices;
mod person;
pub mod personal_data;
pub mod requests;

use crate::events::EventType;

pub static NOTICE_PUBLISHED: EventType = EventType {
    name: "privacy_notice.published",
    schema_version: 1,
};
pub static REQUEST_RECEIVED: EventType = EventType {
    name: "privacy_request.received",
    schema_version: 1,
};
pub static REQUEST_CHANGED: EventType = EventType {
    name: "privacy_request.status_changed",
    schema_version: 1,
};

/// Every event of this capability.
pub static EVENTS: &[&EventType] = &[&NOTICE_PUBLISHED, &REQUEST_RECEIVED, &REQUEST_CHANGED];
