//! The cleaning list (清洗清单, DATA-10, DATA-11, CUST-42, CUST-43): records that somebody should look after,
//! each for one reason.
//!
//! A sweep goes through all records and puts on the list what it finds. An entry goes when its cause does,
//! by whatever mended the record; or somebody decides that the record stays as it is until a day.

use jiff::{Span, Timestamp, tz::TimeZone};

use super::{Customer, Examined, QualityPolicy, reach_alike};
use crate::{
    access::Principal,
    custom_fields::CustomField,
    day,
    fault::Fault,
    id::Id,
    organization::{Campus, Holder},
    stamp::Stamp,
    text, text_enum,
};

text_enum! {
    /// Why a record is on the cleaning list.
    CleaningReason as "CleaningReason" {
        Incomplete = "incomplete" { "资料不完整", "Something is missing" }
        Stale = "stale" { "长期未更新", "Nobody made sure of it for long" }
        ContactInvalid = "contact_invalid" { "联系方式无效", "A contact point was found wrong" }
        Duplicate = "duplicate" { "疑似重复", "Likely the same as another" }
    }
}

text_enum! {
    /// Where an entry of the cleaning list stands.
    CleaningState as "CleaningState" {
        Open = "open" { "待清洗", "To be cleaned" }
        Kept = "kept" { "暂不处理", "Kept as it is for a while" }
        Cleaned = "cleaned" { "已清洗", "Cleaned" }
    }
}

/// Longest reason for a decision, in characters.
pub const KEEP_REASON_MAX: usize = 500;

/// What was found on a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub reason: CleaningReason,
    /// Of an incomplete record what is missing, in the words of the contract.
    pub missing: Vec<String>,
    /// Who a duplicate is likely the same as.
    pub twin: Option<Id<Customer>>,
}

/// All that is found on a record: `twin` is who it is likely the same as.
pub fn findings(
    examined: &Examined,
    (policy, fields): (&QualityPolicy, &[CustomField]),
    twin: Option<Id<Customer>>,
    now: Timestamp,
) -> Vec<Finding> {
    let missing = examined.missing_of(policy, fields);
    let found = [
        (CleaningReason::Incomplete, !missing.is_empty()),
        (CleaningReason::Stale, examined.stale_at(policy) <= now),
        (
            CleaningReason::ContactInvalid,
            !examined.invalid_contacts().is_empty(),
        ),
        (CleaningReason::Duplicate, twin.is_some()),
    ];
    let found = found.into_iter().filter(|(_, holds)| *holds);
    let found = found.map(|(reason, _)| Finding {
        reason,
        missing: match reason {
            CleaningReason::Incomplete => missing.clone(),
            _ => Vec::new(),
        },
        twin: twin.filter(|_| reason == CleaningReason::Duplicate),
    });
    found.collect()
}

impl Finding {
    /// Whether somebody who decided about `before` has decided about this as well.
    fn is_no_more_than(&self, before: &Self) -> bool {
        self.twin == before.twin && self.missing.iter().all(|one| before.missing.contains(one))
    }
}

/// What a write says of a record, without a look at anything else.
#[derive(Clone, Copy, Debug)]
pub enum Mending<'a> {
    /// Somebody made sure of all of it.
    Verified,
    /// The customer answered.
    Answered { at: Timestamp },
    Changed {
        before: &'a Customer,
        after: &'a Customer,
    },
}

