//! Reports (统计): numbers on what happened, without the people.
//!
//! A report of a campus is of the campus as a whole. Whoever reaches the whole campus with
//! `reports:read` reads it, and reads the same numbers as everybody else who does; to others there
//! is no such report, since the numbers of a part of a campus would pass for those of all of it.

use jiff::civil::Date;

use crate::{
    fault::Fault,
    id::Id,
    money::{Currency, Money},
    organization::Campus,
    payments::Method,
};

/// The day of a campus (校区日报).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayReport {
    pub campus: Id<Campus>,
    /// A day of the campus.
    pub on: Date,
    /// Customers who were taken in on that day and belong to the campus, guardians aside: they come
    /// with their children.
    pub new_leads: i64,
    /// Follow-ups that took place on that day, of the customers of the campus; plans do not count.
    pub follow_ups_done: i64,
    /// Customers of the campus whose next date is that day, and with whom nobody has spoken since.
    pub follow_ups_due: i64,
    /// Enrollments in classes of the campus on that day, whatever became of them.
    pub new_enrollments: i64,
    pub currency: Currency,
    /// In the order of the methods; those that saw no money are left out.
    pub takings: Vec<Takings>,
}

/// Money that came in by one method (收款), as the journal of a day has it.
///
/// What is voided on a later day is taken back on that day: the books of the day on which it came
/// in do not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Takings {
    pub method: Method,
    pub received: Money,
    pub voided: Money,
}

impl Takings {
    /// What is left of it; below zero where more was taken back than came in.
    pub fn net(&self) -> Result<Money, Fault> {
        self.received.minus(self.voided)
    }
}
