//! Roles: what their holders may do, and how far.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    ApiClientsWrite, FieldAccess, FieldRules, OrganizationWrite, PERMISSION_UNKNOWN, Permission,
    REACH_NOT_OFFERED, ROLE_BEYOND_OWN, ROLE_BUILT_IN,
    Reach::{self, Campus, Family, Institution, Own, Taught, Team},
    RolesAssign, RolesWrite, SALES_PURCHASING_WALL, STAFF_BEYOND_OWN, SessionsManage, StaffWrite,
    permission,
};
use crate::{
    fault::{Fault, FieldFault, Text},
    organization::Locale,
    reference::Details,
    text, text_enum,
};

text_enum! {
    /// On which side of the wall between sales and purchasing; management is on neither.
    Side as "RoleSide" {
        Either = "either" { "不限", "Either" }
        Sales = "sales" { "销售", "Sales" }
        Purchasing = "purchasing" { "采购", "Purchasing" }
    }
}

/// Permissions with their reaches.
pub type Permissions = BTreeSet<(String, Reach)>;

/// A role (角色). Several may be held; reach is the union.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// snake_case, never changed; made by the program for roles of an institution's own.
    pub code: String,
    pub name: String,
    /// Every institution has it from the start; it can be copied, not changed.
    pub is_built_in: bool,
    pub side: Side,
    pub permissions: Permissions,
    /// What it leaves of the fields of the records that it opens.
    pub fields: FieldRules,
    /// Whether its holders do nothing before they have signed the confidentiality agreement
    /// (SECU-10). It may change for built-in ones too.
    pub requires_agreement: bool,
}

/// Longest name, in characters.
pub const ROLE_NAME_MAX: usize = 50;

impl Role {
    /// # Errors
    /// 409 for a built-in role.
    pub fn editable(&self) -> Result<(), Fault> {
        if self.is_built_in {
            return Err(Fault::new(&ROLE_BUILT_IN));
        }
        Ok(())
    }
}

impl Details for Role {
    fn checked(self) -> Result<Self, Fault> {
        let name = text::line("/name", &self.name, ROLE_NAME_MAX)?;
        let sells = |(code, _): &(String, Reach)| {
            permission(code).is_some_and(|known| known.side == Side::Sales)
        };
        if self.side == Side::Purchasing && self.permissions.iter().any(sells) {
            return Err(Fault::new(&SALES_PURCHASING_WALL));
        }
        Ok(Self { name, ..self })
    }
}

/// The permissions of a list, as a request gives them.
///
/// # Errors
/// Every entry that names a permission that does not exist, or a reach that it can't have.
pub fn permissions(list: &[(String, Reach)]) -> Result<Permissions, Fault> {
    let mut faults = Vec::new();
    for (place, (code, reach)) in list.iter().enumerate() {
        match permission(code) {
            None => faults.push(FieldFault::new(
                format!("/permissions/{place}/permission"),
                &PERMISSION_UNKNOWN,
            )),
            Some(known) if !known.reaches.contains(reach) => {
                let values: Vec<_> = known
                    .reaches
                    .iter()
                    .map(|r| crate::text_enum::TextEnum::as_str(*r))
                    .collect();
                faults.push(
                    FieldFault::new(format!("/permissions/{place}/reach"), &REACH_NOT_OFFERED)
                        .with("values", values.join(", ")),
                );
            }
            Some(_) => {}
        }
    }
    Fault::unless_empty(faults)?;
    Ok(list.iter().cloned().collect())
}

/// Whether one who holds `own` may give `wanted` to others.
///
/// # Errors
/// 403 naming the first permission that goes beyond.
pub fn within_own<'a>(
    own: &BTreeMap<String, BTreeSet<Reach>>,
    wanted: impl IntoIterator<Item = &'a (String, Reach)>,
) -> Result<(), Fault> {
    for (code, reach) in wanted {
        let held = own.get(code);
        if !held.is_some_and(|held| held.iter().any(|mine| mine.covers(*reach))) {
            return Err(Fault::new(&ROLE_BEYOND_OWN).with("permission", code));
        }
    }
    Ok(())
}

/// Permissions by which their holders govern others.
pub const GOVERNING: &[&str] = &[
    OrganizationWrite::CODE,
    StaffWrite::CODE,
    RolesWrite::CODE,
    RolesAssign::CODE,
    SessionsManage::CODE,
    ApiClientsWrite::CODE,
];

