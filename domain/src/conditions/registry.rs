//! What can be asked in an institution: the fields that all have, and its own.

use std::sync::Arc;

use super::{
    CONDITION_FIELD_SEALED, CONDITION_FIELD_UNKNOWN, FIELDS, Field, Subject, Type,
    field::{Choice, Label},
    tree::Value,
};
use crate::{
    custom_fields::{CustomField, CustomValue, FieldType},
    fault::FieldFault,
    id::Id,
    money::Money,
};

/// What the names of custom fields begin with; field rules call all of them so, without the dot.
pub const CUSTOM: &str = "custom_fields.";

/// The fields that conditions of an institution can speak of.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    own: Vec<Arc<Field>>,
    /// Names of fields whose values are sealed.
    sealed: Vec<String>,
}

impl Registry {
    /// With custom fields, each with whether it is archived.
    pub fn with(own: impl IntoIterator<Item = (Id<CustomField>, CustomField, bool)>) -> Self {
        let mut all = Self::default();
        for (id, field, is_archived) in own {
            match field.is_sensitive {
                true => all.sealed.push(name(&field)),
                false => all.own.push(Arc::new(custom(id, field, is_archived))),
            }
        }
        all
    }

    /// Every field that can be asked for, in the order in which a query builder shows them.
    pub fn open(&self) -> impl Iterator<Item = &Arc<Field>> {
        let own = self.own.iter().filter(|field| !field.is_archived);
        FIELDS.iter().chain(own)
    }

    /// The field of a name that stands at `pointer`, be it archived.
    ///
    /// # Errors
    /// Where there is none, or its values are sealed.
    pub fn find(&self, pointer: &str, name: &str) -> Result<Arc<Field>, FieldFault> {
        let mut all = FIELDS.iter().chain(&self.own);
        if let Some(field) = all.find(|field| field.code == name) {
            return Ok(field.clone());
        }
        let at = pointer.to_owned();
        Err(match self.sealed.iter().any(|sealed| sealed == name) {
            true => FieldFault::new(at, &CONDITION_FIELD_SEALED).with("field", name),
            false => FieldFault::new(at, &CONDITION_FIELD_UNKNOWN),
        })
    }
}

fn name(field: &CustomField) -> String {
    format!("{CUSTOM}{}", field.code.as_str())
}

fn custom(id: Id<CustomField>, field: CustomField, is_archived: bool) -> Field {
    let kind = match field.field_type {
        FieldType::Text => Type::Text,
        FieldType::Number => Type::Number,
        FieldType::Date => Type::Date,
        FieldType::Choice => Type::Choice,
        FieldType::MultiChoice => Type::Choices,
        FieldType::YesNo => Type::YesNo,
        FieldType::Money => Type::Money,
        FieldType::Person => Type::Id,
    };
    let choices = field.choices.iter().map(|choice| Choice {
        value: choice.code.as_str().to_owned().into(),
        label: Label::Theirs(choice.name.clone()),
        is_archived: choice.is_archived,
    });
    Field {
        subject: Subject::Custom(id),
        code: name(&field).into(),
        kind,
        choices: choices.collect(),
        label: Label::Theirs(field.name),
        rule: Some("custom_fields"),
        permission: None,
        range: (kind == Type::Number).then_some((-Money::MAX_MINOR, Money::MAX_MINOR)),
        decimals: field.decimals,
        has_span: false,
        listed_at: (kind == Type::Id).then_some("/staff"),
        is_archived,
    }
}

impl CustomValue {
    /// What conditions hold against others: several where several choices were made.
    pub fn facts(&self) -> Vec<Value> {
        let choice = |code: &str| Value::Choice(code.to_owned().into());
        vec![match self {
            Self::Text(text) => Value::Text(text.clone()),
            Self::Number(number) => Value::Number(*number),
            Self::Date(date) => Value::Date(*date),
            Self::Choice(code) => choice(code.as_str()),
            Self::Choices(codes) => return codes.iter().map(|c| choice(c.as_str())).collect(),
            Self::YesNo(yes) => Value::YesNo(*yes),
            Self::Money(money) => Value::from(*money),
            Self::Person(id) => Value::Id(id.uuid()),
        }]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::{
        access::FieldRules,
        conditions::{Tree, VERSION},
        custom_fields::{FieldCode, FieldEntity},
    };

    fn registry() -> Registry {
        let field = |number: u128, code: &str, is_sensitive| {
            let field = CustomField {
                entity: FieldEntity::Customer,
                code: FieldCode::parse(code).unwrap(),
                name: code.into(),
                field_type: FieldType::Number,
                decimals: 1,
                choices: Vec::new(),
                kinds: BTreeSet::new(),
                is_sensitive,
                required_at: BTreeSet::new(),
                position: 0,
            };
            (Id::new(Uuid::from_u128(number)), field, code == "old")
        };
        Registry::with([
            field(1, "size", false),
            field(2, "ward", true),
            field(3, "old", false),
        ])
    }

    #[test]
    fn fields_of_an_institution_stand_behind_those_that_all_have() {
        let registry = registry();
        let names: Vec<_> = registry.open().map(|field| field.code.as_ref()).collect();
        assert_eq!(names.len(), FIELDS.len() + 1);
        assert_eq!(names.last(), Some(&"custom_fields.size"));
        assert_eq!(VERSION, 1);
    }

    #[test]
    fn what_is_sealed_archived_or_no_field_is_told_apart() {
        let read = |name: &str| {
            let leaf = json!({"not": {"field": name, "op": "eq", "value": 3}});
            Tree::read("/conditions", &leaf, &registry())
        };
        let told = |faults: Vec<FieldFault>| {
            let told = faults
                .into_iter()
                .map(|f| (f.pointer.into_owned(), f.rule.code));
            told.collect::<Vec<_>>()
        };
        let at = "/conditions/not/field".to_owned();
        let sealed = told(read("custom_fields.ward").unwrap_err());
        assert_eq!(sealed, [(at.clone(), "condition_field_sealed")]);
        let unknown = told(read("custom_fields.shoe").unwrap_err());
        assert_eq!(unknown, [(at.clone(), "condition_field_unknown")]);
        let old = read("custom_fields.old").unwrap();
        let closed = old.closed("/conditions", &FieldRules::default(), |_| true);
        assert_eq!(told(closed), [(at, "condition_field_archived")]);
        let good = read("custom_fields.size").unwrap();
        let closed = good.closed("/conditions", &FieldRules::default(), |_| true);
        assert!(closed.is_empty());
    }
}
