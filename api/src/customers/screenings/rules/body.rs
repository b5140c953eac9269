use domain::{customers::ScreeningRule, id::Id};
use jiff::Timestamp;
use persistence::Error;
use serde::{Deserialize, Serialize};
use serde_with::rust::double_option;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use crate::{
    conditions::ConditionBody,
    customers::screenings::{ScreeningOutcome, ScreeningReason},
    http::{list::page, wire::Wire},
};

pub type ScreeningRuleState = Wire<domain::customers::ScreeningRuleState>;

/// A new rule of screening.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "年龄不符", "conditions": {"field": "age", "op": "gte", "value": 60},
    "outcome": "invalid", "reason": "outside_criteria"}))]
pub struct CreateScreeningRule {
    /// What the rule is called; need not be its own.
    #[schema(min_length = 1, max_length = 50)]
    pub name: String,
    /// Which records it is about.
    pub conditions: ConditionBody,
    /// What it says of them.
    pub outcome: ScreeningOutcome,
    /// Why; a reason for that outcome.
    pub reason: ScreeningReason,
    /// More of it; must be there where the reason is `other`.
    #[schema(min_length = 1, max_length = 500, nullable = false)]
    pub details: Option<String>,
    /// Its place among the others, the least first; behind all others, when absent.
    #[schema(minimum = 0, maximum = 9999, nullable = false)]
    pub position: Option<i32>,
    /// Where it stands; `draft`, when absent.
    #[schema(nullable = false)]
    pub state: Option<ScreeningRuleState>,
}

/// What shall be different of a rule.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"state": "in_force"}))]
pub struct ChangeScreeningRule {
    /// What the rule is called; need not be its own.
    #[schema(min_length = 1, max_length = 50, nullable = false)]
    pub name: Option<String>,
    /// Which records it is about, as a whole.
    #[schema(nullable = false)]
    pub conditions: Option<ConditionBody>,
    /// What it says of them.
    #[schema(nullable = false)]
    pub outcome: Option<ScreeningOutcome>,
    /// Why; a reason for that outcome.
    #[schema(nullable = false)]
    pub reason: Option<ScreeningReason>,
    /// More of it; must be there where the reason is `other`.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 500)]
    pub details: Option<Option<String>>,
    /// Its place among the others, the least first.
    #[schema(minimum = 0, maximum = 9999, nullable = false)]
    pub position: Option<i32>,
    /// Where it stands: what was in force is no draft again, and what has ended stays so.
    #[schema(nullable = false)]
    pub state: Option<ScreeningRuleState>,
}

/// A rule of screening (筛选规则), in one of its versions. Those in force are held against records that nobody has
/// screened, in the order of their places; the first that is met decides.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ScreeningRule)]
pub struct ScreeningRuleBody {
    pub id: Uuid,
    /// Raised with every change; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    /// Where it stands.
    pub state: ScreeningRuleState,
    /// Its place among the others, the least first; of two in one place the older one comes first.
    #[schema(minimum = 0, maximum = 9999)]
    pub position: i32,
    /// What the rule is called.
    pub name: String,
    /// Which records it is about.
    pub conditions: ConditionBody,
    /// What it says of them.
    pub outcome: ScreeningOutcome,
    /// Why.
    pub reason: ScreeningReason,
    /// More of it.
    #[schema(required)]
    pub details: Option<String>,
    pub created_at: Timestamp,
    /// When it came to be in this version.
    pub changed_at: Timestamp,
    /// Who wrote this version; null where it was the program itself.
    #[schema(required)]
    pub changed_by: Option<Uuid>,
}

impl TryFrom<ScreeningRule> for ScreeningRuleBody {
    type Error = Error;

    fn try_from(rule: ScreeningRule) -> Result<Self, Error> {
        Ok(Self {
            id: rule.id.uuid(),
            version: rule.version,
            state: Wire(rule.state),
            position: rule.position,
            name: rule.name,
            conditions: serde_json::from_value(rule.conditions).map_err(Error::corrupt)?,
            outcome: Wire(rule.verdict.outcome),
            reason: Wire(rule.verdict.reason),
            details: rule.verdict.details,
            created_at: rule.created_at,
            changed_at: rule.changed_at,
            changed_by: rule.changed_by.map(Id::uuid),
        })
    }
}

page! {
    /// One page of rules of screening.
    ScreeningRulePage of ScreeningRuleBody
}

/// What a rule said, version by version.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ScreeningRuleHistory {
    /// The last 200, the last one first.
    pub items: Vec<ScreeningRuleBody>,
}

/// Which rules.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListScreeningRules {
    /// In any of these states; `draft` and `in_force`, when absent.
    #[param(style = Form, explode = false)]
    pub state: Option<Vec<ScreeningRuleState>>,
}

impl ListScreeningRules {
    pub(super) fn states(&self) -> Vec<domain::customers::ScreeningRuleState> {
        use domain::customers::ScreeningRuleState::{Draft, InForce};
        let asked = self.state.as_ref();
        let asked = asked.map(|states| states.iter().map(|state| state.0).collect());
        asked.unwrap_or_else(|| vec![Draft, InForce])
    }
}
