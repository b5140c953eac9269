//! Lists of leads as schools really keep them (DATA-02…04), read as a careful clerk would.
//!
//! Columns are recognised by their headings, cells by what people write into them. A row is
//! refused only for what would make a wrong record: no name, or a telephone number, birth date or
//! e-mail address that can't be right. Other cells that can't be read are left out, and named.
//! Nothing is ever evaluated: `=1+1` is text.
//!
//! - [`header`]: which field a column holds
//! - [`cell`]: one value as people write it
//! - [`lead`]: a whole row
//! - [`duplicate`]: who is already known

pub mod cell;
pub mod duplicate;
pub mod header;
pub mod lead;

use crate::rules;

rules! {
    NAME_MISSING = Invalid "name_missing" {
        "缺少姓名", "No name";
        "此行没有姓名，请补充后再导入。", "This row has no name: add it and import the row again." }
    BIRTH_DATE_INVALID = Invalid "birth_date_invalid" {
        "出生日期无效", "Not a birth date";
        "请按 2015-06-01 的格式填写，且不能晚于今天。", "Write it as 2015-06-01; it can't be later than today." }
}

/// Whether `text` is one of the words, which are parted by blanks.
fn is_among(words: &str, text: &str) -> bool {
    words.split(' ').any(|word| word == text)
}
