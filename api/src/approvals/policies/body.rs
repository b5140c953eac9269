use domain::{
    approvals::{APPROVAL_STEP_UNCLEAR, ApprovalPolicy, DAYS, Decider},
    fault::{Fault, FieldFault},
    id::Id,
    reference::Reference,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::{
    approvals::{ApprovalKind, ApprovalStep},
    http::{list::page, wire::Wire},
    reference::Shown,
};

/// Who decides a step: one of the two is given.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct ApprovalStepInput {
    /// Anybody who works and holds this role.
    #[schema(nullable = false)]
    pub role_id: Option<Uuid>,
    /// This person of staff.
    #[schema(nullable = false)]
    pub staff_id: Option<Uuid>,
}

fn deciders(steps: &[ApprovalStepInput]) -> Result<Vec<Decider>, Fault> {
    let (mut deciders, mut faults) = (Vec::new(), Vec::new());
    for (place, step) in steps.iter().enumerate() {
        match (step.role_id, step.staff_id) {
            (Some(role), None) => deciders.push(Decider::Role(Id::new(role))),
            (None, Some(person)) => deciders.push(Decider::Person(Id::new(person))),
            _ => {
                let pointer = format!("/steps/{place}");
                faults.push(FieldFault::new(pointer, &APPROVAL_STEP_UNCLEAR));
            }
        }
    }
    Fault::unless_empty(faults)?;
    Ok(deciders)
}

/// A new approval policy.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "大批量导出", "kind": "export", "from_amount": 1000000000, "days": 3,
    "steps": [{"role_id": "0192f0c1-4444-7000-8000-000000000000"},
        {"staff_id": "0192f0c1-5555-7000-8000-000000000000"}]}))]
pub struct CreateApprovalPolicy {
    /// Unique among those that are not archived.
    #[schema(min_length = 1, max_length = 50)]
    pub name: String,
    /// For what it is. It never changes.
    pub kind: ApprovalKind,
    /// From which amount upward it applies, in the unit of the kind: rows of an export. Of several, the
    /// one applies that begins highest.
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    pub from_amount: i64,
    /// Days after which an approval expires; 7, when absent.
    #[schema(minimum = 1, maximum = 90, nullable = false, default = 7)]
    pub days: Option<i64>,
    /// Who agrees, in this order.
    #[schema(min_items = 1, max_items = 5)]
    #[validate(nested)]
    pub steps: Vec<ApprovalStepInput>,
}

impl TryFrom<CreateApprovalPolicy> for ApprovalPolicy {
    type Error = Fault;

    fn try_from(body: CreateApprovalPolicy) -> Result<Self, Fault> {
        Ok(Self {
            name: body.name,
            kind: body.kind.0,
            from_amount: body.from_amount,
            days: body.days.unwrap_or(DAYS),
            steps: deciders(&body.steps)?,
        })
    }
}

/// Changes to an approval policy: absent leaves a field.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "大批量导出", "days": 5}))]
pub struct ChangeApprovalPolicy {
    /// Name that people see, unique as at its creation.
    #[schema(min_length = 1, max_length = 50, nullable = false)]
    pub name: Option<String>,
    /// From which amount upward it applies.
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64, nullable = false)]
    pub from_amount: Option<i64>,
    /// Days after which an approval expires.
    #[schema(minimum = 1, maximum = 90, nullable = false)]
    pub days: Option<i64>,
    /// Who agrees, in this order: all of them.
    #[schema(min_items = 1, max_items = 5, nullable = false)]
    #[validate(nested)]
    pub steps: Option<Vec<ApprovalStepInput>>,
}

impl ChangeApprovalPolicy {
    /// The policy with these changes.
    ///
    /// # Errors
    /// 422 where a step names neither a role nor a person, or both.
    pub fn apply(self, policy: ApprovalPolicy) -> Result<ApprovalPolicy, Fault> {
        Ok(ApprovalPolicy {
            name: self.name.unwrap_or(policy.name),
            kind: policy.kind,
            from_amount: self.from_amount.unwrap_or(policy.from_amount),
            days: self.days.unwrap_or(policy.days),
            steps: match self.steps {
                Some(steps) => deciders(&steps)?,
                None => policy.steps,
            },
        })
    }
}

/// An approval policy (审批规则): who agrees to what, from which amount upward.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ApprovalPolicy)]
pub struct ApprovalPolicyBody {
    pub id: Uuid,
    /// Raised with every change; the first part of the ETag. An approval names that which it was made with.
    #[schema(minimum = 1)]
    pub version: i64,
    pub name: String,
    /// For what it is.
    pub kind: ApprovalKind,
    /// From which amount upward it applies, in the unit of the kind.
    #[schema(minimum = 0)]
    pub from_amount: i64,
    /// Days after which an approval expires.
    #[schema(minimum = 1)]
    pub days: i64,
    /// Who agrees, in this order.
    pub steps: Vec<ApprovalStep>,
    pub created_at: Timestamp,
    /// Since when it does not apply any more.
    #[schema(required)]
    pub archived_at: Option<Timestamp>,
}

impl From<Reference<ApprovalPolicy>> for ApprovalPolicyBody {
    fn from(record: Reference<ApprovalPolicy>) -> Self {
        let policy = record.details;
        Self {
            id: record.id.uuid(),
            version: record.version,
            name: policy.name,
            kind: Wire(policy.kind),
            from_amount: policy.from_amount,
            days: policy.days,
            steps: policy.steps.into_iter().map(Into::into).collect(),
            created_at: record.created_at,
            archived_at: record.archived_at,
        }
    }
}

page! {
    /// One page of approval policies.
    ApprovalPolicyPage of ApprovalPolicyBody
}

impl Shown for ApprovalPolicy {
    const PATH: &'static str = "/api/v1/approval-policies";
    type Body = ApprovalPolicyBody;
    type Page = ApprovalPolicyPage;
}
