//! Who agrees to what, from which amount upward.

use super::ApprovalKind;
use crate::{
    access::Role,
    fault::{Fault, FieldFault},
    id::Id,
    organization::Staff,
    reference::Details,
    text,
};

/// Longest name, in characters.
pub const POLICY_NAME_MAX: usize = 50;
/// Steps of a policy, at most.
pub const STEPS_MAX: usize = 5;
/// Highest amount from which a policy can apply.
pub const FROM_MAX: i64 = 1_000_000_000_000;
/// Days after which an approval expires, where the policy says nothing.
pub const DAYS: i64 = 7;
/// The same, at most.
pub const DAYS_MAX: i64 = 90;

/// Who decides a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decider {
    /// Anybody who works and holds the role.
    Role(Id<Role>),
    Person(Id<Staff>),
}

impl Decider {
    pub fn role(self) -> Option<Id<Role>> {
        match self {
            Self::Role(role) => Some(role),
            Self::Person(_) => None,
        }
    }

    pub fn person(self) -> Option<Id<Staff>> {
        match self {
            Self::Person(person) => Some(person),
            Self::Role(_) => None,
        }
    }
}

/// An approval policy (审批规则). Of those of a kind, the one applies that begins highest and not above
/// the amount; without one, nobody needs to agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalPolicy {
    pub name: String,
    /// It never changes.
    pub kind: ApprovalKind,
    /// The amount from which it applies, in the unit of the kind: 0 to [`FROM_MAX`].
    pub from_amount: i64,
    /// Days after which an approval expires: 1 to [`DAYS_MAX`].
    pub days: i64,
    /// 1 to [`STEPS_MAX`], in their order.
    pub steps: Vec<Decider>,
}

impl Details for ApprovalPolicy {
    fn checked(self) -> Result<Self, Fault> {
        let name = text::line("/name", &self.name, POLICY_NAME_MAX)?;
        Ok(Self { name, ..self })
    }
}

/// The steps of a policy that name somebody unknown, as a fault.
///
/// # Errors
/// All of them, at once.
pub fn all_known(unknown: &[(usize, Decider)]) -> Result<(), Fault> {
    let faults = unknown.iter().map(|(place, decider)| {
        let field = match decider {
            Decider::Role(_) => "role_id",
            Decider::Person(_) => "staff_id",
        };
        FieldFault::new(
            format!("/steps/{place}/{field}"),
            &crate::fault::REFERENCE_UNKNOWN,
        )
    });
    Fault::unless_empty(faults.collect())
}
