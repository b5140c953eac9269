//! The built-in roles.

use super::Reach::{self, Campus, Institution, Own, Team};
use crate::fault::Text;

/// A role (角色): what its holders may do, and how far.
#[derive(Debug)]
pub enum Role {}

/// A role that every institution has from the start; it can be copied, not changed.
#[derive(Debug)]
pub struct BuiltInRole {
    /// snake_case, never changed once published.
    pub code: &'static str,
    pub name: Text,
    pub permissions: &'static [(&'static str, Reach)],
}

macro_rules! roles {
    ($( $code:literal { $zh:literal, $en:literal } [ $( $permission:literal $reach:ident ),* ] )+) => {
        /// The roles of section (a) of the requirements.
        pub static BUILT_IN_ROLES: &[BuiltInRole] = &[
            $( BuiltInRole {
                code: $code,
                name: Text { zh: $zh, en: $en },
                permissions: &[ $( ($permission, $reach) ),* ],
            } ),+
        ];
    };
}

roles! {
    "boss" { "老板", "Owner" } [
        "customers:reveal" Institution, "customers:read" Institution, "customers:write" Institution,
        "customers:delete" Institution, "customers:assign" Institution ]
    "sales_director" { "销售总监", "Sales director" } [
        "customers:reveal" Institution, "customers:read" Institution, "customers:write" Institution, "customers:assign" Institution ]
    "branch_manager" { "分公司经理", "Branch manager" } [
        "customers:reveal" Campus, "customers:read" Campus, "customers:write" Campus,
        "customers:delete" Campus, "customers:assign" Campus ]
    "sales_supervisor" { "销售部门主管", "Sales supervisor" } [
        "customers:reveal" Team, "customers:read" Team, "customers:write" Team, "customers:assign" Team ]
    "recruitment_supervisor" { "招生主管", "Recruitment supervisor" } [
        "customers:reveal" Institution, "customers:read" Institution, "customers:write" Institution, "customers:assign" Institution ]
    "recruiter" { "招生人员", "Recruiter" } [
        "customers:reveal" Own, "customers:read" Own, "customers:write" Own ]
    "customer_service" { "客服人员", "Customer service" } [
        "customers:reveal" Campus, "customers:read" Campus, "customers:write" Campus ]
    "finance" { "财务", "Finance" } [
        "customers:read" Campus ]
    "teacher" { "教师", "Teacher" } []
    "customer_information_administrator" { "客户信息管理员", "Customer information administrator" } [
        "customers:reveal" Institution, "customers:read" Institution, "customers:write" Institution, "customers:delete" Institution ]
    "system_administrator" { "系统管理员", "System administrator" } []
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::access::PERMISSIONS;

    #[test]
    fn every_role_has_a_code_of_its_own_and_only_known_permissions() {
        let codes: BTreeSet<_> = BUILT_IN_ROLES.iter().map(|r| r.code).collect();
        assert_eq!(codes.len(), BUILT_IN_ROLES.len());
        for role in BUILT_IN_ROLES {
            for (permission, _) in role.permissions {
                assert!(
                    PERMISSIONS.iter().any(|p| p.code == *permission),
                    "{permission}"
                );
            }
        }
    }
}
