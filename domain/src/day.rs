//! Days of a place as instants.

use std::ops::Range;

use jiff::{Timestamp, civil::Date, tz::TimeZone};

/// From the first instant of a day in a zone to the first of the next: half-open, and an hour
/// shorter or longer where the clocks change.
pub fn bounds(date: Date, zone: &TimeZone) -> Range<Timestamp> {
    // At the end of time there is nothing to begin with.
    let start = |date: Date| {
        date.to_zoned(zone.clone())
            .map_or(Timestamp::MAX, |start| start.timestamp())
    };
    start(date)..date.tomorrow().map_or(Timestamp::MAX, start)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn hours(day: Date, zone: &str) -> i64 {
        let day = bounds(day, &TimeZone::get(zone).unwrap());
        day.end.duration_since(day.start).as_hours()
    }

    #[test]
    fn a_day_is_as_long_as_the_clocks_of_its_place_say() {
        assert_eq!(hours(date(2026, 3, 8), "Asia/Shanghai"), 24);
        assert_eq!(hours(date(2026, 3, 8), "America/New_York"), 23);
        assert_eq!(hours(date(2026, 11, 1), "America/New_York"), 25);
        // Clocks that go forward at midnight: the day begins at one.
        assert_eq!(hours(date(2018, 11, 4), "America/Sao_Paulo"), 23);
    }

    #[test]
    fn days_follow_each_other_without_a_gap() {
        let zone = TimeZone::get("America/New_York").unwrap();
        for day in [date(2026, 3, 7), date(2026, 3, 8), date(2026, 11, 1)] {
            let next = day.tomorrow().unwrap();
            assert_eq!(bounds(day, &zone).end, bounds(next, &zone).start);
        }
    }

    #[test]
    fn the_last_day_that_there_is_has_bounds_too() {
        let last = bounds(Date::MAX, &TimeZone::UTC);
        assert!(last.start <= last.end);
    }
}
