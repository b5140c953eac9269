//! Insights (外部洞察): what is learned of a customer from outside, not from the customer (CUST-20, CUST-33,
//! (d)28).
//!
//! Each says where it comes from, on which basis of law it is kept and by which authorisation it was got, and
//! stands beside the record: what the customer said is never overwritten by it. It is never changed, but
//! can be taken back.

use jiff::{Timestamp, civil::Date};
use uuid::Uuid;

use super::{
    Consent, Customer, GUARDIAN_CONSENT_MISSING, INSIGHT_NOT_AGREED, INSIGHT_WITHDRAWN,
    LawfulBasis, OBSERVED_IN_FUTURE, Standing,
};
use crate::{
    fault::{Fault, FieldFault, TEXT_BLANK},
    id::Id,
    stamp::Stamp,
    text, text_enum,
};

text_enum! {
    /// What an insight is about.
    InsightTopic as "InsightTopic" {
        Interests = "interests" { "兴趣爱好", "Interests" }
        SocialBehaviour = "social_behaviour" { "社交行为", "Social behaviour" }
        Consumption = "consumption" { "消费", "Consumption" }
        Background = "background" { "背景", "Background" }
    }
}

text_enum! {
    /// From where an insight comes (外部数据来源, CUST-33).
    InsightSource as "InsightSource" {
        SocialMedia = "social_media" { "社交媒体", "Social media" }
        Partner = "partner" { "合作方", "A partner" }
        IndustryReport = "industry_report" { "行业报告", "A report on the industry" }
        MarketSurvey = "market_survey" { "市场调查", "A market survey" }
        PublicRecord = "public_record" { "公开信息", "A public record" }
        Other = "other" { "其他", "Other" }
    }
}

impl InsightTopic {
    /// The field of the record that tells the same of a customer, by whose rule the content is seen.
    pub fn field(self) -> &'static str {
        match self {
            Self::Interests => "details.hobbies",
            Self::Consumption => "details.consumption_habits",
            Self::SocialBehaviour | Self::Background => "details.background",
        }
    }
}

/// Longest content, in characters.
pub const INSIGHT_CONTENT_MAX: usize = 1000;
/// Longest origin, authorisation and reason, in characters.
pub const INSIGHT_LINE_MAX: usize = 200;

/// Something that was learned of a customer from outside.
#[derive(Clone, PartialEq, Eq)]
pub struct Insight {
    pub id: Id<Insight>,
    pub customer: Id<Customer>,
    pub topic: InsightTopic,
    /// 1 to [`INSIGHT_CONTENT_MAX`] characters; nothing once it is taken back.
    pub content: Option<String>,
    pub source: InsightSource,
    /// Which platform, partner or report it was: 1 to [`INSIGHT_LINE_MAX`] characters; nothing once it is
    /// taken back.
    pub origin: Option<String>,
    /// The day on which it was so.
    pub observed_on: Date,
    pub lawful_basis: LawfulBasis,
    /// By what it can be shown that it may be had: 1 to [`INSIGHT_LINE_MAX`] characters.
    pub authorisation: String,
    /// The decision by which the person agreed, where consent is the basis.
    pub consent: Option<Id<Consent>>,
    pub recorded_at: Timestamp,
    pub recorded_by: Option<Uuid>,
    pub withdrawn: Option<Withdrawal>,
}

/// That an insight was taken back.
#[derive(Clone, PartialEq, Eq)]
pub struct Withdrawal {
    pub at: Timestamp,
    pub by: Option<Uuid>,
    /// 1 to [`INSIGHT_LINE_MAX`] characters.
    pub reason: String,
}

impl std::fmt::Debug for Insight {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Insight({})", self.id)
    }
}

impl std::fmt::Debug for Withdrawal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Withdrawal({})", self.at)
    }
}

/// An insight as it is told.
#[derive(Clone)]
pub struct NewInsight {
    pub topic: InsightTopic,
    pub content: String,
    pub source: InsightSource,
    pub origin: String,
    /// Today, where nothing is said.
    pub observed_on: Option<Date>,
    pub lawful_basis: LawfulBasis,
    pub authorisation: String,
}

/// What an insight is checked against.
#[derive(Debug)]
pub struct InsightGround<'a> {
    pub customer: Id<Customer>,
    /// At the customer's campus.
    pub today: Date,
    pub leave: &'a Leave,
    pub by: Option<Uuid>,
}

