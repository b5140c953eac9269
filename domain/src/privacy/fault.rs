use crate::rules;

rules! {
    NOTICE_TEXT_EMPTY = Invalid "notice_text_empty" {
        "告知书没有内容", "The notice says nothing";
        "请填写告知书的内容。", "A notice has a text." }
    REQUEST_IN_FUTURE = Invalid "request_in_future" {
        "收到时间在将来", "Received in the future";
        "收到时间不能晚于现在。", "A request that is recorded has come by now." }
    REQUEST_UNIDENTIFIED = Invalid "request_unidentified" {
        "尚未核实申请人身份", "Nobody made sure who asks";
        "同意前请写明如何核实申请人身份。", "Say how it was made sure who asks, before it is granted." }
    REQUEST_NOT_OPEN = Conflict "request_not_open" {
        "申请已经处理", "The request has been decided";
        "该申请已有决定。", "It was granted or refused before." }
    REQUEST_NOT_GRANTED = Conflict "request_not_granted" {
        "申请未获同意", "The request was not granted";
        "只有已同意的申请才能完成。", "Only what was granted can be done." }
    PERSON_CHANGED = Conflict "person_changed" {
        "客户资料同时有变化", "The customer was changed meanwhile";
        "生成文件期间该客户被修改、合并或拆分，请重新生成。", "While the document was made, the customer was changed, merged or parted: make it anew." }
    REQUEST_ASKS_FOR_NO_DATA = Conflict "request_asks_for_no_data" {
        "申请不涉及提供资料", "The request does not ask for data";
        "只有查阅、复制和转移申请可以导出资料。", "Data is handed over for access, copy and transfer only." }
    RECIPIENT_COUNTRY_INVALID = Invalid "recipient_country_invalid" {
        "不是国家或地区代码", "Not the code of a country";
        "请填写两位大写字母的 ISO 3166-1 代码。", "Send the two capital letters of ISO 3166-1." }
    RECIPIENT_PERIOD_EMPTY = Invalid "recipient_period_empty" {
        "有效期为空", "It would never hold";
        "截止日期须晚于开始日期。", "The day on which it ends lies behind the one on which it begins." }
    RECIPIENT_NOT_VALID = Invalid "recipient_not_valid" {
        "接收方登记不在有效期内", "The recipient's entry did not hold";
        "当日该接收方的登记无效，不得提供。", "Nothing may be shared with it on that day." }
    CATEGORY_NOT_REGISTERED = Invalid "category_not_registered" {
        "该类信息未登记", "Categories that were not registered";
        "只能提供接收方登记的信息类别。", "Only what the recipient's entry names may be shared." }
    DISCLOSURE_IN_FUTURE = Invalid "disclosure_in_future" {
        "提供时间在将来", "Shared in the future";
        "提供时间不能晚于现在。", "What is recorded has happened by now." }
    SHARING_NOT_AGREED = Conflict "sharing_not_agreed" {
        "未同意向第三方提供", "The person has not agreed to sharing";
        "向该接收方提供须本人或监护人同意（sharing）。", "Whom it is about, or a guardian, has to agree first (consent to sharing)." }
    HOLD_ENDS_TOO_SOON = Invalid "hold_ends_too_soon" {
        "保全结束时间不在将来", "It would have ended";
        "结束时间须晚于现在。", "A hold ends in the future, or never." }
    HOLD_OVER = Conflict "hold_over" {
        "保全已经结束", "The hold is over";
        "该保全已解除或到期。", "It was released, or has ended by itself." }
    ERASURE_OBSTRUCTED = Conflict "erasure_obstructed" {
        "无法删除个人信息", "Something stands in the way";
        "请先处理：{obstacles}。", "Deal with this first: {obstacles}." }
    ERASED_PERSON = Conflict "erased_person" {
        "此人的信息已应要求删除", "Whoever is reached so was erased";
        "如本人再次咨询，请注明 asked_again。", "If the person asked again, say so by asked_again." }
}
