use crate::rules;

rules! {
    ROLE_BUILT_IN = Conflict "role_built_in" {
        "内置角色不能修改", "A built-in role can't be changed";
        "请复制该角色，再修改副本。", "Copy the role and change the copy." }
    ROLE_BEYOND_OWN = Denied "role_beyond_own" {
        "超出本人权限", "More than you hold yourself";
        "不能授予本人没有的权限或更大的范围：{permission}。", "Nobody gives a permission or reach that they do not hold: {permission}." }
    STAFF_BEYOND_OWN = Denied "staff_beyond_own" {
        "对方的权限超出本人", "They hold more than you do";
        "对管理他人的员工，只有权限不低于其的人才能处理：{permission}。", "About those who govern others, only who holds as much decides: {permission}." }
    PERMISSION_UNKNOWN = Invalid "permission_unknown" {
        "未知权限", "Unknown permission";
        "该权限不存在。", "There is no such permission." }
    REACH_NOT_OFFERED = Invalid "reach_not_offered" {
        "该权限没有此范围", "The permission has no such reach";
        "可选范围：{values}。", "It can have: {values}." }
    SALES_PURCHASING_WALL = Conflict "sales_purchasing_wall" {
        "销售与采购须分离", "Sales and purchasing are kept apart";
        "销售角色与采购角色的权限不能由同一角色或同一人持有。", "Nobody holds functions of both, in one role or in several." }
    CLIENT_EXPIRY = Invalid "client_expiry" {
        "有效期不正确", "Not a time for its end";
        "有效期必须晚于现在，且不超过一年。", "It lies in the future, and within a year." }
    CLIENT_KEY_MANAGED = Denied "client_key_managed" {
        "密钥由管理者停用", "Keys are ended by whoever manages the client";
        "接口客户端不能停用自己的密钥。", "An API client can't end its own keys: its tokens end by themselves." }
    CLIENT_KEYS_FULL = Conflict "client_keys_full" {
        "密钥已满", "It has its keys";
        "请先停用一个密钥。", "End a key first: one client has at most two." }
    FIELD_NOT_READABLE = Invalid "field_not_readable" {
        "无权查看该字段", "The field may not be read";
        "不能按无权查看的字段筛选、排序、搜索或修改。", "Nobody filters, sorts, searches by or changes what they may not read." }
    FIELD_READ_ONLY = Invalid "field_read_only" {
        "该字段只读", "The field is read only";
        "请勿提交该字段。", "Leave the field out." }
    FIELD_RULE_UNKNOWN = Invalid "field_rule_unknown" {
        "不能对该字段设置此规则", "No such rule for the field";
        "请从字段目录中选择，每个字段一条规则。", "Choose from the list of fields; one rule a field." }
    NETWORK_INVALID = Invalid "network_invalid" {
        "不是网段", "Not a network";
        "请填写网段，例如 203.0.113.0/24。", "Give a network such as 203.0.113.0/24." }
    SCOPE_WITHHELD = Invalid "scope_withheld" {
        "接口客户端不能有此权限", "Not for API clients";
        "接口客户端不能管理组织、员工、角色、登录和接口客户端。", "An API client can't govern others: the organization, staff, roles, sessions or API clients." }
    SHARE_BEYOND_OWN = Denied "share_beyond_own" {
        "超出本人权限", "More than you hold yourself";
        "只能按本人对该客户的权限共享：{permission}。", "Nobody opens a customer further than they reach it themselves: {permission}." }
    ALLOWANCE_SPENT = Denied "allowance_spent" {
        "次数已用完", "Asked too often";
        "请在 Retry-After 之后重试。", "Try again after Retry-After." }
    SHARE_ENDED = Invalid "share_ended" {
        "共享的结束时间已过", "The share would have ended";
        "结束时间必须晚于现在。", "The end of a share lies in the future." }
    SHARE_REQUEST_DECIDED = Conflict "share_request_decided" {
        "申请已处理", "The request was decided";
        "该申请已处理、撤回或失效。", "It was granted, refused or taken back, or the customer is no more." }
    SHARE_REQUEST_UNCLEAR = Invalid "share_request_unclear" {
        "申请的客户不明确", "It is not clear which customer";
        "请提供查重结果中的令牌，或用文字描述，二者选一。", "Send the token of a check, or describe the customer: one of the two." }
    SHARE_TOKEN_INVALID = Invalid "share_token_invalid" {
        "令牌无效", "The token is not good";
        "请重新查重。", "Check for duplicates again." }
    SHARE_FOR_STAFF_ONLY = Denied "share_for_staff_only" {
        "只有员工可以申请", "Only people of staff ask";
        "接口客户端不能申请共享。", "Nothing is shared with an API client." }
    SHARE_WITH_ONESELF = Invalid "share_with_oneself" {
        "不能共享给本人", "Shared with oneself";
        "请选择其他员工、团队或用户组。", "Choose another person, a team or a group." }
}