impl Insight {
    /// # Errors
    /// 422 with every field that breaks a rule: a day to come, a child without a guardian who agrees; 409
    /// where the person does not agree to profiling and the basis needs that, or refused it.
    pub fn new(new: NewInsight, ground: &InsightGround<'_>, stamp: &Stamp) -> Result<Self, Fault> {
        let mut faults = Vec::new();
        let mut keep = |checked: Result<String, FieldFault>| {
            checked
                .map_err(|fault| faults.push(fault))
                .unwrap_or_default()
        };
        let content = text::note("/content", &new.content, INSIGHT_CONTENT_MAX);
        let content = keep(content.and_then(|content| match content.trim().is_empty() {
            true => Err(FieldFault::new("/content", &TEXT_BLANK)),
            false => Ok(content),
        }));
        let origin = keep(text::line("/origin", &new.origin, INSIGHT_LINE_MAX));
        let authorisation = keep(text::line(
            "/authorisation",
            &new.authorisation,
            INSIGHT_LINE_MAX,
        ));
        let observed_on = new.observed_on.unwrap_or(ground.today);
        if observed_on > ground.today {
            faults.push(FieldFault::new("/observed_on", &OBSERVED_IN_FUTURE));
        }
        if !ground.leave.may_keep_more {
            faults.push(FieldFault::new("/content", &GUARDIAN_CONSENT_MISSING));
        }
        Fault::unless_empty(faults)?;
        if !ground.leave.covers(new.lawful_basis) {
            return Err(Fault::new(&INSIGHT_NOT_AGREED));
        }
        let consent = ground.leave.consent.as_ref();
        let rests_on_it = new.lawful_basis == LawfulBasis::Consent;
        Ok(Self {
            id: stamp.id(),
            customer: ground.customer,
            topic: new.topic,
            content: Some(content),
            source: new.source,
            origin: Some(origin),
            observed_on,
            lawful_basis: new.lawful_basis,
            authorisation,
            consent: consent.filter(|_| rests_on_it).map(|by| by.id),
            recorded_at: stamp.now(),
            recorded_by: ground.by,
            withdrawn: None,
        })
    }

    /// Raised once, when it is taken back.
    pub fn version(&self) -> i64 {
        1 + i64::from(self.withdrawn.is_some())
    }

    /// Takes it back: its content goes for good, and whence it came.
    ///
    /// # Errors
    /// 409 where that was done; 422 where the reason breaks a rule.
    pub fn withdraw(&self, reason: &str, by: Option<Uuid>, stamp: &Stamp) -> Result<Self, Fault> {
        let reason = text::line("/reason", reason, INSIGHT_LINE_MAX)?;
        if self.withdrawn.is_some() {
            return Err(Fault::new(&INSIGHT_WITHDRAWN));
        }
        Ok(Self {
            content: None,
            origin: None,
            withdrawn: Some(Withdrawal {
                at: stamp.now(),
                by,
                reason,
            }),
            ..self.clone()
        })
    }

    /// Whether it may be used.
    pub fn is_covered(&self, leave: &Leave) -> bool {
        self.withdrawn.is_none() && leave.may_keep_more && leave.covers(self.lawful_basis)
    }
}

/// What a person, or its guardian, lets be kept of what is learned from outside.
#[derive(Clone, Debug)]
pub struct Leave {
    /// Whether more may be kept than an enquiry needs: not of a child under 14 without a guardian who agrees
    /// (I-36).
    pub may_keep_more: bool,
    /// What holds for profiling.
    pub profiling: Standing,
    /// The decision that says so.
    pub consent: Option<Consent>,
}

impl Leave {
    /// Whether a basis bears what is learned: consent as long as it stands, and what was made public unless the
    /// person refused (PIPL, article 27).
    fn covers(&self, basis: LawfulBasis) -> bool {
        match basis {
            LawfulBasis::Consent => self.profiling == Standing::Given,
            LawfulBasis::Published => self.profiling != Standing::Withdrawn,
            LawfulBasis::Contract
            | LawfulBasis::LegalDuty
            | LawfulBasis::Emergency
            | LawfulBasis::PublicInterest => true,
        }
    }
}
