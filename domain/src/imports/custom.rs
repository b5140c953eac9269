//! Custom fields in a list: columns that hold them, and cells as people write them.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::cell::{day, is_number, is_told, list, note, unquoted};
use crate::{
    custom_fields::{CUSTOM_CHOICE_UNKNOWN, CUSTOM_VALUE_UNFIT, CustomField, FieldCode, FieldType},
    fault::Rule,
    id::Id,
    money::Currency,
    organization::Staff,
    text::fold,
};

/// A column that holds a custom field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomColumn {
    /// From 0, the leftmost.
    pub column: usize,
    pub code: FieldCode,
}

/// Reads the cells of a custom field.
pub struct Reader {
    field: CustomField,
    currency: Currency,
    /// By folded name and by code. One that is archived is found where no open one is: a customer may have it
    /// already.
    choices: BTreeMap<String, FieldCode>,
}

impl Reader {
    pub fn new(field: &CustomField, currency: Currency) -> Self {
        let mut choices = BTreeMap::new();
        for is_archived in [false, true] {
            let all = field.choices.iter();
            let all = all.filter(|choice| choice.is_archived == is_archived);
            let by_name = all.clone().map(|choice| (fold(&choice.name), &choice.code));
            let by_code = all.map(|choice| (choice.code.as_str().to_owned(), &choice.code));
            for (told, code) in by_name.chain(by_code) {
                choices.entry(told).or_insert_with(|| code.clone());
            }
        }
        Self {
            field: field.clone(),
            currency,
            choices,
        }
    }

    /// What a cell says, in the words of the contract; `None` where it says nothing.
    ///
    /// Numbers are written with their decimals, money in its main unit, choices by name or code, people by
    /// their ids. Words such as `无` and `none` say nothing only where the field knows them for no value.
    ///
    /// # Errors
    /// `custom_value_unfit`, `custom_choice_unknown`.
    pub fn value(&self, cell: &str) -> Result<Option<Json>, &'static Rule> {
        let text = unquoted(cell);
        let places = usize::try_from(self.field.decimals).unwrap_or(0);
        let read = match self.field.field_type {
            FieldType::Text => return Ok(note(text).map(Json::from)),
            FieldType::Number => whole(text, places).map(Json::from),
            FieldType::Date => day(text).map(|day| json!(day)),
            FieldType::Choice => self.choice(text).map(Json::from),
            FieldType::MultiChoice => self.several(text),
            FieldType::YesNo => yes_no(text).map(Json::from),
            FieldType::Money => amount(text, &self.currency),
            FieldType::Person => person(text).map(|id| json!(id)),
        };
        match (read, self.field.field_type) {
            (Some(read), _) => Ok(Some(read)),
            (None, _) if !is_told(text) => Ok(None),
            (None, FieldType::Choice | FieldType::MultiChoice) => Err(&CUSTOM_CHOICE_UNKNOWN),
            (None, _) => Err(&CUSTOM_VALUE_UNFIT),
        }
    }

    fn choice(&self, text: &str) -> Option<&str> {
        self.choices.get(&fold(text)).map(FieldCode::as_str)
    }

    /// Several choices, or one whose name holds what parts several.
    fn several(&self, text: &str) -> Option<Json> {
        if let Some(code) = self.choice(text) {
            return Some(json!([code]));
        }
        let names = list(text);
        let codes = names.iter().map(|name| self.choice(name));
        let codes = codes.collect::<Option<Vec<_>>>()?;
        (!codes.is_empty()).then(|| json!(codes))
    }
}

/// Whom a cell names by id.
pub fn person(cell: &str) -> Option<Id<Staff>> {
    Uuid::try_parse(unquoted(cell)).ok().map(Id::new)
}

fn yes_no(text: &str) -> Option<bool> {
    match fold(text).as_str() {
        "是" | "有" | "yes" | "y" | "true" | "1" => Some(true),
        "否" | "无" | "没" | "没有" | "no" | "n" | "false" | "0" => Some(false),
        _ => None,
    }
}

fn amount(text: &str, currency: &Currency) -> Option<Json> {
    let text = text.strip_prefix(['¥', '￥']).unwrap_or(text).trim_start();
    let minor = whole(text, currency.places())?;
    Some(json!({ "amount_minor": minor, "currency": currency.code() }))
}

/// A number as a whole number of its smallest decimal: of one decimal, `135.5` is 1355.
fn whole(text: &str, places: usize) -> Option<i64> {
    let text: String = text.chars().map(narrow).collect();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.as_str()),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = without_commas(whole)?;
    let is_fraction = fraction.is_empty() || is_number(fraction);
    let fraction = fraction.trim_end_matches('0');
    if !is_fraction || fraction.len() > places {
        return None;
    }
    let number: i64 = format!("{whole}{fraction:0<places$}").parse().ok()?;
    Some(sign * number)
}

