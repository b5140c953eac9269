use domain::privacy::{RetentionClass as Class, RetentionPolicy, RetentionRun};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_with::rust::double_option;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use crate::http::{list::page, wire::Wire};

pub type RetentionClass = Wire<Class>;

/// After how many days what goes (保存期限).
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = RetentionPolicy)]
pub struct RetentionPolicyBody {
    /// Raised with every change; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    /// Students and guardians who never bought are erased so many days after the last contact, consent, request
    /// or source that was recorded; guardians once nobody is related to them. Null: they are kept.
    #[schema(required, minimum = 180, maximum = 3650)]
    pub leads_days: Option<i64>,
    /// Deleted customers are erased so many days after their deletion. Null: they are kept.
    #[schema(required, minimum = 30, maximum = 3650)]
    pub deleted_customers_days: Option<i64>,
    /// What audit records say goes after so many days; who did what and when stays, and the trail is still proved.
    /// Null: it is kept.
    #[schema(required, minimum = 1096, maximum = 7300)]
    pub audit_details_days: Option<i64>,
    /// Notices go after so many days. Null: after half a year.
    #[schema(required, minimum = 30, maximum = 183)]
    pub notices_days: Option<i64>,
}

impl From<RetentionPolicy> for RetentionPolicyBody {
    fn from(policy: RetentionPolicy) -> Self {
        let days = |class| policy.days.get(&class).copied();
        Self {
            version: policy.version,
            leads_days: days(Class::Leads),
            deleted_customers_days: days(Class::DeletedCustomers),
            audit_details_days: days(Class::AuditDetails),
            notices_days: days(Class::Notices),
        }
    }
}

/// Changes to the policy: absent leaves a rule, null ends it.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"leads_days": 1095, "deleted_customers_days": 90}))]
pub struct ChangeRetentionPolicy {
    /// Days after which people who never bought are erased.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<i64>, minimum = 180, maximum = 3650)]
    pub leads_days: Option<Option<i64>>,
    /// Days after which deleted customers are erased.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<i64>, minimum = 30, maximum = 3650)]
    pub deleted_customers_days: Option<Option<i64>>,
    /// Days after which what audit records say goes: at least three years.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<i64>, minimum = 1096, maximum = 7300)]
    pub audit_details_days: Option<Option<i64>>,
    /// Days after which notices go.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<i64>, minimum = 30, maximum = 183)]
    pub notices_days: Option<Option<i64>>,
}

impl ChangeRetentionPolicy {
    pub(super) fn changes(&self) -> Vec<(Class, Option<i64>)> {
        [
            (Class::Leads, self.leads_days),
            (Class::DeletedCustomers, self.deleted_customers_days),
            (Class::AuditDetails, self.audit_details_days),
            (Class::Notices, self.notices_days),
        ]
        .into_iter()
        .filter_map(|(class, days)| Some((class, days?)))
        .collect()
    }
}

/// Days to try, in place of those of the policy.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TryRetention {
    /// Days after which people who never bought would be erased.
    #[param(minimum = 180, maximum = 3650)]
    pub leads_days: Option<i64>,
    /// Days after which deleted customers would be erased.
    #[param(minimum = 30, maximum = 3650)]
    pub deleted_customers_days: Option<i64>,
    /// Days after which what audit records say would go.
    #[param(minimum = 1096, maximum = 7300)]
    pub audit_details_days: Option<i64>,
    /// Days after which notices would go.
    #[param(minimum = 30, maximum = 183)]
    pub notices_days: Option<i64>,
}

impl TryRetention {
    /// The policy with the days that are tried.
    pub(super) fn on(&self, policy: &RetentionPolicy) -> RetentionPolicy {
        let tried = ChangeRetentionPolicy {
            leads_days: self.leads_days.map(Some),
            deleted_customers_days: self.deleted_customers_days.map(Some),
            audit_details_days: self.audit_details_days.map(Some),
            notices_days: self.notices_days.map(Some),
        };
        policy.change(&tried.changes())
    }
}

/// One of what would go.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DueRecord {
    /// Of the customer, audit record or notice.
    pub id: Uuid,
    /// When it was taken in, deleted or written.
    pub since: Timestamp,
}

/// What of a class would go.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DueClass {
    pub class: RetentionClass,
    /// The days by which it is judged.
    #[schema(minimum = 30, maximum = 7300)]
    pub days: i64,
    /// How many people or rows; without those on whom a legal hold stands.
    #[schema(minimum = 0, maximum = 10_000)]
    pub rows: i64,
    /// Whether there are more than were counted.
    pub is_capped: bool,
    /// The first ten.
    #[schema(max_items = 10)]
    pub first: Vec<DueRecord>,
}

/// What would go if the policy were applied now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RetentionPreview {
    /// The version of the policy in force.
    #[schema(minimum = 1)]
    pub policy_version: i64,
    /// Of every class that has days, by the policy or to be tried.
    pub classes: Vec<DueClass>,
}

/// What went by a rule at one time.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = RetentionRun)]
pub struct RetentionRunBody {
    pub id: Uuid,
    /// The first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    pub class: RetentionClass,
    /// The days of the rule.
    #[schema(minimum = 30, maximum = 7300)]
    pub days: i64,
    /// The version of the policy that said so.
    #[schema(minimum = 1)]
    pub policy_version: i64,
    /// People who were erased, each with a certificate (`GET /erasures`), or rows that were removed or emptied.
    #[schema(minimum = 0)]
    pub removed: i64,
    /// People in whose way something stood, such as an open request: they are looked at again the next day.
    #[schema(minimum = 0)]
    pub skipped: i64,
    /// When it began; what was due is judged by this time.
    pub started_at: Timestamp,
    /// Null while it is under way.
    #[schema(required)]
    pub finished_at: Option<Timestamp>,
}

impl From<RetentionRun> for RetentionRunBody {
    fn from(run: RetentionRun) -> Self {
        Self {
            id: run.id.uuid(),
            version: 1,
            class: Wire(run.class),
            days: run.days,
            policy_version: run.policy_version,
            removed: run.removed,
            skipped: run.skipped,
            started_at: run.started_at,
            finished_at: run.finished_at,
        }
    }
}

page! {
    /// One page of what went by rules of retention.
    RetentionRunPage of RetentionRunBody
}

/// Which runs.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListRetentionRuns {
    /// Of this class.
    pub class: Option<RetentionClass>,
}
