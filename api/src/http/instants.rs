//! The dates and instants that a client may give, in bodies and parameters. Others are slips of the
//! hand, and years without four digits can't be told in RFC 3339.

use domain::calendar;
use jiff::{Timestamp, civil::Date, fmt::temporal::Pieces};

/// Formats of the document that have bounds.
pub(super) const FORMATS: [&str; 2] = ["date", "date-time"];

/// 1900-01-01T00:00:00Z.
const FIRST: Timestamp = Timestamp::constant(-2_208_988_800, 0);
/// 9999-01-01T00:00:00Z: the last year is not held whole, since it may be another in some zone.
const END: Timestamp = Timestamp::constant(253_370_764_800, 0);

const FIRST_DATE: &str = "1900-01-01";
const FIRST_INSTANT: &str = "1900-01-01T00:00:00Z";
const LAST_INSTANT: &str = "9998-12-31T23:59:59.999999Z";

/// Whether a text of this format is held as it is.
pub(super) fn is_held(format: &str, text: &str) -> bool {
    match format {
        "date" => text.parse::<Date>().is_ok_and(|day| day >= calendar::FIRST),
        _ => text
            .parse::<Timestamp>()
            .is_ok_and(|at| (FIRST..END).contains(&at)),
    }
}

/// The bound that a text of this format is beyond, if it is beyond one.
pub(super) fn bound_broken(format: &str, text: &str) -> Option<&'static str> {
    match format {
        "date" => {
            let day: Date = text.parse().ok()?;
            (day < calendar::FIRST).then_some(FIRST_DATE)
        }
        "date-time" => match text.parse::<Timestamp>() {
            Ok(at) if at < FIRST => Some(FIRST_INSTANT),
            Ok(at) if at >= END => Some(LAST_INSTANT),
            Ok(_) => None,
            Err(_) => {
                let day = Pieces::parse(text).ok()?.date();
                (day.year() == Date::MAX.year()).then_some(LAST_INSTANT)
            }
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_are_what_is_said_of_them() {
        assert_eq!(FIRST.to_string(), FIRST_INSTANT);
        assert_eq!(calendar::FIRST.to_string(), FIRST_DATE);
        let last: Timestamp = LAST_INSTANT.parse().unwrap();
        assert_eq!(END.as_microsecond() - last.as_microsecond(), 1);
    }

    #[test]
    fn what_can_not_be_held_is_beyond_a_bound_or_not_of_the_format() {
        for (text, bound) in [
            ("1899-12-31T23:59:59Z", Some(FIRST_INSTANT)),
            ("9999-12-31T23:59:59.123Z", Some(LAST_INSTANT)),
            ("9999-12-31T23:59:59+08:00", Some(LAST_INSTANT)),
            ("2020-01-01T00:00:00.0123456789Z", None),
            ("nonsense", None),
        ] {
            assert!(!is_held("date-time", text), "{text}");
            assert_eq!(bound_broken("date-time", text), bound, "{text}");
        }
    }
}
