use domain::{id::Id, privacy::Disclosure};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::{
    customers::collections::LawfulBasis,
    http::{list::page, wire::Wire},
    privacy::recipients::PersonalDataCategory,
};

/// What was, or is about to be, shared of a customer (对外提供个人信息).
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"recipient_id": "0192f0c1-9999-7000-8000-000000000000",
    "categories": ["identity"], "details": "考级报名表"}))]
pub struct RecordDisclosure {
    /// With whom.
    pub recipient_id: Uuid,
    /// What: among the categories that the recipient's entry names.
    #[schema(min_items = 1, max_items = 8)]
    pub categories: Vec<PersonalDataCategory>,
    /// In words.
    #[schema(min_length = 1, max_length = 500, nullable = false)]
    pub details: Option<String>,
    /// When; now, when absent.
    #[schema(nullable = false)]
    pub disclosed_at: Option<Timestamp>,
}

/// What was shared of a customer.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Disclosure)]
pub struct DisclosureBody {
    pub id: Uuid,
    /// The first part of the ETag: it stays as it is.
    #[schema(minimum = 1)]
    pub version: i64,
    /// Of whom.
    pub customer_id: Uuid,
    /// With whom.
    pub recipient_id: Uuid,
    /// The version of the recipient's entry by which it was allowed.
    #[schema(minimum = 1)]
    pub recipient_version: i64,
    /// On which basis of law.
    pub lawful_basis: LawfulBasis,
    /// The decision by which the person agreed; null where that was not needed.
    #[schema(required)]
    pub consent_id: Option<Uuid>,
    /// What.
    pub categories: Vec<PersonalDataCategory>,
    /// In words.
    #[schema(required)]
    pub details: Option<String>,
    /// When.
    pub disclosed_at: Timestamp,
    /// When somebody recorded it.
    pub recorded_at: Timestamp,
}

impl From<Disclosure> for DisclosureBody {
    fn from(disclosure: Disclosure) -> Self {
        Self {
            id: disclosure.id.uuid(),
            version: 1,
            customer_id: disclosure.customer.uuid(),
            recipient_id: disclosure.recipient.uuid(),
            recipient_version: disclosure.recipient_version,
            lawful_basis: Wire(disclosure.lawful_basis),
            consent_id: disclosure.consent.map(Id::uuid),
            categories: disclosure.categories.iter().copied().map(Wire).collect(),
            details: disclosure.details,
            disclosed_at: disclosure.disclosed_at,
            recorded_at: disclosure.recorded_at,
        }
    }
}

page! {
    /// One page of what was shared of a customer.
    DisclosurePage of DisclosureBody
}
