//! Protection of personal data: rows.

pub mod notices;

use crate::events::EventType;

pub static NOTICE_PUBLISHED: EventType = EventType {
    name: "privacy_notice.published",
    schema_version: 1,
};

/// Every event of this capability.
pub static EVENTS: &[&EventType] = &[&NOTICE_PUBLISHED];
