use domain::{id::Id, organization::RoleRule};
use jiff::Timestamp;
use persistence::organization::role_rules::Filter;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use crate::http::list::page;

/// A role for everyone of a department, of a position, or of both together.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role_id": "0192f0c1-4444-7000-8000-000000000000",
    "department_id": "0192f0c1-6666-7000-8000-000000000000"}))]
pub struct CreateRoleRule {
    /// Which role it gives.
    pub role_id: Uuid,
    /// Its units are covered too. Without it the position counts in every department.
    #[schema(nullable = false)]
    pub department_id: Option<Uuid>,
    /// Without it every position of the department counts.
    #[schema(nullable = false)]
    pub position_id: Option<Uuid>,
}

/// A rule (按部门或岗位授权): everyone of the department and the position holds the role, from the
/// moment they stand there until they no longer do. It never changes; end it and make another.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = RoleRule)]
pub struct RoleRuleBody {
    pub id: Uuid,
    /// Which role it gives.
    pub role_id: Uuid,
    /// Whose department the rule covers; null where it covers all of them.
    #[schema(required)]
    pub department_id: Option<Uuid>,
    /// Whose position the rule covers; null where it covers all of them.
    #[schema(required)]
    pub position_id: Option<Uuid>,
    pub created_at: Timestamp,
}

impl From<RoleRule> for RoleRuleBody {
    fn from(rule: RoleRule) -> Self {
        Self {
            id: rule.id.uuid(),
            role_id: rule.role.uuid(),
            department_id: rule.department.map(Id::uuid),
            position_id: rule.position.map(Id::uuid),
            created_at: rule.created_at,
        }
    }
}

page! {
    /// One page of rules.
    RoleRulePage of RoleRuleBody
}

/// Which rules, oldest first.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListRoleRules {
    /// That give any of these roles.
    #[param(style = Form, explode = false)]
    pub role_id: Option<Vec<Uuid>>,
    /// That name any of these departments.
    #[param(style = Form, explode = false)]
    pub department_id: Option<Vec<Uuid>>,
    /// That name any of these positions.
    #[param(style = Form, explode = false)]
    pub position_id: Option<Vec<Uuid>>,
}

impl ListRoleRules {
    pub fn filter(&self) -> Filter {
        Filter {
            roles: self.role_id.clone().unwrap_or_default(),
            departments: self.department_id.clone().unwrap_or_default(),
            positions: self.position_id.clone().unwrap_or_default(),
        }
    }
}
