use jiff::{
    Timestamp,
    civil::{Date, Time},
    tz::{AmbiguousOffset, TimeZone},
};

use super::{Class, Hours, LESSON_TIME_SKIPPED, LESSON_TIMES_REVERSED};
use crate::{
    fault::{Fault, FieldFault},
    id::Id,
    organization::Campus,
    reference::Details,
};

/// A lesson of a class (课次). Its times are those of the campus: 18:00 stays 18:00.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lesson {
    pub class: Id<Class>,
    /// Of the class.
    pub campus: Id<Campus>,
    pub date: Date,
    pub starts: Time,
    pub ends: Time,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    /// What a student who is present uses.
    pub hours: Hours,
    /// When the roll was called first.
    pub called_at: Option<Timestamp>,
}

/// When a lesson is, by the clocks of its campus.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    pub date: Date,
    pub starts: Time,
    pub ends: Time,
}

impl Lesson {
    /// # Errors
    /// 422 where it would end before it starts, or at a time that the campus's clocks skip.
    pub fn plan(
        class: Id<Class>,
        campus: Id<Campus>,
        slot: Slot,
        zone: &TimeZone,
        hours: Hours,
    ) -> Result<Self, Fault> {
        let mut faults = Vec::new();
        if slot.ends <= slot.starts {
            faults.push(FieldFault::new("/ends", &LESSON_TIMES_REVERSED));
        }
        let mut instant = |pointer: &'static str, time: Time| {
            let local = slot.date.to_datetime(time);
            let found = zone.to_ambiguous_timestamp(local);
            if matches!(found.offset(), AmbiguousOffset::Gap { .. }) {
                faults.push(FieldFault::new(pointer, &LESSON_TIME_SKIPPED));
            }
            // Of a time that comes twice, the first.
            found.compatible().unwrap_or(Timestamp::UNIX_EPOCH)
        };
        let starts_at = instant("/starts", slot.starts);
        let ends_at = instant("/ends", slot.ends);
        Fault::unless_empty(faults)?;
        Ok(Self {
            class,
            campus,
            date: slot.date,
            starts: slot.starts,
            ends: slot.ends,
            starts_at,
            ends_at,
            hours,
            called_at: None,
        })
    }
}

impl Details for Lesson {
    fn checked(self) -> Result<Self, Fault> {
        Ok(self)
    }
}
