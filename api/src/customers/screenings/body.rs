use domain::{
    customers::{Screening, Verdict},
    id::Id,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::http::{list::page, wire::Wire};

pub type ScreeningStanding = Wire<domain::customers::ScreeningStanding>;
pub type ScreeningOutcome = Wire<domain::customers::ScreeningOutcome>;
pub type ScreeningReason = Wire<domain::customers::ScreeningReason>;

/// What is said of a record.
#[derive(Clone, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"outcome": "invalid", "reason": "unreachable", "details": "空号，三次未接通"}))]
pub struct ScreenCustomer {
    /// Whether it is worth following up.
    pub outcome: ScreeningOutcome,
    /// Why; a reason for that outcome.
    pub reason: ScreeningReason,
    /// More of it; must be there where the reason is `other`.
    #[schema(min_length = 1, max_length = 500, nullable = false)]
    pub details: Option<String>,
}

impl std::fmt::Debug for ScreenCustomer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl ScreenCustomer {
    pub(super) fn verdict(&self) -> Verdict {
        Verdict {
            outcome: self.outcome.0,
            reason: self.reason.0,
            details: self.details.clone(),
        }
    }
}

/// The same of several records.
#[derive(Clone, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"customer_ids": ["01928c4e-3c5a-7d2e-9f00-000000000001"], "outcome": "valid",
    "reason": "verified"}))]
pub struct ScreenCustomers {
    /// Of whom; each counts once.
    #[schema(min_items = 1, max_items = 100)]
    pub customer_ids: Vec<Uuid>,
    /// Whether they are worth following up.
    pub outcome: ScreeningOutcome,
    /// Why; a reason for that outcome.
    pub reason: ScreeningReason,
    /// More of it; must be there where the reason is `other`.
    #[schema(min_length = 1, max_length = 500, nullable = false)]
    pub details: Option<String>,
}

impl std::fmt::Debug for ScreenCustomers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl ScreenCustomers {
    pub(super) fn verdict(&self) -> Verdict {
        Verdict {
            outcome: self.outcome.0,
            reason: self.reason.0,
            details: self.details.clone(),
        }
    }
}

/// What was said of a record (信息筛选), and by what. It is never changed: who finds otherwise says so anew.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Screening)]
pub struct ScreeningBody {
    pub id: Uuid,
    /// Whose record it is; of a customer that was merged into this one, the id that it had.
    pub customer_id: Uuid,
    /// Whether it is worth following up.
    pub outcome: ScreeningOutcome,
    /// Why.
    pub reason: ScreeningReason,
    /// More of it.
    #[schema(required)]
    pub details: Option<String>,
    /// The rule that said so; null where it was said by hand.
    #[schema(required)]
    pub rule_id: Option<Uuid>,
    /// In which version the rule said so.
    #[schema(required, minimum = 1)]
    pub rule_version: Option<i64>,
    /// The run that applied the rule.
    #[schema(required)]
    pub run_id: Option<Uuid>,
    /// Who said so, or ran the rules; null where it was the program itself.
    #[schema(required)]
    pub screened_by: Option<Uuid>,
    /// When it was said.
    pub screened_at: Timestamp,
}

impl From<Screening> for ScreeningBody {
    fn from(screening: Screening) -> Self {
        Self {
            id: screening.id.uuid(),
            customer_id: screening.customer.uuid(),
            outcome: Wire(screening.verdict.outcome),
            reason: Wire(screening.verdict.reason),
            details: screening.verdict.details,
            rule_id: screening.rule.map(|(rule, _)| rule.uuid()),
            rule_version: screening.rule.map(|(_, version)| version),
            run_id: screening.run.map(Id::uuid),
            screened_by: screening.by.map(Id::uuid),
            screened_at: screening.at,
        }
    }
}

page! {
    /// One page of what was said of a record.
    ScreeningPage of ScreeningBody
}

/// What was said of several records.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Screenings {
    /// In the order in which they were named.
    pub items: Vec<ScreeningBody>,
}

/// What counts of a record.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CustomerScreening {
    /// What was last said; null where a field rule hides it.
    #[schema(required)]
    pub standing: Option<ScreeningStanding>,
    /// When and by what it was said; null of what is `unscreened`, and where a field rule hides it.
    #[schema(required)]
    pub screening: Option<ScreeningBody>,
}

impl CustomerScreening {
    /// Nothing where it is not shown.
    pub(super) fn new(last: Option<Screening>, is_shown: bool) -> Self {
        use domain::customers::ScreeningStanding::Unscreened;
        let standing = last
            .as_ref()
            .map_or(Unscreened, |s| s.verdict.outcome.into());
        Self {
            standing: is_shown.then_some(Wire(standing)),
            screening: last.filter(|_| is_shown).map(ScreeningBody::from),
        }
    }
}
