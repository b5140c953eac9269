use domain::{access::ShareRequest, id::Id};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use crate::{
    access::shares::ShareAccess,
    http::{list::page, wire::Wire},
};

pub type ShareRequestState = Wire<domain::access::ShareRequestState>;

/// For which customer a share is asked, by the token of a check or in words.
#[derive(Clone, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"description": "三月公开课上留过电话的张伟", "reason": "家长今天到访，要求继续跟进"}))]
pub struct AskForShare {
    /// Of a duplicate check or a look-up of the caller's own, not older than a day.
    #[schema(min_length = 1, max_length = 200, nullable = false)]
    pub token: Option<String>,
    /// Which customer, where no check told: whoever may for the whole institution decides.
    #[schema(min_length = 2, max_length = 500, nullable = false)]
    pub description: Option<String>,
    /// What the share is needed for; shown to whoever decides.
    #[schema(min_length = 2, max_length = 500)]
    pub reason: String,
}

impl std::fmt::Debug for AskForShare {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// How a request is granted.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"access": "read", "days": 30}))]
pub struct GrantShareRequest {
    /// What is open to who asked.
    pub access: ShareAccess,
    /// After how many days the share ends.
    #[schema(minimum = 1, maximum = 365)]
    pub days: i64,
    /// Of a request in words, the customer that is meant; of any other, nothing.
    #[schema(nullable = false)]
    pub customer_id: Option<Uuid>,
}

/// Why a request is refused.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "家长希望只由现在的老师联系"}))]
pub struct RefuseShareRequest {
    /// Told to who asked.
    #[schema(min_length = 2, max_length = 500)]
    pub reason: String,
}

/// A request of one's own for a share (共享申请): how it stands, and no more, until it is granted.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ShareRequest)]
pub struct ShareRequestBody {
    pub id: Uuid,
    /// Raised with every change; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    /// How it stands.
    pub state: ShareRequestState,
    /// Which customer, in the words of who asked; null where a check told.
    #[schema(required)]
    pub description: Option<String>,
    /// What it is needed for.
    pub reason: String,
    /// Why it was refused; null where it was not.
    #[schema(required)]
    pub answer: Option<String>,
    /// The customer, once it is granted; null until then.
    #[schema(required)]
    pub customer_id: Option<Uuid>,
    /// Until when the share was granted; null where it was not.
    #[schema(required)]
    pub until: Option<Timestamp>,
    pub created_at: Timestamp,
    /// When it was decided, taken back or lapsed; null while it waits.
    #[schema(required)]
    pub decided_at: Option<Timestamp>,
}

impl From<ShareRequest> for ShareRequestBody {
    fn from(request: ShareRequest) -> Self {
        let about = request.about.filter(|_| request.until.is_some());
        Self {
            id: request.id.uuid(),
            version: request.version,
            state: Wire(request.state),
            description: request.words.description,
            reason: request.words.reason,
            answer: request.words.answer,
            customer_id: about.map(|about| about.customer.uuid()),
            until: request.until,
            created_at: request.created_at,
            decided_at: request.decided_at,
        }
    }
}

/// A request of somebody's for a share of a customer within reach.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReceivedShareRequest {
    pub id: Uuid,
    /// Raised with every change; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    /// How it stands.
    pub state: ShareRequestState,
    /// Who asks: a person of staff.
    pub asker_id: Uuid,
    /// The customer; null of a request in words that was not granted.
    #[schema(required)]
    pub customer_id: Option<Uuid>,
    /// Which customer, in the words of who asked; null where a check told.
    #[schema(required)]
    pub description: Option<String>,
    /// What it is needed for.
    pub reason: String,
    /// Why it was refused; null where it was not.
    #[schema(required)]
    pub answer: Option<String>,
    /// Until when the share was granted; null where it was not.
    #[schema(required)]
    pub until: Option<Timestamp>,
    pub created_at: Timestamp,
    /// When it was decided, taken back or lapsed; null while it waits.
    #[schema(required)]
    pub decided_at: Option<Timestamp>,
}

impl From<ShareRequest> for ReceivedShareRequest {
    fn from(request: ShareRequest) -> Self {
        Self {
            id: request.id.uuid(),
            version: request.version,
            state: Wire(request.state),
            asker_id: request.asker.uuid(),
            customer_id: request.about.map(|about| about.customer).map(Id::uuid),
            description: request.words.description,
            reason: request.words.reason,
            answer: request.words.answer,
            until: request.until,
            created_at: request.created_at,
            decided_at: request.decided_at,
        }
    }
}

page! {
    /// One page of one's own requests for shares.
    ShareRequestPage of ShareRequestBody
}

page! {
    /// One page of requests for shares of customers within reach.
    ReceivedShareRequestPage of ReceivedShareRequest
}

/// Which received requests, newest first.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListReceivedShareRequests {
    /// In any of these states.
    #[param(style = Form, explode = false)]
    pub state: Option<Vec<ShareRequestState>>,
}
