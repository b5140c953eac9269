use domain::{
    conditions::{
        DAYS_MAX, DEPTH_MAX, Field, Operator, Registry, TERMS_MAX, TEXT_MAX, Tree, Type,
        VALUES_MAX, VERSION,
    },
    fault::FieldFault,
    money::Money,
    text_enum::TextEnum,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{PartialSchema, ToSchema, openapi};

use crate::http::{context::Language, wire::Wire};

pub type ConditionType = Wire<Type>;
pub type ConditionOperator = Wire<Operator>;

/// A tree of conditions as it is sent; its schema is `Condition`.
#[derive(Clone, Deserialize, Serialize)]
pub struct ConditionBody(Value);

impl ConditionBody {
    /// The tree itself.
    ///
    /// # Errors
    /// Every condition that is none, at its pointer behind `pointer`.
    pub fn read(&self, pointer: &str, fields: &Registry) -> Result<Tree, Vec<FieldFault>> {
        Tree::read(pointer, &self.0, fields)
    }
}

impl std::fmt::Debug for ConditionBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// A schema that is written as JSON.
fn schema(of: &Value) -> openapi::RefOr<openapi::Schema> {
    serde_json::from_value(of.clone()).unwrap_or_else(|_| openapi::Object::new().into())
}

impl PartialSchema for ConditionBody {
    fn schema() -> openapi::RefOr<openapi::Schema> {
        let own = json!({ "$ref": "#/components/schemas/Condition" });
        let group = |says: &str| {
            json!({
                "type": "array", "items": own, "minItems": 1, "maxItems": TERMS_MAX, "description": says,
            })
        };
        schema(&json!({
            "type": "object",
            "description": format!(
                "Which records are meant: one of `all`, `any` and `not`, or `field` with `op` and what it is \
                 compared with. `GET /condition-fields` tells the fields, the operators of each and what its \
                 values look like. At most {TERMS_MAX} fields in all, and {DEPTH_MAX} groups within each other. \
                 What is not known meets `is_unknown` and no other operator, and so the opposite of every \
                 other. Days are counted at each customer's campus, today among them. Texts are compared \
                 without regard to width, case and spaces. Who was born on 29 February is a year older on \
                 1 March of years without that day."
            ),
            "additionalProperties": false,
            "properties": {
                "all": group("Each of these is met."),
                "any": group("One of these is met at least."),
                "not": { "allOf": [own], "description": "This is not met." },
                "field": {
                    "type": "string", "minLength": 1, "maxLength": 60,
                    "description": "Which field, as `GET /condition-fields` lists them.",
                },
                "op": {
                    "allOf": [{ "$ref": "#/components/schemas/ConditionOperator" }],
                    "description": "How the field is compared.",
                },
                "value": {
                    "allOf": [{ "$ref": "#/components/schemas/ConditionValue" }],
                    "description": "With what the field is compared; absent of `is_known` and `is_unknown`.",
                },
                "last_days": {
                    "type": "integer", "minimum": 0, "maximum": DAYS_MAX,
                    "description": "Of fields that have a span: only what was on these days before today, or today.",
                },
            },
            "example": { "all": [
                { "field": "kind", "op": "eq", "value": "student" },
                { "field": "age", "op": "between", "value": [6, 12] },
                { "not": { "field": "last_contact_at", "op": "within_last_days", "value": 30 } },
            ] },
        }))
    }
}

impl ToSchema for ConditionBody {
    fn name() -> std::borrow::Cow<'static, str> {
        "Condition".into()
    }
}

/// What a field is compared with; only its schema.
#[derive(Debug)]
pub struct ConditionValue;

impl PartialSchema for ConditionValue {
    fn schema() -> openapi::RefOr<openapi::Schema> {
        let one = |says: &str| json!({ "$ref": format!("#/components/schemas/{says}") });
        schema(&json!({
            "description": "What a field is compared with: one value, or a list of them for `in` and `between`. \
                Choices, dates, instants and ids are texts; spans are whole numbers of days.",
            "oneOf": [
                one("ConditionScalar"),
                {
                    "type": "array", "items": one("ConditionScalar"),
                    "minItems": 1, "maxItems": VALUES_MAX,
                    "description": "Any of these, or both ends of a range.",
                },
            ],
        }))
    }
}

