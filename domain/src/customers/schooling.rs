//! Where a pupil stands at school, by law and birth date (学段, CUST-11).
//!
//! What somebody told of a grade stands beside it, as it was told: children enter early, late, or repeat a
//! year. This is what children of that age are in, and it moves on by itself when a school year begins.

use std::ops::RangeInclusive;

use jiff::civil::Date;

use super::Kind;
use crate::text_enum;

text_enum! {
    /// Stage of schooling (学段), by age.
    SchoolStage as "SchoolStage" {
        /// Before the first grade.
        Preschool = "preschool" { "学前", "Before school" }
        /// Grades 1 to 6.
        Primary = "primary" { "小学", "Primary school" }
        /// Grades 7 to 9.
        JuniorSecondary = "junior_secondary" { "初中", "Junior secondary school" }
        /// Grades 10 to 12.
        SeniorSecondary = "senior_secondary" { "高中", "Senior secondary school" }
        /// After the twelfth grade.
        AfterSchool = "after_school" { "高中毕业后", "After school" }
    }
}

/// The grades of twelve years at school.
pub const GRADES: RangeInclusive<i16> = 1..=12;

/// Month in which school years begin, with its first day.
const BEGINS: i8 = 9;
/// Who is so old by the eve of a school year enters the first grade with it (Compulsory Education Law,
/// 义务教育法, article 11).
const ENTRY_AGE: i16 = 6;

/// A school year (学年), named by the year in which it begins: from 1 September to 31 August.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SchoolYear(i16);

impl SchoolYear {
    pub fn of(day: Date) -> Self {
        Self(day.year() - i16::from(day.month() < BEGINS))
    }

    /// The calendar year in which it begins.
    pub fn first(self) -> i16 {
        self.0
    }

    /// The first and the last birth date of who is in one of these grades, which may be below the first
    /// and above the last.
    pub fn born(self, grades: RangeInclusive<i16>) -> RangeInclusive<Date> {
        let entered = |grade: i16| self.0.saturating_sub(grade - 1);
        // Children of one school year are born between two of its beginnings, six years before.
        let begin = |year: i16| Date::new(year.saturating_sub(ENTRY_AGE), BEGINS, 1);
        let first = begin(entered(*grades.end()).saturating_sub(1)).unwrap_or(Date::MIN);
        let last = begin(entered(*grades.start()))
            .and_then(|next| next.yesterday())
            .unwrap_or(Date::MAX);
        first..=last
    }
}

impl SchoolStage {
    /// The grades of the stage; before and after school as far as anybody's age goes.
    pub fn grades(self) -> RangeInclusive<i16> {
        match self {
            Self::Preschool => -300..=0,
            Self::Primary => 1..=6,
            Self::JuniorSecondary => 7..=9,
            Self::SeniorSecondary => 10..=12,
            Self::AfterSchool => 13..=300,
        }
    }

    fn of(grade: i16) -> Self {
        match grade {
            ..=0 => Self::Preschool,
            1..=6 => Self::Primary,
            7..=9 => Self::JuniorSecondary,
            10..=12 => Self::SeniorSecondary,
            13.. => Self::AfterSchool,
        }
    }
}

/// Where a pupil stands at school.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schooling {
    pub year: SchoolYear,
    /// One of [`GRADES`]; `None` before and after them.
    pub grade: Option<i16>,
    pub stage: SchoolStage,
}

impl Schooling {
    /// Of a student whose birth date is known, on a day of its campus.
    pub fn of(kind: Kind, born: Option<Date>, today: Date) -> Option<Self> {
        let born = born.filter(|_| kind == Kind::Student)?;
        let year = SchoolYear::of(today);
        let entered = SchoolYear::of(born).0 + 1 + ENTRY_AGE;
        let grade = year.0 - entered + 1;
        Some(Self {
            year,
            grade: GRADES.contains(&grade).then_some(grade),
            stage: SchoolStage::of(grade),
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::{ToSpan, civil::date};

    use super::*;
    use crate::text_enum::TextEnum;

    fn grade(born: Date, today: Date) -> Option<i16> {
        Schooling::of(Kind::Student, Some(born), today)?.grade
    }

    #[test]
    fn who_is_six_on_the_eve_of_a_school_year_enters_with_it() {
        assert_eq!(grade(date(2019, 8, 31), date(2025, 8, 31)), None);
        assert_eq!(grade(date(2019, 8, 31), date(2025, 9, 1)), Some(1));
        assert_eq!(grade(date(2019, 9, 1), date(2025, 9, 1)), None);
        assert_eq!(grade(date(2019, 9, 1), date(2026, 9, 1)), Some(1));
        assert_eq!(grade(date(2019, 9, 1), date(2027, 8, 31)), Some(1));
        assert_eq!(grade(date(2008, 2, 29), date(2026, 3, 1)), Some(12));
        assert_eq!(grade(date(2008, 2, 29), date(2026, 9, 1)), None);
    }

    #[test]
    fn a_stage_is_made_of_its_grades() {
        for stage in SchoolStage::ALL {
            for grade in stage.grades() {
                assert_eq!(SchoolStage::of(grade), *stage);
            }
        }
    }

    #[test]
    fn only_students_whose_birth_date_is_known_stand_at_school() {
        let (born, today) = (Some(date(2015, 9, 1)), date(2026, 11, 21));
        let schooling = Schooling::of(Kind::Student, born, today).unwrap();
        assert_eq!(schooling.year.first(), 2026);
        assert_eq!(
            (schooling.grade, schooling.stage),
            (Some(5), SchoolStage::Primary)
        );
        assert_eq!(Schooling::of(Kind::Guardian, born, today), None);
        assert_eq!(Schooling::of(Kind::Student, None, today), None);
    }

    #[test]
    fn who_is_in_a_grade_is_born_between_two_days() {
        for today in [date(2026, 8, 31), date(2026, 9, 1), date(2024, 2, 29)] {
            let year = SchoolYear::of(today);
            for born in (0..9000).map(|days: i32| date(2002, 1, 1).saturating_add(days.days())) {
                let schooling = Schooling::of(Kind::Student, Some(born), today).unwrap();
                for grade in GRADES {
                    let within = year.born(grade..=grade).contains(&born);
                    assert_eq!(within, schooling.grade == Some(grade), "{born} on {today}");
                }
                for stage in SchoolStage::ALL {
                    let within = year.born(stage.grades()).contains(&born);
                    assert_eq!(within, schooling.stage == *stage, "{born} on {today}");
                }
            }
        }
    }
}
