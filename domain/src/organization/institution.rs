//! The institution itself: what it is called, in what it counts, and how it speaks.

use jiff::{Timestamp, tz::TimeZone};

use super::{CURRENCY_FIXED, INSTITUTION_CODE_INVALID, NAME_MAX, TIME_ZONE_UNKNOWN};
use crate::{
    fault::{Fault, FieldFault},
    id::Id,
    money::Currency,
    text, text_enum,
};

text_enum! {
    /// A language of texts, as its tag of BCP 47.
    Locale as "Locale" {
        Chinese = "zh-CN" { "简体中文", "Simplified Chinese" }
        English = "en" { "英语", "English" }
    }
}

/// The tenant (机构): an education group or a single school.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Institution {
    pub id: Id<Institution>,
    /// Raised with every change, and with the version of the agreement that counts.
    pub version: i64,
    /// What people type at log-in: 2 to 32 of `a-z0-9-`, unique in the whole installation, never
    /// changed.
    pub code: String,
    pub profile: InstitutionProfile,
    pub created_at: Timestamp,
}

/// What can be changed of an institution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstitutionProfile {
    pub name: String,
    /// IANA name: "today" where no campus is meant, and the zone of a new campus that has none of its
    /// own. What is kept by days goes by the zone of its campus.
    pub time_zone: String,
    /// The books are kept in one currency.
    pub currency: Currency,
    /// Of texts for whoever asks for no language.
    pub locale: Locale,
}

/// An institution as it is founded.
#[derive(Clone, Debug)]
pub struct NewInstitution {
    /// What people type at log-in: 2 to 32 of `a-z0-9-`, unique in the whole installation.
    pub code: String,
    pub name: String,
    /// IANA name.
    pub time_zone: String,
    /// An institution keeps its books in one currency.
    pub currency: Currency,
    /// Of texts for whoever asks for no language, and of the names of what is there from the start.
    pub locale: Locale,
}

impl NewInstitution {
    /// # Errors
    /// Every field that breaks a rule, at once.
    pub fn check(&self) -> Result<(), Fault> {
        let mut faults = Vec::new();
        let code = self.code.as_bytes();
        let plain = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-';
        if !(2..=32).contains(&code.len()) || !code.iter().all(plain) {
            faults.push(FieldFault::new("/code", &INSTITUTION_CODE_INVALID));
        }
        faults.extend(name(&self.name).err());
        faults.extend(zone(&self.time_zone).err());
        Fault::unless_empty(faults)
    }
}

impl Institution {
    /// The institution with another profile; the same when nothing differs. `has_amounts`: whether
    /// prices or books are kept already.
    ///
    /// # Errors
    /// Every field that breaks a rule, at once; 409 where amounts are kept in another currency.
    pub fn change(&self, profile: InstitutionProfile, has_amounts: bool) -> Result<Self, Fault> {
        let mut faults = Vec::new();
        let name = name(&profile.name).map_err(|fault| faults.push(fault));
        faults.extend(zone(&profile.time_zone).err());
        Fault::unless_empty(faults)?;
        let profile = InstitutionProfile {
            name: name.unwrap_or_default(),
            ..profile
        };
        if profile == self.profile {
            return Ok(self.clone());
        }
        if profile.currency != self.profile.currency && has_amounts {
            return Err(Fault::new(&CURRENCY_FIXED).with("currency", self.profile.currency));
        }
        Ok(Self {
            profile,
            version: self.version + 1,
            ..self.clone()
        })
    }
}

fn name(text: &str) -> Result<String, FieldFault> {
    text::line("/name", text, NAME_MAX)
}

fn zone(text: &str) -> Result<(), FieldFault> {
    match TimeZone::get(text) {
        Ok(_) => Ok(()),
        Err(_) => Err(FieldFault::new("/time_zone", &TIME_ZONE_UNKNOWN)),
    }
}
