use domain::{
    approvals::{Decider, Deed},
    id::Id,
    text_enum::TextEnum,
};
use jiff::Timestamp;
use persistence::approvals::store::Seen;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use crate::{
    files::RecordReference,
    http::{list::page, wire::Wire},
};

pub type ApprovalKind = Wire<domain::approvals::ApprovalKind>;
pub type ApprovalState = Wire<domain::approvals::ApprovalState>;
pub type ApprovalVerdict = Wire<domain::approvals::Verdict>;
pub type ApprovalAct = Wire<domain::approvals::Act>;
pub type ApprovalDeciders = Wire<domain::approvals::Deciders>;
pub type ApprovalSide = Wire<domain::approvals::Side>;

/// What is decided of the step that an approval waits for.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"step": 1, "verdict": "approve"}))]
pub struct DecideApproval {
    /// The step, as it was read: where somebody else has decided it meanwhile, this decides no other.
    #[schema(minimum = 1, maximum = 5)]
    pub step: u8,
    pub verdict: ApprovalVerdict,
    /// Kept in the history. Who refuses says why.
    #[schema(min_length = 2, max_length = 500, nullable = false)]
    pub reason: Option<String>,
}

/// To whom the step that an approval waits for is left.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"step": 1, "staff_id": "0192f0c1-5555-7000-8000-000000000000",
    "reason": "出差一周"}))]
pub struct DelegateApproval {
    /// The step, as it was read.
    #[schema(minimum = 1, maximum = 5)]
    pub step: u8,
    /// Somebody who works, and did not ask for it.
    pub staff_id: Uuid,
    /// Kept in the history.
    #[schema(min_length = 2, max_length = 500)]
    pub reason: String,
}

/// A step: decided by whoever holds a role, or by one person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ApprovalStep {
    /// Anybody who works and holds this role; null where a person decides.
    #[schema(required)]
    pub role_id: Option<Uuid>,
    /// This person of staff; null where a role does.
    #[schema(required)]
    pub staff_id: Option<Uuid>,
}

impl From<Decider> for ApprovalStep {
    fn from(decider: Decider) -> Self {
        Self {
            role_id: decider.role().map(Id::uuid),
            staff_id: decider.person().map(Id::uuid),
        }
    }
}

/// What was done to an approval.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ApprovalDeed {
    /// Of which step it was.
    #[schema(minimum = 1)]
    pub step: u8,
    /// What was done.
    pub act: ApprovalAct,
    /// Who did it; null of what time did.
    #[schema(required)]
    pub actor_id: Option<Uuid>,
    /// To whom the step was delegated; null of all else.
    #[schema(required)]
    pub staff_id: Option<Uuid>,
    /// Why; null where nobody said.
    #[schema(required)]
    pub reason: Option<String>,
    /// When it was done.
    pub at: Timestamp,
}

impl From<Deed> for ApprovalDeed {
    fn from(deed: Deed) -> Self {
        Self {
            step: number(deed.step),
            act: Wire(deed.act),
            actor_id: deed.by.map(Id::uuid),
            staff_id: deed.to.map(Id::uuid),
            reason: deed.reason,
            at: deed.at,
        }
    }
}

/// A step's number: there are few.
fn number(step: usize) -> u8 {
    u8::try_from(step).unwrap_or(u8::MAX)
}

/// An approval (审批) that something waits or waited for.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Approval)]
pub struct ApprovalBody {
    pub id: Uuid,
    /// Raised with every change; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    /// What it is for.
    pub kind: ApprovalKind,
    /// The record that waits for it.
    pub subject: RecordReference,
    /// How much it is about, in the unit of the kind: rows of an export, counted no further than its highest
    /// policy begins, or to 10,000.
    #[schema(minimum = 0)]
    pub amount: i64,
    /// What is asked for and why, in words.
    pub summary: String,
    /// Who asks.
    pub asker_id: Uuid,
    /// The policy that demands it.
    pub policy_id: Uuid,
    /// Of the policy, when it was asked: later changes make no difference.
    #[schema(minimum = 1)]
    pub policy_version: i64,
    /// In their order; one that was delegated names whom it was delegated to.
    pub steps: Vec<ApprovalStep>,
    /// The number of the step that it waits for, or at which it ended.
    #[schema(minimum = 1)]
    pub step: u8,
    /// How it stands.
    pub state: ApprovalState,
    /// Who can decide the step that it waits for, as people work now; null where it is over.
    #[schema(required)]
    pub deciders: Option<ApprovalDeciders>,
    /// Whether the caller can decide that step.
    pub may_decide: bool,
    /// All that was done to it, oldest first.
    pub history: Vec<ApprovalDeed>,
    pub created_at: Timestamp,
    /// Until when it can be decided; it expires then.
    pub due_at: Timestamp,
    /// When it was approved, refused, recalled or expired; null while it waits.
    #[schema(required)]
    pub ended_at: Option<Timestamp>,
}

impl From<Seen> for ApprovalBody {
    fn from(seen: Seen) -> Self {
        let approval = seen.approval;
        Self {
            id: approval.id.uuid(),
            version: approval.version,
            kind: Wire(approval.kind),
            subject: RecordReference {
                kind: approval.kind.as_str().into(),
                id: approval.subject.uuid(),
            },
            amount: approval.amount,
            summary: approval.summary,
            asker_id: approval.asker.uuid(),
            policy_id: approval.policy.uuid(),
            policy_version: approval.policy_version,
            steps: approval.steps.into_iter().map(Into::into).collect(),
            step: number(approval.step),
            state: Wire(approval.state),
            deciders: seen.deciders.map(Wire),
            may_decide: seen.may_decide,
            history: seen.history.into_iter().map(Into::into).collect(),
            created_at: approval.created_at,
            due_at: approval.due_at,
            ended_at: approval.ended_at,
        }
    }
}

page! {
    /// One page of approvals.
    ApprovalPage of ApprovalBody
}

/// Which approvals, newest first.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListApprovals {
    /// Which of those that concern the caller; all, when absent.
    #[param(inline = false)]
    pub side: Option<ApprovalSide>,
    /// In any of these states.
    #[param(style = Form, explode = false)]
    pub state: Option<Vec<ApprovalState>>,
}
