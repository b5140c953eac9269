//! Columns of custom fields: those that were asked for, under the names that the institution gave them.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{EXPORT_FIELDS_CHANGED, MARK, column::COLUMNS};
use crate::{
    conditions::registry::CUSTOM,
    custom_fields::{CustomField, CustomValue, Definitions, FieldCode, SEALED},
    customers::Customer,
    fault::{Fault, Text},
    imports::header::propose,
    organization::Locale,
};

/// What is said of a `yes_no`.
const YES_NO: [Text; 2] = [
    Text {
        zh: "否", en: "No"
    },
    Text {
        zh: "是",
        en: "Yes",
    },
];

/// A column of a custom field.
#[derive(Debug)]
pub struct CustomColumn {
    /// The name of the field; its code too, where an import would take that for something else.
    pub heading: String,
    field: CustomField,
}

/// The columns of some fields in the order in which they were asked for.
///
/// # Errors
/// Where one of them is archived by now.
pub fn custom_columns(
    definitions: &Definitions,
    codes: &[FieldCode],
) -> Result<Vec<CustomColumn>, Fault> {
    let fields = &definitions.fields;
    let columns = codes.iter().map(|code| {
        let known = fields.iter().find(|(_, field)| field.code == *code);
        let (_, field) = known.ok_or_else(|| Fault::new(&EXPORT_FIELDS_CHANGED))?;
        Ok(CustomColumn {
            heading: heading(field),
            field: field.clone(),
        })
    });
    columns.collect()
}

/// Brackets would not do: imports skip what stands in them.
fn heading(field: &CustomField) -> String {
    let headings = COLUMNS.iter().map(|column| &column.heading).chain([&MARK]);
    let mut all = headings.flat_map(|text| [text.zh, text.en]);
    let is_guessed = propose(&[&field.name]).iter().any(Option::is_some);
    match is_guessed || all.any(|heading| heading == field.name) {
        true => format!("{} · {CUSTOM}{}", field.name, field.code.as_str()),
        false => field.name.clone(),
    }
}

impl CustomColumn {
    /// What stands in the row of a customer; `names` are those of people.
    pub fn cell(
        &self,
        customer: &Customer,
        names: &BTreeMap<Uuid, String>,
        locale: Locale,
    ) -> String {
        match customer.custom.get(self.field.code.as_str()) {
            None => String::new(),
            Some(held) if held.is_sensitive => SEALED.to_owned(),
            Some(held) => self.told(&held.value, names, locale),
        }
    }

    fn told(&self, value: &CustomValue, names: &BTreeMap<Uuid, String>, locale: Locale) -> String {
        match value {
            CustomValue::Text(text) => text.clone(),
            CustomValue::Number(number) => {
                decimal(*number, usize::try_from(self.field.decimals).unwrap_or(0))
            }
            CustomValue::Date(date) => date.to_string(),
            CustomValue::Choice(code) => self.choice(code).to_owned(),
            CustomValue::Choices(codes) => {
                let all: Vec<_> = codes.iter().map(|code| self.choice(code)).collect();
                let parted = Text {
                    zh: "、", en: ", "
                };
                all.join(parted.of(locale))
            }
            CustomValue::YesNo(yes) => {
                let [no, is] = &YES_NO;
                if *yes { is } else { no }.of(locale).to_owned()
            }
            // Without what parts thousands: programs read it.
            CustomValue::Money(money) => decimal(money.minor(), money.currency().places()),
            CustomValue::Person(id) => {
                let name = names.get(&id.uuid()).cloned();
                name.unwrap_or_else(|| id.to_string())
            }
        }
    }

    /// As the institution calls it.
    fn choice<'a>(&'a self, code: &'a FieldCode) -> &'a str {
        let known = self.field.choices.iter().find(|known| known.code == *code);
        known.map_or(code.as_str(), |known| &known.name)
    }
}

/// A number that is kept as a whole number of its smallest decimal.
fn decimal(number: i64, places: usize) -> String {
    if places == 0 {
        return number.to_string();
    }
    let digits = format!("{:0>1$}", number.unsigned_abs(), places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{whole}.{fraction}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::custom_fields::{FieldEntity, FieldType};

    #[test]
    fn no_import_guesses_what_a_heading_holds() {
        for (name, told) in [
            ("手环", "手环"),
            ("Name", "Name · custom_fields.ring"),
            ("联系人", "联系人 · custom_fields.ring"),
            ("意向课程（暑期）", "意向课程（暑期） · custom_fields.ring"),
        ] {
            let heading = heading(&CustomField {
                entity: FieldEntity::Customer,
                code: FieldCode::parse("ring").unwrap(),
                name: name.into(),
                field_type: FieldType::Text,
                decimals: 0,
                choices: Vec::new(),
                kinds: BTreeSet::new(),
                is_sensitive: false,
                required_at: BTreeSet::new(),
                position: 0,
            });
            assert_eq!(heading, told);
            assert_eq!(propose(&[&heading]), [None]);
        }
    }

    #[test]
    fn numbers_are_told_with_their_decimals() {
        let told = [(1355, 1), (-5, 2), (0, 4), (12, 0), (-1200, 2)];
        let told = told.map(|(number, decimals)| decimal(number, decimals));
        assert_eq!(told, ["135.5", "-0.05", "0.0000", "12", "-12.00"]);
    }
}