fn governs<'a>(permissions: impl IntoIterator<Item = &'a (String, Reach)>) -> bool {
    let mut codes = permissions.into_iter().map(|(code, _)| code.as_str());
    codes.any(|code| GOVERNING.contains(&code))
}

/// Whether one who holds `own` may give this role to others: where it governs nobody, with
/// `roles:assign`; else where it gives no more than the own roles do.
///
/// # Errors
/// 403 naming the first permission or field that goes beyond.
pub fn may_give(
    own: &BTreeMap<String, BTreeSet<Reach>>,
    fields: &FieldRules,
    role: &Role,
) -> Result<(), Fault> {
    if own.contains_key(RolesAssign::CODE) && !governs(&role.permissions) {
        return Ok(());
    }
    within_own(own, &role.permissions)?;
    fields.within_own(&role.permissions, &role.fields)
}

/// Whether one who holds `own` may decide about the standing of a person who holds `theirs`: of
/// those who govern others, only where that is no more than the own roles give.
///
/// # Errors
/// 403 naming the first permission that goes beyond.
pub fn may_decide(
    own: &BTreeMap<String, BTreeSet<Reach>>,
    theirs: &Permissions,
) -> Result<(), Fault> {
    if !governs(theirs) {
        return Ok(());
    }
    within_own(own, theirs).map_err(|fault| Fault {
        rule: &STAFF_BEYOND_OWN,
        ..fault
    })
}

/// Whether one person may hold roles of these sides.
///
/// # Errors
/// 409 where sales and purchasing would come together.
pub fn one_side(sides: impl IntoIterator<Item = Side>) -> Result<(), Fault> {
    let sides: BTreeSet<_> = sides.into_iter().collect();
    if sides.contains(&Side::Sales) && sides.contains(&Side::Purchasing) {
        return Err(Fault::new(&SALES_PURCHASING_WALL));
    }
    Ok(())
}

