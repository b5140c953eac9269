//! How good a record is (CUST-47): one definition, by which a record is shown, cleaned and filed.
//!
//! A record is complete as far as it says what customers of its kind are asked for; it is fresh as long as
//! somebody spoke to the customer, or made sure of what is written, within the days of the institution's
//! policy; and a way to reach the customer is no good when it was found wrong and nobody mended it since.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::{ContactKind, ContactPoint, Customer, Gender, Kind, REQUIRED_FIELD_UNKNOWN};
use crate::{
    access::Principal,
    custom_fields::CustomField,
    fault::{Fault, FieldFault},
    follow_ups::{Method, Outcome},
    id::Id,
};

/// What an institution goes by when it judges its records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QualityPolicy {
    /// Raised with every change.
    pub version: i64,
    /// After so many days without a word, and without anybody who made sure, a record is stale.
    pub stale_after_days: i64,
    /// Without which a record is to be completed, in the order of [`WANTED`]; `custom_fields` for those that
    /// the customer must have at its stage.
    pub required_fields: Vec<&'static str>,
}

impl Default for QualityPolicy {
    /// Of an institution that has said nothing.
    fn default() -> Self {
        Self {
            version: 1,
            stale_after_days: 180,
            required_fields: Vec::new(),
        }
    }
}

impl QualityPolicy {
    /// The policy with other days and fields; the same when nothing differs.
    #[must_use]
    pub fn change(&self, stale_after_days: i64, required_fields: Vec<&'static str>) -> Self {
        let next = Self {
            version: self.version,
            stale_after_days,
            required_fields,
        };
        if next == *self {
            return next;
        }
        Self {
            version: self.version + 1,
            ..next
        }
    }

    /// From when a record is stale of which nobody made sure since.
    pub fn stale_from(&self, last: Timestamp) -> Timestamp {
        last.saturating_add(SignedDuration::from_hours(24 * self.stale_after_days))
            .unwrap_or(Timestamp::MAX)
    }

    /// Some of what customers are asked for, each once.
    ///
    /// # Errors
    /// 422 at every name that is none.
    pub fn fields_named(names: &[String]) -> Result<Vec<&'static str>, Fault> {
        let all = || WANTED.iter().map(|wanted| wanted.field).chain([CUSTOM]);
        let unknown = names.iter().enumerate();
        let unknown = unknown.filter(|(_, name)| all().all(|field| field != **name));
        let faults = unknown.map(|(place, _)| {
            FieldFault::new(format!("/required_fields/{place}"), &REQUIRED_FIELD_UNKNOWN)
        });
        Fault::unless_empty(faults.collect())?;
        let named = all().filter(|field| names.iter().any(|name| name == field));
        Ok(named.collect())
    }
}

/// Something that customers of some kinds are asked for.
#[derive(Debug)]
pub struct Wanted {
    /// In the words of the contract, and of the rules for fields.
    pub field: &'static str,
    fits: fn(Kind) -> bool,
    /// Whether a record can't be filed without it.
    is_required: bool,
    is_known: fn(&Examined) -> bool,
}

impl Wanted {
    /// Whether a record of this kind can't be filed without it.
    pub fn is_required_of(&self, kind: Kind) -> bool {
        self.is_required && (self.fits)(kind)
    }
}

fn anyone(_: Kind) -> bool {
    true
}

fn student(kind: Kind) -> bool {
    kind == Kind::Student
}

fn guardian(kind: Kind) -> bool {
    kind == Kind::Guardian
}

fn person(kind: Kind) -> bool {
    student(kind) || guardian(kind)
}

fn partner(kind: Kind) -> bool {
    kind == Kind::Partner
}

fn organization(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::School | Kind::Institution | Kind::Partner | Kind::Company
    )
}

macro_rules! wanted {
    ($( $field:literal $fits:ident $need:ident $known:expr; )+) => {
        /// Everything that customers are asked for beyond what nobody is without.
        pub static WANTED: &[Wanted] = &[
            $( Wanted {
                field: $field,
                fits: $fits,
                is_required: wanted!(@ $need),
                is_known: $known,
            } ),+
        ];
    };
    (@ required) => { true };
    (@ asked) => { false };
}

