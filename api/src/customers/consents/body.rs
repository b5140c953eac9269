use domain::{
    customers::{Consent, NewConsent},
    id::Id,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::http::{list::page, wire::Wire};

pub type ConsentPurpose = Wire<domain::customers::Purpose>;
pub type ContactChannel = Wire<domain::customers::ContactChannel>;
pub type ConsentDecision = Wire<domain::customers::Decision>;
pub type ContactObstacle = Wire<domain::customers::ContactObstacle>;
pub type ContactReason = Wire<domain::customers::ContactReason>;
pub type ConsentStanding = Wire<domain::customers::Standing>;

/// What a person, or a guardian for it, decided on the use of its data (同意).
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"purpose": "marketing", "channel": "wechat", "decision": "given",
    "notice_id": "0192f0c1-7777-7000-8000-000000000000", "evidence": "纸质同意书 2026-118"}))]
pub struct RecordConsent {
    /// For what the data is used.
    pub purpose: ConsentPurpose,
    /// Of `marketing`: one channel that is meant; all, when absent. None of any other purpose.
    #[schema(nullable = false)]
    pub channel: Option<ContactChannel>,
    /// Whether it was given, or withdrawn or refused. To withdraw takes neither notice nor evidence.
    pub decision: ConsentDecision,
    /// When; now, when absent.
    #[schema(nullable = false)]
    pub decided_at: Option<Timestamp>,
    /// A guardian or parent who decided for the customer; for a child under 14 it must be one, when it is
    /// given. The customer itself, when absent.
    #[schema(nullable = false)]
    pub decided_by: Option<Uuid>,
    /// The notice that was read before: of the same purpose. Needed when it is given.
    #[schema(nullable = false)]
    pub notice_id: Option<Uuid>,
    /// By what it can be shown, such as the number of a signed form. Needed when it is given.
    #[schema(min_length = 1, max_length = 500, nullable = false)]
    pub evidence: Option<String>,
}

impl From<RecordConsent> for NewConsent {
    fn from(body: RecordConsent) -> Self {
        Self {
            purpose: body.purpose.0,
            channel: body.channel.map(|channel| channel.0),
            decision: body.decision.0,
            decided_at: body.decided_at,
            decided_by: body.decided_by.map(Id::new),
            evidence: body.evidence,
        }
    }
}

/// One decision on the use of somebody's data. It is never changed: a later one replaces it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Consent)]
pub struct ConsentBody {
    pub id: Uuid,
    /// Whose data it is about.
    pub customer_id: Uuid,
    /// For what the data is used.
    pub purpose: ConsentPurpose,
    /// Of `marketing`: the one channel that is meant; null for all.
    #[schema(required)]
    pub channel: Option<ContactChannel>,
    /// Whether it was given, or withdrawn or refused.
    pub decision: ConsentDecision,
    /// When it was decided.
    pub decided_at: Timestamp,
    /// The guardian or parent who decided; null where the customer did, and where that one is out of
    /// reach.
    #[schema(required)]
    pub decided_by: Option<Uuid>,
    /// The notice that was read before.
    #[schema(required)]
    pub notice_id: Option<Uuid>,
    /// By what it can be shown.
    #[schema(required)]
    pub evidence: Option<String>,
    /// When it was entered here.
    pub recorded_at: Timestamp,
}

impl From<Consent> for ConsentBody {
    fn from(consent: Consent) -> Self {
        Self {
            id: consent.id.uuid(),
            customer_id: consent.customer.uuid(),
            purpose: Wire(consent.purpose),
            channel: consent.channel.map(Wire),
            decision: Wire(consent.decision),
            decided_at: consent.decided_at,
            decided_by: consent.decided_by.map(Id::uuid),
            notice_id: consent.notice.map(Id::uuid),
            evidence: consent.evidence,
            recorded_at: consent.recorded_at,
        }
    }
}

page! {
    /// One page of the decisions on a customer.
    ConsentPage of ConsentBody
}

/// What holds for one purpose.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PurposeStanding {
    /// For what the data is used.
    pub purpose: ConsentPurpose,
    /// Of `marketing`, which is told for each channel; null else.
    #[schema(required)]
    pub channel: Option<ContactChannel>,
    /// What holds.
    pub standing: ConsentStanding,
    /// The decision that says so; null where there is none.
    #[schema(required)]
    pub consent_id: Option<Uuid>,
    /// When it was made.
    #[schema(required)]
    pub decided_at: Option<Timestamp>,
}

/// What holds for all purposes, now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ConsentOverview {
    /// Whether the customer is known to be a child under 14 today, at its campus: its guardian decides. Null
    /// where a field rule hides or masks the birth date.
    #[schema(required)]
    pub is_child: Option<bool>,
    #[schema(value_type = Vec<PurposeStanding>)]
    pub items: Vec<PurposeStanding>,
}

/// Whether a customer may be addressed in one way, for one reason.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ContactPermission {
    /// In which way.
    pub channel: ContactChannel,
    /// For what.
    pub reason: ContactReason,
    /// Whether it is allowed now.
    pub is_allowed: bool,
    /// What stands in the way; null where it is allowed.
    #[schema(required)]
    pub obstacle: Option<ContactObstacle>,
}

/// How a customer may be addressed now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ContactPermissions {
    /// Each way, for each reason.
    pub items: Vec<ContactPermission>,
}
