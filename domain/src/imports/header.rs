//! Which field of a lead a column holds, by its heading.

use std::collections::BTreeSet;

use super::is_among;
use crate::{text::fold, text_enum};

text_enum! {
    /// What a column of a list of leads can hold.
    LeadField as "ImportField" {
        CustomerId = "customer_id" { "客户编号", "Customer ID" }
        Name = "name" { "姓名", "Name" }
        Gender = "gender" { "性别", "Gender" }
        BirthDate = "birth_date" { "出生日期", "Birth date" }
        Education = "education" { "教育背景", "Education" }
        Occupation = "occupation" { "职业", "Occupation" }
        Grade = "grade" { "年级", "Grade" }
        School = "school" { "就读学校", "School" }
        GuardianName = "guardian_name" { "家长姓名", "Name of the guardian" }
        GuardianRelation = "guardian_relation" { "与家长关系", "What the guardian is to the child" }
        GuardianOccupation = "guardian_occupation" { "家长职业", "Occupation of the guardian" }
        GuardianPhone = "guardian_phone" { "家长电话", "Phone of the guardian" }
        Phone = "phone" { "手机号", "Phone" }
        OtherPhone = "other_phone" { "备用电话", "Other phone" }
        Wechat = "wechat" { "微信号", "WeChat" }
        Email = "email" { "邮箱", "E-mail" }
        Region = "region" { "所在区域", "Region" }
        Address = "address" { "地址", "Address" }
        Course = "course" { "意向课程", "Course of interest" }
        Intent = "intent" { "意向程度", "Strength of interest" }
        Channel = "channel" { "来源渠道", "Source channel" }
        Campus = "campus" { "校区", "Campus" }
        Collector = "collector" { "采集人", "Collector" }
        CollectedOn = "collected_on" { "采集时间", "Collected on" }
        NextFollowUpOn = "next_follow_up_on" { "下次跟进时间", "Next follow-up" }
        Tags = "tags" { "标签", "Tags" }
        Note = "note" { "备注", "Note" }
        Ignore = "ignore" { "忽略", "Nothing to keep" }
    }
}

impl LeadField {
    /// The field of a customer, in the words of the contract, that a column fills; none for what
    /// only decides where a row belongs.
    pub fn fills(self) -> Option<&'static str> {
        match self {
            Self::Name | Self::GuardianName => Some("name"),
            Self::Gender => Some("gender"),
            Self::BirthDate => Some("birth_date"),
            Self::Intent => Some("intent"),
            Self::Education => Some("education"),
            Self::Occupation | Self::GuardianOccupation => Some("occupation"),
            Self::Grade => Some("grade"),
            Self::School => Some("school"),
            Self::Region => Some("region"),
            Self::Channel => Some("source_channel"),
            Self::CollectedOn => Some("collected_at"),
            Self::GuardianPhone
            | Self::Phone
            | Self::OtherPhone
            | Self::Wechat
            | Self::Email
            | Self::Address => Some("contact_points"),
            // What has no field of its own goes into the note, and so does what can't be put on the
            // customer.
            Self::Course | Self::Collector | Self::NextFollowUpOn | Self::Tags | Self::Note => {
                Some("note")
            }
            Self::CustomerId | Self::GuardianRelation | Self::Campus | Self::Ignore => None,
        }
    }
}

