//! What is said of a record's custom fields, held against their definitions.

use serde_json::{Map, Value as Json};

use super::{
    CUSTOM_CHOICE_UNKNOWN, CUSTOM_FIELD_UNKNOWN, CUSTOM_VALUE_UNFIT, CustomField, CustomValue,
    CustomValues, FieldCode, FieldType, Held, SEALED, VALUE_TEXT_MAX,
};
use crate::{
    customers::{DETAIL_NOT_FITTING, Kind, Stage},
    fault::{
        CURRENCY_MISMATCH, Fault, FieldFault, REFERENCE_UNKNOWN, REQUIRED, TEXT_BLANK, VALUE_MASKED,
    },
    id::Id,
    money::Currency,
    organization::Staff,
    text,
};

/// The fields that an institution has for one kind of record, archived ones left out.
#[derive(Clone, Debug)]
pub struct Definitions {
    /// By position, then by code.
    pub fields: Vec<(Id<CustomField>, CustomField)>,
    pub currency: Currency,
}

/// What of a customer says which fields it has and must have.
pub type Standing = (Kind, Stage);

fn at(code: &FieldCode) -> String {
    format!("/custom_fields/{}", code.as_str())
}

impl Definitions {
    fn find(&self, code: &FieldCode) -> Option<&(Id<CustomField>, CustomField)> {
        self.fields.iter().find(|(_, field)| field.code == *code)
    }

    /// The values of a record with what was sent: null clears a field. What it has already is never
    /// refused, be it of an archived field or choice.
    ///
    /// # Errors
    /// Every field that is none, or that its value breaks a rule of, at once.
    pub fn apply(
        &self,
        known: &CustomValues,
        sent: &Map<String, Json>,
    ) -> Result<CustomValues, Fault> {
        let (mut values, mut faults) = (known.clone(), Vec::new());
        for (name, json) in sent {
            let Some(code) = FieldCode::parse(name) else {
                faults.push(FieldFault::new("/custom_fields", &CUSTOM_FIELD_UNKNOWN));
                continue;
            };
            match self.one(known.0.get(&code), &code, json) {
                Ok(Some(held)) => {
                    values.0.insert(code, held);
                }
                Ok(None) => {
                    values.0.remove(&code);
                }
                Err(fault) => faults.push(fault),
            }
        }
        Fault::unless_empty(faults)?;
        Ok(values)
    }

    fn one(
        &self,
        known: Option<&Held>,
        code: &FieldCode,
        json: &Json,
    ) -> Result<Option<Held>, FieldFault> {
        let found = self.find(code);
        if known.is_none() && found.is_none() {
            return Err(FieldFault::new(at(code), &CUSTOM_FIELD_UNKNOWN));
        }
        if json.is_null() {
            return Ok(None);
        }
        if let Some(held) = known.filter(|held| !held.is_sensitive && held.value.json() == *json) {
            return Ok(Some(held.clone()));
        }
        let (id, field) = found.ok_or_else(|| FieldFault::new(at(code), &CUSTOM_FIELD_UNKNOWN))?;
        if field.is_sensitive && json.as_str() == Some(SEALED) {
            return Err(FieldFault::new(at(code), &VALUE_MASKED));
        }
        let before = known.map(|held| &held.value);
        let value = self.read(field, before, json)?;
        Ok(Some(Held {
            field: *id,
            is_sensitive: field.is_sensitive,
            value,
        }))
    }

    fn read(
        &self,
        field: &CustomField,
        before: Option<&CustomValue>,
        json: &Json,
    ) -> Result<CustomValue, FieldFault> {
        let code = &field.code;
        let value = CustomValue::parse(field.field_type, json).ok_or_else(|| {
            FieldFault::new(at(code), &CUSTOM_VALUE_UNFIT).with("expected", expected(field))
        })?;
        match value {
            CustomValue::Text(told) => words(code, &told).map(CustomValue::Text),
            CustomValue::Money(money) if money.currency() != self.currency => {
                Err(FieldFault::new(at(code), &CURRENCY_MISMATCH))
            }
            value => match unknown_choice(field, before, &value) {
                true => {
                    let open: Vec<_> = field.open_choices().map(FieldCode::as_str).collect();
                    Err(FieldFault::new(at(code), &CUSTOM_CHOICE_UNKNOWN)
                        .with("values", open.join(", ")))
                }
                false => Ok(value),
            },
        }
    }

    /// Refuses values of fields that customers of a kind have not, as far as they are new or the kind is.
    ///
    /// # Errors
    /// Every such field.
    pub fn unless_unfit(
        &self,
        before: Option<(&CustomValues, Standing)>,
        (values, (kind, _)): (&CustomValues, Standing),
    ) -> Result<(), Fault> {
        let settled = |code: &FieldCode, held: &Held| {
            before.is_some_and(|(known, (was, _))| was == kind && known.0.get(code) == Some(held))
        };
        let unfit = self.fields.iter().filter(|(_, field)| {
            let held = values.0.get(&field.code);
            !field.fits(kind) && held.is_some_and(|held| !settled(&field.code, held))
        });
        let faults = unfit.map(|(_, field)| FieldFault::new(at(&field.code), &DETAIL_NOT_FITTING));
        Fault::unless_empty(faults.collect())
    }

