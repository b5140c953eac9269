use crate::rules;

rules! {
    NOTICE_TEXT_EMPTY = Invalid "notice_text_empty" {
        "告知书没有内容", "The notice says nothing";
        "请填写告知书的内容。", "A notice has a text." }
}
