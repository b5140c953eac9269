//! Trees and leaves as expressions.

use std::ops::{Bound, RangeInclusive};

use domain::{
    conditions::{Leaf, Moment, Subject, Test, Tree, Value, tree::Amount},
    customers::{
        ACTIVE_DAYS, ActivityLevel, GRADES, Kind, RECENT_DAYS, RECENT_MANY, SchoolStage, SchoolYear,
    },
    text::fold,
    text_enum::TextEnum,
};
use jiff::{Timestamp, civil::Date};
use sea_orm::sea_query::{self, Condition, Expr, ExprTrait, Func, SelectStatement};

use super::{Sight, facts, place::Place};
use crate::{
    Error,
    access::Grant,
    clock::{date_column, micros},
    customers::entity::{Column, Entity},
};

pub(super) struct Compiler<'a> {
    pub(super) sight: &'a Sight,
    pub(super) place: &'a Place,
    pub(super) postgres: bool,
}

/// A column of the customer that is looked at.
pub(super) fn own(column: Column) -> Expr {
    Expr::col((Entity, column))
}

impl Compiler<'_> {
    pub(super) fn tree(&self, tree: &Tree) -> Result<Expr, Error> {
        Ok(match tree {
            Tree::All(trees) => self.group(Condition::all(), trees)?,
            Tree::Any(trees) => self.group(Condition::any(), trees)?,
            // What is not known is not met, so that its opposite is.
            Tree::Not(tree) => {
                Expr::from(Func::coalesce([self.tree(tree)?, Expr::val(false)])).not()
            }
            Tree::Leaf(leaf) => self.leaf(leaf)?,
        })
    }

    fn group(&self, group: Condition, trees: &[Tree]) -> Result<Expr, Error> {
        let mut group = group;
        for tree in trees {
            group = group.add(self.tree(tree)?);
        }
        Ok(group.into())
    }

    /// A leaf that goes by the day means the day of each customer's campus.
    fn leaf(&self, leaf: &Leaf) -> Result<Expr, Error> {
        if let [(moment, _)] = self.place.0.as_slice() {
            return self.at(leaf, moment);
        }
        if !leaf.is_relative() {
            let anywhere = self.place.0.first().map(|(moment, _)| moment);
            let anywhere =
                anywhere.ok_or_else(|| Error::corrupt("an institution without campus"))?;
            return self.at(leaf, anywhere);
        }
        let mut any = Condition::any();
        for (moment, campuses) in &self.place.0 {
            let there = own(Column::CampusId).is_in(campuses.iter().copied());
            any = any.add(Condition::all().add(there).add(self.at(leaf, moment)?));
        }
        Ok(any.into())
    }

    fn at(&self, leaf: &Leaf, moment: &Moment) -> Result<Expr, Error> {
        let test = &leaf.test;
        match leaf.field.subject {
            Subject::Kind => simple(own(Column::Kind), test),
            Subject::Name => self.text(own(Column::NameFold), test),
            Subject::Gender => simple(own(Column::Gender), test),
            Subject::BirthDate => dated(own(Column::BirthDate), test, moment),
            Subject::Age => aged(own(Column::BirthDate), test, moment),
            Subject::Birthday => birthday(own(Column::BirthDate), test, moment),
            Subject::Intent => simple(own(Column::Intent), test),
            Subject::Stage => simple(own(Column::Stage), test),
            Subject::Screening => simple(facts::screening(), test),
            Subject::Region => self.text(own(Column::RegionFold), test),
            Subject::Education => simple(own(Column::Education), test),
            Subject::Occupation => simple(own(Column::Occupation), test),
            Subject::School => self.text(own(Column::SchoolFold), test),
            Subject::Grade => self.text(own(Column::GradeFold), test),
            Subject::SchoolStage => schooled(test, moment, |year, value| {
                let stage = SchoolStage::parse(choice(value)?)?;
                Some(year.born(stage.grades()))
            }),
            Subject::SchoolGrade => graded(test, moment),
            Subject::Note => self.text(own(Column::NoteFold), test),
            Subject::SourceChannel => self.text(own(Column::Channel), test),
            Subject::CollectedAt => timed(own(Column::CollectedAt), test, moment),
            Subject::Collector => simple(own(Column::CollectorId), test),
            Subject::Holder => simple(own(Column::HolderId), test),
            // The pool of a campus bears its id.
            Subject::InPool => yes(own(Column::HolderId).eq(own(Column::CampusId)), test),
            Subject::Campus => simple(own(Column::CampusId), test),
            Subject::Tags => {
                let grant = granted(self.sight.tags.as_ref())?;
                among(test, |tags| facts::tagged(grant, tags))
            }
            Subject::CreatedAt => timed(own(Column::CreatedAt), test, moment),
            Subject::UpdatedAt => timed(own(Column::UpdatedAt), test, moment),
            Subject::LastContactAt => {
                let grant = granted(self.sight.follow_ups.as_ref())?;
                timed(facts::last_contact(grant).into(), test, moment)
            }
            Subject::NextContactOn => {
                let grant = granted(self.sight.follow_ups.as_ref())?;
                dated(facts::next_contact(grant).into(), test, moment)
            }
            Subject::FollowUps => {
                let grant = granted(self.sight.follow_ups.as_ref())?;
                let since = leaf.last_days.map(|days| micros(moment.start_of(-days)));
                simple(facts::follow_ups(grant, since).into(), test)
            }
            Subject::ActivityLevel => self.active(test, moment),
            Subject::EnrolledCourses => {
                let grant = granted(self.sight.enrollments.as_ref())?;
                among(test, |courses| facts::enrolled(grant, courses, false))
            }
            Subject::HasEnrollment => {
                let grant = granted(self.sight.enrollments.as_ref())?;
                yes(is_there(facts::enrolled(grant, &[], false)), test)
            }
            Subject::HasActiveEnrollment => {
                let grant = granted(self.sight.enrollments.as_ref())?;
                yes(is_there(facts::enrolled(grant, &[], true)), test)
            }
            Subject::Outstanding => {
                let grant = granted(self.sight.payments.as_ref())?;
                simple(facts::outstanding(grant).into(), test)
            }
            Subject::Paid => {
                let grant = granted(self.sight.payments.as_ref())?;
                simple(facts::paid(grant).into(), test)
            }
            Subject::Detail(field) => self.detail(field, leaf),
            Subject::Custom(id) => self.custom(id, leaf, moment),
        }
    }

    /// Levels as [`Activity::level`](domain::customers::Activity::level) has them; one always is known.
    fn active(&self, test: &Test, moment: &Moment) -> Result<Expr, Error> {
        let follow_ups = granted(self.sight.follow_ups.as_ref())?;
        let enrollments = self.sight.enrollments.as_ref();
        let since = |days: i32| {
            let since = micros(moment.start_of(-days));
            facts::activities(follow_ups, enrollments, since)
        };
        let is_high = || since(RECENT_DAYS).gte(RECENT_MANY);
        let is_low = || since(ACTIVE_DAYS).eq(0_i64);
        let always = |yes: bool| Expr::val(1).eq(i32::from(yes));
        let Test::OneOf(values) = test else {
            return Ok(always(*test != Test::Unknown));
        };
        let asked = |level: ActivityLevel| {
            let mut asked = values.iter().filter_map(choice);
            asked.any(|value| value == level.as_str())
        };
        // Each count is asked for once: it names all that somebody reaches.
        let asked = (
            asked(ActivityLevel::High),
            asked(ActivityLevel::Medium),
            asked(ActivityLevel::Low),
        );
        Ok(match asked {
            (true, true, true) => always(true),
            (true, true, false) => is_low().not(),
            (false, true, true) => is_high().not(),
            (true, false, true) => is_high().or(is_low()),
            (true, false, false) => is_high(),
            (false, false, true) => is_low(),
            (false, true, false) => is_high().not().and(is_low().not()),
            (false, false, false) => always(false),
        })
    }

    /// Text is compared as it is folded.
    pub(super) fn text(&self, folded: Expr, test: &Test) -> Result<Expr, Error> {
        match test {
            Test::OneOf(values) => {
                let texts = values.iter().filter_map(|value| match value {
                    Value::Text(text) => Some(fold(text)),
                    _ => None,
                });
                Ok(folded.is_in(texts))
            }
            Test::Contains(part) => {
                let position = if self.postgres { "strpos" } else { "instr" };
                let position = Func::cust(position).args([folded, Expr::val(fold(part))]);
                Ok(Expr::from(position).gt(0))
            }
            Test::StartsWith(part) => {
                let part = fold(part);
                let length = i32::try_from(part.chars().count()).map_err(Error::internal)?;
                let beginning = Func::cust("substr").args([folded, 1.into(), length.into()]);
                Ok(Expr::from(beginning).eq(part))
            }
            test => simple(folded, test),
        }
    }
}

