//! Whether a record meets a tree.

use std::ops::{Bound, RangeBounds};

use super::{
    Moment,
    field::{Subject, Type},
    tree::{Leaf, Test, Tree, Value},
};
use crate::{
    customers::{Kind, Schooling},
    text::fold,
    text_enum::TextEnum,
};

/// What is known of a record.
pub trait Facts {
    /// Values of a field: none where nothing is known; several only of fields that have several.
    /// `last_days` asks for those of the last days only, today included.
    fn known(&self, subject: Subject, last_days: Option<i32>) -> Vec<Value>;
}

impl Tree {
    /// Whether a record meets it, at a moment of its campus.
    pub fn is_met(&self, facts: &impl Facts, moment: &Moment) -> bool {
        match self {
            Self::All(trees) => trees.iter().all(|tree| tree.is_met(facts, moment)),
            Self::Any(trees) => trees.iter().any(|tree| tree.is_met(facts, moment)),
            Self::Not(tree) => !tree.is_met(facts, moment),
            Self::Leaf(leaf) => leaf.is_met(facts, moment),
        }
    }
}

impl Leaf {
    fn is_met(&self, facts: &impl Facts, moment: &Moment) -> bool {
        let known = match self.field.subject {
            Subject::Age | Subject::Birthday => facts.known(Subject::BirthDate, None),
            Subject::SchoolStage | Subject::SchoolGrade => schooled(facts, self, moment),
            subject => facts.known(subject, self.last_days),
        };
        let known = known
            .into_iter()
            .map(|value| match (self.field.subject, value) {
                (Subject::Age, Value::Date(born)) => Value::Number(moment.age(born)),
                (_, value) => value,
            });
        let known: Vec<Value> = known.collect();
        match &self.test {
            Test::Known => !known.is_empty(),
            Test::Unknown => known.is_empty(),
            test => known.iter().any(|value| {
                if self.field.kind == Type::Birthday {
                    return has_birthday(value, test, moment);
                }
                meets(value, test, moment)
            }),
        }
    }
}

/// The stage or grade of a student at school.
fn schooled(facts: &impl Facts, leaf: &Leaf, moment: &Moment) -> Vec<Value> {
    let known = |subject| facts.known(subject, None).into_iter().next();
    let (Some(Value::Choice(kind)), Some(Value::Date(born))) =
        (known(Subject::Kind), known(Subject::BirthDate))
    else {
        return Vec::new();
    };
    let schooling =
        Kind::parse(&kind).and_then(|kind| Schooling::of(kind, Some(born), moment.today));
    let value = schooling.and_then(|schooling| match leaf.field.subject {
        Subject::SchoolStage => Some(Value::Choice(schooling.stage.as_str().into())),
        _ => schooling.grade.map(|grade| Value::Number(grade.into())),
    });
    value.into_iter().collect()
}

fn has_birthday(value: &Value, test: &Test, moment: &Moment) -> bool {
    match (value, test) {
        (Value::Date(born), Test::NextDays(days)) => moment.has_birthday(*born, *days),
        _ => false,
    }
}

/// Whether a value that is known meets a test.
fn meets(value: &Value, test: &Test, moment: &Moment) -> bool {
    match test {
        Test::Known => true,
        Test::Unknown => false,
        Test::OneOf(values) => values.iter().any(|one| match (one, value) {
            (Value::Text(one), Value::Text(value)) => fold(one) == fold(value),
            (one, value) => one == value,
        }),
        Test::Range(from, until) => (from.as_ref(), until.as_ref()).contains(value),
        Test::Contains(part) => text_of(value).contains(&fold(part)),
        Test::StartsWith(part) => text_of(value).starts_with(&fold(part)),
        Test::LastDays(days) => lies(value, Some(-days), Some(0), moment),
        Test::NextDays(days) => lies(value, Some(0), Some(*days), moment),
        Test::BeforeDays(days) => lies(value, None, Some(-days - 1), moment),
    }
}

fn text_of(value: &Value) -> String {
    match value {
        Value::Text(text) => fold(text),
        _ => String::new(),
    }
}

/// Whether a date or instant lies on days that are counted from today.
fn lies(value: &Value, from: Option<i32>, until: Option<i32>, moment: &Moment) -> bool {
    let day = match value {
        Value::Date(date) => *date,
        Value::Instant(at) => at.to_zoned(moment.zone.clone()).date(),
        _ => return false,
    };
    let bound =
        |days: Option<i32>| days.map_or(Bound::Unbounded, |d| Bound::Included(moment.day(d)));
    (bound(from), bound(until)).contains(&day)
}