    /// Refuses a customer that has not what its kind and stage demand: a new one, and one that lost it or
    /// came to where it is demanded. What was not demanded before stays missing in peace.
    ///
    /// # Errors
    /// Every such field that is `asked`.
    pub fn unless_missing(
        &self,
        before: Option<(&CustomValues, Standing)>,
        (values, (kind, stage)): (&CustomValues, Standing),
        asked: impl Fn(&CustomField) -> bool,
    ) -> Result<(), Fault> {
        let bore_it = |field: &CustomField| {
            before.is_some_and(|(known, (kind, stage))| {
                !known.0.contains_key(&field.code) && field.is_required(kind, stage)
            })
        };
        let missing = self.fields.iter().filter(|(_, field)| {
            field.is_required(kind, stage) && !values.0.contains_key(&field.code) && !bore_it(field)
        });
        let missing = missing.filter(|(_, field)| asked(field));
        let faults = missing.map(|(_, field)| FieldFault::new(at(&field.code), &REQUIRED));
        Fault::unless_empty(faults.collect())
    }
}

impl CustomValues {
    /// The members of staff who are named here and not in `known`, by the codes of their fields.
    pub fn new_persons<'a>(
        &'a self,
        known: &'a Self,
    ) -> impl Iterator<Item = (&'a FieldCode, Id<Staff>)> {
        self.differing(known).filter_map(|code| {
            let held = self.0.get(code)?;
            match held.value {
                CustomValue::Person(id) => Some((code, id)),
                _ => None,
            }
        })
    }
}

/// Somebody whom a field of this code can't name.
pub fn unknown_person(code: &FieldCode) -> FieldFault {
    FieldFault::new(at(code), &REFERENCE_UNKNOWN)
}

fn words(code: &FieldCode, told: &str) -> Result<String, FieldFault> {
    let told = text::note("", told, VALUE_TEXT_MAX).map_err(|fault| FieldFault {
        pointer: at(code).into(),
        ..fault
    })?;
    match text::fold(&told).is_empty() {
        true => Err(FieldFault::new(at(code), &TEXT_BLANK)),
        false => Ok(told),
    }
}

/// Whether a value names a choice that the field has not, or has no more and the record had not before.
fn unknown_choice(field: &CustomField, before: Option<&CustomValue>, value: &CustomValue) -> bool {
    let is_known = |code: &FieldCode| {
        let had = match before {
            Some(CustomValue::Choice(had)) => had == code,
            Some(CustomValue::Choices(had)) => had.contains(code),
            _ => false,
        };
        had || field.open_choices().any(|open| open == code)
    };
    match value {
        CustomValue::Choice(code) => !is_known(code),
        CustomValue::Choices(codes) => !codes.iter().all(is_known),
        _ => false,
    }
}

