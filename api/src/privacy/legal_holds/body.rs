use domain::{id::Id, privacy::LegalHold};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use crate::http::list::page;

/// Why a person's data must be kept (保全).
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"customer_id": "0192f0c1-2222-7000-8000-000000000000", "reason": "退费诉讼（2026）民初 118 号"}))]
pub struct PlaceLegalHold {
    /// Whose data is kept; also of a deleted customer.
    pub customer_id: Uuid,
    /// Why, such as the number of a case.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
    /// When it ends by itself; only by its release, when absent.
    #[schema(nullable = false)]
    pub ends_at: Option<Timestamp>,
}

/// Why a hold is lifted.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "案件已调解结案"}))]
pub struct ReleaseLegalHold {
    /// Kept with the hold.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

/// That a person's data is kept.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = LegalHold)]
pub struct LegalHoldBody {
    pub id: Uuid,
    /// Raised when it is released; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    /// Whose data is kept; after a merge, the survivor.
    pub customer_id: Uuid,
    /// Why; null once the person was erased.
    #[schema(required)]
    pub reason: Option<String>,
    /// When somebody placed it.
    pub placed_at: Timestamp,
    /// Who did.
    pub placed_by: Uuid,
    /// When it ends by itself; null where only its release ends it.
    #[schema(required)]
    pub ends_at: Option<Timestamp>,
    /// When it was released; null where it was not.
    #[schema(required)]
    pub released_at: Option<Timestamp>,
    /// Who released it.
    #[schema(required)]
    pub released_by: Option<Uuid>,
    /// Why it was released; null once the person was erased.
    #[schema(required)]
    pub release_reason: Option<String>,
}

impl From<LegalHold> for LegalHoldBody {
    fn from(hold: LegalHold) -> Self {
        let released = hold.released.as_ref();
        Self {
            id: hold.id.uuid(),
            version: hold.version,
            customer_id: hold.customer.uuid(),
            reason: hold.reason,
            placed_at: hold.placed_at,
            placed_by: hold.placed_by.uuid(),
            ends_at: hold.ends_at,
            released_at: released.map(|release| release.at),
            released_by: released.map(|release| release.by).map(Id::uuid),
            release_reason: released.and_then(|release| release.reason.clone()),
        }
    }
}

page! {
    /// One page of legal holds.
    LegalHoldPage of LegalHoldBody
}

/// Which holds.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListLegalHolds {
    /// On this customer.
    pub customer_id: Option<Uuid>,
    /// Those that stand now, or those that are over; both, when absent.
    pub is_standing: Option<bool>,
}