impl Mending<'_> {
    /// Until when the record is fresh by this, where it says so.
    fn fresh_at(&self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Verified => Some(now),
            Self::Answered { at } => Some(*at),
            Self::Changed { after, .. } => {
                let points = after.contacts.iter();
                points.filter_map(|point| point.verified_at).max()
            }
        }
    }

    /// What is left of what was found.
    fn left_of(&self, found: &Finding, policy: &QualityPolicy, now: Timestamp) -> Option<Finding> {
        let is_gone = match (found.reason, self) {
            (CleaningReason::Incomplete, Self::Changed { after, .. }) => {
                let record = Examined::of(after);
                let missing = found.missing.iter();
                let missing: Vec<_> = missing
                    .filter(|field| !record.is_known(field))
                    .cloned()
                    .collect();
                return (!missing.is_empty()).then(|| Finding {
                    missing,
                    ..found.clone()
                });
            }
            (CleaningReason::Stale, _) => self
                .fresh_at(now)
                .is_some_and(|at| policy.stale_from(at) > now),
            (CleaningReason::ContactInvalid, Self::Verified) => true,
            (CleaningReason::ContactInvalid, Self::Changed { before, after }) => {
                !reach_alike(&before.contacts, &after.contacts)
            }
            _ => false,
        };
        (!is_gone).then(|| found.clone())
    }
}

/// A decision that a record stays as it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Keeping {
    /// When the entry is open again, unless its cause has gone.
    pub until: Timestamp,
    /// 2 to [`KEEP_REASON_MAX`] characters.
    pub reason: String,
    /// Nobody where it was the program itself.
    pub by: Option<Id<Principal>>,
    pub at: Timestamp,
}

impl std::fmt::Debug for Keeping {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// A record on the cleaning list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CleaningEntry {
    pub id: Id<CleaningEntry>,
    /// Raised by one with every change.
    pub version: i64,
    pub customer: Id<Customer>,
    pub holder: Id<Holder>,
    pub campus: Id<Campus>,
    pub found: Finding,
    pub state: CleaningState,
    /// The last decision.
    pub keeping: Option<Keeping>,
    pub created_at: Timestamp,
    pub cleaned_at: Option<Timestamp>,
}

impl CleaningEntry {
    /// A record that comes on the list.
    pub fn open(customer: &Customer, found: Finding, stamp: &Stamp) -> Self {
        Self {
            id: stamp.id(),
            version: 1,
            customer: customer.id,
            holder: customer.holder,
            campus: customer.campus,
            found,
            state: CleaningState::Open,
            keeping: None,
            created_at: stamp.now(),
            cleaned_at: None,
        }
    }

    /// Whether somebody decided that the record stays as it is, and the days of that are not over.
    pub fn is_decided(&self, now: Timestamp) -> bool {
        self.keeping.as_ref().is_some_and(|kept| kept.until > now)
    }

    /// The entry as it stands once its record was looked at again; the same where nothing has changed. A
    /// decision holds as long as nothing else is found, even if its cause was gone in between.
    #[must_use]
    pub fn after(&self, found: Option<&Finding>, now: Timestamp) -> Self {
        let holds = |found: &Finding| self.is_decided(now) && found.is_no_more_than(&self.found);
        let next = match (self.state, found) {
            (CleaningState::Cleaned, Some(found)) if holds(found) => Self {
                state: CleaningState::Kept,
                cleaned_at: None,
                ..self.clone()
            },
            (CleaningState::Cleaned, _) => return self.clone(),
            (_, None) => Self {
                state: CleaningState::Cleaned,
                cleaned_at: Some(now),
                ..self.clone()
            },
            (CleaningState::Kept, Some(found)) if holds(found) => return self.clone(),
            (_, Some(found)) => Self {
                state: CleaningState::Open,
                found: found.clone(),
                ..self.clone()
            },
        };
        self.raised(next)
    }

    /// The entry as it stands after a write that tells by itself what it mended; the rest is for the next
    /// sweep.
    #[must_use]
    pub fn mended(&self, by: Mending<'_>, policy: &QualityPolicy, now: Timestamp) -> Self {
        if self.state == CleaningState::Cleaned {
            return self.clone();
        }
        let next = match by.left_of(&self.found, policy, now) {
            // A decision is about all that was found.
            Some(_) if self.state == CleaningState::Kept => return self.clone(),
            Some(found) => Self {
                found,
                ..self.clone()
            },
            None => Self {
                state: CleaningState::Cleaned,
                cleaned_at: Some(now),
                ..self.clone()
            },
        };
        self.raised(next)
    }

