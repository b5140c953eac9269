use jiff::civil::Date;
use persistence::customers::duplicates::Keeper;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::{
    access::fields::Shown,
    customers::{ContactKind, CustomerBody, CustomerKind, NamedRecord, relations::RelationBody},
    follow_ups::FollowUpBody,
    http::wire::Wire,
};

pub type DuplicateReason = Wire<domain::customers::DuplicateReason>;
pub type DuplicateKey = Wire<domain::customers::DuplicateKey>;
pub type KeeperKind = Wire<domain::customers::KeeperKind>;

/// What is known of somebody who may be there already.
#[derive(Clone, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "student", "name": "张伟", "birth_date": "2015-09-01",
    "contact_points": [{"kind": "phone", "value": "13800138000"}]}))]
pub struct CheckDuplicates {
    /// What the customer would be.
    #[schema(nullable = false)]
    pub kind: Option<CustomerKind>,
    /// Name of the person or organization.
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    pub name: Option<String>,
    /// A day that has been, by the calendar.
    #[schema(nullable = false)]
    pub birth_date: Option<Date>,
    /// The school that a child goes to (就读学校).
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    pub school: Option<String>,
    /// Ways to reach the customer. Addresses are compared with nobody's beyond reach.
    #[schema(max_items = 5, nullable = false)]
    pub contact_points: Option<Vec<ContactToCheck>>,
    /// The phone of a guardian of the child.
    #[schema(min_length = 1, max_length = 200, nullable = false)]
    pub guardian_phone: Option<String>,
}

impl std::fmt::Debug for CheckDuplicates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// A way to reach somebody.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "phone", "value": "13800138000"}))]
pub struct ContactToCheck {
    /// Phone, e-mail or another.
    pub kind: ContactKind,
    /// Phones in any usual form. A masked value is refused.
    #[schema(min_length = 1, max_length = 200)]
    pub value: String,
}

impl std::fmt::Debug for ContactToCheck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// The number that calls.
#[derive(Clone, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"phone": "13800138000"}))]
pub struct LookUpCaller {
    /// In any usual form.
    #[schema(min_length = 1, max_length = 200)]
    pub phone: String,
}

impl std::fmt::Debug for LookUpCaller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// A customer within reach who may be the same.
#[derive(Debug, Serialize, ToSchema)]
pub struct DuplicateCandidate {
    #[schema(value_type = CustomerBody)]
    pub customer: Shown<CustomerBody>,
    /// How alike the two are, in percent: to sort by, not to decide by.
    #[schema(minimum = 1, maximum = 99)]
    pub score: u32,
    /// What they share, the weightiest first. What a field rule hides is no reason.
    pub reasons: Vec<DuplicateReason>,
}

/// Where a customer beyond reach is.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Keeper)]
pub struct KeeperBody {
    pub kind: KeeperKind,
    pub id: Uuid,
    pub name: String,
}

impl From<Keeper> for KeeperBody {
    fn from(keeper: Keeper) -> Self {
        Self {
            kind: Wire(keeper.kind),
            id: keeper.id,
            name: keeper.name,
        }
    }
}

/// That a customer beyond reach is there: no more is told of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct KnownBeyondReach {
    /// By which keys it was found.
    pub keys: Vec<DuplicateKey>,
    /// With whom it is. Several customers of one team are told as one.
    #[schema(value_type = KeeperBody)]
    pub keeper: KeeperBody,
    /// Asks for a share of it, see `POST /share-requests`: the caller's alone, and good for a day.
    #[schema(min_length = 1, max_length = 200)]
    pub request_token: String,
}

/// Who may be there already.
#[derive(Debug, Serialize, ToSchema)]
pub struct DuplicateCheck {
    /// Within reach, the likeliest first, at most 20.
    pub candidates: Vec<DuplicateCandidate>,
    /// Beyond reach, by ways to reach somebody only.
    pub beyond_reach: Vec<KnownBeyondReach>,
}

/// The customers within reach who may be the same as one of them.
#[derive(Debug, Serialize, ToSchema)]
pub struct Duplicates {
    /// The likeliest first, at most 20.
    pub items: Vec<DuplicateCandidate>,
}

/// A customer within reach who has the number that calls.
#[derive(Debug, Serialize, ToSchema)]
pub struct KnownCaller {
    #[schema(value_type = CustomerBody)]
    pub customer: Shown<CustomerBody>,
    /// Who holds it; null for who may not see the directory.
    #[schema(required)]
    pub holder: Option<NamedRecord>,
    /// Its relations to others within reach, ended ones too, oldest first, at most 50.
    #[schema(value_type = Vec<RelationBody>)]
    pub household: Vec<Shown<RelationBody>>,
    /// The last time that it was spoken to, as far as the caller may see follow-ups; null where there
    /// was none.
    #[schema(required, value_type = Option<FollowUpBody>)]
    pub last_contact: Option<Shown<FollowUpBody>>,
}

/// Who calls.
#[derive(Debug, Serialize, ToSchema)]
pub struct CallerLookUp {
    /// Within reach, oldest first, at most 10.
    pub callers: Vec<KnownCaller>,
    /// Beyond reach.
    pub beyond_reach: Vec<KnownBeyondReach>,
}