/// The grant of a fact; its reader has been asked for it.
fn granted<P>(grant: Option<&Grant<P>>) -> Result<&Grant<P>, Error> {
    grant.ok_or_else(|| Error::internal("a fact without its grant"))
}

/// A value as a column keeps it.
fn kept(value: &Value) -> Result<sea_query::Value, Error> {
    Ok(match value {
        Value::Text(text) => text.as_str().into(),
        Value::Number(number) => (*number).into(),
        Value::Date(date) => date_column(*date)?.into(),
        Value::Instant(at) => micros(*at).into(),
        Value::Choice(choice) => choice.as_ref().into(),
        Value::Id(id) => (*id).into(),
        Value::YesNo(yes) => (*yes).into(),
        Value::Money(Amount(money)) => money.minor().into(),
    })
}

/// A test that needs no more than its values.
pub(super) fn simple(column: Expr, test: &Test) -> Result<Expr, Error> {
    match test {
        Test::Known => Ok(column.is_not_null()),
        Test::Unknown => Ok(column.is_null()),
        Test::OneOf(values) => match values.as_slice() {
            [one] => Ok(column.eq(kept(one)?)),
            values => {
                let values = values.iter().map(kept).collect::<Result<Vec<_>, _>>()?;
                Ok(column.is_in(values))
            }
        },
        Test::Range(from, until) => ranged(column, from.as_ref(), until.as_ref(), kept),
        Test::Contains(_)
        | Test::StartsWith(_)
        | Test::LastDays(_)
        | Test::NextDays(_)
        | Test::BeforeDays(_) => Err(Error::internal("a test that its field has not")),
    }
}

