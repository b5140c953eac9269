use domain::privacy::{
    RetentionClass as Class, RetentionPolicy, RetentionRule, RetentionRun,
    RetentionRunStatus as Status,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_with::rust::double_option;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use crate::http::{list::page, wire::Wire};

pub type RetentionClass = Wire<Class>;
pub type RetentionRunStatus = Wire<Status>;

/// After how many days who goes (保存期限).
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = RetentionPolicy)]
pub struct RetentionPolicyBody {
    /// Raised with every change; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    /// Students and guardians who never bought, and never paid for somebody, are erased so many days after the last
    /// time that anything was recorded, changed or planned of them. They go together with their relations, or
    /// stay with them. Who stands in stage `lost` may have bought before, and is kept. Null: all are kept.
    #[schema(required, minimum = 180, maximum = 3650)]
    pub leads_days: Option<i64>,
    /// Before that nobody goes by this rule.
    #[schema(required)]
    pub leads_in_force_from: Option<Timestamp>,
    /// Deleted customers of every kind are erased so many days after their deletion, or after what was recorded
    /// of them since; also those who bought, once nothing is open: the books stay. Null: they are kept.
    #[schema(required, minimum = 30, maximum = 3650)]
    pub deleted_customers_days: Option<i64>,
    /// Before that nobody goes by this rule.
    #[schema(required)]
    pub deleted_customers_in_force_from: Option<Timestamp>,
}

impl From<RetentionPolicy> for RetentionPolicyBody {
    fn from(policy: RetentionPolicy) -> Self {
        let days = |rule: &RetentionRule| rule.days;
        let from = |rule: &RetentionRule| rule.in_force_from;
        let leads = policy.rules.get(&Class::Leads);
        let deleted = policy.rules.get(&Class::DeletedCustomers);
        Self {
            version: policy.version,
            leads_days: leads.map(days),
            leads_in_force_from: leads.map(from),
            deleted_customers_days: deleted.map(days),
            deleted_customers_in_force_from: deleted.map(from),
        }
    }
}

/// Changes to the policy: absent leaves a rule, null ends it at once.
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
}

impl ChangeRetentionPolicy {
    pub(super) fn changes(&self) -> Vec<(Class, Option<i64>)> {
        [
            (Class::Leads, self.leads_days),
            (Class::DeletedCustomers, self.deleted_customers_days),
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
}

impl TryRetention {
    pub(super) fn days(&self, class: Class) -> Option<i64> {
        match class {
            Class::Leads => self.leads_days,
            Class::DeletedCustomers => self.deleted_customers_days,
        }
    }
}

/// Who of a class would go.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DueClass {
    pub class: RetentionClass,
    /// The days by which it is judged.
    #[schema(minimum = 30, maximum = 3650)]
    pub days: i64,
    /// How many people would go, of the records that were looked at.
    #[schema(minimum = 0)]
    pub people: i64,
    /// How many records were looked at, the oldest first.
    #[schema(minimum = 0)]
    pub looked_at: i64,
    /// Whether there may be more records than were looked at.
    pub is_capped: bool,
    /// The first ten customers who would go.
    #[schema(max_items = 10)]
    pub first: Vec<Uuid>,
}

/// Who would go if the policy were applied now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RetentionPreview {
    /// The version of the policy.
    #[schema(minimum = 1)]
    pub policy_version: i64,
    /// Of every class that has days, by the policy, in force or not, or to be tried.
    pub classes: Vec<DueClass>,
}

/// What was done by a rule in one night.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = RetentionRun)]
pub struct RetentionRunBody {
    pub id: Uuid,
    /// Raised with every step; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    pub class: RetentionClass,
    /// The days of the rule.
    #[schema(minimum = 30, maximum = 3650)]
    pub days: i64,
    /// The version of the policy that said so.
    #[schema(minimum = 1)]
    pub policy_version: i64,
    pub status: RetentionRunStatus,
    /// How many records were looked at.
    #[schema(minimum = 0)]
    pub looked_at: i64,
    /// People who were erased, each with a certificate that names this run (`GET /erasures`).
    #[schema(minimum = 0)]
    pub erased: i64,
    /// People who were due and could not be erased: they are looked at again another night.
    #[schema(minimum = 0)]
    pub failed: i64,
    /// Whatever is newer than that counted as contact.
    pub cutoff: Timestamp,
    /// When it began.
    pub started_at: Timestamp,
    /// Null while it is under way.
    #[schema(required)]
    pub ended_at: Option<Timestamp>,
}

impl From<RetentionRun> for RetentionRunBody {
    fn from(run: RetentionRun) -> Self {
        Self {
            id: run.id.uuid(),
            version: run.version,
            class: Wire(run.class),
            days: run.days,
            policy_version: run.policy_version,
            status: Wire(run.status),
            looked_at: run.looked_at,
            erased: run.erased,
            failed: run.failed,
            cutoff: run.cutoff(),
            started_at: run.started_at,
            ended_at: run.ended_at,
        }
    }
}

page! {
    /// One page of what was done by rules of retention.
    RetentionRunPage of RetentionRunBody
}

/// Which runs.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListRetentionRuns {
    /// Of this class.
    pub class: Option<RetentionClass>,
}
