use domain::{
    id::Id,
    privacy::{NewRequest, PrivacyRequest},
};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use crate::http::{list::page, wire::Wire};

pub type PrivacyRequestKind = Wire<domain::privacy::RequestKind>;
pub type PrivacyRequestStatus = Wire<domain::privacy::RequestStatus>;
pub type PrivacyRequestVerdict = Wire<domain::privacy::Verdict>;

/// What somebody asks about its own data (个人信息权利申请).
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"customer_id": "0192f0c1-2222-7000-8000-000000000000", "kind": "deletion",
    "identity": "当面核对身份证", "details": "请删除我的全部资料"}))]
pub struct RecordPrivacyRequest {
    /// Whose data it is about.
    pub customer_id: Uuid,
    /// What is asked for.
    pub kind: PrivacyRequestKind,
    /// A guardian or relative who asks for the customer; the customer itself, when absent.
    #[schema(nullable = false)]
    pub asked_by: Option<Uuid>,
    /// How it was made sure who asks. Needed before it is granted.
    #[schema(min_length = 1, max_length = 200, nullable = false)]
    pub identity: Option<String>,
    /// What is asked, in words.
    #[schema(max_length = 2000, nullable = false)]
    pub details: Option<String>,
    /// When it came; now, when absent.
    #[schema(nullable = false)]
    pub received_at: Option<Timestamp>,
}

impl From<RecordPrivacyRequest> for NewRequest {
    fn from(body: RecordPrivacyRequest) -> Self {
        Self {
            kind: body.kind.0,
            asked_by: body.asked_by.map(Id::new),
            identity: body.identity,
            details: body.details,
            received_at: body.received_at,
        }
    }
}

/// What is decided of a request, and why.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"verdict": "grant", "reason": "身份已核实"}))]
pub struct DecidePrivacyRequest {
    pub verdict: PrivacyRequestVerdict,
    /// What is answered: who is refused is told why.
    #[schema(min_length = 2, max_length = 2000)]
    pub reason: String,
    /// How it was made sure who asks, where nobody said before.
    #[schema(min_length = 1, max_length = 200, nullable = false)]
    pub identity: Option<String>,
}

/// What was done.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"outcome": "资料已更正，并已告知申请人"}))]
pub struct CompletePrivacyRequest {
    /// Kept with the request.
    #[schema(min_length = 2, max_length = 2000)]
    pub outcome: String,
}

/// A request of a person about its own data.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PrivacyRequest)]
pub struct PrivacyRequestBody {
    pub id: Uuid,
    /// Raised with every change; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    /// Whose data it is about.
    pub customer_id: Uuid,
    /// What is asked for.
    pub kind: PrivacyRequestKind,
    /// A guardian or relative who asks; null where the customer does.
    #[schema(required)]
    pub asked_by: Option<Uuid>,
    /// How it was made sure who asks; null where nobody has yet.
    #[schema(required)]
    pub identity: Option<String>,
    /// What is asked, in words.
    #[schema(required)]
    pub details: Option<String>,
    /// When it came.
    pub received_at: Timestamp,
    /// The last day on which it is answered in time: 30 days, for deletions 15 working days (Monday to
    /// Friday).
    pub due_on: Date,
    /// How far it has come.
    pub status: PrivacyRequestStatus,
    /// What was answered, or done.
    #[schema(required)]
    pub answer: Option<String>,
    /// When it was refused or done.
    #[schema(required)]
    pub closed_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

impl From<PrivacyRequest> for PrivacyRequestBody {
    fn from(request: PrivacyRequest) -> Self {
        Self {
            id: request.id.uuid(),
            version: request.version,
            customer_id: request.customer.uuid(),
            kind: Wire(request.kind),
            asked_by: request.asked_by.map(Id::uuid),
            identity: request.identity,
            details: request.details,
            received_at: request.received_at,
            due_on: request.due_on,
            status: Wire(request.status),
            answer: request.answer,
            closed_at: request.closed_at,
            created_at: request.created_at,
        }
    }
}

page! {
    /// One page of requests.
    PrivacyRequestPage of PrivacyRequestBody
}

/// Which requests.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListPrivacyRequests {
    /// That have come so far.
    #[param(style = Form, explode = false)]
    pub status: Option<Vec<PrivacyRequestStatus>>,
    /// That ask for any of these.
    #[param(style = Form, explode = false)]
    pub kind: Option<Vec<PrivacyRequestKind>>,
    /// About this customer.
    pub customer_id: Option<Uuid>,
    /// That are neither refused nor done, and ought to have been before this day.
    #[param(rename = "due_on[lt]")]
    #[serde(rename = "due_on[lt]")]
    pub due_before: Option<Date>,
}
