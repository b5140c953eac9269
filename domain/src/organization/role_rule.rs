//! Roles that are given by rule: to everyone of a department, of a position, or of both together.

use jiff::Timestamp;

use super::{Department, Position, ROLE_RULE_UNBOUNDED};
use crate::{access::Role, fault::Fault, id::Id, stamp::Stamp};

/// A role for everyone of a department, its units included, or of a position, or of both together
/// (ROLE-02, ROLE-03). It counts as long as the person stands there; who has left stands nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleRule {
    pub id: Id<RoleRule>,
    pub role: Id<Role>,
    pub department: Option<Id<Department>>,
    pub position: Option<Id<Position>>,
    pub created_at: Timestamp,
}

impl RoleRule {
    /// # Errors
    /// 422 without a department and a position: it would cover everybody.
    pub fn make(
        role: Id<Role>,
        department: Option<Id<Department>>,
        position: Option<Id<Position>>,
        stamp: &Stamp,
    ) -> Result<Self, Fault> {
        if department.is_none() && position.is_none() {
            return Err(Fault::field("/department_id", &ROLE_RULE_UNBOUNDED));
        }
        Ok(Self {
            id: stamp.id(),
            role,
            department,
            position,
            created_at: stamp.now(),
        })
    }
}
