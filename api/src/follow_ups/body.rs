use domain::{
    follow_ups::{FollowUp, Method, Outcome, Report},
    id::Id,
};
use jiff::{Timestamp, civil::Date};
use persistence::follow_ups::store::Filter;
use serde::{Deserialize, Serialize};
use serde_with::rust::double_option;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use crate::{
    access::fields::Shown,
    http::{
        list::{CreationOrder, page},
        wire::Wire,
    },
};

pub type FollowUpMethod = Wire<Method>;
pub type FollowUpOutcome = Wire<Outcome>;

/// What was said to a customer, and when to speak again.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"customer_id": "0192f0c1-2222-7000-8000-000000000000", "method": "phone",
    "outcome": "interested", "intent": 3, "content": "周末带孩子来试听"}))]
pub struct RecordFollowUp {
    /// The customer it was said to.
    pub customer_id: Uuid,
    /// How the customer was spoken to.
    pub method: FollowUpMethod,
    /// What came of it; `planned` where nobody has spoken to the customer yet, and only `next_on` is told.
    pub outcome: FollowUpOutcome,
    /// Strength of interest (意向强烈度) as it seemed: 1 weak to 4 strong.
    #[schema(minimum = 1, maximum = 4, nullable = false)]
    pub intent: Option<i16>,
    /// What was said, in the words of whoever spoke.
    #[schema(max_length = 4000, nullable = false)]
    pub content: Option<String>,
    /// Now, when absent.
    #[schema(nullable = false)]
    pub occurred_at: Option<Timestamp>,
    /// When to speak again: a day at the customer's campus. What was due before is settled either way.
    /// Needed where the outcome is `planned`.
    #[schema(nullable = false)]
    pub next_on: Option<Date>,
}

/// Corrections to a follow-up: absent leaves a field, null clears it.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"outcome": "considering", "intent": null}))]
pub struct ChangeFollowUp {
    /// How the customer was spoken to.
    #[schema(nullable = false)]
    pub method: Option<FollowUpMethod>,
    /// What came of it.
    #[schema(nullable = false)]
    pub outcome: Option<FollowUpOutcome>,
    /// Strength of interest (意向强烈度): 1 weak to 4 strong. Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<i16>, minimum = 1, maximum = 4)]
    pub intent: Option<Option<i16>>,
    /// What was said, in the words of whoever spoke. Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<String>, max_length = 4000)]
    pub content: Option<Option<String>>,
    /// When the customer was spoken to; never in the future.
    #[schema(nullable = false)]
    pub occurred_at: Option<Timestamp>,
    /// When to speak again: a day at the customer's campus, today or later. Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<Date>)]
    pub next_on: Option<Option<Date>>,
}

impl ChangeFollowUp {
    /// The report with these corrections.
    pub fn apply(self, report: Report) -> Report {
        Report {
            method: self.method.map_or(report.method, |v| v.0),
            outcome: self.outcome.map_or(report.outcome, |v| v.0),
            intent: self.intent.unwrap_or(report.intent),
            content: self.content.unwrap_or(report.content),
            occurred_at: self.occurred_at.unwrap_or(report.occurred_at),
            next_on: self.next_on.unwrap_or(report.next_on),
        }
    }
}

