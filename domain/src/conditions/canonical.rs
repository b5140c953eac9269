//! Trees back to JSON: the same tree always is the same text.

use std::ops::Bound;

use serde_json::{Map, Value as Json, json};

use super::{
    field::Operator,
    tree::{Amount, Leaf, Test, Tree, Value},
};
use crate::text_enum::TextEnum;

impl Tree {
    /// As it is stored and told.
    pub fn canonical(&self) -> Json {
        match self {
            Self::All(trees) => {
                json!({ "all": trees.iter().map(Self::canonical).collect::<Vec<_>>() })
            }
            Self::Any(trees) => {
                json!({ "any": trees.iter().map(Self::canonical).collect::<Vec<_>>() })
            }
            Self::Not(tree) => json!({ "not": tree.canonical() }),
            Self::Leaf(leaf) => leaf.canonical(),
        }
    }
}

impl Leaf {
    fn canonical(&self) -> Json {
        let (op, value) = said(&self.test);
        let mut leaf = Map::new();
        leaf.insert("field".into(), self.field.code.as_ref().into());
        leaf.insert("op".into(), op.as_str().into());
        if let Some(value) = value {
            leaf.insert("value".into(), value);
        }
        if let Some(days) = self.last_days {
            leaf.insert("last_days".into(), days.into());
        }
        leaf.into()
    }
}

fn said(test: &Test) -> (Operator, Option<Json>) {
    let (op, value) = match test {
        Test::Known => return (Operator::IsKnown, None),
        Test::Unknown => return (Operator::IsUnknown, None),
        Test::OneOf(values) => match values.as_slice() {
            [one] => (Operator::Eq, one.canonical()),
            values => (Operator::In, values.iter().map(Value::canonical).collect()),
        },
        Test::Range(Bound::Excluded(from), Bound::Unbounded) => (Operator::Gt, from.canonical()),
        Test::Range(Bound::Included(from), Bound::Unbounded) => (Operator::Gte, from.canonical()),
        Test::Range(Bound::Unbounded, Bound::Excluded(until)) => (Operator::Lt, until.canonical()),
        Test::Range(Bound::Unbounded, Bound::Included(until)) => (Operator::Lte, until.canonical()),
        Test::Range(from, until) => {
            let ends = [from, until].into_iter().map(|bound| match bound {
                Bound::Included(value) | Bound::Excluded(value) => value.canonical(),
                Bound::Unbounded => Json::Null,
            });
            (Operator::Between, ends.collect())
        }
        Test::Contains(part) => (Operator::Contains, part.as_str().into()),
        Test::StartsWith(part) => (Operator::StartsWith, part.as_str().into()),
        Test::LastDays(days) => (Operator::WithinLastDays, (*days).into()),
        Test::NextDays(days) => (Operator::WithinNextDays, (*days).into()),
        Test::BeforeDays(days) => (Operator::BeforeLastDays, (*days).into()),
    };
    (op, Some(value))
}

impl Value {
    /// As trees have it.
    pub fn canonical(&self) -> Json {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Number(number) => (*number).into(),
            Self::Date(date) => date.to_string().into(),
            Self::Instant(at) => at.to_string().into(),
            Self::Choice(value) => value.as_ref().into(),
            Self::Id(id) => id.to_string().into(),
            Self::YesNo(yes) => (*yes).into(),
            Self::Money(Amount(money)) => {
                json!({ "amount_minor": money.minor(), "currency": money.currency().code() })
            }
        }
    }
}