fn ranged<T>(
    column: Expr,
    from: Bound<&T>,
    until: Bound<&T>,
    kept: impl Fn(&T) -> Result<sea_query::Value, Error>,
) -> Result<Expr, Error> {
    let from = match from {
        Bound::Unbounded => None,
        Bound::Included(value) => Some(column.clone().gte(kept(value)?)),
        Bound::Excluded(value) => Some(column.clone().gt(kept(value)?)),
    };
    let until = match until {
        Bound::Unbounded => None,
        Bound::Included(value) => Some(column.clone().lte(kept(value)?)),
        Bound::Excluded(value) => Some(column.clone().lt(kept(value)?)),
    };
    Ok(match (from, until) {
        (Some(from), Some(until)) => from.and(until),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => column.is_not_null(),
    })
}

pub(super) fn dated(column: Expr, test: &Test, moment: &Moment) -> Result<Expr, Error> {
    let kept = |date: &Date| Ok(date_column(*date)?.into());
    let (from, until) = match test {
        Test::LastDays(days) => (Some(moment.day(-days)), Some(moment.today)),
        Test::NextDays(days) => (Some(moment.today), Some(moment.day(*days))),
        Test::BeforeDays(days) => (None, Some(moment.day(-days - 1))),
        test => return simple(column, test),
    };
    let bound = |date: &Option<Date>| date.map_or(Bound::Unbounded, Bound::Included);
    let (from, until) = (bound(&from), bound(&until));
    ranged(column, from.as_ref(), until.as_ref(), kept)
}

fn timed(column: Expr, test: &Test, moment: &Moment) -> Result<Expr, Error> {
    let kept = |at: &Timestamp| Ok(micros(*at).into());
    let (from, until) = match test {
        Test::LastDays(days) => (Some(-days), Some(1)),
        Test::NextDays(days) => (Some(0), Some(days + 1)),
        Test::BeforeDays(days) => (None, Some(-days)),
        test => return simple(column, test),
    };
    let from = from.map_or(Bound::Unbounded, |days| {
        Bound::Included(moment.start_of(days))
    });
    let until = until.map_or(Bound::Unbounded, |days| {
        Bound::Excluded(moment.start_of(days))
    });
    ranged(column, from.as_ref(), until.as_ref(), kept)
}

/// Ages are asked of the birth date, which does not change from day to day.
fn aged(born: Expr, test: &Test, moment: &Moment) -> Result<Expr, Error> {
    let kept = |date: &Date| Ok(date_column(*date)?.into());
    let of_ages = |ages| {
        let (from, until) = moment.born(ages);
        ranged(born.clone(), from.as_ref(), until.as_ref(), kept)
    };
    match test {
        Test::OneOf(values) => {
            let mut any = Condition::any();
            for age in values.iter().filter_map(number) {
                any = any.add(of_ages((Bound::Included(age), Bound::Included(age)))?);
            }
            Ok(any.into())
        }
        Test::Range(from, until) => {
            let bound = |bound: &Bound<Value>| match bound {
                Bound::Included(value) => number(value).map_or(Bound::Unbounded, Bound::Included),
                Bound::Excluded(value) => number(value).map_or(Bound::Unbounded, Bound::Excluded),
                Bound::Unbounded => Bound::Unbounded,
            };
            of_ages((bound(from), bound(until)))
        }
        test => simple(born, test),
    }
}

