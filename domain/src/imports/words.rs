//! The words by which people name the values of a cell, folded, parted by blanks.

use crate::customers::{Education, Gender, Occupation};

/// The words of each value.
pub(super) type Words<T> = &'static [(T, &'static str)];

/// Words by which people say that they say nothing.
pub(super) const UNTOLD: &str =
    "保密 未知 不详 不明 未填 未提供 无 - -- / n/a none unknown not_given notgiven";

pub(super) const GENDERS: Words<Gender> = &[
    (
        Gender::Male,
        "男 男性 男生 男孩 男士 先生 m male boy mr mr.",
    ),
    (
        Gender::Female,
        "女 女性 女生 女孩 女士 小姐 f female girl ms ms. mrs mrs. miss",
    ),
];

/// Stars are known at both ends only: two may be the middle of three or of five.
pub(super) const INTENTS: Words<i16> = &[
    (4, "强 很强 强烈 非常强 高 很高 a ★★★ 4 strong high"),
    (3, "较强 较高 比较强 比较高 b 3"),
    (2, "中 中等 一般 普通 c 2 medium average"),
    (1, "弱 较弱 低 较低 很低 d ★ 1 weak low"),
];

pub(super) const EDUCATIONS: Words<Education> = &[
    (
        Education::Primary,
        "小学 primary primary_school primaryschool",
    ),
    (
        Education::JuniorSecondary,
        "初中 junior_secondary juniorsecondaryschool middle_school",
    ),
    (
        Education::SeniorSecondary,
        "高中 senior_secondary seniorsecondaryschool high_school",
    ),
    (
        Education::Vocational,
        "中专 职高 技校 中职 中专或职高 vocational vocationalschool",
    ),
    (
        Education::Associate,
        "大专 专科 高职 associate college juniorcollege",
    ),
    (
        Education::Bachelor,
        "本科 大学本科 大学 学士 bachelor bachelors university",
    ),
    (
        Education::Master,
        "硕士 硕士研究生 研究生 master masters mba",
    ),
    (Education::Doctorate, "博士 博士研究生 doctorate doctor phd"),
    (Education::Other, "其他 其它 other"),
];

pub(super) const OCCUPATIONS: Words<Occupation> = &[
    (
        Occupation::CompanyEmployee,
        "公司职员 职员 企业职员 企业员工 上班族 白领 company_employee companyemployee employee",
    ),
    (
        Occupation::CivilServant,
        "公务员 机关干部 civil_servant civilservant",
    ),
    (Occupation::Teacher, "教师 老师 teacher"),
    (Occupation::Student, "学生 student"),
    (
        Occupation::Freelancer,
        "自由职业 自由职业者 freelancer freelance",
    ),
    (Occupation::Other, "其他 其它 other"),
];

/// Codes of source channels, as far as an institution still has them.
pub(super) const CHANNELS: Words<&str> = &[
    (
        "hotline",
        "电话咨询 咨询热线 热线 电话 来电 来电咨询 hotline phone call",
    ),
    (
        "walk_in",
        "到访 上门 上门咨询 自然到访 到店 门店 前台 walk_in walk-in walkin",
    ),
    (
        "website",
        "官网 官方网站 网站 网站留言 在线留言 网络 website web",
    ),
    (
        "social",
        "微信 微信公众号 公众号 企业微信 朋友圈 视频号 抖音 快手 小红书 微博 \
         社交媒体 social socialmedia wechat douyin",
    ),
    (
        "event",
        "地推 活动 招生活动 市场活动 线下活动 线上活动 展会 event",
    ),
    (
        "public_lesson",
        "公益课 公开课 public_lesson publiclesson openclass",
    ),
    (
        "referral",
        "转介绍 老带新 介绍 推荐 朋友介绍 朋友推荐 老学员推荐 家长推荐 referral",
    ),
    (
        "partner_school",
        "合作学校 学校合作 校园合作 partner_school partnerschool",
    ),
    ("advertisement", "广告 传单 宣传单 advertisement ad ads"),
    ("other", "其他 其它 other"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::fold;

    #[test]
    fn each_word_has_one_meaning_and_is_folded() {
        fn check<T>(words: Words<T>) {
            let all: Vec<_> = words
                .iter()
                .flat_map(|(_, known)| known.split(' '))
                .collect();
            for word in &all {
                assert_eq!(fold(word), *word);
                assert_eq!(
                    all.iter().filter(|other| *other == word).count(),
                    1,
                    "{word}"
                );
            }
        }
        check(GENDERS);
        check(INTENTS);
        check(EDUCATIONS);
        check(OCCUPATIONS);
        check(CHANNELS);
    }
}
