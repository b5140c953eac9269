//! Every permission of the program, as a type and as a code.

use super::{
    Reach,
    Side::{self, Either, Sales},
};
use crate::fault::Text;

/// A permission as a type: a grant of it is proof that the caller holds it.
pub trait Permission: Send + Sync + 'static {
    /// `capability:verb`, never changed once published: roles and API clients store it.
    const CODE: &'static str;
}

/// A permission as roles list it.
#[derive(Debug)]
pub struct PermissionInfo {
    pub code: &'static str,
    pub label: Text,
    /// The reaches that a role may give it.
    pub reaches: &'static [Reach],
    /// Of which side of the wall between sales and purchasing it is (ROLE-10).
    pub side: Side,
}

/// The permission of this code.
pub fn permission(code: &str) -> Option<&'static PermissionInfo> {
    PERMISSIONS.iter().find(|p| p.code == code)
}

/// Rows that belong to a customer.
const ROWS: &[Reach] = &[
    Reach::Own,
    Reach::Team,
    Reach::Campus,
    Reach::Region,
    Reach::Institution,
    Reach::Taught,
    Reach::Family,
];
/// Held by everybody, whatever the roles: no role can give it.
const IMPLIED: &[Reach] = &[];
/// What belongs to a campus as a whole.
const PLACES: &[Reach] = &[Reach::Campus, Reach::Region, Reach::Institution];
/// What the institution has once.
const WHOLE: &[Reach] = &[Reach::Institution];

macro_rules! permissions {
    ($( $name:ident = $code:literal $reaches:ident $side:ident { $zh:literal, $en:literal } )+) => {
        $(
            #[doc = concat!("`", $code, "`: ", $en)]
            #[derive(Debug)]
            pub enum $name {}
            impl Permission for $name {
                const CODE: &'static str = $code;
            }
        )+

        /// Every permission, in the order in which a role editor shows them.
        pub static PERMISSIONS: &[PermissionInfo] = &[
            $(PermissionInfo {
                code: $code,
                label: Text { zh: $zh, en: $en },
                reaches: $reaches,
                side: $side,
            }),+
        ];
    };
}

permissions! {
    Oneself = "self" IMPLIED Either { "本人账户", "One's own account" }
    CustomersRead = "customers:read" ROWS Sales { "查看客户", "See customers" }
    CustomersWrite = "customers:write" ROWS Sales { "新建和修改客户", "Create and change customers" }
    CustomersDelete = "customers:delete" ROWS Sales { "删除和恢复客户", "Delete and restore customers" }
    CustomersAssign = "customers:assign" ROWS Sales { "分配和转移客户", "Assign and transfer customers" }
    CustomersMerge = "customers:merge" ROWS Sales { "合并客户", "Merge customers" }
    CustomersReveal = "customers:reveal" ROWS Sales { "查看客户联系方式等敏感信息", "Reveal sensitive values of customers" }
    CustomersScreen = "customers:screen" ROWS Sales { "筛选客户资料", "Screen records of customers" }
    CustomersShare = "customers:share" ROWS Sales { "共享客户", "Share customers" }
    ShareRequestsDecide = "share_requests:decide" ROWS Sales { "处理共享申请", "Decide requests for shares" }
    CustomersConfigure = "customers:configure" WHOLE Sales { "配置客户档案", "Configure what customer records hold" }
    FollowUpsRead = "follow_ups:read" ROWS Sales { "查看跟进", "See follow-ups" }
    FollowUpsWrite = "follow_ups:write" ROWS Sales { "记录跟进", "Record follow-ups" }
    TagsRead = "tags:read" ROWS Sales { "查看客户标签", "See the tags of customers" }
    TagsWrite = "tags:write" ROWS Sales { "为客户加减标签", "Put tags on customers and take them off" }
    TagsManage = "tags:manage" WHOLE Sales { "管理标签库", "Manage the definitions of tags" }
    CoursesWrite = "courses:write" PLACES Either { "管理课程和班级", "Manage courses and classes" }
    EnrollmentsRead = "enrollments:read" ROWS Sales { "查看报名", "See enrollments" }
    EnrollmentsWrite = "enrollments:write" ROWS Sales { "办理报名", "Enroll and withdraw" }
    AttendanceWrite = "attendance:write" ROWS Either { "点名", "Call the roll" }
    PaymentsRead = "payments:read" ROWS Sales { "查看收费并打印收据", "See payments and print receipts" }
    PaymentsWrite = "payments:write" ROWS Sales { "收费", "Take payments" }
    PaymentsVoid = "payments:void" ROWS Sales { "作废收费", "Void payments" }
    ImportsRun = "imports:run" PLACES Sales { "导入", "Run imports" }
    ExportsRun = "exports:run" ROWS Either { "导出", "Run exports" }
    ReportsRead = "reports:read" ROWS Either { "查看报表", "See reports" }
    EventsRead = "events:read" WHOLE Either { "读取变更事件", "Read the feed of changes" }
    AuditRead = "audit:read" WHOLE Either { "查看操作日志", "See the audit trail" }
    DirectoryRead = "directory:read" WHOLE Either { "查看通讯录和基础资料", "See the staff directory and reference data" }
    ApprovalsConfigure = "approvals:configure" WHOLE Either { "配置审批规则", "Configure who approves what" }
    PrivacyManage = "privacy:manage" WHOLE Either { "管理个人信息保护", "Manage data protection" }
    PrivacyErase = "privacy:erase" WHOLE Either { "删除个人信息", "Erase people" }
    OrganizationWrite = "organization:write" WHOLE Either { "管理校区、部门和团队", "Manage campuses, departments and teams" }
    StaffWrite = "staff:write" WHOLE Either { "管理员工", "Manage staff" }
    RolesWrite = "roles:write" WHOLE Either { "管理角色", "Manage roles" }
    RolesAssign = "roles:assign" WHOLE Either { "授予本人没有的角色", "Give roles beyond one's own" }
    SessionsManage = "sessions:manage" WHOLE Either { "管理他人的登录", "Manage log-ins of others" }
    ApiClientsWrite = "api_clients:write" WHOLE Either { "管理接口客户端", "Manage API clients" }
}