/// A full-width character of ASCII as ASCII. Nothing else is changed: `²` is no digit of a number.
fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => {
            let narrow = u32::from(c).checked_sub(0xfee0);
            narrow.and_then(char::from_u32).unwrap_or(c)
        }
        c => c,
    }
}

/// The digits of a whole number, in which commas may part thousands: `1,5` may be one and a half, and is none.
fn without_commas(text: &str) -> Option<String> {
    if let Some((first, rest)) = text.split_once(',') {
        let is_thousands = |group: &str| group.len() == 3 && is_number(group);
        if first.len() > 3 || !rest.split(',').all(is_thousands) {
            return None;
        }
        return is_number(first).then(|| text.replace(',', ""));
    }
    is_number(text).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::custom_fields::{FieldChoice, FieldEntity};
    use crate::text_enum::TextEnum;

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
                choice("none", "无", false),
                choice("middle", "中班/大班", false),
                choice("car", "轿车", true),
            ],
            kinds: BTreeSet::new(),
            is_sensitive: false,
            required_at: BTreeSet::new(),
            position: 0,
        };
        let reader = Reader::new(&field, Currency::CNY);
        reader.value(cell).map_err(|rule| rule.code)
    }

    #[test]
    fn cells_are_read_as_people_write_them() {
        for (field_type, cell, told) in [
            (FieldType::Text, "'=1+1", json!("=1+1")),
            (FieldType::Number, "'-1,135.50", json!(-11355)),
            (FieldType::Number, "１３５", json!(1350)),
            (FieldType::Number, "１，１３５．５", json!(11355)),
            (FieldType::Number, "1,234,567", json!(12_345_670)),
            (FieldType::Date, "2026年9月1日", json!("2026-09-01")),
            (FieldType::Choice, "校车", json!("bus")),
            (FieldType::Choice, "walk", json!("walk")),
            (FieldType::Choice, "轿车", json!("car")),
            (FieldType::Choice, "无", json!("none")),
            (FieldType::Choice, "none", json!("none")),
            (FieldType::MultiChoice, "无", json!(["none"])),
            (FieldType::MultiChoice, "中班/大班", json!(["middle"])),
            (
                FieldType::MultiChoice,
                "校车、on foot",
                json!(["bus", "walk"]),
            ),
            (FieldType::YesNo, "是", json!(true)),
            (FieldType::YesNo, "No", json!(false)),
            (FieldType::YesNo, "无", json!(false)),
            (FieldType::YesNo, "没", json!(false)),
            (FieldType::YesNo, "有", json!(true)),
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
            let untold = (*field_type == FieldType::Text).then(|| json!("未知"));
            assert_eq!(read(*field_type, "未知"), Ok(untold));
        }
    }

    #[test]
    fn what_can_not_be_read_names_its_rule() {
        for (field_type, cell, rule) in [
            (FieldType::Number, "135.55", "custom_value_unfit"),
            (FieldType::Number, "--1", "custom_value_unfit"),
            (FieldType::Number, "1,5", "custom_value_unfit"),
            (FieldType::Number, "135,5", "custom_value_unfit"),
            (FieldType::Number, "1234,567", "custom_value_unfit"),
            (FieldType::Number, "1,234,56", "custom_value_unfit"),
            (FieldType::Number, ",123", "custom_value_unfit"),
            (FieldType::Number, "12 34", "custom_value_unfit"),
            (FieldType::Number, "10²", "custom_value_unfit"),
            (FieldType::Number, "1.-5", "custom_value_unfit"),
            (
                FieldType::Number,
                "99999999999999999999",
                "custom_value_unfit",
            ),
            (FieldType::Date, "6/1/2015", "custom_value_unfit"),
            (FieldType::Choice, "飞机", "custom_choice_unknown"),
            (
                FieldType::MultiChoice,
                "校车、火车",
                "custom_choice_unknown",
            ),
            (FieldType::YesNo, "也许", "custom_value_unfit"),
            (FieldType::Money, "1.005", "custom_value_unfit"),
            (FieldType::Money, "12,99", "custom_value_unfit"),
            (FieldType::Money, "￥12 99", "custom_value_unfit"),
            (FieldType::Person, "王芳", "custom_value_unfit"),
        ] {
            assert_eq!(read(field_type, cell), Err(rule), "{cell}");
        }
    }
}
