//! Instants as both databases keep them: microseconds since the epoch in a BIGINT, because the
//! ORM's text timestamps do not sort on SQLite.

use jiff::Timestamp;

use crate::Error;

pub fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// Fails only on a value that no clock of ours wrote.
pub fn timestamp(micros: i64) -> Result<Timestamp, Error> {
    Timestamp::from_microsecond(micros).map_err(Error::corrupt)
}
