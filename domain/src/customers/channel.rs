use super::CHANNEL_CODE_INVALID;
use crate::{
    fault::{Fault, FieldFault, Text},
    organization::Locale,
    reference::Details,
    text, text_enum,
};

text_enum! {
    /// Which group of ways to customers a source channel belongs to.
    ChannelGroup as "SourceChannelGroup" {
        Online = "online" { "线上", "Online" }
        Offline = "offline" { "线下", "Offline" }
        Referral = "referral" { "转介绍", "Referral" }
        Partner = "partner" { "合作", "Partners" }
        Research = "research" { "调研", "Research" }
        Other = "other" { "其他", "Other" }
    }
}

/// Longest name, in characters.
pub const CHANNEL_NAME_MAX: usize = 50;
/// Longest code.
pub const CHANNEL_CODE_MAX: usize = 40;

/// The code of a source channel, by which customers name it: a letter, then 1 to 39 letters, digits and
/// underscores, all lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelCode(String);

impl ChannelCode {
    /// The channel of what came by none that has a name. It is never archived.
    pub const OTHER: &str = "other";

    /// `None` where the text is no code.
    pub fn parse(text: &str) -> Option<Self> {
        let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let is_code = text.starts_with(|c: char| c.is_ascii_lowercase())
            && (2..=CHANNEL_CODE_MAX).contains(&text.len())
            && text.chars().all(is_part);
        is_code.then(|| Self(text.to_owned()))
    }

    /// The code that was sent in this field.
    ///
    /// # Errors
    /// Where it is none.
    pub fn sent(pointer: &'static str, text: &str) -> Result<Self, FieldFault> {
        Self::parse(text).ok_or_else(|| FieldFault::new(pointer, &CHANNEL_CODE_INVALID))
    }

    pub fn other() -> Self {
        Self(Self::OTHER.to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A source channel (收集渠道, CUST-26): a way on which an institution meets customers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceChannel {
    /// Never changed: customers keep it.
    pub code: ChannelCode,
    /// Unique among those that are not archived.
    pub name: String,
    pub group: ChannelGroup,
}

impl Details for SourceChannel {
    fn checked(self) -> Result<Self, Fault> {
        Ok(Self {
            name: text::line("/name", &self.name, CHANNEL_NAME_MAX)?,
            ..self
        })
    }
}

/// A channel that every institution has from the start.
#[derive(Debug)]
pub struct KnownChannel {
    pub code: &'static str,
    pub name: Text,
    pub group: ChannelGroup,
}

impl KnownChannel {
    /// The channel as an institution of a language begins with it.
    pub fn planted(&self, locale: Locale) -> SourceChannel {
        SourceChannel {
            code: ChannelCode(self.code.to_owned()),
            name: self.name.of(locale).to_owned(),
            group: self.group,
        }
    }
}

macro_rules! channels {
    ($( $code:literal $group:ident { $zh:literal, $en:literal } )+) => {
        /// What the requirements name: CUST-27…30, CUST-33, CUST-35, MKT-06…13, MKT-27.
        pub static SOURCE_CHANNELS: &[KnownChannel] = &[
            $( KnownChannel {
                code: $code,
                name: Text { zh: $zh, en: $en },
                group: ChannelGroup::$group,
            } ),+
        ];
    };
}

channels! {
    "hotline" Offline { "咨询热线", "Hotline" }
    "walk_in" Offline { "到访", "Walk-in" }
    "website" Online { "网站留言", "Website message" }
    "social" Online { "社交媒体", "Social media" }
    "event" Offline { "招生活动", "Event" }
    "public_lesson" Offline { "公开课", "Public lesson" }
    "referral" Referral { "转介绍", "Referral" }
    "partner_school" Partner { "合作学校", "Partner school" }
    "advertisement" Offline { "广告", "Advertisement" }
    "other" Other { "其他", "Other" }
    "online_event" Online { "线上招生活动", "Online event" }
    "web_registration" Online { "网络注册", "Registration on the web" }
    "store_registration" Offline { "门店注册", "Registration in a store" }
    "phone_registration" Offline { "电话注册", "Registration by phone" }
    "customer_form" Other { "客户填写表单", "Form filled by the customer" }
    "phone_interview" Research { "电话访谈", "Phone interview" }
    "customer_survey" Research { "客户调查", "Customer survey" }
    "sales_record" Other { "销售记录", "Sales record" }
    "market_survey" Research { "市场调查", "Market survey" }
    "business_expansion" Offline { "业务拓展", "Business expansion" }
    "complaint" Other { "客户投诉", "Complaint" }
    "questionnaire" Research { "问卷调查", "Questionnaire" }
    "focus_group" Research { "焦点小组讨论", "Focus group" }
    "depth_interview" Research { "深度访谈", "Depth interview" }
    "industry_report" Research { "行业报告", "Industry report" }
    "customer_advertisement" Research { "客户发布的广告", "The customer's advertisement" }
    "customer_website" Research { "客户网站", "The customer's website" }
    "exhibition" Offline { "客户参加的展会", "Exhibition that the customer attends" }
    "data_lookup" Research { "资料查询", "Data look-up" }
    "lecture" Offline { "讲座", "Lecture" }
    "trial_lesson" Offline { "试听课", "Trial lesson" }
    "public_place" Offline { "公共场所收集", "Public place" }
    "book_gift" Offline { "赠送图书", "Gift of books" }
    "free_test" Offline { "公益测评", "Free test" }
    "prize_quiz" Offline { "有奖问答", "Prize quiz" }
    "joint_exercise" Offline { "集体锻炼", "Joint exercise" }
    "flyer" Offline { "发放传单", "Flyer" }
    "science_talk" Offline { "科普宣传", "Talk on science" }
    "sponsored_activity" Offline { "赞助活动", "Sponsored activity" }
    "print_quiz" Offline { "报刊问答", "Quiz in print" }
    "essay_contest" Offline { "征文比赛", "Essay contest" }
    "media_event" Offline { "媒体互动活动", "Event with the media" }
    "news_event" Offline { "新闻事件", "News event" }
    "alliance" Partner { "合作联盟", "Alliance" }
    "partner_institution" Partner { "合作机构", "Partner institution" }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{text::fold, text_enum::TextEnum};

    #[test]
    fn every_known_channel_has_a_code_and_a_name_of_its_own() {
        for channel in SOURCE_CHANNELS {
            assert!(
                ChannelCode::parse(channel.code).is_some(),
                "{}",
                channel.code
            );
        }
        let codes: BTreeSet<_> = SOURCE_CHANNELS.iter().map(|known| known.code).collect();
        assert_eq!(codes.len(), SOURCE_CHANNELS.len());
        for locale in Locale::ALL {
            let names = SOURCE_CHANNELS
                .iter()
                .map(|known| fold(known.name.of(*locale)));
            assert_eq!(names.collect::<BTreeSet<_>>().len(), SOURCE_CHANNELS.len());
        }
    }

    #[test]
    fn a_code_is_lower_case_and_begins_with_a_letter() {
        for code in [
            "a",
            "Hotline",
            "1st",
            "_x",
            "walk-in",
            "渠道",
            &"a".repeat(41),
        ] {
            assert_eq!(ChannelCode::parse(code), None, "{code}");
        }
        for code in ["ab", "walk_in", "tv2", &"a".repeat(40)] {
            assert!(ChannelCode::parse(code).is_some(), "{code}");
        }
    }
}
