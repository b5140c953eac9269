use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{CustomField, FieldCode, FieldType};
use crate::{id::Id, money::Money, organization::Staff};

/// Longest text of a value, in characters.
pub const VALUE_TEXT_MAX: usize = 1000;

/// A value of a custom field, by the type of its field.
#[derive(Clone, PartialEq, Eq)]
pub enum CustomValue {
    Text(String),
    /// Within ±[`Money::MAX_MINOR`], in the smallest decimal of the field.
    Number(i64),
    Date(Date),
    Choice(FieldCode),
    /// One at least.
    Choices(BTreeSet<FieldCode>),
    YesNo(bool),
    Money(Money),
    Person(Id<Staff>),
}

impl CustomValue {
    /// The value as JSON says it; `None` where it is none of the type.
    pub fn parse(field_type: FieldType, json: &Json) -> Option<Self> {
        let text = json.as_str();
        match field_type {
            FieldType::Text => text.map(|text| Self::Text(text.to_owned())),
            FieldType::Number => json
                .as_i64()
                .filter(|number| number.unsigned_abs() <= Money::MAX_MINOR.unsigned_abs())
                .map(Self::Number),
            FieldType::Date => text
                .filter(|text| text.len() == 10)
                .and_then(|text| text.parse::<Date>().ok())
                .filter(|date| (1900..=9998).contains(&date.year()))
                .map(Self::Date),
            FieldType::Choice => text.and_then(FieldCode::parse).map(Self::Choice),
            FieldType::MultiChoice => {
                let items = json.as_array()?.iter();
                let codes = items.map(|item| FieldCode::parse(item.as_str()?));
                let codes = codes.collect::<Option<BTreeSet<_>>>()?;
                (!codes.is_empty()).then_some(Self::Choices(codes))
            }
            FieldType::YesNo => json.as_bool().map(Self::YesNo),
            FieldType::Money => {
                let sent = json.as_object().filter(|sent| sent.len() == 2)?;
                let currency = sent.get("currency")?.as_str()?.parse().ok()?;
                let minor = sent.get("amount_minor")?.as_i64()?;
                Money::new(minor, currency).ok().map(Self::Money)
            }
            FieldType::Person => text
                .filter(|text| text.len() == 36)
                .and_then(|text| Uuid::parse_str(text).ok())
                .map(|id| Self::Person(Id::new(id))),
        }
    }

    pub fn field_type(&self) -> FieldType {
        match self {
            Self::Text(_) => FieldType::Text,
            Self::Number(_) => FieldType::Number,
            Self::Date(_) => FieldType::Date,
            Self::Choice(_) => FieldType::Choice,
            Self::Choices(_) => FieldType::MultiChoice,
            Self::YesNo(_) => FieldType::YesNo,
            Self::Money(_) => FieldType::Money,
            Self::Person(_) => FieldType::Person,
        }
    }

    /// The value in the words of the contract.
    pub fn json(&self) -> Json {
        match self {
            Self::Text(text) => json!(text),
            Self::Number(number) => json!(number),
            Self::Date(date) => json!(date),
            Self::Choice(code) => json!(code.as_str()),
            Self::Choices(codes) => codes.iter().map(FieldCode::as_str).collect(),
            Self::YesNo(yes) => json!(yes),
            Self::Money(money) => {
                json!({ "amount_minor": money.minor(), "currency": money.currency().code() })
            }
            Self::Person(id) => json!(id),
        }
    }
}

/// A value that a record has, with what is to be known of its field.
#[derive(Clone, PartialEq, Eq)]
pub struct Held {
    pub field: Id<CustomField>,
    pub is_sensitive: bool,
    pub value: CustomValue,
}

/// What stands in the place of a sensitive value.
pub const SEALED: &str = "***";

impl Held {
    /// The form that every answer carries but reveals.
    pub fn safe(&self) -> Json {
        match self.is_sensitive {
            true => SEALED.into(),
            false => self.value.json(),
        }
    }
}

/// The values that a record has, by the codes of their fields.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct CustomValues(pub(super) BTreeMap<FieldCode, Held>);

impl std::fmt::Debug for CustomValues {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl FromIterator<(FieldCode, Held)> for CustomValues {
    fn from_iter<I: IntoIterator<Item = (FieldCode, Held)>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

impl CustomValues {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn get(&self, code: &str) -> Option<&Held> {
        self.0.get(&FieldCode::parse(code)?)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&FieldCode, &Held)> {
        self.0.iter()
    }

    /// Fields of which this says something else than `other`, or nothing.
    pub fn differing<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a FieldCode> {
        let gone = other.0.keys().filter(|code| !self.0.contains_key(*code));
        let own = self.0.iter();
        let own = own.filter(|(code, held)| other.0.get(*code) != Some(*held));
        own.map(|(code, _)| code).chain(gone)
    }
}
