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
