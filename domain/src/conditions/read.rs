//! Trees as they are sent, with every fault at its place.

use std::ops::Bound;

use jiff::{Timestamp, civil::Date};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use super::{
    CONDITION_MALFORMED, CONDITION_OPERATOR_UNFIT, CONDITION_TOO_DEEP, CONDITION_VALUE_UNFIT,
    DAYS_MAX, DEPTH_MAX, TERMS_MAX, TEXT_MAX, VALUES_MAX,
    field::{Field, Operator, Type},
    registry::Registry,
    tree::{Leaf, Test, Tree, Value},
};
use crate::{
    fault::{FieldFault, TOO_MANY},
    money::{Currency, Money},
    text,
    text_enum::TextEnum,
};

/// Faults told at once; more would help nobody.
const FAULTS_MAX: usize = 50;

impl Tree {
    /// Reads a tree that stands at `pointer` of a body.
    ///
    /// # Errors
    /// Every condition that is none, at its pointer.
    pub fn read(pointer: &str, json: &Json, fields: &Registry) -> Result<Self, Vec<FieldFault>> {
        let mut reader = Reader {
            fields,
            faults: Vec::new(),
            terms: 0,
        };
        let tree = reader.tree(pointer.to_owned(), json, 0);
        match tree {
            Some(tree) if reader.faults.is_empty() => Ok(tree),
            _ => {
                reader.faults.truncate(FAULTS_MAX);
                Err(reader.faults)
            }
        }
    }
}

struct Reader<'a> {
    fields: &'a Registry,
    faults: Vec<FieldFault>,
    terms: usize,
}