wanted! {
    "gender" person required |r| r.customer.profile.gender != Gender::NotGiven;
    "birth_date" student required |r| r.customer.profile.birth_date.is_some();
    "education" guardian asked |r| r.customer.profile.education.is_some();
    "occupation" guardian asked |r| r.customer.profile.occupation.is_some();
    "school" student required |r| r.customer.profile.school.is_some();
    "grade" student required |r| r.customer.profile.grade.is_some();
    // A child is reached through its guardians.
    "contact_points" anyone required |r| !r.customer.contacts.is_empty() || r.has_guardian_to_reach;
    "details.needs" anyone asked |r| r.customer.details.needs.is_some();
    "details.region_code" anyone required |r| r.customer.details.region_code.is_some();
    "details.advantage_resources" partner asked |r| r.customer.details.advantage_resources.is_some();
    "details.industry" organization required |r| r.customer.details.industry.is_some();
    "details.size" organization asked |r| r.customer.details.size.is_some();
    "details.business_scope" organization required |r| r.customer.details.business_scope.is_some();
}

/// When a customer was last spoken to in one way, with what outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spoken {
    pub method: Method,
    pub outcome: Outcome,
    pub at: Timestamp,
}

/// A record with all that its quality goes by, as it was examined.
#[derive(Clone, Debug)]
pub struct Examined {
    /// With its details and its values of custom fields.
    pub customer: Customer,
    /// Whether it is a student, and a guardian or parent of it can be reached.
    pub has_guardian_to_reach: bool,
    /// When somebody last made sure of the whole record, and who.
    pub verified: Option<(Timestamp, Option<Id<Principal>>)>,
    /// When ways to reach the customer were last corrected.
    pub contacts_changed_at: Option<Timestamp>,
    /// Of each method and outcome the last time.
    pub spoken: Vec<Spoken>,
}

/// What of a record is there, as far as its reader may know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completeness {
    /// 0 to 100: rounded down, so that 100 is whole.
    pub percent: usize,
    /// In the words of the contract, in its order.
    pub missing: Vec<String>,
}

impl Examined {
    /// A record as far as it tells of itself.
    pub(super) fn of(customer: &Customer) -> Self {
        Self {
            customer: customer.clone(),
            has_guardian_to_reach: false,
            verified: None,
            contacts_changed_at: None,
            spoken: Vec::new(),
        }
    }

    /// Whether something that was missing, in the words of the contract, is there.
    pub(super) fn is_known(&self, field: &str) -> bool {
        let of_custom = field
            .strip_prefix(CUSTOM)
            .and_then(|rest| rest.strip_prefix('.'));
        match of_custom {
            Some(code) => self.customer.custom.get(code).is_some(),
            None => WANTED
                .iter()
                .any(|wanted| wanted.field == field && (wanted.is_known)(self)),
        }
    }

    /// What is there of what the customer is asked for, of the fields that `sees` says may be known about.
    /// Custom fields count where the customer must have them at its stage.
    pub fn completeness(
        &self,
        fields: &[CustomField],
        sees: impl Fn(&str) -> bool,
    ) -> Completeness {
        let kind = self.customer.profile.kind;
        let own = WANTED
            .iter()
            .filter(|wanted| (wanted.fits)(kind) && sees(wanted.field))
            .map(|wanted| (wanted.field.to_owned(), (wanted.is_known)(self)));
        let custom = self.required_fields(fields).filter(|_| sees(CUSTOM));
        let all: Vec<_> = own.chain(custom).collect();
        let missing: Vec<_> = all.iter().filter(|(_, is_known)| !is_known).collect();
        let known = all.len() - missing.len();
        Completeness {
            percent: (known * 100).checked_div(all.len()).unwrap_or(100),
            missing: missing
                .into_iter()
                .map(|(field, _)| field.clone())
                .collect(),
        }
    }

    /// What is missing without which the record can't be filed.
    pub fn missing_for_filing(&self, fields: &[CustomField]) -> Vec<String> {
        let kind = self.customer.profile.kind;
        let own = WANTED
            .iter()
            .filter(|wanted| wanted.is_required_of(kind) && !(wanted.is_known)(self))
            .map(|wanted| wanted.field.to_owned());
        let custom = self
            .required_fields(fields)
            .filter(|(_, is_known)| !is_known);
        own.chain(custom.map(|(field, _)| field)).collect()
    }

    /// What is missing of what the institution requires.
    pub fn missing_of(&self, policy: &QualityPolicy, fields: &[CustomField]) -> Vec<String> {
        let is_required = |field: &str| policy.required_fields.contains(&field);
        self.completeness(fields, is_required).missing
    }

