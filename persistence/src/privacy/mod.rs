//! Protection of personal data: rows.

pub mod disclosures;
pub mod erasure;
pub mod legal_holds;
pub mod notices;
mod person;
pub mod personal_data;
pub mod recipients;
pub mod requests;
pub mod retention;

use domain::reference::NAME_TAKEN;

use crate::{database::Constraint, events::EventType, reference};

pub static RECIPIENT: reference::Events = reference::events!("recipient");

/// The events of every kind of reference data here.
pub static KINDS: &[&reference::Events] = &[&RECIPIENT];

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
pub static DISCLOSED: EventType = EventType {
    name: "disclosure.recorded",
    schema_version: 1,
};
pub static HOLD_PLACED: EventType = EventType {
    name: "legal_hold.placed",
    schema_version: 1,
};
pub static HOLD_RELEASED: EventType = EventType {
    name: "legal_hold.released",
    schema_version: 1,
};
pub static RETENTION_CHANGED: EventType = EventType {
    name: "retention_policy.changed",
    schema_version: 1,
};
pub static RETENTION_FINISHED: EventType = EventType {
    name: "retention_run.finished",
    schema_version: 1,
};

/// Every other event of this capability.
pub static EVENTS: &[&EventType] = &[
    &NOTICE_PUBLISHED,
    &REQUEST_RECEIVED,
    &REQUEST_CHANGED,
    &DISCLOSED,
    &HOLD_PLACED,
    &HOLD_RELEASED,
    &RETENTION_CHANGED,
    &RETENTION_FINISHED,
];

pub(crate) static CONSTRAINTS: &[Constraint] = &[Constraint {
    name: "recipients_name_key",
    columns: "recipients.institution_id, recipients.name_fold",
    rule: &NAME_TAKEN,
    pointer: "",
}];