impl Reader<'_> {
    fn refuse<T>(&mut self, fault: FieldFault) -> Option<T> {
        self.faults.push(fault);
        None
    }

    fn tree(&mut self, at: String, json: &Json, depth: usize) -> Option<Tree> {
        let Some(node) = json.as_object() else {
            return self.refuse(FieldFault::new(at, &CONDITION_MALFORMED));
        };
        if node.contains_key("field") {
            return self.leaf(at, node).map(Tree::Leaf);
        }
        let mut members = node.iter();
        let (Some((name, of)), None) = (members.next(), members.next()) else {
            return self.refuse(FieldFault::new(at, &CONDITION_MALFORMED));
        };
        if depth >= DEPTH_MAX {
            let fault = FieldFault::new(at, &CONDITION_TOO_DEEP).with("max", DEPTH_MAX);
            return self.refuse(fault);
        }
        let at = format!("{at}/{name}");
        match name.as_str() {
            "all" => self.trees(&at, of, depth).map(Tree::All),
            "any" => self.trees(&at, of, depth).map(Tree::Any),
            "not" => self.tree(at, of, depth + 1).map(|t| Tree::Not(Box::new(t))),
            _ => self.refuse(FieldFault::new(at, &CONDITION_MALFORMED)),
        }
    }

    /// The members of a group, of which there is one at least: nobody means everybody by naming nothing.
    fn trees(&mut self, at: &str, json: &Json, depth: usize) -> Option<Vec<Tree>> {
        let Some(members) = json.as_array().filter(|members| !members.is_empty()) else {
            return self.refuse(FieldFault::new(at.to_owned(), &CONDITION_MALFORMED));
        };
        let mut trees = Vec::new();
        for (number, member) in members.iter().enumerate() {
            // Beyond the first leaf too many nothing is looked at.
            if self.terms > TERMS_MAX {
                return None;
            }
            trees.push(self.tree(format!("{at}/{number}"), member, depth + 1));
        }
        trees.into_iter().collect()
    }

    fn leaf(&mut self, at: String, node: &Map<String, Json>) -> Option<Leaf> {
        self.terms += 1;
        if self.terms > TERMS_MAX {
            let fault = FieldFault::new(at, &TOO_MANY).with("max", TERMS_MAX);
            return self.refuse(fault);
        }
        let known = ["field", "op", "value", "last_days"];
        if node.keys().any(|name| !known.contains(&name.as_str())) {
            return self.refuse(FieldFault::new(at, &CONDITION_MALFORMED));
        }
        let named = node.get("field").and_then(Json::as_str).unwrap_or_default();
        let field = match self.fields.find(&format!("{at}/field"), named) {
            Ok(field) => field,
            Err(fault) => return self.refuse(fault),
        };
        let last_days = match node.get("last_days") {
            None => None,
            Some(_) if !field.has_span => {
                let at = format!("{at}/last_days");
                return self.refuse(FieldFault::new(at, &CONDITION_MALFORMED));
            }
            Some(days) => Some(self.fit(format!("{at}/last_days"), days_of(days))?),
        };
        let op = node.get("op").and_then(Json::as_str);
        let offered = field.operators();
        let Some(op) = op
            .and_then(Operator::parse)
            .filter(|op| offered.contains(op))
        else {
            let offered: Vec<_> = offered.iter().map(|op| op.as_str()).collect();
            let fault = FieldFault::new(format!("{at}/op"), &CONDITION_OPERATOR_UNFIT)
                .with("values", offered.join(", "));
            return self.refuse(fault);
        };
        let test = self.test(format!("{at}/value"), &field, op, node.get("value"))?;
        Some(Leaf {
            field,
            test,
            last_days,
        })
    }

    fn test(
        &mut self,
        at: String,
        field: &Field,
        op: Operator,
        value: Option<&Json>,
    ) -> Option<Test> {
        let Some(value) = value else {
            return match op {
                Operator::IsKnown => Some(Test::Known),
                Operator::IsUnknown => Some(Test::Unknown),
                _ => self.fit(at, Err(expected(field))),
            };
        };
        let one = |value| read(field, value);
        let test = match op {
            Operator::IsKnown | Operator::IsUnknown => Err("nothing".to_owned()),
            Operator::Eq => one(value).map(|value| Test::OneOf(vec![value])),
            Operator::In => return self.list(&at, field, value).map(Test::OneOf),
            Operator::Gt => one(value).map(|v| Test::Range(Bound::Excluded(v), Bound::Unbounded)),
            Operator::Gte => one(value).map(|v| Test::Range(Bound::Included(v), Bound::Unbounded)),
            Operator::Lt => one(value).map(|v| Test::Range(Bound::Unbounded, Bound::Excluded(v))),
            Operator::Lte => one(value).map(|v| Test::Range(Bound::Unbounded, Bound::Included(v))),
            Operator::Between => between(field, value),
            Operator::Contains => one(value).and_then(|value| part(value, Test::Contains)),
            Operator::StartsWith => one(value).and_then(|value| part(value, Test::StartsWith)),
            Operator::WithinLastDays => days_of(value).map(Test::LastDays),
            Operator::WithinNextDays => days_of(value).map(Test::NextDays),
            Operator::BeforeLastDays => days_of(value).map(Test::BeforeDays),
        };
        self.fit(at, test)
    }

    /// A list of values, in their order and each once.
    fn list(&mut self, at: &str, field: &Field, json: &Json) -> Option<Vec<Value>> {
        let Some(items) = json.as_array().filter(|items| !items.is_empty()) else {
            return self.fit(at.to_owned(), Err(format!("a list of {}", expected(field))));
        };
        if items.len() > VALUES_MAX {
            let fault = FieldFault::new(at.to_owned(), &TOO_MANY).with("max", VALUES_MAX);
            return self.refuse(fault);
        }
        let mut values = Vec::new();
        for (number, item) in items.iter().enumerate() {
            values.push(self.fit(format!("{at}/{number}"), read(field, item)));
        }
        let mut values = values.into_iter().collect::<Option<Vec<_>>>()?;
        values.sort();
        values.dedup();
        Some(values)
    }

    fn fit<T>(&mut self, at: String, value: Result<T, String>) -> Option<T> {
        match value {
            Ok(value) => Some(value),
            Err(expected) => {
                let fault = FieldFault::new(at, &CONDITION_VALUE_UNFIT).with("expected", expected);
                self.refuse(fault)
            }
        }
    }
}

/// Both ends of a range, the lower one first.
fn between(field: &Field, json: &Json) -> Result<Test, String> {
    let wrong = || format!("a list of two: {}, the lower one first", expected(field));
    match json.as_array().map(Vec::as_slice) {
        Some([from, until]) => {
            let (from, until) = (read(field, from)?, read(field, until)?);
            if from > until {
                return Err(wrong());
            }
            Ok(Test::Range(Bound::Included(from), Bound::Included(until)))
        }
        _ => Err(wrong()),
    }
}