/// What is asked of students only, by their birth dates: which of them a value means.
fn schooled(
    test: &Test,
    moment: &Moment,
    meant: impl Fn(SchoolYear, &Value) -> Option<RangeInclusive<Date>>,
) -> Result<Expr, Error> {
    let born = own(Column::BirthDate);
    let mut any = Condition::any();
    match test {
        Test::OneOf(values) => {
            let year = SchoolYear::of(moment.today);
            for days in values.iter().filter_map(|value| meant(year, value)) {
                any = any.add(between(&born, &days)?);
            }
        }
        test => any = any.add(simple(born, test)?),
    }
    students(any.into(), test)
}

/// Of grades those alone are known that there are.
fn graded(test: &Test, moment: &Moment) -> Result<Expr, Error> {
    let year = SchoolYear::of(moment.today);
    let born = own(Column::BirthDate);
    let (from, until) = match test {
        Test::OneOf(_) => {
            let grade = |year: SchoolYear, value: &Value| {
                let grade = i16::try_from(number(value)?).ok()?;
                Some(year.born(grade..=grade))
            };
            return schooled(test, moment, grade);
        }
        Test::Range(from, until) => (
            match from {
                Bound::Included(from) => number(from),
                Bound::Excluded(from) => number(from).map(|grade| grade.saturating_add(1)),
                Bound::Unbounded => None,
            },
            match until {
                Bound::Included(until) => number(until),
                Bound::Excluded(until) => number(until).map(|grade| grade.saturating_sub(1)),
                Bound::Unbounded => None,
            },
        ),
        _ => (None, None),
    };
    let (first, last) = (i64::from(*GRADES.start()), i64::from(*GRADES.end()));
    let grade = |grade: i64| i16::try_from(grade).map_err(Error::internal);
    let grades = grade(from.unwrap_or(first).clamp(first, last + 1))?
        ..=grade(until.unwrap_or(last).clamp(first - 1, last))?;
    if grades.is_empty() {
        return Ok(Expr::val(1).eq(0));
    }
    let known = between(&born, &year.born(grades))?;
    match test {
        Test::Unknown => students(
            Expr::from(Func::coalesce([known, Expr::val(false)])).not(),
            test,
        ),
        test => students(known, test),
    }
}

/// What is known of students only.
fn students(known: Expr, test: &Test) -> Result<Expr, Error> {
    let is_student = own(Column::Kind).eq(Kind::Student.as_str());
    Ok(match test {
        Test::Unknown => is_student.not().or(known),
        _ => is_student.and(known),
    })
}

fn between(born: &Expr, days: &RangeInclusive<Date>) -> Result<Expr, Error> {
    let (first, last) = (date_column(*days.start())?, date_column(*days.end())?);
    Ok(born.clone().between(first, last))
}

fn choice(value: &Value) -> Option<&str> {
    match value {
        Value::Choice(choice) => Some(choice.as_ref()),
        _ => None,
    }
}

fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => Some(*number),
        _ => None,
    }
}

/// Both engines write a date as `YYYY-MM-DD`.
fn birthday(born: Expr, test: &Test, moment: &Moment) -> Result<Expr, Error> {
    let Test::NextDays(days) = test else {
        return simple(born, test);
    };
    let written = Func::cast_as(born, "text");
    let day = Func::cust("substr").args([Expr::from(written), 6.into(), 5.into()]);
    let mut any = Condition::any();
    for range in moment.birthdays(*days) {
        let (from, until) = range.into_inner();
        any = any.add(Expr::from(day.clone()).between(from, until));
    }
    Ok(any.into())
}

/// Whether a sub-select finds anything.
pub(super) fn is_there(rows: SelectStatement) -> Expr {
    Expr::from(rows).is_not_null()
}

/// A fact that always is known.
fn yes(fact: Expr, test: &Test) -> Result<Expr, Error> {
    let Test::OneOf(values) = test else {
        return Err(Error::internal("a test that its field has not"));
    };
    let wanted = |yes: bool| values.contains(&Value::YesNo(yes));
    Ok(match (wanted(true), wanted(false)) {
        (true, true) => Expr::val(1).eq(1),
        (true, false) => fact,
        (false, true) => fact.not(),
        (false, false) => Expr::val(1).eq(0),
    })
}

/// A fact of several values: whether it has any, or any of some.
fn among(test: &Test, rows: impl Fn(&[uuid::Uuid]) -> SelectStatement) -> Result<Expr, Error> {
    match test {
        Test::Known => Ok(is_there(rows(&[]))),
        Test::Unknown => Ok(Expr::from(rows(&[])).is_null()),
        Test::OneOf(values) => {
            let ids = values.iter().filter_map(|value| match value {
                Value::Id(id) => Some(*id),
                _ => None,
            });
            Ok(is_there(rows(&ids.collect::<Vec<_>>())))
        }
        _ => Err(Error::internal("a test that its field has not")),
    }
}
