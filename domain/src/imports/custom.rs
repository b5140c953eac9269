//! Custom fields in a list: columns that hold them, and cells as people write them.

use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::cell::{day, is_told, list, note, unquoted};
use crate::{
    custom_fields::{CUSTOM_CHOICE_UNKNOWN, CUSTOM_VALUE_UNFIT, CustomField, FieldCode, FieldType},
    fault::Rule,
    money::Currency,
    text::fold,
};

/// A column that holds a custom field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomColumn {
    /// From 0, the leftmost.
    pub column: usize,
    pub code: FieldCode,
}

/// What a cell says of a field, in the words of the contract; `None` where it says nothing.
///
/// Numbers are written with their decimals, money in its main unit, choices by name or code, people by
/// their ids.
///
/// # Errors
/// `custom_value_unfit`, `custom_choice_unknown`.
pub fn value(
    field: &CustomField,
    currency: &Currency,
    cell: &str,
) -> Result<Option<Json>, &'static Rule> {
    let text = unquoted(cell);
    if field.field_type == FieldType::Text {
        return Ok(note(text).map(Json::from));
    }
    if !is_told(text) {
        return Ok(None);
    }
    let places = usize::try_from(field.decimals).unwrap_or(0);
    let read = match field.field_type {
        FieldType::Text => None,
        FieldType::Number => whole(text, places).map(Json::from),
        FieldType::Date => day(text).map(|day| json!(day)),
        FieldType::Choice => return choice(field, text).map(|code| Some(json!(code.as_str()))),
        FieldType::MultiChoice => {
            let all = list(text);
            let codes = all.iter().map(|name| Ok(choice(field, name)?.as_str()));
            return Ok(Some(json!(codes.collect::<Result<Vec<_>, _>>()?)));
        }
        FieldType::YesNo => yes_no(text).map(Json::from),
        FieldType::Money => whole(text.trim_start_matches(['¥', '￥']), currency.places())
            .map(|minor| json!({ "amount_minor": minor, "currency": currency.code() })),
        FieldType::Person => Uuid::try_parse(text).ok().map(|id| json!(id)),
    };
    read.map(Some).ok_or(&CUSTOM_VALUE_UNFIT)
}

fn choice<'a>(field: &'a CustomField, text: &str) -> Result<&'a FieldCode, &'static Rule> {
    let name = fold(text);
    let mut open = field.choices.iter().filter(|choice| !choice.is_archived);
    let by_name = open.clone().find(|choice| fold(&choice.name) == name);
    let found = by_name.or_else(|| open.find(|choice| choice.code.as_str() == text));
    found
        .map(|choice| &choice.code)
        .ok_or(&CUSTOM_CHOICE_UNKNOWN)
}

fn yes_no(text: &str) -> Option<bool> {
    match fold(text).as_str() {
        "是" | "有" | "yes" | "y" | "true" | "1" => Some(true),
        "否" | "没有" | "no" | "n" | "false" | "0" => Some(false),
        _ => None,
    }
}

/// A number as a whole number of its smallest decimal: of one decimal, `135.5` is 1355.
fn whole(text: &str, places: usize) -> Option<i64> {
    let text: String = fold(text).chars().filter(|c| *c != ',').collect();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.as_str()),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.trim_end_matches('0');
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || fraction.len() > places || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let number: i64 = format!("{whole}{fraction:0<places$}").parse().ok()?;
    Some(sign * number)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::custom_fields::{FieldChoice, FieldEntity};

    fn read(field_type: FieldType, cell: &str) -> Result<Option<Json>, &'static str> {
        let choice = |code: &str, name: &str, is_archived| FieldChoice {
            code: FieldCode::parse(code).unwrap(),
            name: name.into(),
            is_archived,
        };
        let field = CustomField {
            entity: FieldEntity::Customer,
            code: FieldCode::parse("ring").unwrap(),
            name: "手环".into(),
            field_type,
            decimals: 1,
            choices: vec![
                choice("bus", "校车", false),
                choice("walk", "On foot", false),
                choice("car", "轿车", true),
            ],
            kinds: BTreeSet::new(),
            is_sensitive: false,
            required_at: BTreeSet::new(),
            position: 0,
        };
        value(&field, &Currency::CNY, cell).map_err(|rule| rule.code)
    }

    #[test]
    fn cells_are_read_as_people_write_them() {
        for (field_type, cell, told) in [
            (FieldType::Text, "'=1+1", json!("=1+1")),
            (FieldType::Number, "'-1,135.50", json!(-11355)),
            (FieldType::Number, "１３５", json!(1350)),
            (FieldType::Date, "2026年9月1日", json!("2026-09-01")),
            (FieldType::Choice, "校车", json!("bus")),
            (FieldType::Choice, "walk", json!("walk")),
            (
                FieldType::MultiChoice,
                "校车、on foot",
                json!(["bus", "walk"]),
            ),
            (FieldType::YesNo, "是", json!(true)),
            (FieldType::YesNo, "No", json!(false)),
            (
                FieldType::Money,
                "￥1,299.05",
                json!({"amount_minor": 129_905, "currency": "CNY"}),
            ),
        ] {
            assert_eq!(read(field_type, cell), Ok(Some(told)), "{cell}");
        }
        for field_type in FieldType::ALL {
            assert_eq!(read(*field_type, " '"), Ok(None));
        }
    }

    #[test]
    fn what_can_not_be_read_names_its_rule() {
        for (field_type, cell, rule) in [
            (FieldType::Number, "135.55", "custom_value_unfit"),
            (FieldType::Number, "--1", "custom_value_unfit"),
            (
                FieldType::Number,
                "99999999999999999999",
                "custom_value_unfit",
            ),
            (FieldType::Date, "6/1/2015", "custom_value_unfit"),
            (FieldType::Choice, "轿车", "custom_choice_unknown"),
            (
                FieldType::MultiChoice,
                "校车、火车",
                "custom_choice_unknown",
            ),
            (FieldType::YesNo, "也许", "custom_value_unfit"),
            (FieldType::Money, "1.005", "custom_value_unfit"),
            (FieldType::Person, "王芳", "custom_value_unfit"),
        ] {
            assert_eq!(read(field_type, cell), Err(rule), "{cell}");
        }
    }
}
