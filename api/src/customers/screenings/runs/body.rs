use domain::{
    customers::{Applied, ScreeningRun},
    id::Id,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::{
    conditions::ConditionBody,
    customers::screenings::{ScreeningOutcome, ScreeningReason, rules::ScreeningRuleState},
    http::{list::page, wire::Wire},
    jobs::JobStatus,
};

/// Of which records rules are tried.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"conditions": {"field": "source_channel", "op": "eq", "value": "website"}}))]
pub struct PreviewScreening {
    /// A view that they must be in; its order does not count. None that looks for contact values.
    #[schema(nullable = false)]
    pub view_id: Option<Uuid>,
    /// What else they must be.
    #[schema(nullable = false)]
    pub conditions: Option<ConditionBody>,
    /// Whether drafts are tried as if they were in force.
    #[schema(nullable = false)]
    pub with_drafts: Option<bool>,
}

/// To which records rules are applied.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"conditions": {"field": "source_channel", "op": "eq", "value": "website"}}))]
pub struct RunScreening {
    /// A view that they must be in; its order does not count. None that looks for contact values.
    #[schema(nullable = false)]
    pub view_id: Option<Uuid>,
    /// What else they must be.
    #[schema(nullable = false)]
    pub conditions: Option<ConditionBody>,
    /// Of the preview that was looked at: the run is refused where the rules, the view or the conditions are
    /// others by now (`screening_changed`). It is what they are, when absent.
    #[schema(
        min_length = 64,
        max_length = 64,
        pattern = "^[0-9a-f]{64}$",
        nullable = false
    )]
    pub preview_key: Option<String>,
}

/// A rule that was tried.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TriedScreeningRule {
    pub rule_id: Uuid,
    /// In which version.
    #[schema(minimum = 1)]
    pub version: i64,
    /// What the rule is called.
    pub name: String,
    /// Where it stands.
    pub state: ScreeningRuleState,
    /// What it says of records.
    pub outcome: ScreeningOutcome,
    /// Why.
    pub reason: ScreeningReason,
    /// How many it would mark.
    #[schema(minimum = 0)]
    pub marked: i64,
}

/// A record that would be marked.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TriedRecord {
    pub customer_id: Uuid,
    /// The rule that would.
    pub rule_id: Uuid,
    /// What it says of the record.
    pub outcome: ScreeningOutcome,
}

/// What the rules would do now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ScreeningPreview {
    /// To be sent with `runScreening`, so that it does what was previewed; null where drafts were tried.
    #[schema(required)]
    pub preview_key: Option<String>,
    /// Records within reach that nobody has screened, of which the rules were asked.
    #[schema(minimum = 0)]
    pub looked_at: i64,
    /// Whether there may be more than were looked at: the newest were.
    pub is_capped: bool,
    /// Of these, records of which no rule says anything: they would stay unscreened.
    #[schema(minimum = 0)]
    pub unmatched: i64,
    /// In the order in which they are asked: the first that is met decides.
    pub rules: Vec<TriedScreeningRule>,
    /// The first twenty that would be marked.
    #[schema(max_items = 20)]
    pub sample: Vec<TriedRecord>,
}

/// A rule as a run applies it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AppliedScreeningRule {
    pub rule_id: Uuid,
    /// In which version.
    #[schema(minimum = 1)]
    pub version: i64,
    /// What it says of records.
    pub outcome: ScreeningOutcome,
    /// Why.
    pub reason: ScreeningReason,
    /// How many it has marked.
    #[schema(minimum = 0)]
    pub marked: i64,
}

impl From<Applied> for AppliedScreeningRule {
    fn from(rule: Applied) -> Self {
        Self {
            rule_id: rule.rule.uuid(),
            version: rule.version,
            outcome: Wire(rule.outcome),
            reason: Wire(rule.reason),
            marked: rule.marked,
        }
    }
}

/// Rules of screening, applied (批量筛选).
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ScreeningRun)]
pub struct ScreeningRunBody {
    pub id: Uuid,
    /// Raised with every step; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    /// The job that applies them: it can be cancelled, and says why it failed.
    pub job_id: Uuid,
    /// The view that confines it.
    #[schema(required)]
    pub view_id: Option<Uuid>,
    /// Where it stands.
    pub status: JobStatus,
    /// In the order in which they are asked, each in the version that it was in when the run was asked for.
    pub rules: Vec<AppliedScreeningRule>,
    /// Records of which they were asked.
    #[schema(minimum = 0)]
    pub looked_at: i64,
    /// Of these, records of which no rule says anything: they stay unscreened.
    #[schema(minimum = 0)]
    pub unmatched: i64,
    pub created_at: Timestamp,
    /// When it ended; null until then.
    #[schema(required)]
    pub finished_at: Option<Timestamp>,
}

impl From<ScreeningRun> for ScreeningRunBody {
    fn from(run: ScreeningRun) -> Self {
        let marked: i64 = run.rules.iter().map(|rule| rule.marked).sum();
        Self {
            id: run.id.uuid(),
            version: run.version,
            job_id: run.job.uuid(),
            view_id: run.view.map(|(view, _)| Id::uuid(view)),
            status: Wire(run.status),
            rules: run.rules.into_iter().map(Into::into).collect(),
            looked_at: run.looked_at,
            unmatched: run.looked_at - marked,
            created_at: run.created_at,
            finished_at: run.finished_at,
        }
    }
}

page! {
    /// One page of runs of the rules of screening.
    ScreeningRunPage of ScreeningRunBody
}
