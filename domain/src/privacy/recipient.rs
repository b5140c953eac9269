//! Whom personal data is shared with (接收方, PRIV-02; articles 21 to 23, 38 and 39 of the personal
//! information protection law). Without an entry here nothing is shared.

use jiff::civil::Date;

use super::{RECIPIENT_COUNTRY_INVALID, RECIPIENT_PERIOD_EMPTY};
use crate::{
    customers::LawfulBasis,
    fault::{Fault, FieldFault},
    reference::Details,
    text, text_enum,
};

text_enum! {
    /// What a recipient is to the institution.
    RecipientKind as "RecipientKind" {
        Partner = "partner" { "合作方", "Partner" }
        Processor = "processor" { "受托处理者", "Works on the data for the institution" }
        Affiliate = "affiliate" { "关联机构", "Institution of the same group" }
        Authority = "authority" { "主管机关", "Authority" }
        Other = "other" { "其他", "Other" }
    }
}

text_enum! {
    /// Categories of personal data.
    DataCategory as "PersonalDataCategory" {
        Identity = "identity" { "身份信息", "Who somebody is" }
        Contact = "contact" { "联系方式", "How somebody is reached" }
        Family = "family" { "家庭关系", "Family" }
        Learning = "learning" { "学习情况", "Learning" }
        Preferences = "preferences" { "需求和偏好", "Needs and preferences" }
        Communication = "communication" { "沟通记录", "What was said" }
        Payments = "payments" { "交易和付款", "Purchases and payments" }
        Documents = "documents" { "证件、照片和文件", "Papers, photos and files" }
    }
}

/// Longest name, in characters.
pub const RECIPIENT_NAME_MAX: usize = 100;
/// Longest purpose, and longest reference to an agreement, in characters.
pub const RECIPIENT_TEXT_MAX: usize = 200;
/// The country whose law this follows: what goes elsewhere has left it.
const HOME: &str = "CN";

/// Somebody with whom personal data may be shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// Unique among those that are not archived: 1 to [`RECIPIENT_NAME_MAX`] characters.
    pub name: String,
    pub kind: RecipientKind,
    /// For what the data is shared: 1 to [`RECIPIENT_TEXT_MAX`] characters.
    pub purpose: String,
    pub lawful_basis: LawfulBasis,
    /// What may be shared, each once.
    pub categories: Vec<DataCategory>,
    /// Where the recipient keeps it: ISO 3166-1, two capital letters.
    pub country: String,
    /// The contract, or the law, under which it is shared: 1 to [`RECIPIENT_TEXT_MAX`] characters.
    pub agreement: String,
    pub valid_from: Date,
    /// The first day on which nothing is shared any more.
    pub valid_until: Option<Date>,
}

impl Recipient {
    pub fn is_valid_on(&self, day: Date) -> bool {
        self.valid_from <= day && self.valid_until.is_none_or(|until| day < until)
    }

    /// Whether each person has to agree: where that is the basis, and where data leaves the country (article
    /// 39).
    pub fn needs_consent(&self) -> bool {
        self.lawful_basis == LawfulBasis::Consent || self.country != HOME
    }
}

impl Details for Recipient {
    fn checked(mut self) -> Result<Self, Fault> {
        let mut faults = Vec::new();
        let mut line = |pointer, text: &str, max| {
            text::line(pointer, text, max)
                .map_err(|fault| faults.push(fault))
                .unwrap_or_default()
        };
        self.name = line("/name", &self.name, RECIPIENT_NAME_MAX);
        self.purpose = line("/purpose", &self.purpose, RECIPIENT_TEXT_MAX);
        self.agreement = line("/agreement", &self.agreement, RECIPIENT_TEXT_MAX);
        let is_letter = |c: char| c.is_ascii_uppercase();
        if self.country.len() != 2 || !self.country.chars().all(is_letter) {
            faults.push(FieldFault::new("/country", &RECIPIENT_COUNTRY_INVALID));
        }
        if self
            .valid_until
            .is_some_and(|until| until <= self.valid_from)
        {
            faults.push(FieldFault::new("/valid_until", &RECIPIENT_PERIOD_EMPTY));
        }
        self.categories.sort_unstable();
        self.categories.dedup();
        Fault::unless_empty(faults)?;
        Ok(self)
    }
}
