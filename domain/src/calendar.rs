//! Dates that people give: others are slips of the hand, or can't be turned into instants.

use jiff::civil::{Date, date};

use crate::fault::{DATE_OUT_OF_RANGE, FieldFault};

/// The first date that can be meant.
pub const FIRST: Date = date(1900, 1, 1);
/// The last one.
pub const LAST: Date = date(2199, 12, 31);

/// Whether a date can be meant.
///
/// # Errors
/// Names the field at `pointer` where it can't.
pub fn check(pointer: &'static str, date: Date) -> Result<(), FieldFault> {
    if (FIRST..=LAST).contains(&date) {
        Ok(())
    } else {
        Err(FieldFault::new(pointer, &DATE_OUT_OF_RANGE)
            .with("first", FIRST)
            .with("last", LAST))
    }
}

/// Whole years between a day of birth and a day (周岁). Who is born on 29 February is a year older on
/// 1 March where there is no such day.
pub fn age(born: Date, on: Date) -> i16 {
    let had_birthday = (on.month(), on.day()) >= (born.month(), born.day());
    on.year() - born.year() - i16::from(!had_birthday)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_is_a_year_older_on_the_birthday() {
        let born = date(2012, 3, 5);
        assert_eq!(age(born, date(2026, 3, 4)), 13);
        assert_eq!(age(born, date(2026, 3, 5)), 14);
        assert_eq!(age(born, born), 0);
    }

    #[test]
    fn who_is_born_on_a_leap_day_is_older_in_march() {
        let born = date(2012, 2, 29);
        assert_eq!(age(born, date(2026, 2, 28)), 13);
        assert_eq!(age(born, date(2026, 3, 1)), 14);
        assert_eq!(age(born, date(2028, 2, 29)), 16);
    }
}
