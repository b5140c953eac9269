//! Instants and dates as both databases keep them.
//!
//! An instant is microseconds since the epoch in a BIGINT, because the ORM's text timestamps do not
//! sort on SQLite; a date is a DATE.

use jiff::{Timestamp, civil, tz::TimeZone};

use crate::{Error, Handle};

/// The database's own time in microseconds, as an expression of SQL: what instances of the program
/// must agree on, such as the end of a lease, does not go by their clocks.
pub(crate) fn database_now(handle: &impl Handle) -> &'static str {
    if handle.is_postgres() {
        "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)"
    } else {
        "CAST(unixepoch('subsec') * 1000000 AS integer)"
    }
}

pub fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// The beginning of a day in UTC; in no zone does the day begin a whole day before or after.
pub(crate) fn utc_midnight(date: civil::Date) -> Option<i64> {
    let zoned = date.to_zoned(TimeZone::UTC).ok()?;
    Some(micros(zoned.timestamp()))
}

/// Fails only on a value that no clock of ours wrote.
pub fn timestamp(micros: i64) -> Result<Timestamp, Error> {
    Timestamp::from_microsecond(micros).map_err(Error::corrupt)
}

pub(crate) fn date_column(date: civil::Date) -> Result<time::Date, Error> {
    let month = time::Month::try_from(date.month().unsigned_abs()).map_err(Error::internal)?;
    time::Date::from_calendar_date(i32::from(date.year()), month, date.day().unsigned_abs())
        .map_err(Error::internal)
}

pub(crate) fn date(column: time::Date) -> Result<civil::Date, Error> {
    let year = i16::try_from(column.year()).map_err(Error::corrupt)?;
    let month = u8::from(column.month()).cast_signed();
    civil::Date::new(year, month, column.day().cast_signed()).map_err(Error::corrupt)
}
