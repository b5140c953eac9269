//! Invented names and words.

use super::chance::Chance;

const FAMILY: &[&str] = &[
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "马", "朱", "胡", "林",
    "郭", "何", "高", "罗", "欧阳", "诸葛",
];
const CHILD: &[&str] = &[
    "子涵", "浩然", "欣怡", "一诺", "梓萱", "宇轩", "若雨", "思远", "博文", "佳琪", "雨桐", "俊杰",
    "可馨", "天佑", "语嫣", "明轩", "诗涵", "嘉懿", "晨曦", "安琪", "乐", "悦", "睿", "晴",
];
const ADULT: &[&str] = &[
    "建国", "秀英", "志强", "丽华", "海燕", "文斌", "雪梅", "国栋", "晓东", "美玲", "卫东", "春兰",
    "静", "勇", "军", "敏", "芳", "磊", "娟", "涛",
];

/// The first child that is taken in, and how it is typed without Chinese characters.
pub(super) const FIRST_FAMILY: &str = "张";
pub(super) const FIRST_CHILD: &str = "张伟";
pub(super) const FIRST_CHILD_IN_PINYIN: &str = "zhangwei";

pub(super) const SAID: &[&str] = &[
    "电话沟通，家长比较关心师资",
    "介绍了课程安排，家长要回去商量",
    "约了周末到校参观",
    "孩子试听后很喜欢",
    "家长觉得价格偏高，介绍了分期",
    "没有接通，改天再打",
    "微信发了课表",
];

/// A family name.
pub(super) fn family(chance: &mut Chance) -> &'static str {
    chance.pick(FAMILY).unwrap_or("王")
}

pub(super) fn child(chance: &mut Chance, family: &str) -> String {
    format!("{family}{}", chance.pick(CHILD).unwrap_or("乐"))
}

pub(super) fn adult(chance: &mut Chance, family: &str) -> String {
    format!("{family}{}", chance.pick(ADULT).unwrap_or("静"))
}

/// A mobile number that nobody has: the n-th of a range that is kept for examples.
pub(super) fn phone(n: usize) -> String {
    format!("1380013{:04}", n % 10_000)
}
