use domain::{
    access::FieldRules,
    customers::{Insight, Leave},
    id::Id,
};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::{
    customers::{RECORD, collections::LawfulBasis},
    http::{list::page, wire::Wire},
};

pub type InsightTopic = Wire<domain::customers::InsightTopic>;
pub type InsightSource = Wire<domain::customers::InsightSource>;

/// Something that was learned of a customer from outside (外部洞察), not from the customer.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"topic": "interests", "content": "关注少儿编程", "source": "social_media",
    "origin": "编程社区公开主页", "lawful_basis": "published", "authorisation": "本人公开发布"}))]
pub struct RecordInsight {
    /// What it is about.
    pub topic: InsightTopic,
    /// What was learned.
    #[schema(min_length = 1, max_length = 1000)]
    pub content: String,
    /// From what kind of place.
    pub source: InsightSource,
    /// From which one: the platform, the partner, the report.
    #[schema(min_length = 1, max_length = 200)]
    pub origin: String,
    /// On which day it was so; today at the customer's campus, when absent.
    #[schema(nullable = false)]
    pub observed_on: Option<Date>,
    /// On which basis of law it is kept. With `consent`, the person has to agree to `profiling`; with `published`, not to
    /// have refused it.
    pub lawful_basis: LawfulBasis,
    /// By what it can be shown that it may be had: an agreement, a notice, where it was made public.
    #[schema(min_length = 1, max_length = 200)]
    pub authorisation: String,
}

/// Why an insight is taken back.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "客户否认"}))]
pub struct WithdrawInsight {
    /// Kept with the insight.
    #[schema(min_length = 1, max_length = 200)]
    pub reason: String,
}

/// Something that was learned of a customer from outside. It stands beside the record, which says what the
/// customer said.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Insight)]
pub struct InsightBody {
    pub id: Uuid,
    /// Raised when it is taken back; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    /// Of whom.
    pub customer_id: Uuid,
    /// What it is about.
    pub topic: InsightTopic,
    /// What was learned. Null while it is not covered, and where the rule of the field that tells the same of a customer hides or masks it: `details.hobbies` of
    /// `interests`, `details.consumption_habits` of `consumption`, else `details.background`.
    #[schema(required)]
    pub content: Option<String>,
    /// Whether it may be used: not once it was taken back; not while the consent that it rests on does not stand,
    /// or the person refused `profiling` of what is public; not of a child under 14 while no guardian agrees.
    pub is_covered: bool,
    /// From what kind of place.
    pub source: InsightSource,
    /// From which one; null where `content` is.
    #[schema(required)]
    pub origin: Option<String>,
    /// On which day it was so.
    pub observed_on: Date,
    /// On which basis of law it is kept.
    pub lawful_basis: LawfulBasis,
    /// By what it can be shown that it may be had; null where a field rule hides `content`.
    #[schema(required)]
    pub authorisation: Option<String>,
    /// The decision by which the person agreed; null where that was not needed.
    #[schema(required)]
    pub consent_id: Option<Uuid>,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// By whom; null where the program itself did.
    #[schema(required)]
    pub recorded_by: Option<Uuid>,
    /// When it was taken back; null where it was not.
    #[schema(required)]
    pub withdrawn_at: Option<Timestamp>,
    /// By whom.
    #[schema(required)]
    pub withdrawn_by: Option<Uuid>,
    /// Why; null where it was not, or a field rule hides `content`.
    #[schema(required)]
    pub withdrawal_reason: Option<String>,
}

impl InsightBody {
    /// As somebody sees it.
    pub fn seen(insight: Insight, rules: Option<&FieldRules>, leave: &Leave) -> Self {
        let is_covered = insight.is_covered(leave);
        let field = insight.topic.field();
        let is_readable = rules.is_none_or(|rules| rules.is_readable(RECORD, field));
        let version = insight.version();
        let withdrawn = insight.withdrawn;
        Self {
            id: insight.id.uuid(),
            version,
            customer_id: insight.customer.uuid(),
            topic: Wire(insight.topic),
            content: insight.content.filter(|_| is_covered && is_readable),
            is_covered,
            source: Wire(insight.source),
            origin: insight.origin.filter(|_| is_covered && is_readable),
            observed_on: insight.observed_on,
            lawful_basis: Wire(insight.lawful_basis),
            authorisation: is_readable.then_some(insight.authorisation),
            consent_id: insight.consent.map(Id::uuid),
            recorded_at: insight.recorded_at,
            recorded_by: insight.recorded_by,
            withdrawn_at: withdrawn.as_ref().map(|taken| taken.at),
            withdrawn_by: withdrawn.as_ref().and_then(|taken| taken.by),
            withdrawal_reason: withdrawn.filter(|_| is_readable).map(|taken| taken.reason),
        }
    }
}

page! {
    /// One page of what was learned of a customer.
    InsightPage of InsightBody
}
