//! People who work for the institution.

use std::{collections::BTreeSet, fmt};

use jiff::Timestamp;

use super::{Campus, Department, Position, STAFF_STATUS, Team, USER_NAME_INVALID};
use crate::{
    access::PrincipalStatus::{self, Active, Left, Suspended},
    fault::{Fault, FieldFault, VALUE_MASKED},
    id::Id,
    phone::Phone,
    stamp::Stamp,
    text,
    text_enum::TextEnum,
};

/// Longest name, in characters.
pub const STAFF_NAME_MAX: usize = 60;
/// Most campuses where one person works.
pub const CAMPUSES_MAX: usize = 200;

/// A person of staff (员工); a principal, and a holder of customers, with the same id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staff {
    pub id: Id<Staff>,
    /// Raised with every change, of roles and status too.
    pub version: i64,
    /// What the person types at log-in: 2 to 64 of `a-z0-9._-`, never given to another, and nothing
    /// that could be read as a phone.
    pub user_name: String,
    pub profile: StaffProfile,
    pub status: PrincipalStatus,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What the directory tells of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffProfile {
    pub name: String,
    /// What the person may type at log-in in the place of the user name. Of those who have not left,
    /// nobody else has it; shown in its safe form.
    pub phone: Option<Phone>,
    /// Roles may go by it, and by the position.
    pub department: Option<Id<Department>>,
    pub position: Option<Id<Position>>,
    /// The one team whose leader sees what the person holds.
    pub home_team: Option<Id<Team>>,
    /// Where the person works: reach `campus` covers these.
    pub campuses: BTreeSet<Id<Campus>>,
}

impl StaffProfile {
    /// Where the person stands: roles and reach go by it.
    pub fn places(&self) -> impl PartialEq + '_ {
        let Self {
            name: _,
            phone: _,
            department,
            position,
            home_team,
            campuses,
        } = self;
        (department, position, home_team, campuses)
    }

    /// # Errors
    /// 422 where the name breaks a rule.
    pub fn checked(self) -> Result<Self, Fault> {
        let name = text::line("/name", &self.name, STAFF_NAME_MAX)?;
        Ok(Self { name, ..self })
    }
}

/// The phone of a person of staff, as it is sent.
///
/// # Errors
/// What is no number, and what is shown in place of one.
pub fn staff_phone(text: &str) -> Result<Phone, FieldFault> {
    let read = if text.contains("**") {
        Err(&VALUE_MASKED)
    } else {
        Phone::parse(text)
    };
    read.map_err(|rule| FieldFault::new("/phone", rule))
}

/// What somebody types at log-in to say who they are.
#[derive(Clone, PartialEq, Eq)]
pub struct LogInName {
    text: String,
    phone: Option<Phone>,
}

impl LogInName {
    pub fn new(text: &str) -> Self {
        Self {
            text: text.into(),
            phone: Phone::parse(text).ok(),
        }
    }

    /// As a user name. People hired before that was refused may have one that looks like a phone.
    pub fn user_name(&self) -> &str {
        &self.text
    }

    pub fn phone(&self) -> Option<&Phone> {
        self.phone.as_ref()
    }

    /// The same for every spelling of a phone.
    pub fn canonical(&self) -> &str {
        self.phone.as_ref().map_or(&self.text, Phone::e164)
    }
}

impl fmt::Debug for LogInName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Staff {
    /// A person who begins to work here.
    ///
    /// # Errors
    /// Every field that breaks a rule, at once.
    pub fn hire(user_name: String, profile: StaffProfile, stamp: &Stamp) -> Result<Self, Fault> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
        let is_phone = Phone::parse(&user_name).is_ok();
        if !(2..=64).contains(&user_name.len()) || !user_name.bytes().all(plain) || is_phone {
            return Err(Fault::field("/user_name", &USER_NAME_INVALID));
        }
        Ok(Self {
            id: stamp.id(),
            version: 1,
            user_name,
            profile: profile.checked()?,
            status: Active,
            created_at: stamp.now(),
            updated_at: stamp.now(),
        })
    }

    /// The person with another profile; the same when nothing differs.
    pub fn change(&self, profile: StaffProfile, stamp: &Stamp) -> Result<Self, Fault> {
        let profile = profile.checked()?;
        if profile == self.profile {
            return Ok(self.clone());
        }
        Ok(Self {
            profile,
            ..self.touched(stamp)
        })
    }

    /// Takes away all access until [`reinstate`](Self::reinstate).
    pub fn suspend(&self, stamp: &Stamp) -> Result<Self, Fault> {
        self.to(&[Active], Suspended, stamp)
    }

    /// Back from suspension, or back at work.
    pub fn reinstate(&self, stamp: &Stamp) -> Result<Self, Fault> {
        self.to(&[Suspended, Left], Active, stamp)
    }

    /// Ends the employment. What the person holds stays until it is assigned to others.
    pub fn leave(&self, stamp: &Stamp) -> Result<Self, Fault> {
        self.to(&[Active, Suspended], Left, stamp)
    }

    /// The person at the next version, after a change of its roles.
    pub fn touched(&self, stamp: &Stamp) -> Self {
        Self {
            version: self.version + 1,
            updated_at: stamp.now(),
            ..self.clone()
        }
    }

    fn to(
        &self,
        from: &[PrincipalStatus],
        status: PrincipalStatus,
        stamp: &Stamp,
    ) -> Result<Self, Fault> {
        if !from.contains(&self.status) {
            return Err(Fault::new(&STAFF_STATUS).with("status", self.status.as_str()));
        }
        Ok(Self {
            status,
            ..self.touched(stamp)
        })
    }
}
