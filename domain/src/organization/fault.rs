use crate::rules;

rules! {
    INSTITUTION_CODE_TAKEN = Conflict "institution_code_taken" {
        "机构代码已被使用", "The institution code is taken";
        "请换一个代码。", "Choose another code." }
    INSTITUTION_CODE_INVALID = Invalid "institution_code_invalid" {
        "机构代码不正确", "Not an institution code";
        "机构代码为 2 到 32 位小写字母、数字或连字符。", "2 to 32 lower-case letters, digits or hyphens." }
    CURRENCY_FIXED = Conflict "currency_fixed" {
        "记账币种不能再更改", "The currency is fixed";
        "已有以 {currency} 计的价格或账目，记账币种不能更改。", "There are prices or books in {currency} already: it can't be changed any more." }
    TIME_ZONE_UNKNOWN = Invalid "time_zone_unknown" {
        "未知时区", "Unknown time zone";
        "请使用 IANA 时区名，例如 Asia/Shanghai。", "Give an IANA name such as Asia/Shanghai." }
    CAMPUS_ARCHIVED = Conflict "campus_archived" {
        "校区已归档", "The campus is archived";
        "请先恢复该校区。", "Take the campus out of the archive first." }
    DEPARTMENT_TOO_DEEP = Conflict "department_too_deep" {
        "部门只有两级", "Departments have two levels";
        "科室隶属于部门，科室之下不再分级。", "A unit belongs to a department; nothing belongs to a unit." }
    ROLE_RULE_UNBOUNDED = Invalid "role_rule_unbounded" {
        "规则没有部门也没有岗位", "Neither a department nor a position";
        "请至少指定部门或岗位。", "A rule names a department, a position, or both." }
    ROLE_RULE_EXISTS = Conflict "role_rule_exists" {
        "规则已存在", "There is such a rule";
        "该部门和岗位已按规则拥有此角色。", "A rule gives this role to this department and position already." }
    AGREEMENT_REQUIRED = Denied "agreement_required" {
        "需要先签署保密协议", "The confidentiality agreement must be signed first";
        "请签署第 {version} 版保密协议，并由管理员登记。", "Sign version {version} of it and have that recorded by whoever manages staff." }
    AGREEMENT_UNSIGNED = Conflict "agreement_unsigned" {
        "您本人尚未签署", "You have not signed yourself";
        "请先登记您本人签署的保密协议，否则您将无法登录。", "Have your own signature recorded first: you could not log in any more." }
    AGREEMENT_VERSION_LOWER = Invalid "agreement_version_lower" {
        "版本号不正确", "Not a version of the agreement";
        "版本号为 1 到 10000，且不低于现行版本。", "1 to 10000, and not below the version that counts." }
    SIGNED_IN_THE_FUTURE = Invalid "signed_in_the_future" {
        "签署日期在将来", "Signed in the future";
        "签署日期不能晚于今天。", "Nobody has signed on a day to come." }
    USER_NAME_TAKEN = Conflict "user_name_taken" {
        "用户名已被使用", "The user name is taken";
        "请换一个用户名。", "Choose another user name." }
    USER_NAME_INVALID = Invalid "user_name_invalid" {
        "用户名不正确", "Not a user name";
        "用户名为 2 到 64 位小写字母、数字、点、下划线或连字符，且不能是电话号码。", "2 to 64 lower-case letters, digits, dots, underscores or hyphens, and not a telephone number." }
    STAFF_PHONE_TAKEN = Conflict "phone_taken" {
        "电话号码已被使用", "The phone is taken";
        "本机构另一名员工已登记此号码。", "Somebody else who works here has this number." }
    STAFF_STATUS = Conflict "staff_status" {
        "员工当前状态不允许此操作", "The person's status does not allow this";
        "当前状态：{status}。", "The status is {status}." }
    OWN_STANDING = Denied "own_standing" {
        "不能更改本人的角色或状态", "One's own roles and status";
        "请由他人更改您的角色、部门、岗位或状态。", "Somebody else has to change your roles, your place or your status." }
}
