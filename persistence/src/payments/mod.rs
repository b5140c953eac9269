//! Payments: rows, and the journal that is written with them.

mod allocations;
pub mod balances;
pub mod charges;
pub(crate) mod entity;
pub mod entries;
pub mod journal;
pub mod receipts;
pub mod store;

pub use allocations::{AllocationLine, Part, shown};
use domain::{
    customers::TimelineKind, fault::AMOUNT_OUT_OF_RANGE, payments::PAYMENT_VOIDED as VOIDED,
};

use crate::{
    customers::{Child, OnTimeline},
    database::Constraint,
    events::EventType,
};

macro_rules! events {
    ($( $name:ident = $text:literal; )+) => {
        $( pub static $name: EventType = EventType { name: $text, schema_version: 1 }; )+

        /// Every event of this capability.
        pub static EVENTS: &[&EventType] = &[$(&$name),+];
    };
}

events! {
    CHARGE_CREATED = "charge.created";
    CHARGE_CHANGED = "charge.changed";
    PAYMENT_CREATED = "payment.created";
    PAYMENT_CHANGED = "payment.changed";
    PAYMENT_VOIDED = "payment.voided";
    RECEIPT_ISSUED = "receipt.issued";
    RECEIPT_PRINTED = "receipt.printed";
    RECEIPT_VOIDED = "receipt.voided";
}

pub(crate) static CHARGES: Child = Child {
    table: "charges",
    keeps: None,
    hides: false,
    shown: OnTimeline::As {
        kind: TimelineKind::Charge,
        permission: "payments:read",
        at: "created_at",
        actor: "NULL",
        text: "description",
        amount: "amount_minor",
        currency: "currency",
        only: "TRUE",
        ended: "FALSE",
    },
};

pub(crate) static PAYMENTS: Child = Child {
    table: "payments",
    keeps: None,
    hides: false,
    shown: OnTimeline::As {
        kind: TimelineKind::Payment,
        permission: "payments:read",
        at: "created_at",
        actor: "received_by",
        text: "note",
        amount: "amount_minor",
        currency: "currency",
        only: "TRUE",
        ended: "voided_at IS NOT NULL",
    },
};

pub(crate) static BALANCES: Child = Child {
    table: "customer_balances",
    // Whoever was ever charged, or paid, stands in the books.
    keeps: Some("charged_minor >= 0"),
    hides: false,
    shown: OnTimeline::Elsewhere,
};

pub(crate) static CONSTRAINTS: &[Constraint] = &[
    Constraint {
        name: "journal_entries_reversal_key",
        columns: "journal_entries.institution_id, journal_entries.reversal_of",
        rule: &VOIDED,
        pointer: "",
    },
    Constraint {
        name: "customer_balances_charged_check",
        columns: "",
        rule: &AMOUNT_OUT_OF_RANGE,
        pointer: "",
    },
    Constraint {
        name: "customer_balances_credit_check",
        columns: "",
        rule: &AMOUNT_OUT_OF_RANGE,
        pointer: "",
    },
];
