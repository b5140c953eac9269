use jiff::civil::Date;

use super::{CAPACITY_OUT_OF_RANGE, CLASS_DATES_REVERSED, Hours, PRICE_NEGATIVE};
use crate::{
    calendar,
    fault::{AMOUNT_OUT_OF_RANGE, Fault, FieldFault},
    id::Id,
    money::Money,
    organization::{Campus, Staff},
    reference::Details,
    text,
};

/// Longest name, in characters.
pub const NAME_MAX: usize = 100;
/// Longest level, room or number, in characters.
pub const WORD_MAX: usize = 50;
/// Most seats of a class.
pub const CAPACITY_MAX: i32 = 1000;

/// A field of teaching (学科), such as Chinese, which contains courses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    pub name: String,
}

/// What is taught (课程), such as first-grade Chinese.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    pub name: String,
    pub subject: Id<Subject>,
    pub level: Option<String>,
    /// What an enrollment comes with, unless the class says otherwise.
    pub hours: Hours,
    /// What an enrollment costs, unless the class says otherwise.
    pub price: Money,
}

/// A course as it is taught at a campus (班级).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    pub name: String,
    /// The school's own number of the class, where it has one.
    pub number: Option<String>,
    /// Never changed.
    pub course: Id<Course>,
    /// Never changed.
    pub campus: Id<Campus>,
    pub teacher: Option<Id<Staff>>,
    pub room: Option<String>,
    pub capacity: i32,
    /// Kept by the enrollments; a change of the class leaves it alone.
    pub seats_taken: i32,
    /// What an enrollment comes with.
    pub hours: Hours,
    /// What an enrollment costs.
    pub price: Money,
    pub starts_on: Date,
    pub ends_on: Option<Date>,
}

/// Keeps the faults of several fields, to tell them all at once.
struct Checks(Vec<FieldFault>);

impl Checks {
    fn line(&mut self, pointer: &'static str, text: &str, max: usize) -> String {
        text::line(pointer, text, max).unwrap_or_else(|fault| {
            self.0.push(fault);
            String::new()
        })
    }

    fn word(&mut self, pointer: &'static str, word: Option<&String>) -> Option<String> {
        word.map(|word| self.line(pointer, word, WORD_MAX))
    }

    fn date(&mut self, pointer: &'static str, date: Date) {
        self.0.extend(calendar::check(pointer, date).err());
    }

    fn price(&mut self, price: Money) {
        if price.minor() < 0 {
            self.0.push(FieldFault::new("/price", &PRICE_NEGATIVE));
        } else if price.minor() > Money::ONE_MAX_MINOR {
            self.0.push(FieldFault::new("/price", &AMOUNT_OUT_OF_RANGE));
        }
    }
}

impl Details for Subject {
    fn checked(self) -> Result<Self, Fault> {
        Ok(Self {
            name: text::line("/name", &self.name, NAME_MAX)?,
        })
    }
}

impl Details for Course {
    fn checked(self) -> Result<Self, Fault> {
        let mut checks = Checks(Vec::new());
        let name = checks.line("/name", &self.name, NAME_MAX);
        let level = checks.word("/level", self.level.as_ref());
        checks.price(self.price);
        Fault::unless_empty(checks.0)?;
        Ok(Self {
            name,
            level,
            ..self
        })
    }
}

impl Details for Class {
    fn checked(self) -> Result<Self, Fault> {
        let mut checks = Checks(Vec::new());
        let name = checks.line("/name", &self.name, NAME_MAX);
        let number = checks.word("/number", self.number.as_ref());
        let room = checks.word("/room", self.room.as_ref());
        checks.price(self.price);
        if !(1..=CAPACITY_MAX).contains(&self.capacity) {
            let fault = FieldFault::new("/capacity", &CAPACITY_OUT_OF_RANGE);
            checks.0.push(fault.with("max", CAPACITY_MAX));
        }
        checks.date("/starts_on", self.starts_on);
        if let Some(end) = self.ends_on {
            checks.date("/ends_on", end);
        }
        if self.ends_on.is_some_and(|end| end < self.starts_on) {
            let fault = FieldFault::new("/ends_on", &CLASS_DATES_REVERSED);
            checks.0.push(fault);
        }
        Fault::unless_empty(checks.0)?;
        Ok(Self {
            name,
            number,
            room,
            ..self
        })
    }
}
