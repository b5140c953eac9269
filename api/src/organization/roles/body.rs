use domain::{
    access::{PermissionInfo, Reach, Role, Side},
    reference::Reference,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::{
    http::{context::Language, list::page, wire::Wire},
    reference::Shown,
};

pub type PermissionReach = Wire<Reach>;
pub type RoleSide = Wire<Side>;

/// A permission with its reach, as a role gives it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RolePermission {
    /// Code of a permission: `customers:read`.
    pub permission: String,
    /// How far it goes.
    pub reach: PermissionReach,
}

/// A permission with its reach, to be given to a role.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GivePermission {
    /// Code of a permission: `customers:read`.
    #[schema(max_length = 60, pattern = "^[a-z][a-z_]*:[a-z][a-z_]*$")]
    pub permission: String,
    /// How far it goes.
    pub reach: PermissionReach,
}

/// A new role of the institution's own.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "校区前台", "permissions": [{"permission": "customers:read", "reach": "campus"}]}))]
pub struct CreateRole {
    /// Unique among those that are not archived.
    #[schema(min_length = 1, max_length = 50)]
    pub name: String,
    /// `either` when absent; never changes.
    #[schema(nullable = false)]
    pub side: Option<RoleSide>,
    /// What its holders may do, and how far.
    #[schema(max_items = 200)]
    pub permissions: Vec<GivePermission>,
}

/// Changes to a role: absent leaves a field.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "校区前台（兼职）"}))]
pub struct ChangeRole {
    /// Name that people see, unique as at its creation.
    #[schema(min_length = 1, max_length = 50, nullable = false)]
    pub name: Option<String>,
    /// Replaced as a whole.
    #[schema(max_items = 200, nullable = false)]
    pub permissions: Option<Vec<GivePermission>>,
    /// Whether its holders can do nothing before they have signed the confidentiality agreement; to be
    /// set for built-in roles too.
    #[schema(nullable = false)]
    pub requires_agreement: Option<bool>,
}

/// The name of a copy.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "招生人员（暑期）"}))]
pub struct CopyRole {
    /// Name of the copy, unique among roles that are not archived.
    #[schema(min_length = 1, max_length = 50)]
    pub name: String,
}

/// What a list of permissions says.
pub(super) fn listed(list: Vec<GivePermission>) -> Vec<(String, Reach)> {
    list.into_iter()
        .map(|p| (p.permission, p.reach.0))
        .collect()
}

/// A role (角色): what its holders may do, and how far.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Role)]
pub struct RoleBody {
    pub id: Uuid,
    /// Raised with every change; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    /// A word for the built-in ones, `own_…` for others; never changes.
    pub code: String,
    pub name: String,
    /// Whether every institution has it; such a role can be copied, and changed in nothing but
    /// `requires_agreement`.
    pub is_built_in: bool,
    /// Nobody holds roles of sales and of purchasing.
    pub side: RoleSide,
    /// What its holders may do, and how far.
    pub permissions: Vec<RolePermission>,
    /// Whether its holders can do nothing before they have signed the confidentiality agreement.
    pub requires_agreement: bool,
    pub created_at: Timestamp,
    /// Since when it can't be chosen any more.
    #[schema(required)]
    pub archived_at: Option<Timestamp>,
}

impl From<Reference<Role>> for RoleBody {
    fn from(record: Reference<Role>) -> Self {
        let role = record.details;
        let permissions = role.permissions.into_iter();
        Self {
            id: record.id.uuid(),
            version: record.version,
            code: role.code,
            name: role.name,
            is_built_in: role.is_built_in,
            side: Wire(role.side),
            permissions: permissions
                .map(|(permission, reach)| RolePermission {
                    permission,
                    reach: Wire(reach),
                })
                .collect(),
            requires_agreement: role.requires_agreement,
            created_at: record.created_at,
            archived_at: record.archived_at,
        }
    }
}

page! {
    /// One page of roles.
    RolePage of RoleBody
}

impl Shown for Role {
    const PATH: &'static str = "/api/v1/roles";
    type Body = RoleBody;
    type Page = RolePage;
}

/// Every permission that a role can give.
#[derive(Debug, Serialize, ToSchema)]
pub struct Permissions {
    pub items: Vec<PermissionBody>,
}

/// A permission (权限).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Permission)]
pub struct PermissionBody {
    /// Code of the permission, such as `customers:read`.
    pub code: &'static str,
    /// In the language of the request.
    pub label: &'static str,
    /// The reaches that a role may give it.
    pub reaches: Vec<PermissionReach>,
    /// On which side of the wall between sales and purchasing it is.
    pub side: RoleSide,
}

impl PermissionBody {
    pub(super) fn new(permission: &PermissionInfo, language: Language) -> Self {
        Self {
            code: permission.code,
            label: language.of(permission.label),
            reaches: permission.reaches.iter().copied().map(Wire).collect(),
            side: Wire(permission.side),
        }
    }
}
