use jiff::{
    Timestamp,
    civil::{Date, Time},
    tz::{AmbiguousOffset, TimeZone},
};

use super::{Class, Hours, LESSON_CALLED, LESSON_TIME_SKIPPED, LESSON_TIMES_REVERSED};
use crate::{
    calendar,
    fault::{DATE_OUT_OF_RANGE, Fault, FieldFault},
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
    pub held_on: Date,
    pub start_time: Time,
    pub end_time: Time,
    /// Of the campus when it was planned (IANA): the instants follow from it.
    pub time_zone: String,
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
    pub held_on: Date,
    pub start_time: Time,
    pub end_time: Time,
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
        if slot.end_time <= slot.start_time {
            faults.push(FieldFault::new("/end_time", &LESSON_TIMES_REVERSED));
        }
        faults.extend(calendar::check("/held_on", slot.held_on).err());
        let mut instant = |pointer: &'static str, time: Time| {
            let local = slot.held_on.to_datetime(time);
            let found = zone.to_ambiguous_timestamp(local);
            if matches!(found.offset(), AmbiguousOffset::Gap { .. }) {
                faults.push(FieldFault::new(pointer, &LESSON_TIME_SKIPPED));
            }
            // Of a time that comes twice, the first.
            found.compatible().unwrap_or_else(|_| {
                faults.push(FieldFault::new(pointer, &DATE_OUT_OF_RANGE));
                Timestamp::UNIX_EPOCH
            })
        };
        let starts_at = instant("/start_time", slot.start_time);
        let ends_at = instant("/end_time", slot.end_time);
        Fault::unless_empty(faults)?;
        Ok(Self {
            class,
            campus,
            held_on: slot.held_on,
            start_time: slot.start_time,
            end_time: slot.end_time,
            time_zone: zone.iana_name().unwrap_or("UTC").to_owned(),
            starts_at,
            ends_at,
            hours,
            called_at: None,
        })
    }
}

impl Lesson {
    /// Whether it can still be changed, or cancelled.
    ///
    /// # Errors
    /// 409 where its roll was called.
    pub fn uncalled(&self) -> Result<(), Fault> {
        match self.called_at {
            Some(_) => Err(Fault::new(&LESSON_CALLED)),
            None => Ok(()),
        }
    }
}

impl Details for Lesson {
    fn checked(self) -> Result<Self, Fault> {
        Ok(self)
    }
}