/// What a value of a field looks like.
fn expected(field: &CustomField) -> String {
    match field.field_type {
        FieldType::Text => format!("text of 1 to {VALUE_TEXT_MAX} characters"),
        FieldType::Number => match field.decimals {
            0 => "a whole number".to_owned(),
            decimals => format!("a whole number, of which the last {decimals} digits are decimals"),
        },
        FieldType::Date => "a date, as 2026-09-01".to_owned(),
        FieldType::Choice => "the code of a choice".to_owned(),
        FieldType::MultiChoice => "a list of codes of choices, one at least".to_owned(),
        FieldType::YesNo => "true or false".to_owned(),
        FieldType::Money => {
            "an amount, as {\"amount_minor\": 129900, \"currency\": \"CNY\"}".to_owned()
        }
        FieldType::Person => "the id of a member of staff".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::custom_fields::{FieldChoice, FieldEntity};

    fn field(code: &str, field_type: FieldType) -> (Id<CustomField>, CustomField) {
        let choice = |code: &str, is_archived| FieldChoice {
            code: FieldCode::parse(code).unwrap(),
            name: code.into(),
            is_archived,
        };
        let field = CustomField {
            entity: FieldEntity::Customer,
            code: FieldCode::parse(code).unwrap(),
            name: code.into(),
            field_type,
            decimals: 0,
            choices: match field_type {
                FieldType::Choice | FieldType::MultiChoice => {
                    vec![choice("a", false), choice("b", false), choice("old", true)]
                }
                _ => Vec::new(),
            },
            kinds: BTreeSet::new(),
            is_sensitive: false,
            required_at: BTreeSet::new(),
            position: 0,
        };
        (Id::new(Uuid::nil()), field)
    }

    fn definitions() -> Definitions {
        let mut fields = vec![
            field("size", FieldType::Number),
            field("group", FieldType::Choice),
            field("likes", FieldType::MultiChoice),
            field("secret", FieldType::Text),
            field("of_guardians", FieldType::YesNo),
        ];
        fields[3].1.is_sensitive = true;
        fields[4].1.kinds = BTreeSet::from([Kind::Guardian]);
        fields[0].1.required_at = BTreeSet::from([Stage::Trial]);
        Definitions {
            fields,
            currency: Currency::CNY,
        }
    }

    fn apply(known: &CustomValues, sent: Json) -> Result<CustomValues, Fault> {
        definitions().apply(known, sent.as_object().unwrap())
    }

    fn codes(fault: Fault) -> Vec<(String, &'static str)> {
        let fields = fault.fields.into_iter();
        fields
            .map(|f| (f.pointer.into_owned(), f.rule.code))
            .collect()
    }

    #[test]
    fn what_is_sent_goes_over_what_is_known_and_null_clears() {
        let known = apply(
            &CustomValues::default(),
            json!({"size": 3, "likes": ["b", "a", "b"]}),
        );
        let known = known.unwrap();
        assert_eq!(known.get("likes").unwrap().safe(), json!(["a", "b"]));
        let after = apply(&known, json!({"size": null, "group": "a"})).unwrap();
        let differing: Vec<_> = after.differing(&known).map(FieldCode::as_str).collect();
        assert_eq!(differing, ["group", "size"]);
        assert!(after.get("size").is_none());
    }

    #[test]
    fn every_value_that_is_none_is_told() {
        let sent = json!({"size": "3", "group": "old", "likes": [], "nobody": 1, "secret": "***"});
        let fault = apply(&CustomValues::default(), sent).unwrap_err();
        let told = |code: &str, rule| (format!("/custom_fields/{code}"), rule);
        assert_eq!(
            codes(fault),
            [
                told("group", "custom_choice_unknown"),
                told("likes", "custom_value_unfit"),
                told("nobody", "custom_field_unknown"),
                told("secret", "masked_value"),
                told("size", "custom_value_unfit"),
            ]
        );
    }

    #[test]
    fn a_choice_that_a_record_has_stays_when_it_is_archived() {
        let held = |value| Held {
            field: Id::new(Uuid::nil()),
            is_sensitive: false,
            value,
        };
        let old = FieldCode::parse("old").unwrap();
        let likes = CustomValue::Choices(BTreeSet::from([old.clone()]));
        let likes = (FieldCode::parse("likes").unwrap(), held(likes));
        let gone = (
            FieldCode::parse("gone").unwrap(),
            held(CustomValue::Number(1)),
        );
        let known: CustomValues = [likes, gone].into_iter().collect();
        assert!(apply(&known, json!({"likes": ["old", "a"], "gone": 1})).is_ok());
        assert!(apply(&known, json!({"gone": null})).is_ok());
        let fault = apply(&known, json!({"gone": 2})).unwrap_err();
        assert_eq!(
            codes(fault),
            [("/custom_fields/gone".into(), "custom_field_unknown")]
        );
    }

    #[test]
    fn what_is_demanded_is_missed_by_who_comes_there_and_by_who_loses_it() {
        let (none, some) = (
            CustomValues::default(),
            apply(&CustomValues::default(), json!({"size": 3})).unwrap(),
        );
        let (lead, trial) = ((Kind::Student, Stage::Lead), (Kind::Student, Stage::Trial));
        let all = definitions();
        let is_whole = |before, after| all.unless_missing(before, after, |_| true).is_ok();
        assert!(is_whole(None, (&none, lead)));
        assert!(is_whole(None, (&some, trial)));
        for before in [None, Some((&none, lead)), Some((&some, trial))] {
            assert!(!is_whole(before, (&none, trial)));
        }
        assert!(is_whole(Some((&none, trial)), (&none, trial)));
        let asked = |field: &CustomField| field.code.as_str() != "size";
        let unasked = all.unless_missing(None, (&none, trial), asked);
        assert!(unasked.is_ok());
    }

    #[test]
    fn a_field_is_for_its_kinds() {
        let all = definitions();
        let values = apply(&CustomValues::default(), json!({"of_guardians": true})).unwrap();
        let of = |kind| (kind, Stage::Lead);
        assert!(
            all.unless_unfit(None, (&values, of(Kind::Guardian)))
                .is_ok()
        );
        assert!(
            all.unless_unfit(None, (&values, of(Kind::Student)))
                .is_err()
        );
        let before = Some((&values, of(Kind::Guardian)));
        assert!(
            all.unless_unfit(before, (&values, of(Kind::Other)))
                .is_err()
        );
        // A definition that came to leave them out troubles nobody.
        let before = Some((&values, of(Kind::Student)));
        assert!(
            all.unless_unfit(before, (&values, of(Kind::Student)))
                .is_ok()
        );
    }
}
