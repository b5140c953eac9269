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
    REQUEST_ASKS_FOR_NO_DATA = Conflict "request_asks_for_no_data" {
        "申请不涉及提供资料", "The request does not ask for data";
        "只有查阅、复制和转移申请可以导出资料。", "Data is handed over for access, copy and transfer only." }
    ERASURE_OBSTRUCTED = Conflict "erasure_obstructed" {
        "无法删除个人信息", "Something stands in the way";
        "请先处理：{obstacles}。", "Deal with this first: {obstacles}." }
    ERASED_PERSON = Conflict "erased_person" {
        "此人的信息已应要求删除", "Whoever is reached so was erased";
        "如本人再次咨询，请注明 asked_again。", "If the person asked again, say so by asked_again." }
}
