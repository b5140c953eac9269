use crate::rules;

rules! {
    COLOUR_INVALID = Invalid "colour_invalid" {
        "颜色不正确", "Not a colour";
        "颜色写作 #RRGGBB。", "A colour is written as #RRGGBB." }
    TAG_ON_ALREADY = Conflict "tag_on_already" {
        "客户已有此标签", "The customer has the tag already";
        "请先移除原有标签。", "Take it off first." }
}