fn part(value: Value, test: fn(String) -> Test) -> Result<Test, String> {
    match value {
        Value::Text(text) => Ok(test(text)),
        _ => Err("text".to_owned()),
    }
}

fn days_of(json: &Json) -> Result<i32, String> {
    let days = json.as_i64().filter(|days| (0..=DAYS_MAX).contains(days));
    days.and_then(|days| i32::try_from(days).ok())
        .ok_or_else(|| format!("a number of days from 0 to {DAYS_MAX}"))
}

/// What a value of a field looks like.
fn expected(field: &Field) -> String {
    let (least, most) = field.range.unwrap_or((-Money::MAX_MINOR, Money::MAX_MINOR));
    match field.kind {
        Type::Text | Type::Texts => format!("text of 1 to {TEXT_MAX} characters"),
        Type::Number => format!("a whole number from {least} to {most}"),
        Type::Date => "a date, as 2026-09-01".to_owned(),
        Type::Instant => "an instant of RFC 3339, as 2026-09-01T08:00:00Z".to_owned(),
        Type::Choice | Type::Choices => {
            let choices: Vec<_> = field.choices.iter().map(|c| c.value.as_ref()).collect();
            choices.join(", ")
        }
        Type::Id | Type::Ids => "an id".to_owned(),
        Type::YesNo => "true or false".to_owned(),
        Type::Money => "an amount, as {\"amount_minor\": 129900, \"currency\": \"CNY\"}".to_owned(),
        Type::Birthday => format!("a number of days from 0 to {DAYS_MAX}"),
    }
}

/// A single value of a field.
fn read(field: &Field, json: &Json) -> Result<Value, String> {
    let text = json.as_str();
    let value = match field.kind {
        Type::Text | Type::Texts => text.and_then(words).map(Value::Text),
        Type::Number => {
            let (least, most) = field.range.unwrap_or((-Money::MAX_MINOR, Money::MAX_MINOR));
            let number = json.as_i64();
            let number = number.filter(|number| (least..=most).contains(number));
            number.map(Value::Number)
        }
        Type::Date => text
            .filter(|text| text.len() == 10)
            .and_then(|text| text.parse::<Date>().ok())
            .filter(|date| (1900..=9998).contains(&date.year()))
            .map(Value::Date),
        Type::Instant => text
            .and_then(|text| text.parse::<Timestamp>().ok())
            .filter(|at| (FIRST_INSTANT..LAST_INSTANT).contains(&at.as_second()))
            .map(microseconds)
            .map(Value::Instant),
        Type::Choice | Type::Choices => {
            let mut choices = field.choices.iter();
            let choice = text.and_then(|text| choices.find(|choice| choice.value == text));
            choice.map(|choice| Value::Choice(choice.value.clone()))
        }
        Type::Id | Type::Ids => text
            .filter(|text| text.len() == 36)
            .and_then(|text| Uuid::parse_str(text).ok())
            .map(Value::Id),
        Type::YesNo => json.as_bool().map(Value::YesNo),
        Type::Money => amount(json).map(Value::from),
        Type::Birthday => None,
    };
    value.ok_or_else(|| expected(field))
}

/// From 1900 to the end of the year 9998, as everywhere in the contract.
const FIRST_INSTANT: i64 = -2_208_988_800;
const LAST_INSTANT: i64 = 253_370_764_800;

/// As precise as instants are kept.
fn microseconds(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

/// Text of which something is left when it is folded.
fn words(text: &str) -> Option<String> {
    let is_short = text.chars().count() <= TEXT_MAX;
    let is_plain = !text.contains('\0') && !text::fold(text).is_empty();
    (is_short && is_plain).then(|| text::nfc(text))
}

/// An amount in the currency that it names; whether the institution uses it is another question.
fn amount(json: &Json) -> Option<Money> {
    let fields = json.as_object().filter(|fields| fields.len() == 2)?;
    let currency: Currency = fields.get("currency")?.as_str()?.parse().ok()?;
    let minor = fields.get("amount_minor")?.as_i64()?;
    Money::new(minor, currency).ok()
}
