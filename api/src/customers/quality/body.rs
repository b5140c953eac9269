use domain::{
    access::{FieldAccess, FieldRules},
    custom_fields::CustomField,
    customers::{Examined, QualityPolicy},
    id::Id,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::customers::RECORD;

/// What a reader may know of the quality of a record.
#[derive(Clone, Copy, Debug)]
pub struct Sees<'a> {
    pub fields: Option<&'a FieldRules>,
    /// Whether its follow-ups are within reach.
    pub follow_ups: bool,
}

impl Sees<'_> {
    /// Whether it may be known that there is something in a field: no rule hides it.
    pub fn knows_of(&self, field: &str) -> bool {
        let rule = self.fields.and_then(|rules| rules.access(RECORD, field));
        rule != Some(FieldAccess::Hidden)
    }

    /// The same of what is missing, where a custom field goes by the rule for all.
    pub fn knows_of_part(&self, missing: &str) -> bool {
        match missing.split_once('.') {
            // Which of them must be known tells the stage.
            Some((custom @ "custom_fields", _)) => self.knows_of(custom) && self.knows_of("stage"),
            _ => self.knows_of(missing),
        }
    }
}

/// How good the record of a customer is (数据质量).
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CustomerQuality {
    /// Whose record it is.
    pub customer_id: Uuid,
    /// How much is known of what customers of the kind are asked for, rounded down: of the fields that no
    /// rule hides from the caller, the others neither count nor are named.
    #[schema(minimum = 0, maximum = 100)]
    pub completeness_percent: usize,
    /// What is missing, as fields of `Customer`: `birth_date`, `details.region_code`,
    /// `custom_fields.way_to_school`.
    pub missing_fields: Vec<String>,
    /// When somebody last made sure of the whole record.
    #[schema(required)]
    pub verified_at: Option<Timestamp>,
    /// Who did; null where it was the program itself, or nobody has.
    #[schema(required)]
    pub verified_by: Option<Uuid>,
    /// When somebody last made sure of a contact point.
    #[schema(required)]
    pub contact_points_verified_at: Option<Timestamp>,
    /// When the customer last answered; null too where its follow-ups are out of the caller's reach.
    #[schema(required)]
    pub last_contact_at: Option<Timestamp>,
    /// From when the record is stale, unless the customer answers or somebody makes sure of it; null where
    /// its follow-ups are out of the caller's reach, or a rule hides contact points.
    #[schema(required)]
    pub stale_at: Option<Timestamp>,
    /// Whether that time has come.
    #[schema(required)]
    pub is_stale: Option<bool>,
    /// Contact points that were found wrong in a follow-up, and that nobody mended or made sure of since.
    pub invalid_contact_point_ids: Vec<Uuid>,
    /// The version of the policy by which this was judged.
    #[schema(minimum = 1)]
    pub policy_version: i64,
}

impl CustomerQuality {
    /// As its reader sees it.
    pub fn new(
        examined: &Examined,
        (policy, fields): (&QualityPolicy, &[CustomField]),
        sees: Sees<'_>,
        now: Timestamp,
    ) -> Self {
        // Which fields must be known tells the stage.
        let fields = if sees.knows_of("stage") { fields } else { &[] };
        let completeness = examined.completeness(fields, |field| sees.knows_of(field));
        let sees_points = sees.knows_of("contact_points");
        let stale_at = (sees.follow_ups && sees_points).then(|| examined.stale_at(policy));
        let invalid = match sees.follow_ups && sees_points {
            true => examined.invalid_contacts(),
            false => Default::default(),
        };
        let verified_points = examined.contacts_verified_at().filter(|_| sees_points);
        Self {
            customer_id: examined.customer.id.uuid(),
            completeness_percent: completeness.percent,
            missing_fields: completeness.missing,
            verified_at: examined.verified.map(|(at, _)| at),
            verified_by: examined.verified.and_then(|(_, by)| by).map(Id::uuid),
            contact_points_verified_at: verified_points,
            last_contact_at: examined.last_contact_at().filter(|_| sees.follow_ups),
            stale_at,
            is_stale: stale_at.map(|at| at <= now),
            invalid_contact_point_ids: invalid.into_iter().map(Id::uuid).collect(),
            policy_version: policy.version,
        }
    }
}

/// What the institution goes by when it judges its records (数据质量规则).
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = QualityPolicy)]
pub struct QualityPolicyBody {
    /// Raised with every change; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    /// After so many days in which nobody spoke to the customer, and nobody made sure of the record, it is
    /// stale.
    #[schema(minimum = 7, maximum = 3650)]
    pub stale_after_days: i64,
    /// Fields of `Customer` without which a record of a kind that has them comes on the cleaning list as
    /// `incomplete`; `custom_fields` for those that it must have at its stage. None, until it is changed.
    pub required_fields: Vec<String>,
}

impl From<QualityPolicy> for QualityPolicyBody {
    fn from(policy: QualityPolicy) -> Self {
        Self {
            version: policy.version,
            stale_after_days: policy.stale_after_days,
            required_fields: policy
                .required_fields
                .into_iter()
                .map(str::to_owned)
                .collect(),
        }
    }
}

/// Changes to the quality policy: absent leaves a field.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"stale_after_days": 90, "required_fields": ["gender", "contact_points"]}))]
pub struct ChangeQualityPolicy {
    /// Days after which a record is stale.
    #[schema(minimum = 7, maximum = 3650, nullable = false)]
    pub stale_after_days: Option<i64>,
    /// Fields that must be known, instead of those before: of what `CustomerQuality.missing_fields` names,
    /// custom fields together as `custom_fields`.
    #[schema(max_items = 20, nullable = false, value_type = Option<Vec<RequiredField>>)]
    pub required_fields: Option<Vec<RequiredField>>,
}

/// A field of `Customer` that customers of some kinds are asked for, such as `details.region_code`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, min_length = 1, max_length = 60)]
pub struct RequiredField(pub String);
