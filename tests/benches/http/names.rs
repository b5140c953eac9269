//! Names of invented people.

use tests::chance::Chance;

/// Characters with their reading.
const SURNAMES: &[(&str, &str)] = &[
    ("张", "zhang"),
    ("王", "wang"),
    ("李", "li"),
    ("刘", "liu"),
    ("陈", "chen"),
    ("杨", "yang"),
    ("赵", "zhao"),
    ("黄", "huang"),
    ("周", "zhou"),
    ("吴", "wu"),
    ("徐", "xu"),
    ("孙", "sun"),
    ("胡", "hu"),
    ("朱", "zhu"),
    ("高", "gao"),
    ("林", "lin"),
    ("何", "he"),
    ("郭", "guo"),
    ("马", "ma"),
    ("罗", "luo"),
    ("梁", "liang"),
    ("宋", "song"),
    ("郑", "zheng"),
    ("谢", "xie"),
    ("韩", "han"),
    ("唐", "tang"),
    ("冯", "feng"),
    ("董", "dong"),
    ("程", "cheng"),
    ("曹", "cao"),
];
const GIVEN: &[(&str, &str)] = &[
    ("伟", "wei"),
    ("芳", "fang"),
    ("娜", "na"),
    ("敏", "min"),
    ("静", "jing"),
    ("丽", "li"),
    ("强", "qiang"),
    ("磊", "lei"),
    ("军", "jun"),
    ("洋", "yang"),
    ("勇", "yong"),
    ("艳", "yan"),
    ("杰", "jie"),
    ("娟", "juan"),
    ("涛", "tao"),
    ("明", "ming"),
    ("超", "chao"),
    ("秀", "xiu"),
    ("霞", "xia"),
    ("平", "ping"),
    ("刚", "gang"),
    ("桂", "gui"),
    ("英", "ying"),
    ("华", "hua"),
    ("玉", "yu"),
    ("兰", "lan"),
    ("红", "hong"),
    ("建", "jian"),
    ("国", "guo"),
    ("文", "wen"),
    ("斌", "bin"),
    ("宇", "yu"),
    ("浩", "hao"),
    ("轩", "xuan"),
    ("琳", "lin"),
    ("欣", "xin"),
    ("怡", "yi"),
    ("梓", "zi"),
    ("涵", "han"),
    ("晨", "chen"),
    ("思", "si"),
    ("雨", "yu"),
    ("佳", "jia"),
    ("嘉", "jia"),
    ("俊", "jun"),
    ("博", "bo"),
    ("诗", "shi"),
    ("雅", "ya"),
];

/// A name, its pinyin and its initials.
pub(crate) fn name(chance: &mut Chance) -> [String; 3] {
    let mut parts = vec![*chance.pick(SURNAMES), *chance.pick(GIVEN)];
    if chance.percent(80) {
        parts.push(*chance.pick(GIVEN));
    }
    [
        parts.iter().map(|(character, _)| *character).collect(),
        parts.iter().map(|(_, reading)| *reading).collect(),
        parts
            .iter()
            .filter_map(|(_, reading)| reading.chars().next())
            .collect(),
    ]
}

/// Two characters of a given name.
pub(crate) fn given(chance: &mut Chance) -> String {
    format!("{}{}", chance.pick(GIVEN).0, chance.pick(GIVEN).0)
}