    /// Custom fields that the customer must have, and whether it has a value.
    fn required_fields<'a>(
        &'a self,
        fields: &'a [CustomField],
    ) -> impl Iterator<Item = (String, bool)> + 'a {
        let profile = &self.customer.profile;
        let required = fields
            .iter()
            .filter(|field| field.is_required(profile.kind, profile.stage));
        required.map(|field| {
            let code = field.code.as_str();
            let is_known = self.customer.custom.get(code).is_some();
            (format!("{CUSTOM}.{code}"), is_known)
        })
    }

    /// When the customer last answered.
    pub fn last_contact_at(&self) -> Option<Timestamp> {
        let answered = self
            .spoken
            .iter()
            .filter(|spoken| spoken.outcome.is_answer());
        answered.map(|spoken| spoken.at).max()
    }

    /// When somebody last made sure of a way to reach the customer.
    pub fn contacts_verified_at(&self) -> Option<Timestamp> {
        let points = self.customer.contacts.iter();
        points.filter_map(|point| point.verified_at).max()
    }

    /// From when the record is stale, unless something happens.
    pub fn stale_at(&self, policy: &QualityPolicy) -> Timestamp {
        let fresh = [
            Some(self.customer.created_at),
            self.last_contact_at(),
            self.verified.map(|(at, _)| at),
            self.contacts_verified_at(),
        ];
        let last = fresh.into_iter().flatten().max();
        policy.stale_from(last.unwrap_or(self.customer.created_at))
    }

    /// Ways to reach the customer that were found wrong, and that nobody mended or made sure of since.
    pub fn invalid_contacts(&self) -> BTreeSet<Id<ContactPoint>> {
        let points = self.customer.contacts.iter();
        let invalid = points.filter(|point| {
            self.found_wrong_at(point.kind).is_some_and(|wrong| {
                let mended = [
                    self.verified.map(|(at, _)| at),
                    self.contacts_changed_at,
                    point.verified_at,
                ];
                mended.into_iter().flatten().all(|at| at < wrong)
            })
        });
        invalid.map(|point| point.id).collect()
    }

    /// When ways of a kind were found wrong, unless the customer was reached so later.
    fn found_wrong_at(&self, kind: ContactKind) -> Option<Timestamp> {
        let tried = self.spoken.iter().filter(|spoken| {
            reaches(spoken.method) == Some(kind)
                && !matches!(spoken.outcome, Outcome::Planned | Outcome::NoAnswer)
        });
        let last = tried.max_by_key(|spoken| spoken.at)?;
        (last.outcome == Outcome::WrongContact).then_some(last.at)
    }
}

/// The rule for custom fields, and what their names begin with.
const CUSTOM: &str = "custom_fields";

/// By what a customer is spoken to.
fn reaches(method: Method) -> Option<ContactKind> {
    match method {
        Method::Phone | Method::Sms => Some(ContactKind::Phone),
        Method::Wechat => Some(ContactKind::Wechat),
        Method::Qq => Some(ContactKind::Qq),
        Method::Email => Some(ContactKind::Email),
        Method::Visit => Some(ContactKind::Address),
        Method::Reception | Method::Other => None,
    }
}

