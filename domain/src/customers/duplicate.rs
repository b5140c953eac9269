//! Who may be taken in twice (DATA-14, DATA-17).
//!
//! Two customers are held against each other by what identifies a person: ways to reach them, name
//! and birthday, guardians, name and school. Each thing that they share is a reason with a weight;
//! what speaks against it halves the score. A score orders candidates for a person who decides.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{ContactKind, ContactPoint, Customer, Kind};
use crate::{id::Id, search::sounds_of, text::fold, text_enum};

text_enum! {
    /// Why two customers may be the same.
    DuplicateReason as "DuplicateReason" {
        SamePhone = "same_phone" { "电话相同", "Same phone" }
        SameContact = "same_contact" { "其他联系方式相同", "Same WeChat, QQ or e-mail" }
        SameNameAndBirthDate = "same_name_and_birth_date" { "姓名和生日相同", "Same name and birthday" }
        SameGuardian = "same_guardian" { "监护人相同", "Same guardian" }
        SameNameAndSchool = "same_name_and_school" { "姓名同音且学校相同", "Same school, and a name that sounds the same" }
    }
}

text_enum! {
    /// By which key a customer beyond reach was found.
    DuplicateKey as "DuplicateKey" {
        Phone = "phone" { "电话", "Phone" }
        Wechat = "wechat" { "微信", "WeChat" }
        Qq = "qq" { "QQ", "QQ" }
        Email = "email" { "邮箱", "E-mail" }
        GuardianPhone = "guardian_phone" { "监护人电话", "A guardian's phone" }
    }
}

text_enum! {
    /// With whom a customer beyond reach is.
    KeeperKind as "KeeperKind" {
        Team = "team" { "团队", "The holder's team" }
        Pool = "pool" { "校区公海", "The pool of a campus" }
        Campus = "campus" { "校区", "The campus of a holder without a team" }
    }
}

impl DuplicateReason {
    /// How likely it makes it, in percent, where nothing speaks against it.
    fn weight(self) -> u32 {
        match self {
            Self::SameNameAndBirthDate => 75,
            Self::SamePhone | Self::SameContact => 60,
            Self::SameNameAndSchool => 45,
            Self::SameGuardian => 35,
        }
    }

    /// Whether it is worth telling, however low the score: a reception asks whether the family was
    /// there before (ASGN-07).
    fn is_told(self) -> bool {
        matches!(self, Self::SamePhone | Self::SameContact)
    }
}

impl DuplicateKey {
    /// The key that a way to reach somebody is. Many live at one address: it is none.
    pub fn of(kind: ContactKind) -> Option<Self> {
        match kind {
            ContactKind::Phone => Some(Self::Phone),
            ContactKind::Wechat => Some(Self::Wechat),
            ContactKind::Qq => Some(Self::Qq),
            ContactKind::Email => Some(Self::Email),
            ContactKind::Address => None,
        }
    }
}

/// What a customer is compared by. What is not known, or may not be seen, speaks neither for it nor
/// against it.
#[derive(Clone, Default)]
pub struct Likeness {
    pub kind: Option<Kind>,
    pub name: Option<String>,
    pub birth_date: Option<Date>,
    pub school: Option<String>,
    pub contacts: Vec<ContactPoint>,
    pub guardians: BTreeSet<Id<Customer>>,
}

impl std::fmt::Debug for Likeness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// How alike two customers are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alike {
    /// 1 to 99.
    pub score: u32,
    pub reasons: Vec<DuplicateReason>,
}

/// From this score on two customers are likely the same.
pub const LIKELY: u32 = 60;
/// Scores below are not worth a look.
const LOWEST: u32 = 20;

