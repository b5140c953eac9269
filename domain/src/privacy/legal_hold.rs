//! Legal hold (保全): while one stands, a person is not erased, neither on request nor since the time of its
//! data is over (articles 19 and 47 of the personal information protection law).

use jiff::Timestamp;

use super::{HOLD_ENDS_TOO_SOON, HOLD_OVER};
use crate::{
    access::Principal,
    customers::Customer,
    fault::{Fault, FieldFault},
    id::Id,
    stamp::Stamp,
    text,
};

/// Longest reason, in characters.
pub const HOLD_REASON_MAX: usize = 500;

/// That a person's data is kept for a dispute, an inquiry or a duty of law.
#[derive(Clone, PartialEq, Eq)]
pub struct LegalHold {
    pub id: Id<LegalHold>,
    /// Raised by one when it is released.
    pub version: i64,
    pub customer: Id<Customer>,
    /// 1 to [`HOLD_REASON_MAX`] characters; none once the person was erased.
    pub reason: Option<String>,
    pub placed_at: Timestamp,
    pub placed_by: Id<Principal>,
    /// When it ends by itself; never, where there is none.
    pub ends_at: Option<Timestamp>,
    pub released: Option<Release>,
}

/// That a hold was lifted.
#[derive(Clone, PartialEq, Eq)]
pub struct Release {
    pub at: Timestamp,
    pub by: Id<Principal>,
    /// 1 to [`HOLD_REASON_MAX`] characters; none once the person was erased.
    pub reason: Option<String>,
}

impl std::fmt::Debug for LegalHold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LegalHold({})", self.id)
    }
}

impl LegalHold {
    /// # Errors
    /// 422 with every field that breaks a rule.
    pub fn place(
        customer: Id<Customer>,
        (reason, ends_at): (&str, Option<Timestamp>),
        by: Id<Principal>,
        stamp: &Stamp,
    ) -> Result<Self, Fault> {
        let mut faults = Vec::new();
        let reason = text::line("/reason", reason, HOLD_REASON_MAX);
        let reason = reason.map_err(|fault| faults.push(fault)).ok();
        // As precise as instants are kept.
        let is_over = |end: Timestamp| end.as_microsecond() <= stamp.now().as_microsecond();
        if ends_at.is_some_and(is_over) {
            faults.push(FieldFault::new("/ends_at", &HOLD_ENDS_TOO_SOON));
        }
        Fault::unless_empty(faults)?;
        Ok(Self {
            id: stamp.id(),
            version: 1,
            customer,
            reason,
            placed_at: stamp.now(),
            placed_by: by,
            ends_at,
            released: None,
        })
    }

    pub fn stands_at(&self, now: Timestamp) -> bool {
        self.released.is_none() && self.ends_at.is_none_or(|end| now < end)
    }

    /// # Errors
    /// 409 unless it stands.
    pub fn release(&self, reason: &str, by: Id<Principal>, stamp: &Stamp) -> Result<Self, Fault> {
        if !self.stands_at(stamp.now()) {
            return Err(Fault::new(&HOLD_OVER));
        }
        let reason = text::line("/reason", reason, HOLD_REASON_MAX)?;
        Ok(Self {
            version: self.version + 1,
            released: Some(Release {
                // By a clock that may be behind that of whoever placed it.
                at: stamp.now().max(self.placed_at),
                by,
                reason: Some(reason),
            }),
            ..self.clone()
        })
    }
}
