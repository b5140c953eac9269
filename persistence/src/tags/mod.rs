//! Tags: reference data, and the tags of customers.

pub(crate) mod entity;
mod kinds;
pub mod store;

use domain::{customers::TimelineKind, reference::NAME_TAKEN, tags::TAG_ON_ALREADY};

use crate::{
    customers::{Child, OnTimeline},
    database::Constraint,
    events::EventType,
    reference,
};

pub static TAG_CATEGORY: reference::Events = reference::events!("tag_category");
pub static TAG: reference::Events = reference::events!("tag");

/// The events of every kind of reference data here.
pub static KINDS: &[&reference::Events] = &[&TAG_CATEGORY, &TAG];

pub static PUT_ON: EventType = EventType {
    name: "tagging.put_on",
    schema_version: 1,
};
pub static TAKEN_OFF: EventType = EventType {
    name: "tagging.taken_off",
    schema_version: 1,
};

/// Every other event of this capability.
pub static EVENTS: &[&EventType] = &[&PUT_ON, &TAKEN_OFF];

pub(crate) static CHILD: Child = Child {
    table: "taggings",
    keeps: None,
    hides: true,
    shown: OnTimeline::As {
        kind: TimelineKind::Tag,
        permission: "tags:read",
        at: "put_on_at",
        actor: "put_on_by",
        text: "(SELECT t.name FROM tags t WHERE t.institution_id = taggings.institution_id \
               AND t.id = taggings.tag_id)",
        amount: "NULL",
        currency: "NULL",
        only: "TRUE",
        ended: "taken_off_at IS NOT NULL",
    },
};

pub(crate) static CONSTRAINTS: &[Constraint] = &[
    Constraint {
        name: "tag_categories_name_key",
        columns: "tag_categories.institution_id, tag_categories.name_fold",
        rule: &NAME_TAKEN,
        pointer: "",
    },
    Constraint {
        name: "tags_name_key",
        columns: "tags.institution_id, tags.name_fold",
        rule: &NAME_TAKEN,
        pointer: "",
    },
    Constraint {
        name: "taggings_on_key",
        columns: "taggings.institution_id, taggings.customer_id, taggings.tag_id",
        rule: &TAG_ON_ALREADY,
        pointer: "",
    },
];