impl ToSchema for ConditionValue {}

/// One value; only its schema.
#[derive(Debug)]
pub struct ConditionScalar;

impl PartialSchema for ConditionScalar {
    fn schema() -> openapi::RefOr<openapi::Schema> {
        schema(&json!({
            "description": "One value of a field, by its type.",
            "oneOf": [
                { "type": "string", "minLength": 1, "maxLength": TEXT_MAX },
                { "type": "integer", "minimum": -Money::MAX_MINOR, "maximum": Money::MAX_MINOR },
                { "type": "boolean" },
                { "$ref": "#/components/schemas/MoneyInput" },
            ],
        }))
    }
}

impl ToSchema for ConditionScalar {}

/// Every field of conditions that the caller may ask for.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConditionFields {
    /// Version of the language: raised where trees that were kept could mean something else.
    version: i16,
    /// Fields of one tree, at most.
    terms_max: usize,
    /// Groups within each other, at most.
    depth_max: usize,
    /// Values of one list, at most.
    values_max: usize,
    /// In the order in which a query builder shows them.
    items: Vec<ConditionFieldBody>,
}

impl ConditionFields {
    pub(super) fn new(items: Vec<ConditionFieldBody>) -> Self {
        Self {
            version: VERSION,
            terms_max: TERMS_MAX,
            depth_max: DEPTH_MAX,
            values_max: VALUES_MAX,
            items,
        }
    }
}

/// A field or fact that conditions can speak of.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConditionField)]
pub struct ConditionFieldBody {
    /// As conditions name it; custom fields begin with `custom_fields.`.
    field: String,
    /// What it holds.
    #[serde(rename = "type")]
    kind: ConditionType,
    /// In the language of the request; of custom fields as the institution calls them.
    label: String,
    /// How it can be compared.
    operators: Vec<OperatorLabel>,
    /// Values of a `choice` and of `choices`; empty of other types.
    choices: Vec<ChoiceLabel>,
    /// Where records of an `id` are listed, below the base of this API; null of other types.
    #[schema(required)]
    listed_at: Option<&'static str>,
    /// The least number; null of other types.
    #[schema(required)]
    minimum: Option<i64>,
    /// The largest number; null of other types.
    #[schema(required)]
    maximum: Option<i64>,
    /// Of a `number`, how many digits of a value are decimals: with 1, a value of 1355 means 135.5.
    #[schema(minimum = 0, maximum = 4)]
    decimals: i16,
    /// Whether `last_days` confines what is counted.
    has_span: bool,
}

/// An operator, and its label in the language of the request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConditionOperatorLabel)]
pub struct OperatorLabel {
    /// As conditions name it.
    op: ConditionOperator,
    /// In the language of the request.
    label: &'static str,
}

/// A choice, and its label in the language of the request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConditionChoice)]
pub struct ChoiceLabel {
    /// As conditions name it.
    value: String,
    /// In the language of the request; of custom fields as the institution calls them.
    label: String,
    /// Whether nobody is given it any more; some may have it still.
    is_archived: bool,
}

impl ConditionFieldBody {
    pub(super) fn new(field: &Field, language: Language) -> Self {
        let operators = field.operators().iter();
        let choices = field.choices.iter();
        Self {
            field: field.code.to_string(),
            kind: Wire(field.kind),
            label: field.label.of(language.into()).to_owned(),
            operators: operators
                .map(|op| OperatorLabel {
                    op: Wire(*op),
                    label: language.of(op.label()),
                })
                .collect(),
            choices: choices
                .map(|choice| ChoiceLabel {
                    value: choice.value.to_string(),
                    label: choice.label.of(language.into()).to_owned(),
                    is_archived: choice.is_archived,
                })
                .collect(),
            listed_at: field.listed_at,
            minimum: field.range.map(|(least, _)| least),
            maximum: field.range.map(|(_, most)| most),
            decimals: field.decimals,
            has_span: field.has_span,
        }
    }
}