/// A role that every institution has from the start.
#[derive(Debug)]
pub struct BuiltInRole {
    /// snake_case, never changed once published.
    pub code: &'static str,
    pub name: Text,
    pub side: Side,
    /// Lists of permissions, each with the reach of all in it.
    pub permissions: &'static [(Reach, &'static [&'static str])],
}

/// Fields that built-in roles see less of, by least privilege (ROLE-12): the books need no opinion
/// on a customer, and lessons nothing of how the family was won.
const FIELD_RULES: &[(&str, &str, &str, FieldAccess)] = &[
    ("finance", "customers", "note", FieldAccess::Hidden),
    ("finance", "customers", "intent", FieldAccess::Hidden),
    ("finance", "customers", "screening", FieldAccess::Hidden),
    ("teacher", "customers", "intent", FieldAccess::Hidden),
    ("teacher", "customers", "stage", FieldAccess::Hidden),
    ("teacher", "customers", "note", FieldAccess::Hidden),
    ("teacher", "customers", "screening", FieldAccess::Hidden),
    (
        "teacher",
        "customers",
        "source_channel",
        FieldAccess::Hidden,
    ),
    ("teacher", "customers", "collected_at", FieldAccess::Hidden),
    ("teacher", "customers", "collector_id", FieldAccess::Hidden),
];

impl BuiltInRole {
    /// What it leaves of fields.
    pub fn fields(&self) -> FieldRules {
        let own = FIELD_RULES.iter().filter(|(role, ..)| *role == self.code);
        FieldRules::stored(
            own.map(|(_, record, field, access)| {
                ((*record).to_owned(), (*field).to_owned(), *access)
            }),
        )
    }
}

impl BuiltInRole {
    /// The role as an institution of a language begins with it.
    pub fn planted(&self, locale: Locale) -> Role {
        Role {
            code: self.code.into(),
            name: self.name.of(locale).into(),
            is_built_in: true,
            side: self.side,
            permissions: self
                .permissions
                .iter()
                .flat_map(|(reach, codes)| codes.iter().map(|code| ((*code).to_owned(), *reach)))
                .collect(),
            fields: self.fields(),
            requires_agreement: false,
        }
    }
}

macro_rules! roles {
    ($( $code:literal $side:ident { $zh:literal, $en:literal } [ $( $reach:ident: $( $permission:literal )+ ; )* ] )+) => {
        /// The roles of section (a) of the requirements, and one for teaching affairs ((d) 37).
        /// Where the sources state no sight, a role has none until its capability is there: least
        /// privilege (ROLE-12). Sales supervisors may see as far as their teams, the management
        /// everything (ROLE-07…09); row reach says nothing of fields ((d) 40).
        pub static BUILT_IN_ROLES: &[BuiltInRole] = &[
            $( BuiltInRole {
                code: $code,
                name: Text { zh: $zh, en: $en },
                side: Side::$side,
                permissions: &[ $( ($reach, &[ $( $permission ),+ ]) ),* ],
            } ),+
        ];
    };
}

roles! {
    "boss" Either { "老板", "Owner" } [
        Institution: "customers:read" "customers:write" "customers:merge" "customers:delete" "customers:assign"
            "customers:reveal" "customers:screen" "customers:share" "customers:configure" "share_requests:decide" "follow_ups:read" "follow_ups:write" "tags:read"
            "tags:write" "tags:manage" "courses:write" "enrollments:read" "enrollments:write"
            "attendance:write" "payments:read" "payments:write" "payments:void" "imports:run"
            "exports:run" "reports:read" "events:read" "audit:read" "directory:read" "privacy:manage"
            "privacy:erase" "approvals:configure" "organization:write" "staff:write" "roles:write" "roles:assign" "sessions:manage"
            "api_clients:write"; ]
    "general_manager" Either { "总经理", "General manager" } [
        Institution: "customers:read" "follow_ups:read" "tags:read" "enrollments:read"
            "payments:read" "reports:read"; ]
    "sales_director" Either { "销售总监", "Sales director" } [
        Institution: "customers:read" "customers:write" "customers:merge" "customers:assign" "customers:reveal"
            "customers:share" "share_requests:decide" "follow_ups:read" "follow_ups:write" "tags:read" "tags:write"
            "enrollments:read" "enrollments:write" "payments:read" "exports:run" "reports:read"; ]
    "branch_manager" Either { "分公司经理", "Branch manager" } [
        Campus: "customers:read" "customers:write" "customers:merge" "customers:delete" "customers:assign"
            "customers:reveal" "customers:share" "share_requests:decide" "follow_ups:read" "follow_ups:write" "tags:read"
            "tags:write" "courses:write" "enrollments:read" "enrollments:write" "attendance:write"
            "payments:read" "imports:run" "exports:run" "reports:read"; ]
    "sales_supervisor" Sales { "销售部门主管", "Sales supervisor" } [
        Team: "customers:read" "customers:write" "customers:assign" "customers:reveal"
            "customers:share" "share_requests:decide" "follow_ups:read" "follow_ups:write" "tags:read" "tags:write"
            "enrollments:read" "enrollments:write" "payments:read" "reports:read"; ]
    "office_director" Sales { "办事处主任", "Office director" } [
        Team: "customers:read" "customers:write" "customers:assign" "customers:reveal"
            "customers:share" "share_requests:decide" "follow_ups:read" "follow_ups:write" "tags:read" "tags:write"
            "enrollments:read" "enrollments:write" "payments:read" "reports:read"; ]
    "sales_manager" Sales { "销售经理", "Sales manager" } [
        Team: "customers:read" "follow_ups:read" "follow_ups:write" "tags:read"; ]
    "salesperson" Sales { "销售人员", "Salesperson" } [
        Own: "customers:read" "customers:write" "share_requests:decide" "customers:reveal" "follow_ups:read"
            "follow_ups:write" "tags:read" "tags:write" "enrollments:read" "enrollments:write"
            "payments:read" "reports:read"; ]
    "recruitment_supervisor" Sales { "招生主管", "Recruitment supervisor" } [
        Institution: "customers:read" "customers:write" "customers:assign" "customers:reveal"
            "customers:share" "share_requests:decide" "follow_ups:read" "follow_ups:write" "tags:read" "tags:write"
            "enrollments:read" "imports:run" "reports:read"; ]
    "recruiter" Sales { "招生人员", "Recruiter" } [
        Own: "customers:read" "customers:write" "share_requests:decide" "customers:reveal" "follow_ups:read"
            "follow_ups:write" "tags:read" "tags:write" "enrollments:read" "reports:read"; ]
    "marketing" Sales { "市场人员", "Marketing" } [
        Own: "customers:read" "customers:write" "share_requests:decide" "tags:read";
        Campus: "imports:run";
        Institution: "reports:read"; ]
    "activity_owner" Sales { "市场活动所有者", "Activity owner" } []
    "customer_service" Sales { "客服人员", "Customer service" } [
        Own: "share_requests:decide";
        Campus: "customers:read" "customers:write" "customers:reveal" "follow_ups:read"
            "follow_ups:write" "tags:read" "tags:write" "courses:write" "enrollments:read"
            "enrollments:write" "attendance:write" "payments:read"; ]
    "teaching_affairs" Either { "教务", "Teaching affairs" } [
        Campus: "customers:read" "courses:write" "enrollments:read" "enrollments:write"
            "attendance:write"; ]
    "vip_agent" Sales { "专属客服", "VIP agent" } [
        Own: "customers:read" "customers:write" "share_requests:decide" "customers:reveal" "follow_ups:read"
            "follow_ups:write" "tags:read"; ]
    "teacher" Either { "教师", "Teacher" } [
        Taught: "customers:read" "enrollments:read" "attendance:write"; ]
    "finance" Either { "财务", "Finance" } [
        Campus: "customers:read" "enrollments:read" "payments:read" "payments:write"
            "payments:void" "exports:run" "reports:read"; ]
    "purchasing" Purchasing { "采购", "Purchasing" } []
    "student" Either { "学员", "Student" } [
        Family: "customers:read" "enrollments:read" "payments:read"; ]
    "guardian" Either { "家长", "Guardian" } [
        Family: "customers:read" "enrollments:read" "payments:read"; ]
    "reviewer" Either { "上级领导", "Reviewer" } []
    "employee" Either { "员工", "Employee" } []
    "customer_information_administrator" Either { "客户信息管理员", "Customer information administrator" } [
        Institution: "customers:read" "customers:write" "customers:merge" "share_requests:decide" "customers:delete" "customers:reveal"
            "customers:screen" "customers:configure" "follow_ups:read" "tags:read" "tags:write" "imports:run" "exports:run"; ]
    "data_management" Either { "数据管理部门", "Data management" } [
        Institution: "customers:read" "customers:write" "customers:screen" "customers:configure" "follow_ups:read" "tags:read"
            "tags:write" "tags:manage" "imports:run" "reports:read"; ]
    "tag_reviewer" Sales { "业务部门", "Tag reviewer" } [
        Team: "customers:read" "tags:read" "tags:write"; ]
    "auditor" Either { "审计部门", "Auditor" } [
        Institution: "tags:read" "audit:read"; ]
    "policy_supervisor" Either { "专职人员", "Policy supervisor" } [
        Institution: "reports:read" "audit:read"; ]
    "data_protector" Either { "数据保护人员", "Data protector" } [
        Institution: "audit:read" "privacy:manage" "privacy:erase"; ]
    "customer_relations" Either { "客户关系管理部门", "Customer relations" } [
        Institution: "customers:read" "customers:write" "follow_ups:read" "follow_ups:write"
            "tags:read" "reports:read"; ]
    "department_head" Either { "部门负责人", "Department head" } [
        Team: "customers:read" "customers:write" "share_requests:decide" "follow_ups:read" "follow_ups:write" "tags:read"; ]
    "department_member" Either { "部门员工", "Department member" } [
        Own: "customers:read" "customers:write" "share_requests:decide" "follow_ups:read" "follow_ups:write" "tags:read"; ]
    "development_supervisor" Sales { "客户开发主管", "Development supervisor" } [
        Team: "customers:read" "customers:write" "share_requests:decide" "customers:assign" "follow_ups:read"
            "follow_ups:write" "tags:read" "reports:read"; ]
    "development_specialist" Sales { "客户开发专员", "Development specialist" } [
        Own: "customers:read" "customers:write" "share_requests:decide" "customers:reveal" "follow_ups:read"
            "follow_ups:write" "tags:read"; ]
    "complaint_handler" Either { "投诉处理小组", "Complaint handling" } [
        Campus: "customers:read" "follow_ups:read" "enrollments:read"; ]
    "training_centre" Either { "培训中心", "Training centre" } [
        Own: "customers:read" "customers:write" "share_requests:decide" "follow_ups:read" "follow_ups:write"; ]
    "hr_administration" Either { "人事行政部", "HR and administration" } [
        Institution: "staff:write" "reports:read"; ]
    "partner" Either { "合伙人", "Partner" } []
    "training_instructor" Either { "主讲人员", "Training instructor" } []
    "liaison" Either { "外联人员", "Liaison" } []
    "headquarters_user" Either { "总部人员", "Headquarters user" } [
        Institution: "reports:read"; ]
    "branch_user" Either { "分部人员", "Branch user" } [
        Campus: "reports:read"; ]
    "report_designer" Either { "CRM 设计人员", "Report designer" } [
        Institution: "reports:read"; ]
    "crm_operations" Either { "CRM 运作部门", "CRM operations" } [
        Institution: "tags:read" "reports:read"; ]
    "system_administrator" Either { "系统管理员", "System administrator" } [
        Institution: "organization:write" "staff:write" "roles:write" "roles:assign"
            "sessions:manage" "api_clients:write" "events:read" "audit:read"
            "approvals:configure"; ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::PERMISSIONS;

    fn planted(role: &BuiltInRole) -> Role {
        role.planted(Locale::Chinese)
    }

    #[test]
    fn every_built_in_role_has_a_code_and_a_name_of_its_own() {
        let codes: BTreeSet<_> = BUILT_IN_ROLES.iter().map(|r| r.code).collect();
        let names: BTreeSet<_> = BUILT_IN_ROLES
            .iter()
            .map(|r| text::fold(r.name.zh))
            .collect();
        assert_eq!(codes.len(), BUILT_IN_ROLES.len());
        assert_eq!(names.len(), BUILT_IN_ROLES.len());
    }

    #[test]
    fn every_built_in_role_is_one_that_an_institution_could_make() {
        for role in BUILT_IN_ROLES.iter().map(planted) {
            let list: Vec<_> = role.permissions.iter().cloned().collect();
            assert_eq!(
                permissions(&list),
                Ok(role.permissions.clone()),
                "{}",
                role.code
            );
            assert_eq!(role.clone().checked(), Ok(role));
        }
    }

    #[test]
    fn the_owner_can_give_every_role_and_holds_every_permission() {
        let owner = BUILT_IN_ROLES
            .iter()
            .find(|r| r.code == "boss")
            .map(planted)
            .unwrap();
        let mut own: BTreeMap<String, BTreeSet<Reach>> = BTreeMap::new();
        for (code, reach) in &owner.permissions {
            own.entry(code.clone()).or_default().insert(*reach);
        }
        let offered = PERMISSIONS.iter().filter(|p| !p.reaches.is_empty());
        assert_eq!(own.len(), offered.count());
        for role in BUILT_IN_ROLES.iter().map(planted) {
            assert_eq!(within_own(&own, &role.permissions), Ok(()), "{}", role.code);
        }
    }

    #[test]
    fn a_wider_reach_than_ones_own_can_not_be_given() {
        let own = BTreeMap::from([("customers:read".to_owned(), BTreeSet::from([Campus]))]);
        let wanted = |reach| [("customers:read".to_owned(), reach)];
        for reach in [Own, Team, Campus, Taught] {
            assert_eq!(within_own(&own, &wanted(reach)), Ok(()));
        }
        for reach in [Reach::Region, Institution, Family] {
            assert!(within_own(&own, &wanted(reach)).is_err());
        }
        assert!(within_own(&own, &[("customers:write".to_owned(), Own)]).is_err());
    }

    #[test]
    fn sales_and_purchasing_do_not_come_together() {
        assert!(one_side([Side::Sales, Side::Either, Side::Purchasing]).is_err());
        assert!(one_side([Side::Either, Side::Purchasing]).is_ok());
        let mixed = Role {
            code: "x".into(),
            name: "采购助理".into(),
            is_built_in: false,
            side: Side::Purchasing,
            permissions: BTreeSet::from([("customers:read".to_owned(), Own)]),
            fields: FieldRules::default(),
            requires_agreement: false,
        };
        assert!(mixed.checked().is_err());
    }
}
