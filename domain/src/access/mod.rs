//! Who may do what to which rows.
//!
//! A *permission* (权限) is a code such as `customers:read`. A *role* (角色) is a set of
//! permissions, each with a *reach* (数据范围): how far into the institution it goes. A principal
//! (主体) holds roles; the reach of a permission is the union over them (ROLE-01…ROLE-09).

mod api_client;
mod fault;
mod field_rule;
mod permission;
mod reach;
mod role;
mod share;
mod share_request;

pub use api_client::*;
pub use fault::*;
pub use field_rule::*;
pub use permission::*;
pub use reach::*;
pub use role::*;
pub use share::*;
pub use share_request::*;

use crate::text_enum;

/// Anyone who can act: a person, a program, or the system itself.
#[derive(Debug)]
pub enum Principal {}

/// A log-in of a principal, until it is ended.
#[derive(Debug)]
pub enum Session {}

text_enum! {
    /// Kind of a principal.
    PrincipalKind as "PrincipalKind" {
        Staff = "staff" { "员工", "Staff" }
        Portal = "portal" { "家长与学员", "Portal person" }
        ApiClient = "api_client" { "接口客户端", "API client" }
        Device = "device" { "设备", "Device" }
        System = "system" { "系统", "System" }
        Operator = "operator" { "运维", "Operator" }
    }
}

text_enum! {
    /// Standing of a principal. Only an active one can act.
    PrincipalStatus as "PrincipalStatus" {
        Active = "active" { "在职", "Active" }
        Suspended = "suspended" { "停用", "Suspended" }
        Left = "left" { "离职", "Left" }
    }
}