impl Likeness {
    /// Of a customer, as far as `sees` says that its fields may be seen.
    pub fn of(
        customer: &Customer,
        guardians: BTreeSet<Id<Customer>>,
        sees: impl Fn(&'static str) -> bool,
    ) -> Self {
        let profile = &customer.profile;
        Self {
            kind: Some(profile.kind),
            name: sees("name").then(|| profile.name.clone()),
            birth_date: profile.birth_date.filter(|_| sees("birth_date")),
            school: profile.school.clone().filter(|_| sees("school")),
            contacts: if sees("contact_points") {
                customer.contacts.clone()
            } else {
                Vec::new()
            },
            guardians,
        }
    }

    /// How alike two are; `None` where they are not worth a look.
    pub fn compare(&self, other: &Self) -> Option<Alike> {
        let reasons = self.reasons(other);
        let apart = reasons
            .iter()
            .fold(100, |left, reason| left * (100 - reason.weight()) / 100);
        let score = (100 - apart) >> self.objections(other);
        let worth = score >= LOWEST || reasons.iter().any(|reason| reason.is_told());
        (worth && !reasons.is_empty()).then(|| Alike {
            score: score.clamp(1, 99),
            reasons,
        })
    }

    fn reasons(&self, other: &Self) -> Vec<DuplicateReason> {
        let shares = |wanted: fn(ContactKind) -> bool| {
            let mut own = self.contacts.iter().filter(|point| wanted(point.kind));
            own.any(|point| {
                let mut others = other.contacts.iter();
                others.any(|o| o.kind == point.kind && o.clear() == point.clear())
            })
        };
        let same = |a: &Option<String>, b: &Option<String>| {
            let folded = |text: &Option<String>| text.as_deref().map(fold);
            a.is_some() && folded(a) == folded(b)
        };
        let same_birth = self.birth_date.is_some() && self.birth_date == other.birth_date;
        let found = [
            (
                DuplicateReason::SameNameAndBirthDate,
                same_birth && same(&self.name, &other.name),
            ),
            (
                DuplicateReason::SamePhone,
                shares(|kind| kind == ContactKind::Phone),
            ),
            (
                DuplicateReason::SameContact,
                shares(|kind| !matches!(kind, ContactKind::Phone | ContactKind::Address)),
            ),
            (
                DuplicateReason::SameNameAndSchool,
                same(&self.school, &other.school) && self.sounds_like(other) == Some(true),
            ),
            (
                DuplicateReason::SameGuardian,
                !self.guardians.is_disjoint(&other.guardians),
            ),
        ];
        let found = found.into_iter().filter(|(_, holds)| *holds);
        found.map(|(reason, _)| reason).collect()
    }

    /// Whether the names can be said alike; `None` where one is not known.
    fn sounds_like(&self, other: &Self) -> Option<bool> {
        let (a, b) = (self.name.as_deref()?, other.name.as_deref()?);
        Some(!sounds_of(a).is_disjoint(&sounds_of(b)))
    }

    /// How many things speak against it: siblings share phones and guardians, and a mother her child's.
    fn objections(&self, other: &Self) -> u32 {
        let differ = |known: Option<bool>| u32::from(known == Some(true));
        let kinds = self.kind.zip(other.kind).map(|(a, b)| a != b);
        let births = self.birth_date.zip(other.birth_date).map(|(a, b)| a != b);
        let names = self.sounds_like(other).map(|alike| !alike);
        differ(kinds) + differ(births) + differ(names)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::{customers::ContactPoint, text_enum::TextEnum};

    fn child(name: &str) -> Likeness {
        Likeness {
            kind: Some(Kind::Student),
            name: Some(name.into()),
            ..Likeness::default()
        }
    }

    fn phone(number: &str) -> ContactPoint {
        ContactPoint::stored(
            Id::new(uuid::Uuid::nil()),
            ContactKind::Phone,
            number.into(),
            None,
            false,
            None,
            false,
        )
    }

    fn guardian() -> BTreeSet<Id<Customer>> {
        BTreeSet::from([Id::new(uuid::Uuid::from_u128(9))])
    }

    #[test]
    fn nothing_in_common_is_no_reason() {
        assert_eq!(child("张伟").compare(&child("张伟")), None);
        assert_eq!(Likeness::default().compare(&Likeness::default()), None);
    }

    #[test]
    fn name_and_birthday_weigh_more_than_a_name_that_only_sounds_the_same_at_a_school() {
        let of = |name: &str| Likeness {
            birth_date: Some(date(2015, 9, 1)),
            school: Some("实验小学".into()),
            ..child(name)
        };
        let same = of("张伟").compare(&of("张伟")).unwrap();
        assert_eq!(
            same.reasons,
            [
                DuplicateReason::SameNameAndBirthDate,
                DuplicateReason::SameNameAndSchool
            ]
        );
        let sounding = of("张伟").compare(&of("章薇")).unwrap();
        assert_eq!(sounding.reasons, [DuplicateReason::SameNameAndSchool]);
        assert!(same.score > 80 && (LOWEST..60).contains(&sounding.score));
        assert_eq!(of("张伟").compare(&of("李雷")), None);
    }

    #[test]
    fn siblings_are_no_duplicates_but_a_shared_phone_is_told() {
        let of = |name: &str, year| Likeness {
            birth_date: Some(date(year, 9, 1)),
            guardians: guardian(),
            ..child(name)
        };
        assert_eq!(of("张伟", 2015).compare(&of("张丽", 2013)), None);
        let mut both = [of("张伟", 2015), of("张丽", 2013)];
        for one in &mut both {
            one.contacts = vec![phone("+8613800138000")];
        }
        let told = both[0].compare(&both[1]).unwrap();
        assert!(told.score < LOWEST);
        assert!(told.reasons.contains(&DuplicateReason::SamePhone));
    }

    #[test]
    fn what_may_not_be_seen_is_no_reason_and_no_objection() {
        let known = Likeness {
            birth_date: Some(date(2015, 9, 1)),
            contacts: vec![phone("+8613800138000")],
            ..child("张伟")
        };
        let veiled = Likeness {
            contacts: known.contacts.clone(),
            ..Likeness::default()
        };
        let alike = veiled.compare(&known).unwrap();
        assert_eq!(alike.reasons, [DuplicateReason::SamePhone]);
        assert_eq!(alike.score, DuplicateReason::SamePhone.weight());
    }

    #[test]
    fn every_score_is_between_nothing_and_certainty_and_the_same_both_ways() {
        let full = |name: &str| Likeness {
            birth_date: Some(date(2015, 9, 1)),
            school: Some("实验小学".into()),
            contacts: vec![phone("+8613800138000")],
            guardians: guardian(),
            ..child(name)
        };
        for (a, b) in [("张伟", "张伟"), ("张伟", "章薇"), ("张伟", "李雷")] {
            let (one, other) = (full(a).compare(&full(b)), full(b).compare(&full(a)));
            assert_eq!(one, other);
            assert!((1..100).contains(&one.unwrap().score));
        }
        assert!(
            DuplicateReason::ALL
                .iter()
                .all(|r| (1..100).contains(&r.weight()))
        );
    }
}