/// Headings as [`plain`] leaves them, parted by blanks.
const HEADINGS: &[(LeadField, &str)] = &[
    (
        LeadField::Name,
        "姓名 学员姓名 学生姓名 孩子姓名 宝宝姓名 客户姓名 名字 学员 学生 name \
         fullname studentname childname student",
    ),
    (LeadField::Gender, "性别 学员性别 孩子性别 gender sex"),
    (
        LeadField::BirthDate,
        "出生日期 出生年月日 出生年月 生日 birthdate dateofbirth birthday dob",
    ),
    (
        LeadField::Education,
        "教育背景 学历 文化程度 受教育程度 education degree",
    ),
    (LeadField::Occupation, "职业 工作 occupation profession job"),
    (
        LeadField::GuardianOccupation,
        "家长职业 父母职业 监护人职业 guardianoccupation parentoccupation",
    ),
    (LeadField::Grade, "年级 就读年级 在读年级 grade"),
    (
        LeadField::School,
        "就读学校 在读学校 所在学校 学校 school schoolname",
    ),
    (
        LeadField::GuardianName,
        "家长姓名 家长 监护人姓名 监护人 联系人 联系人姓名 guardianname guardian \
         parentname parent contactname",
    ),
    (
        LeadField::GuardianRelation,
        "关系 与学员关系 与孩子关系 亲属关系 家长关系 guardianrelation relation \
         relationship",
    ),
    (
        LeadField::GuardianPhone,
        "家长电话 家长手机 家长手机号 家长联系方式 监护人电话 监护人手机 \
         监护人手机号 guardianphone parentphone parentmobile",
    ),
    (
        LeadField::Phone,
        "手机号 手机号码 手机 电话 电话号码 联系电话 联系方式 学员电话 phone \
         phonenumber mobile mobilephone telephone tel",
    ),
    (
        LeadField::OtherPhone,
        "备用电话 备用手机 备用手机号 其他电话 第二电话 电话2 手机号2 otherphone \
         secondphone alternatephone phone2",
    ),
    (LeadField::Wechat, "微信号 微信 wechat wechatid weixin"),
    (
        LeadField::Email,
        "邮箱 电子邮箱 邮箱地址 电子邮件 邮件 email emailaddress mail",
    ),
    (
        LeadField::Region,
        "所在区域 区域 地区 所在地区 所在城市 城市 region district city",
    ),
    (
        LeadField::Address,
        "家庭住址 家庭地址 住址 地址 联系地址 详细地址 address homeaddress",
    ),
    (
        LeadField::Course,
        "意向课程 咨询课程 感兴趣课程 课程 科目 course courseinterest interest",
    ),
    (
        LeadField::Intent,
        "意向程度 意向强烈度 意向强度 意向度 意向级别 意向等级 意向 intent \
         intention intentlevel",
    ),
    (
        LeadField::Channel,
        "来源渠道 渠道 来源 渠道来源 客户来源 线索来源 获客渠道 channel source \
         leadsource sourcechannel",
    ),
    (LeadField::Campus, "校区 所属校区 意向校区 campus"),
    (
        LeadField::Collector,
        "采集人 收集人 录入人 登记人 collector collectedby",
    ),
    (
        LeadField::CollectedOn,
        "采集时间 采集日期 收集时间 登记时间 登记日期 录入时间 collectedon \
         collectedat createdat",
    ),
    (
        LeadField::NextFollowUpOn,
        "下次跟进时间 下次跟进日期 下次跟进 下次联系时间 nextfollowup \
         nextfollowupon nextfollowupdate",
    ),
    (LeadField::Tags, "标签 客户标签 tags tag labels"),
    (
        LeadField::Note,
        "备注 备注信息 说明 跟进记录 note notes remark remarks comment comments",
    ),
    (LeadField::CustomerId, "客户编号 客户id customerid"),
    (
        LeadField::Ignore,
        "序号 编号 行号 导出标记 no id index exported",
    ),
];

/// A field for each heading, `None` where it isn't known. Each field is proposed once, for the
/// first column that may hold it.
pub fn propose(headers: &[&str]) -> Vec<Option<LeadField>> {
    let mut taken = BTreeSet::new();
    headers
        .iter()
        .map(|header| {
            field(header).filter(|field| *field == LeadField::Ignore || taken.insert(*field))
        })
        .collect()
}

fn field(header: &str) -> Option<LeadField> {
    let heading = plain(header);
    HEADINGS
        .iter()
        .find(|(_, known)| is_among(known, &heading))
        .map(|(field, _)| *field)
}

/// Folded, without punctuation and without remarks in brackets: `*手机号（必填）` is 手机号.
pub(super) fn plain(header: &str) -> String {
    let mut depth = 0_u32;
    let mut heading = String::new();
    for c in fold(header).chars() {
        match c {
            '(' | '[' | '【' | '〔' => depth += 1,
            ')' | ']' | '】' | '〕' => depth = depth.saturating_sub(1),
            _ if depth == 0 && c.is_alphanumeric() => heading.push(c),
            _ => {}
        }
    }
    heading
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_known_in_both_languages() {
        assert_eq!(
            propose(&[
                "姓名",
                "手机号",
                "Birth Date",
                "E-mail",
                "birth_date",
                "星座"
            ]),
            [
                Some(LeadField::Name),
                Some(LeadField::Phone),
                Some(LeadField::BirthDate),
                Some(LeadField::Email),
                None,
                None,
            ]
        );
    }

    #[test]
    fn remarks_and_punctuation_do_not_matter() {
        assert_eq!(
            propose(&[
                "*学员 姓名（必填）",
                "\u{FEFF}意向程度：",
                "来源渠道[选填]",
                "No.",
                "编号"
            ]),
            [
                Some(LeadField::Name),
                Some(LeadField::Intent),
                Some(LeadField::Channel),
                Some(LeadField::Ignore),
                Some(LeadField::Ignore),
            ]
        );
    }

    #[test]
    fn each_known_heading_means_one_field() {
        let mut seen = BTreeSet::new();
        for heading in HEADINGS.iter().flat_map(|(_, known)| known.split(' ')) {
            assert!(seen.insert(heading), "{heading} stands twice");
            assert_eq!(plain(heading), heading);
        }
    }
}
