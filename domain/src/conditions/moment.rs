//! Days, ages and birthdays, as the clocks of a campus have them.

use std::ops::{Bound, RangeInclusive};

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};

use crate::day;

/// Now, at a place.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    pub today: Date,
    pub zone: TimeZone,
}

impl Moment {
    pub fn new(now: Timestamp, zone: TimeZone) -> Self {
        Self {
            today: now.to_zoned(zone.clone()).date(),
            zone,
        }
    }

    /// The day that is as many days from today: a day at the end of time, where it would be beyond.
    pub fn day(&self, days: i32) -> Date {
        self.today.saturating_add(days.days())
    }

    /// The first instant of such a day.
    pub fn start_of(&self, days: i32) -> Timestamp {
        day::bounds(self.day(days), &self.zone).start
    }

    /// Whole years of somebody born on a day. Who is born on 29 February is a year older on
    /// 1 March where the year has no such day.
    pub fn age(&self, born: Date) -> i64 {
        let years = i64::from(self.today.year()) - i64::from(born.year());
        let has_been = (self.today.month(), self.today.day()) >= (born.month(), born.day());
        if has_been { years } else { years - 1 }
    }

    /// Birth dates of those whose age lies within bounds.
    pub fn born(&self, ages: (Bound<i64>, Bound<i64>)) -> (Bound<Date>, Bound<Date>) {
        let since = match ages.1 {
            Bound::Unbounded => Bound::Unbounded,
            Bound::Included(age) => Bound::Excluded(self.years_ago(age.saturating_add(1))),
            Bound::Excluded(age) => Bound::Excluded(self.years_ago(age)),
        };
        let until = match ages.0 {
            Bound::Unbounded => Bound::Unbounded,
            Bound::Included(age) => Bound::Included(self.years_ago(age)),
            Bound::Excluded(age) => Bound::Included(self.years_ago(age.saturating_add(1))),
        };
        (since, until)
    }

    /// The last birth date of those who are so many years old.
    fn years_ago(&self, years: i64) -> Date {
        let year = i64::from(self.today.year()).saturating_sub(years);
        let year = i16::try_from(year.clamp(-9999, 9999)).unwrap_or(i16::MIN);
        let (month, day) = (self.today.month(), self.today.day());
        // 29 February of a year without it: those born up to the 28th.
        Date::new(year, month, day)
            .or_else(|_| Date::new(year, month, day - 1))
            .unwrap_or(Date::MIN)
    }

    /// Days of the year, as `MM-DD`, on which somebody is born whose birthday is today or within the next
    /// days: one range, or two around the end of the year; all days for a year and more. In years
    /// without 29 February its birthdays are on 1 March.
    pub fn birthdays(&self, days: i32) -> Vec<RangeInclusive<String>> {
        let word = |date: Date| format!("{:02}-{:02}", date.month(), date.day());
        let all = || "01-01".to_owned()..="12-31".to_owned();
        if days >= 365 {
            return vec![all()];
        }
        let (first, last) = (self.today, self.day(days));
        let (from, until) = (self.since_leap_day(first, word(first)), word(last));
        if first.year() == last.year() {
            vec![from..=until]
        } else {
            vec![from..="12-31".to_owned(), "01-01".to_owned()..=until]
        }
    }

    fn since_leap_day(&self, first: Date, word: String) -> String {
        if (first.month(), first.day()) == (3, 1) && !first.in_leap_year() {
            "02-29".to_owned()
        } else {
            word
        }
    }

    /// Whether a birthday is today or within the next days.
    pub fn has_birthday(&self, born: Date, days: i32) -> bool {
        (0..=days.min(366)).any(|ahead| {
            let day = self.day(ahead);
            let is_day = (day.month(), day.day()) == (born.month(), born.day());
            let moved = (born.month(), born.day()) == (2, 29) && !day.in_leap_year();
            is_day || (moved && (day.month(), day.day()) == (3, 1))
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn on(today: Date) -> Moment {
        Moment {
            today,
            zone: TimeZone::UTC,
        }
    }

    /// Every day of some years around a leap day, in which much is at its edge.
    fn days() -> impl Iterator<Item = Date> {
        (0..1500).map(|days: i32| date(2023, 1, 1).saturating_add(days.days()))
    }

    #[test]
    fn who_is_of_an_age_is_born_between_two_days() {
        for today in [
            date(2024, 2, 29),
            date(2025, 2, 28),
            date(2025, 3, 1),
            date(2027, 1, 1),
        ] {
            let moment = on(today);
            for age in 0..4 {
                let bounds = moment.born((Bound::Included(age), Bound::Included(age)));
                for born in days().filter(|day| *day <= today) {
                    let within = std::ops::RangeBounds::contains(&bounds, &born);
                    assert_eq!(
                        within,
                        moment.age(born) == age,
                        "{born} on {today} is {age}"
                    );
                }
            }
        }
    }

    #[test]
    fn birthdays_of_the_next_days_are_days_of_the_year() {
        for today in days().filter(|day| matches!(day.month(), 2 | 3 | 12)) {
            let moment = on(today);
            for ahead in [0, 1, 30, 364, 365] {
                let ranges = moment.birthdays(ahead);
                for born in [
                    date(2020, 2, 28),
                    date(2020, 2, 29),
                    date(2020, 3, 1),
                    date(2020, 12, 31),
                    date(2020, 1, 1),
                ] {
                    let word = format!("{:02}-{:02}", born.month(), born.day());
                    let within = ranges.iter().any(|range| range.contains(&word));
                    assert_eq!(
                        within,
                        moment.has_birthday(born, ahead),
                        "{born} within {ahead} of {today}"
                    );
                }
            }
        }
    }
}