/// A follow-up (跟进记录).
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = FollowUp)]
pub struct FollowUpBody {
    pub id: Uuid,
    /// Raised with every change; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    /// The customer it was said to.
    pub customer_id: Uuid,
    /// How the customer was spoken to.
    pub method: FollowUpMethod,
    /// What came of it; `planned` where nobody has spoken to the customer yet.
    pub outcome: FollowUpOutcome,
    /// Strength of interest (意向强烈度) as it seemed: 1 weak to 4 strong; null where nobody said.
    #[schema(required, minimum = 1, maximum = 4)]
    pub intent: Option<i16>,
    /// What was said, in the words of whoever spoke; null where nothing was written.
    #[schema(required)]
    pub content: Option<String>,
    /// When the customer was spoken to, or the follow-up planned, which may be before it was written
    /// down; never in the future.
    pub occurred_at: Timestamp,
    /// When to speak again: a day at the customer's campus.
    #[schema(required)]
    pub next_on: Option<Date>,
    /// Whether the next date still stands: no later follow-up has settled it.
    pub is_open: bool,
    /// Whether the next date stands and has passed at the customer's campus.
    pub is_overdue: bool,
    /// Who spoke to the customer, or planned it.
    #[schema(required)]
    pub author_id: Option<Uuid>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl FollowUpBody {
    pub fn new(follow_up: FollowUp, now: Timestamp) -> Self {
        let report = follow_up.report;
        Self {
            id: follow_up.id.uuid(),
            version: follow_up.version,
            customer_id: follow_up.customer.uuid(),
            method: Wire(report.method),
            outcome: Wire(report.outcome),
            intent: report.intent,
            content: report.content,
            occurred_at: report.occurred_at,
            next_on: report.next_on,
            is_open: follow_up.due.is_some(),
            is_overdue: follow_up.due.is_some_and(|due| due.has_passed(now)),
            author_id: follow_up.author.map(Id::uuid),
            created_at: follow_up.created_at,
            updated_at: follow_up.updated_at,
        }
    }
}

page! {
    /// One page of follow-ups.
    FollowUpPage of FollowUpBody as Shown<FollowUpBody>
}

/// Which follow-ups, in which order.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListFollowUps {
    #[param(inline = false)]
    pub sort: Option<CreationOrder>,
    /// Of any of these customers.
    #[param(style = Form, explode = false)]
    pub customer_id: Option<Vec<Uuid>>,
    /// Recorded by any of these.
    #[param(style = Form, explode = false)]
    pub author_id: Option<Vec<Uuid>>,
    /// Of customers held by any of these.
    #[param(style = Form, explode = false)]
    pub holder_id: Option<Vec<Uuid>>,
    /// Of customers of any of these campuses.
    #[param(style = Form, explode = false)]
    pub campus_id: Option<Vec<Uuid>>,
    /// By any of these methods.
    #[param(style = Form, explode = false)]
    pub method: Option<Vec<FollowUpMethod>>,
    /// With any of these outcomes.
    #[param(style = Form, explode = false)]
    pub outcome: Option<Vec<FollowUpOutcome>>,
    /// Happened at or after.
    #[param(rename = "occurred_at[gte]")]
    #[serde(rename = "occurred_at[gte]")]
    pub occurred_from: Option<Timestamp>,
    /// Happened before.
    #[param(rename = "occurred_at[lt]")]
    #[serde(rename = "occurred_at[lt]")]
    pub occurred_until: Option<Timestamp>,
    /// With a next date on or after this day.
    #[param(rename = "next_on[gte]")]
    #[serde(rename = "next_on[gte]")]
    pub next_from: Option<Date>,
    /// With a next date before this day.
    #[param(rename = "next_on[lt]")]
    #[serde(rename = "next_on[lt]")]
    pub next_until: Option<Date>,
}

impl ListFollowUps {
    pub fn filter(&self) -> Filter {
        fn values<E: Copy>(list: Option<&Vec<Wire<E>>>) -> Vec<E> {
            list.into_iter().flatten().map(|v| v.0).collect()
        }
        Filter {
            customers: self.customer_id.clone().unwrap_or_default(),
            authors: self.author_id.clone().unwrap_or_default(),
            holders: self.holder_id.clone().unwrap_or_default(),
            campuses: self.campus_id.clone().unwrap_or_default(),
            methods: values(self.method.as_ref()),
            outcomes: values(self.outcome.as_ref()),
            occurred_from: self.occurred_from,
            occurred_until: self.occurred_until,
            next_from: self.next_from,
            next_until: self.next_until,
        }
    }
}

/// Whose customers are due.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListDueFollowUps {
    /// Of customers held by any of these; one's own id gives one's own list.
    #[param(style = Form, explode = false)]
    pub holder_id: Option<Vec<Uuid>>,
    /// Of customers of any of these campuses.
    #[param(style = Form, explode = false)]
    pub campus_id: Option<Vec<Uuid>>,
    /// With their next date on or after this day.
    #[param(rename = "next_on[gte]")]
    #[serde(rename = "next_on[gte]")]
    pub next_from: Option<Date>,
    /// With their next date before this day, come or still to come; by default, come by now.
    #[param(rename = "next_on[lt]")]
    #[serde(rename = "next_on[lt]")]
    pub next_until: Option<Date>,
}

impl ListDueFollowUps {
    pub fn filter(&self) -> Filter {
        Filter {
            holders: self.holder_id.clone().unwrap_or_default(),
            campuses: self.campus_id.clone().unwrap_or_default(),
            next_from: self.next_from,
            next_until: self.next_until,
            ..Filter::default()
        }
    }
}