    fn raised(&self, next: Self) -> Self {
        if next == *self {
            return next;
        }
        Self {
            version: self.version + 1,
            ..next
        }
    }

    /// The entry whose record stays as it is for so many days at its campus, by decision of `by`.
    ///
    /// # Errors
    /// Where the reason is none.
    pub fn keep(
        &self,
        (reason, days): (&str, i64),
        zone: &TimeZone,
        by: Option<Id<Principal>>,
        stamp: &Stamp,
    ) -> Result<Self, Fault> {
        let reason = text::line("/reason", reason, KEEP_REASON_MAX)?;
        let today = stamp.now().to_zoned(zone.clone()).date();
        let until = day::bounds(today.saturating_add(Span::new().days(days)), zone).start;
        Ok(Self {
            version: self.version + 1,
            state: CleaningState::Kept,
            keeping: Some(Keeping {
                until,
                reason,
                by,
                at: stamp.now(),
            }),
            ..self.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn incomplete(missing: &str) -> Finding {
        Finding {
            reason: CleaningReason::Incomplete,
            missing: vec![missing.into()],
            twin: None,
        }
    }

    fn entry() -> CleaningEntry {
        CleaningEntry {
            id: Id::new(Uuid::nil()),
            version: 1,
            customer: Id::new(Uuid::nil()),
            holder: Id::new(Uuid::nil()),
            campus: Id::new(Uuid::nil()),
            found: incomplete("school"),
            state: CleaningState::Open,
            keeping: None,
            created_at: at(0),
            cleaned_at: None,
        }
    }

    #[test]
    fn an_entry_goes_with_its_cause_and_not_before() {
        let before = entry();
        assert_eq!(before.after(Some(&incomplete("school")), at(1)), before);
        let other = before.after(Some(&incomplete("grade")), at(1));
        assert_eq!((other.version, other.state), (2, CleaningState::Open));
        let cleaned = other.after(None, at(2));
        assert_eq!((cleaned.version, cleaned.cleaned_at), (3, Some(at(2))));
        assert_eq!(cleaned.after(Some(&incomplete("grade")), at(3)), cleaned);
    }

    #[test]
    fn what_is_kept_as_it_is_comes_back_on_its_day() {
        let stamp = Stamp::new(at(0), |_| Uuid::from_u128(7));
        let zone = TimeZone::UTC;
        let kept = entry().keep(("家长不便", 1), &zone, None, &stamp).unwrap();
        let found = incomplete("school");
        assert_eq!(kept.after(Some(&found), at(86_399)), kept);
        let back = kept.after(Some(&found), at(86_400));
        assert_eq!((back.version, back.state), (3, CleaningState::Open));
        assert_eq!(kept.after(None, at(5)).state, CleaningState::Cleaned);
    }

    #[test]
    fn a_decision_holds_while_nothing_else_is_found() {
        let stamp = Stamp::new(at(0), |_| Uuid::from_u128(7));
        let of = |twin: u128| Finding {
            reason: CleaningReason::Duplicate,
            missing: Vec::new(),
            twin: Some(Id::new(Uuid::from_u128(twin))),
        };
        let entry = CleaningEntry {
            found: of(1),
            ..entry()
        };
        let kept = entry.keep(("双胞胎", 9), &TimeZone::UTC, None, &stamp);
        let kept = kept.unwrap();
        let gone = kept.after(None, at(5));
        let back = gone.after(Some(&of(1)), at(6));
        assert_eq!((back.state, back.cleaned_at), (CleaningState::Kept, None));
        assert_eq!(gone.after(Some(&of(2)), at(6)), gone);
        assert_eq!(kept.after(Some(&of(2)), at(6)).state, CleaningState::Open);
        let over = gone.after(Some(&of(1)), at(9 * 86_400));
        assert_eq!(over, gone);
    }
}
