//! Values of custom fields on the wire: an object by code, in which each value is as its field's type says.

use std::{borrow::Cow, collections::BTreeMap};

use domain::{
    custom_fields::{
        CustomField, CustomValues, FIELDS_MAX, FieldEntity, Held, Standing, VALUE_TEXT_MAX,
        unknown_person,
    },
    fault::Fault,
    money::Money,
};
use persistence::{Error, Tx, custom_fields::definitions, organization::store::is_staff};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use utoipa::{PartialSchema, ToSchema, openapi};

/// What is said of custom fields.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct CustomFieldsInput(Map<String, Json>);

impl std::fmt::Debug for CustomFieldsInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// A schema that is written as JSON.
fn schema(of: &Json) -> openapi::RefOr<openapi::Schema> {
    serde_json::from_value(of.clone()).unwrap_or_else(|_| openapi::Object::new().into())
}

const CODE: &str = "^[a-z][a-z0-9_]{0,39}$";

impl PartialSchema for CustomFieldsInput {
    fn schema() -> openapi::RefOr<openapi::Schema> {
        schema(&json!({
            "type": "object",
            "description": "Values of custom fields by their codes: absent leaves a field, null clears it. \
                `GET /custom-fields` tells which there are and of which type.",
            "propertyNames": { "type": "string", "pattern": CODE },
            "maxProperties": FIELDS_MAX,
            "additionalProperties": {
                "description": "The value, or null.",
                "oneOf": [{ "type": "null" }, { "$ref": "#/components/schemas/CustomFieldValueInput" }],
            },
            "example": { "way_to_school": "bus", "height_cm": 1355 },
        }))
    }
}

impl ToSchema for CustomFieldsInput {}

fn value(money: &str) -> openapi::RefOr<openapi::Schema> {
    schema(&json!({
        "description": "A value by the type of its field: `text`; `date` as 2026-09-01; `choice` by its code; \
            `person` by the id of a member of staff; `number` as a whole number of its smallest decimal; `yes_no`; \
            `money`; `multi_choice` as the codes of choices, each once.",
        "oneOf": [
            { "type": "string", "minLength": 1, "maxLength": VALUE_TEXT_MAX, "description": "A text, a date, a code or an id." },
            { "type": "integer", "minimum": -Money::MAX_MINOR, "maximum": Money::MAX_MINOR, "description": "A number." },
            { "type": "boolean", "description": "Yes or no." },
            { "$ref": format!("#/components/schemas/{money}") },
            {
                "type": "array", "items": { "$ref": "#/components/schemas/CustomFieldCode" },
                "minItems": 1, "maxItems": 200, "description": "Choices.",
            },
        ],
    }))
}

/// One value that is sent; only its schema.
#[derive(Debug)]
pub struct CustomFieldValueInput;

impl PartialSchema for CustomFieldValueInput {
    fn schema() -> openapi::RefOr<openapi::Schema> {
        value("MoneyInput")
    }
}

impl ToSchema for CustomFieldValueInput {}

/// One value that is shown; only its schema.
#[derive(Debug)]
pub struct CustomFieldValue;

impl PartialSchema for CustomFieldValue {
    fn schema() -> openapi::RefOr<openapi::Schema> {
        value("Money")
    }
}

impl ToSchema for CustomFieldValue {}

/// The values that a record has, by code.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct CustomFieldValues(BTreeMap<String, Json>);

impl PartialSchema for CustomFieldValues {
    fn schema() -> openapi::RefOr<openapi::Schema> {
        schema(&json!({
            "type": "object",
            "description": "Values of custom fields by their codes; a field without a value is not among them. Those of \
                sensitive fields are `***`, but in reveals.",
            "additionalProperties": { "$ref": "#/components/schemas/CustomFieldValue" },
            "example": { "way_to_school": "bus", "height_cm": 1355 },
        }))
    }
}

impl ToSchema for CustomFieldValues {
    fn name() -> Cow<'static, str> {
        "CustomFieldValues".into()
    }
}

impl CustomFieldValues {
    /// The values as every answer but reveals shows them.
    pub fn safe(values: &CustomValues) -> Self {
        Self::of(values, Held::safe)
    }

    /// These in the clear.
    pub fn clear<'a>(values: impl IntoIterator<Item = (&'a str, &'a Held)>) -> Self {
        let values = values.into_iter();
        Self(
            values
                .map(|(code, held)| (code.to_owned(), held.value.json()))
                .collect(),
        )
    }

    fn of(values: &CustomValues, shown: fn(&Held) -> Json) -> Self {
        let values = values.iter();
        Self(
            values
                .map(|(code, held)| (code.as_str().to_owned(), shown(held)))
                .collect(),
        )
    }
}

/// The values of a customer after what was sent of them, with what its kind and stage are by then and were
/// before.
///
/// # Errors
/// 422 at every field that is none, or that its value breaks a rule of; and where one is missing that is
/// `asked`.
pub async fn said(
    tx: &Tx,
    sent: Option<&CustomFieldsInput>,
    before: Option<(&CustomValues, Standing)>,
    standing: Standing,
    asked: impl Fn(&CustomField) -> bool,
) -> Result<Result<CustomValues, Fault>, Error> {
    let none = CustomValues::default();
    let known = before.map_or(&none, |(known, _)| known);
    if sent.is_none() && before.is_some_and(|(_, was)| was == standing) {
        return Ok(Ok(known.clone()));
    }
    let institution = tx.operation().institution;
    let all = definitions::open(tx, institution, FieldEntity::Customer).await?;
    let after = match sent {
        Some(sent) => all.apply(known, &sent.0),
        None => Ok(known.clone()),
    };
    let after = match after {
        Ok(after) => after,
        Err(fault) => return Ok(Err(fault)),
    };
    let mut strangers = Vec::new();
    for (code, person) in after.new_persons(known) {
        if !is_staff(tx, institution, person).await? {
            strangers.push(unknown_person(code));
        }
    }
    let unknown = Fault::unless_empty(strangers);
    let unfit = all.unless_unfit(before, (&after, standing));
    let missing = all.unless_missing(before, (&after, standing), asked);
    let checked = Fault::both(Fault::both(unknown, unfit), missing);
    Ok(checked.map(|_| after))
}
