//! The confidentiality agreement (保密协议, SECU-10) with whoever handles what is known of customers.

use jiff::{Timestamp, civil::Date};

use super::{AGREEMENT_VERSION_LOWER, SIGNED_IN_THE_FUTURE, Staff};
use crate::{
    access::Principal,
    calendar,
    fault::{Fault, FieldFault},
    files::StoredFile,
    id::Id,
    stamp::Stamp,
};

/// The highest version of the text.
pub const AGREEMENT_VERSION_MAX: i64 = 10_000;

/// The institution's text: of its versions, the one that counts. Roles may demand it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgreementText {
    /// From 1 on.
    pub version: i64,
}

impl AgreementText {
    /// The text with another version in force: who signed an older one only has to sign again.
    ///
    /// # Errors
    /// 422 for a version below the one in force, since it was replaced.
    pub fn raise(self, version: i64) -> Result<Self, Fault> {
        if (self.version..=AGREEMENT_VERSION_MAX).contains(&version) {
            Ok(Self { version })
        } else {
            Err(Fault::field("/version", &AGREEMENT_VERSION_LOWER))
        }
    }
}

/// That a person of staff has signed it. It is never changed: who signs again has another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    pub id: Id<Agreement>,
    pub staff: Id<Staff>,
    /// Of the text.
    pub version: i64,
    pub signed_on: Date,
    /// The signed paper.
    pub file: Option<Id<StoredFile>>,
    pub recorded_by: Id<Principal>,
    pub recorded_at: Timestamp,
}

/// What is asked for when a signature is recorded.
#[derive(Clone, Copy, Debug)]
pub struct NewAgreement {
    pub version: i64,
    pub signed_on: Date,
    pub file: Option<Id<StoredFile>>,
}

impl Agreement {
    /// `today` is the institution's.
    ///
    /// # Errors
    /// Every field that breaks a rule, at once.
    pub fn record(
        staff: Id<Staff>,
        new: NewAgreement,
        by: Id<Principal>,
        today: Date,
        stamp: &Stamp,
    ) -> Result<Self, Fault> {
        let mut faults = Vec::new();
        if !(1..=AGREEMENT_VERSION_MAX).contains(&new.version) {
            faults.push(FieldFault::new("/version", &AGREEMENT_VERSION_LOWER));
        }
        if let Err(fault) = calendar::check("/signed_on", new.signed_on) {
            faults.push(fault);
        } else if new.signed_on > today {
            faults.push(FieldFault::new("/signed_on", &SIGNED_IN_THE_FUTURE));
        }
        Fault::unless_empty(faults)?;
        Ok(Self {
            id: stamp.id(),
            staff,
            version: new.version,
            signed_on: new.signed_on,
            file: new.file,
            recorded_by: by,
            recorded_at: stamp.now(),
        })
    }
}
