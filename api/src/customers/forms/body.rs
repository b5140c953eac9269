use domain::{
    custom_fields::Definitions,
    customers::{Form, FormField, FormFieldType as FieldType, Marks},
};
use jiff::Timestamp;
use persistence::customers::forms::Version;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::{
    customers::{CustomerKind, CustomerStage},
    http::{context::Language, wire::Wire},
};

pub type FormFieldType = Wire<FieldType>;

/// At which stages a customer must have something in a field.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"field": "school", "required_at": ["negotiating"]}))]
pub struct FormMark {
    /// A field of the form that is neither fixed nor a custom field, as the form names it.
    #[schema(min_length = 1, max_length = 60)]
    pub field: String,
    /// At these; at none, where the list is empty.
    #[schema(max_items = 11)]
    pub required_at: Vec<CustomerStage>,
}

/// What a registration form demands.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"marks": [{"field": "school", "required_at": ["negotiating"]}]}))]
pub struct SetCustomerForm {
    /// Each field once.
    #[schema(max_items = 60)]
    #[validate(nested)]
    pub marks: Vec<FormMark>,
}

/// A registration form (客户信息登记表): what is asked of customers of a kind.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerForm)]
pub struct CustomerFormBody {
    /// Raised with every change of the form, and of any custom field of customers; the first part of the ETag.
    #[schema(minimum = 1)]
    version: i64,
    /// Of which customers.
    kind: CustomerKind,
    /// In the order in which they are asked; without those that field rules keep the caller from writing.
    #[schema(value_type = Vec<CustomerFormFieldBody>)]
    fields: Vec<CustomerFormFieldBody>,
}

/// A field of a registration form.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerFormField)]
pub struct CustomerFormFieldBody {
    /// Where it stands in a customer, parts parted by a dot: `school`, `details.needs`, `custom_fields.height_cm`.
    field: String,
    /// In the language of the request; of custom fields as the institution calls them.
    label: String,
    /// What is filled in.
    #[serde(rename = "type")]
    field_type: FormFieldType,
    /// Whether every customer must have it, so that there is nothing to mark.
    is_fixed: bool,
    /// At which stages a customer must have it; optional at the others.
    required_at: Vec<CustomerStage>,
    /// What can be chosen; of contact points their kinds, and empty of other types.
    choices: Vec<FormChoice>,
    /// Characters of a text, or of each of several, at most; null of other types.
    #[schema(required)]
    max_length: Option<usize>,
    /// How many of several, at most; null of other types.
    #[schema(required)]
    max_items: Option<usize>,
    /// The least number; null of other types.
    #[schema(required)]
    minimum: Option<i64>,
    /// The largest number; null of other types.
    #[schema(required)]
    maximum: Option<i64>,
    /// Of a `number`, how many digits of a value are decimals: with 1, a value of 1355 means 135.5.
    #[schema(minimum = 0, maximum = 4)]
    decimals: i16,
    /// Whether it is kept sealed, and shown by a reveal only.
    is_sensitive: bool,
}

/// A choice of a form, and its label.
#[derive(Debug, Serialize, ToSchema)]
pub struct FormChoice {
    /// As it is sent.
    value: String,
    /// In the language of the request; of custom fields as the institution calls them.
    label: String,
}

impl CustomerFormBody {
    pub(super) fn new(
        form: &Form,
        own: Definitions,
        asked: impl Fn(&str) -> bool,
        language: Language,
    ) -> Self {
        let fields = form.fields(own, asked).into_iter();
        Self {
            version: form.version,
            kind: Wire(form.kind),
            fields: fields
                .map(|field| CustomerFormFieldBody::new(field, language))
                .collect(),
        }
    }
}

impl CustomerFormFieldBody {
    fn new(field: FormField, language: Language) -> Self {
        let choices = field.choices.iter().map(|choice| FormChoice {
            value: choice.value.to_string(),
            label: choice.label.of(language.into()).to_owned(),
        });
        Self {
            choices: choices.collect(),
            label: field.label.of(language.into()).to_owned(),
            field_type: Wire(field.field_type),
            is_fixed: field.is_fixed,
            required_at: field.required_at.into_iter().map(Wire).collect(),
            max_length: field.length_max,
            max_items: field.items_max,
            minimum: field.range.map(|(least, _)| least),
            maximum: field.range.map(|(_, most)| most),
            decimals: field.decimals,
            is_sensitive: field.is_sensitive,
            field: field.name.into_owned(),
        }
    }
}

fn marks(marks: &Marks, asked: impl Fn(&str) -> bool) -> Vec<FormMark> {
    let seen = marks.iter().filter(|(field, _)| asked(field));
    let marks = seen.map(|(field, stages)| FormMark {
        field: field.to_owned(),
        required_at: stages.iter().map(|at| Wire(*at)).collect(),
    });
    marks.collect()
}

/// What a registration form demanded from one of its versions on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerFormVersion)]
pub struct CustomerFormVersionBody {
    /// Version of the form that this began with.
    #[schema(minimum = 1)]
    version: i64,
    /// Each field once, of those that the caller may write; others were optional.
    #[schema(value_type = Vec<FormMark>)]
    marks: Vec<FormMark>,
    /// Since when.
    changed_at: Timestamp,
    /// By whom.
    changed_by_id: Uuid,
}

/// What a registration form demanded, version by version.
#[derive(Debug, Serialize, ToSchema)]
pub struct CustomerFormHistory {
    /// The last 200, the last one first.
    #[schema(value_type = Vec<CustomerFormVersionBody>)]
    items: Vec<CustomerFormVersionBody>,
}

impl CustomerFormHistory {
    pub(super) fn new(versions: Vec<Version>, asked: impl Fn(&str) -> bool) -> Self {
        let items = versions.into_iter().map(|version| CustomerFormVersionBody {
            version: version.form.version,
            marks: marks(&version.form.marks, &asked),
            changed_at: version.changed_at,
            changed_by_id: version.changed_by.uuid(),
        });
        Self {
            items: items.collect(),
        }
    }
}
