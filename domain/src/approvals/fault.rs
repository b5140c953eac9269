//! What approvals refuse.

use crate::rules;

rules! {
    APPROVAL_ENDED = Conflict "approval_ended" {
        "审批已结束", "The approval is over";
        "它已有结果、已撤回或已过期。", "It was decided, recalled, or not decided in time." }
    APPROVAL_STEP_DECIDED = Conflict "approval_step_decided" {
        "该步骤已处理", "The step was decided";
        "请重新读取审批，再处理当前步骤。", "Somebody else has: read the approval again." }
    APPROVAL_OWN = Denied "approval_own" {
        "不能审批自己的申请", "One's own request";
        "请等待他人审批，或撤回申请。", "Nobody decides what they asked for: wait for others, or recall it." }
    APPROVAL_NOT_YOURS = Denied "approval_not_yours" {
        "当前步骤不由您处理", "Others decide this step";
        "请等待轮到您，或由当前审批人转交。", "Wait for your turn, or let one of those who decide it delegate it to you." }
    APPROVAL_NOT_ASKED = Denied "approval_not_asked" {
        "这是他人的申请", "Somebody else asked";
        "只有申请人可以撤回。", "Only whoever asked recalls it; refuse it instead." }
    APPROVAL_REASON_MISSING = Invalid "approval_reason_missing" {
        "缺少理由", "The reason is missing";
        "拒绝时须说明理由。", "Say why it is refused." }
    APPROVAL_TO_ASKER = Invalid "approval_to_asker" {
        "不能转交给申请人", "The asker can't decide";
        "请转交给其他人。", "Delegate it to somebody else." }
    APPROVAL_STEP_UNCLEAR = Invalid "approval_step_unclear" {
        "步骤须指定角色或人员之一", "A step names a role or a person";
        "请在 role_id 和 staff_id 中只填一项。", "Give one of `role_id` and `staff_id`." }
    APPROVAL_POLICY_EXISTS = Conflict "approval_policy_exists" {
        "已有相同起点的审批规则", "There is such a policy";
        "同一类事项的起点不能重复，请修改或归档原有规则。", "One policy begins at an amount: change or archive the other." }
    APPROVAL_REFUSED = Conflict "approval_refused" {
        "审批未通过", "It was not approved";
        "理由见审批记录。", "The approval says why." }
    APPROVAL_RECALLED = Conflict "approval_recalled" {
        "申请已撤回", "It was recalled";
        "需要时请重新发起。", "Begin it again where it is needed." }
    APPROVAL_EXPIRED = Conflict "approval_expired" {
        "审批已过期", "It was not approved in time";
        "期限内无人处理，请重新发起。", "Nobody decided in time: begin it again." }
}