/// Whether two lists name the same ways to reach somebody, whatever else is said of them.
pub fn reach_alike(before: &[ContactPoint], after: &[ContactPoint]) -> bool {
    let ways = |points: &[ContactPoint]| -> BTreeSet<(&'static str, String)> {
        let ways = points.iter();
        ways.map(|point| {
            let kind = crate::text_enum::TextEnum::as_str(point.kind);
            (kind, point.clear().to_owned())
        })
        .collect()
    };
    ways(before) == ways(after)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        access::{FieldRules, field},
        custom_fields::CustomValues,
        customers::{ChannelCode, Details, Evidence, Profile, Provenance, Stage},
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn record(kind: Kind) -> Examined {
        let phone = ContactPoint::stored(
            Id::new(Uuid::nil()),
            ContactKind::Phone,
            "+8613800138000".into(),
            None,
            false,
            None,
            false,
        );
        let customer = Customer {
            id: Id::new(Uuid::nil()),
            version: 1,
            profile: Profile {
                kind,
                name: "张伟".into(),
                gender: Gender::NotGiven,
                birth_date: None,
                intent: None,
                stage: Stage::Lead,
                region: None,
                education: None,
                occupation: None,
                school: None,
                grade: None,
                note: None,
            },
            contacts: vec![phone],
            details: Details::default(),
            custom: CustomValues::default(),
            holder: Id::new(Uuid::nil()),
            campus: Id::new(Uuid::nil()),
            provenance: Provenance {
                channel: ChannelCode::parse("hotline").unwrap(),
                collected_at: at(0),
                collector: None,
                evidence: Evidence::default(),
            },
            created_at: at(0),
            updated_at: at(0),
            deleted_at: None,
        };
        Examined {
            customer,
            has_guardian_to_reach: false,
            verified: None,
            contacts_changed_at: None,
            spoken: Vec::new(),
        }
    }

    fn spoken(method: Method, outcome: Outcome, second: i64) -> Spoken {
        Spoken {
            method,
            outcome,
            at: at(second),
        }
    }

    #[test]
    fn everything_that_is_asked_for_can_have_a_rule() {
        assert_eq!(FieldRules::default().access("customers", "name"), None);
        for wanted in WANTED {
            assert!(
                field("customers", wanted.field).is_some(),
                "{}",
                wanted.field
            );
        }
    }

    #[test]
    fn a_record_is_complete_by_the_fields_of_its_kind_that_may_be_known_about() {
        let company = record(Kind::Company);
        let all = company.completeness(&[], |_| true);
        assert_eq!(
            all.missing,
            [
                "details.needs",
                "details.region_code",
                "details.industry",
                "details.size",
                "details.business_scope"
            ]
        );
        assert_eq!(all.percent, 16);
        let some = company.completeness(&[], |field| field == "contact_points");
        assert_eq!((some.percent, some.missing.len()), (100, 0));
        assert_eq!(company.completeness(&[], |_| false).percent, 100);
        let filed = company.missing_for_filing(&[]);
        assert!(!filed.contains(&"details.size".to_owned()) && filed.len() == 3);
    }

    #[test]
    fn a_child_is_reached_through_its_guardian() {
        let mut child = record(Kind::Student);
        child.customer.contacts.clear();
        let is_missing = |child: &Examined| {
            let missing = child.completeness(&[], |_| true).missing;
            missing.contains(&"contact_points".to_owned())
        };
        assert!(is_missing(&child));
        child.has_guardian_to_reach = true;
        assert!(!is_missing(&child));
    }

    #[test]
    fn a_record_is_fresh_from_the_last_time_that_anybody_answered_or_made_sure() {
        let day = 24 * 3600;
        let policy = QualityPolicy::default().change(10, Vec::new());
        let mut record = record(Kind::Student);
        assert_eq!(record.stale_at(&policy), at(10 * day));
        record.spoken = vec![
            spoken(Method::Phone, Outcome::NoAnswer, 9 * day),
            spoken(Method::Phone, Outcome::Interested, 3 * day),
        ];
        assert_eq!(record.stale_at(&policy), at(13 * day));
        record.verified = Some((at(5 * day), None));
        assert_eq!(record.stale_at(&policy), at(15 * day));
    }

    #[test]
    fn a_way_that_was_found_wrong_is_no_good_until_somebody_mends_it() {
        let mut record = record(Kind::Student);
        let wrong = spoken(Method::Sms, Outcome::WrongContact, 5);
        let is_invalid = |record: &Examined| !record.invalid_contacts().is_empty();
        record.spoken = vec![wrong, spoken(Method::Phone, Outcome::Interested, 4)];
        assert!(is_invalid(&record));
        record.spoken = vec![wrong, spoken(Method::Email, Outcome::Interested, 6)];
        assert!(is_invalid(&record));
        record.spoken = vec![wrong, spoken(Method::Phone, Outcome::Interested, 6)];
        assert!(!is_invalid(&record));
        record.spoken = vec![wrong];
        for (verified, changed, invalid) in [
            (Some(4), Some(4), true),
            (Some(5), None, false),
            (None, Some(6), false),
        ] {
            record.verified = verified.map(|second| (at(second), None));
            record.contacts_changed_at = changed.map(at);
            assert_eq!(is_invalid(&record), invalid);
        }
    }

    #[test]
    fn a_policy_has_another_version_when_it_says_something_else() {
        let policy = QualityPolicy::default();
        assert_eq!(policy.change(180, Vec::new()), policy);
        assert_eq!(policy.change(30, Vec::new()).version, 2);
        let named = ["school", "gender", "school"].map(str::to_owned);
        let named = QualityPolicy::fields_named(&named).unwrap();
        assert_eq!(named, ["gender", "school"]);
        assert_eq!(policy.change(180, named).version, 2);
        assert!(QualityPolicy::fields_named(&["shoe_size".into()]).is_err());
    }
}
