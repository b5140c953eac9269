//! What happened to a customer, as it is shown.

use domain::customers::{TimelineCategory as Category, TimelineKind as Kind};
use jiff::Timestamp;
use persistence::{Error, access::Authority, customers::timeline::Happening};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{RECORD, screenings::commands::FIELD};
use crate::{
    access::fields::{Shown, show_as},
    http::{list::page, money::MoneyBody, wire::Wire},
};

pub type TimelineKind = Wire<Kind>;
pub type TimelineCategory = Wire<Category>;

/// One thing that happened to a customer.
#[derive(Debug, Serialize, ToSchema)]
pub struct TimelineEntry {
    /// What the entry is about.
    pub kind: TimelineKind,
    /// Whether it tells who the customer is, how it was spoken to, or what it took and paid.
    pub category: TimelineCategory,
    /// When it happened: entries are in this order, the newest first.
    pub at: Timestamp,
    /// Id of the record: a follow-up, a payment …, by `kind`.
    pub record_id: Uuid,
    /// Who did it.
    #[schema(required)]
    pub actor_id: Option<Uuid>,
    /// What the record says of itself; of a consent its purpose, of an insight its topic, of a screening its outcome.
    #[schema(required)]
    pub text: Option<String>,
    /// Of money only; null elsewhere, and where the caller may not see amounts.
    #[schema(required)]
    pub amount: Option<MoneyBody>,
    /// Whether it no longer holds: the payment was voided, the tag taken off, the enrollment ended, consent
    /// withdrawn or refused, the insight taken back.
    pub is_ended: bool,
}

impl From<Happening> for TimelineEntry {
    fn from(entry: Happening) -> Self {
        Self {
            kind: Wire(entry.kind),
            category: Wire(entry.kind.category()),
            at: entry.at,
            record_id: entry.record,
            actor_id: entry.actor,
            text: entry.text,
            amount: entry.amount.map(MoneyBody::from),
            is_ended: entry.ended,
        }
    }
}

impl TimelineEntry {
    /// As somebody sees it: text and amount go by the rules for the fields of the record that they are.
    pub fn seen(self, reader: &Authority) -> Result<Shown<Self>, Error> {
        let (record, names): (_, &[_]) = match self.kind.0 {
            Kind::FollowUp => ("follow_ups", &[("text", "content")]),
            Kind::Enrollment => ("enrollments", &[("text", "note"), ("amount", "price")]),
            Kind::Payment => ("payments", &[("text", "note")]),
            Kind::Screening => (RECORD, &[("text", FIELD)]),
            Kind::Tag
            | Kind::Charge
            | Kind::Collection
            | Kind::Consent
            | Kind::Disclosure
            | Kind::Insight => {
                return Ok(Shown::Whole(self));
            }
        };
        show_as(Some(reader), record, names, self)
    }
}

page! {
    /// One page of a timeline.
    TimelinePage of TimelineEntry as Shown<TimelineEntry>
}

/// Which part of a timeline.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListTimeline {
    /// Entries of these kinds.
    #[param(style = Form, explode = false)]
    pub kind: Option<Vec<TimelineKind>>,
    /// Entries of kinds of these categories.
    #[param(style = Form, explode = false)]
    pub category: Option<Vec<TimelineCategory>>,
}

impl ListTimeline {
    /// Whether entries of a kind are wanted.
    pub fn shows(&self, kind: Kind) -> bool {
        let kinds = self.kind.as_ref();
        let categories = self.category.as_ref();
        kinds.is_none_or(|kinds| kinds.iter().any(|wanted| wanted.0 == kind))
            && categories.is_none_or(|all| all.iter().any(|wanted| wanted.0 == kind.category()))
    }
}
