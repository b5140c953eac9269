use std::{borrow::Cow, collections::BTreeSet};

use domain::{
    custom_fields::{CustomField, FieldChoice, FieldCode, FieldEntity, FieldType},
    fault::Fault,
    reference::Reference,
    text_enum::TextEnum,
};
use jiff::Timestamp;
use persistence::custom_fields::definitions::Version;
use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};
use uuid::Uuid;
use validator::Validate;

use crate::{
    customers::{CustomerKind, CustomerStage},
    http::{list::page, wire::Wire},
    reference::Shown,
};

pub type CustomFieldEntity = Wire<FieldEntity>;
pub type CustomFieldType = Wire<FieldType>;

/// The code of a custom field or of one of its choices, on the wire.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(transparent)]
pub struct CustomFieldCode(pub String);

impl From<&FieldCode> for CustomFieldCode {
    fn from(code: &FieldCode) -> Self {
        Self(code.as_str().to_owned())
    }
}

impl PartialSchema for CustomFieldCode {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(
                "Code of a custom field (自定义字段), or of one of its choices: `GET /custom-fields` lists those of \
                 the institution.",
            ))
            .min_length(Some(1))
            .max_length(Some(40))
            .pattern(Some("^[a-z][a-z0-9_]{0,39}$"))
            .into()
    }
}

impl ToSchema for CustomFieldCode {
    fn name() -> Cow<'static, str> {
        "CustomFieldCode".into()
    }
}

/// A value that a field of choices can have.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "bus", "name": "校车"}))]
pub struct CustomFieldChoiceInput {
    /// By which values name it. It never changes, and once it is there it never goes.
    pub code: CustomFieldCode,
    /// Unique among the choices of the field.
    #[schema(min_length = 1, max_length = 50)]
    pub name: String,
    /// Whether it can't be chosen any more; not, when absent. Records that have it keep it.
    #[schema(nullable = false)]
    pub is_archived: Option<bool>,
}

/// A new custom field.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"entity": "customer", "code": "way_to_school", "name": "上学方式", "type": "choice",
    "choices": [{"code": "bus", "name": "校车"}, {"code": "walk", "name": "步行"}], "kinds": ["student"]}))]
pub struct CreateCustomField {
    /// Whose field it is. It never changes.
    pub entity: CustomFieldEntity,
    /// By which values name it. It never changes, and is given once for an entity.
    pub code: CustomFieldCode,
    /// Unique among those of the entity that are not archived.
    #[schema(min_length = 1, max_length = 50)]
    pub name: String,
    /// What it holds. It never changes.
    #[serde(rename = "type")]
    pub field_type: CustomFieldType,
    /// Of a `number`, how many digits of a value are decimals; none, when absent. It never changes.
    #[schema(minimum = 0, maximum = 4, nullable = false)]
    pub decimals: Option<i16>,
    /// What can be chosen of a `choice` or a `multi_choice`, in the order in which it is shown. Other types have
    /// none.
    #[schema(max_items = 200, nullable = false)]
    #[validate(nested)]
    pub choices: Option<Vec<CustomFieldChoiceInput>>,
    /// Which kinds of customer have it; all, when absent or empty.
    #[schema(max_items = 7, nullable = false)]
    pub kinds: Option<Vec<CustomerKind>>,
    /// Whether its values are kept sealed: every answer shows them as `***`, a reveal shows them in the clear, and
    /// nobody filters or sorts by them. Of a child under 14 they are kept only once a guardian has agreed. Not,
    /// when absent. It never changes.
    #[schema(nullable = false)]
    pub is_sensitive: Option<bool>,
    /// At which stages a customer must have a value; at none, when absent. Asked of new customers, and of those
    /// who come to such a stage or lose the value; what imports and merges bring is taken as it is.
    #[schema(max_items = 11, nullable = false)]
    pub required_at: Option<Vec<CustomerStage>>,
    /// Where it stands among the others: by this, then by code. 0, when absent.
    #[schema(minimum = 0, maximum = 9999, nullable = false)]
    pub position: Option<i32>,
}

/// Changes to a custom field: absent leaves what it says.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "上学方式", "required_at": ["enrolled"]}))]
pub struct ChangeCustomField {
    /// Name that people see, unique as at its creation.
    #[schema(min_length = 1, max_length = 50, nullable = false)]
    pub name: Option<String>,
    /// Replaces the whole list: every choice that is there stays in it, archived where nobody should choose it.
    #[schema(max_items = 200, nullable = false)]
    #[validate(nested)]
    pub choices: Option<Vec<CustomFieldChoiceInput>>,
    /// Which kinds of customer have it; all, where the list is empty. Others keep what they have.
    #[schema(max_items = 7, nullable = false)]
    pub kinds: Option<Vec<CustomerKind>>,
    /// At which stages a customer must have a value. Nobody is asked for it before the next change.
    #[schema(max_items = 11, nullable = false)]
    pub required_at: Option<Vec<CustomerStage>>,
    /// Where it stands among the others.
    #[schema(minimum = 0, maximum = 9999, nullable = false)]
    pub position: Option<i32>,
}

fn set<E: TextEnum + Ord>(values: Vec<Wire<E>>) -> BTreeSet<E> {
    values.into_iter().map(|value| value.0).collect()
}

fn choices(sent: Vec<CustomFieldChoiceInput>) -> Result<Vec<FieldChoice>, Fault> {
    let (mut choices, mut faults) = (Vec::new(), Vec::new());
    for (place, choice) in sent.into_iter().enumerate() {
        match FieldCode::sent(format!("/choices/{place}/code"), &choice.code.0) {
            Ok(code) => choices.push(FieldChoice {
                code,
                name: choice.name,
                is_archived: choice.is_archived.unwrap_or(false),
            }),
            Err(fault) => faults.push(fault),
        }
    }
    Fault::unless_empty(faults)?;
    Ok(choices)
}

impl CreateCustomField {
    /// The field that is asked for.
    ///
    /// # Errors
    /// Where a code is none.
    pub fn field(self) -> Result<CustomField, Fault> {
        let code = FieldCode::sent("/code", &self.code.0).map_err(Fault::from);
        let (code, choices) = Fault::both(code, choices(self.choices.unwrap_or_default()))?;
        Ok(CustomField {
            entity: self.entity.0,
            code,
            name: self.name,
            field_type: self.field_type.0,
            decimals: self.decimals.unwrap_or(0),
            choices,
            kinds: set(self.kinds.unwrap_or_default()),
            is_sensitive: self.is_sensitive.unwrap_or(false),
            required_at: set(self.required_at.unwrap_or_default()),
            position: self.position.unwrap_or(0),
        })
    }
}

impl ChangeCustomField {
    /// The field with these changes.
    ///
    /// # Errors
    /// Where a choice is left out, or its code is none.
    pub fn apply(self, field: CustomField) -> Result<CustomField, Fault> {
        let field = match self.choices {
            Some(sent) => field.with_choices(choices(sent)?)?,
            None => field,
        };
        Ok(CustomField {
            name: self.name.unwrap_or(field.name),
            kinds: self.kinds.map_or(field.kinds, set),
            required_at: self.required_at.map_or(field.required_at, set),
            position: self.position.unwrap_or(field.position),
            ..field
        })
    }
}

/// A value that a field of choices can have, or had.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CustomFieldChoice)]
pub struct CustomFieldChoiceBody {
    /// By which values name it.
    pub code: CustomFieldCode,
    pub name: String,
    /// Whether it can't be chosen any more.
    pub is_archived: bool,
}

impl From<FieldChoice> for CustomFieldChoiceBody {
    fn from(choice: FieldChoice) -> Self {
        Self {
            code: (&choice.code).into(),
            name: choice.name,
            is_archived: choice.is_archived,
        }
    }
}

/// A custom field (自定义字段): what an institution keeps of its records beyond what everybody does.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CustomField)]
pub struct CustomFieldBody {
    pub id: Uuid,
    /// Raised with every change; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    /// Whose field it is.
    pub entity: CustomFieldEntity,
    /// By which values name it.
    pub code: CustomFieldCode,
    pub name: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub field_type: CustomFieldType,
    /// Of a `number`, how many digits of a value are decimals: with 1, a value of 1355 means 135.5.
    #[schema(minimum = 0, maximum = 4)]
    pub decimals: i16,
    /// What can be chosen, or could, in the order in which it is shown; empty of other types.
    pub choices: Vec<CustomFieldChoiceBody>,
    /// Which kinds of customer have it; all, where it is empty.
    pub kinds: Vec<CustomerKind>,
    /// Whether its values are kept sealed, and shown by a reveal only.
    pub is_sensitive: bool,
    /// At which stages a customer must have a value.
    pub required_at: Vec<CustomerStage>,
    /// Where it stands among the others: by this, then by code.
    #[schema(minimum = 0, maximum = 9999)]
    pub position: i32,
    pub created_at: Timestamp,
    /// Since when new values can't be given.
    #[schema(required)]
    pub archived_at: Option<Timestamp>,
}

impl From<Reference<CustomField>> for CustomFieldBody {
    fn from(record: Reference<CustomField>) -> Self {
        let field = record.details;
        Self {
            id: record.id.uuid(),
            version: record.version,
            entity: Wire(field.entity),
            code: (&field.code).into(),
            name: field.name,
            field_type: Wire(field.field_type),
            decimals: field.decimals,
            choices: field.choices.into_iter().map(Into::into).collect(),
            kinds: field.kinds.into_iter().map(Wire).collect(),
            is_sensitive: field.is_sensitive,
            required_at: field.required_at.into_iter().map(Wire).collect(),
            position: field.position,
            created_at: record.created_at,
            archived_at: record.archived_at,
        }
    }
}

page! {
    /// One page of custom fields.
    CustomFieldPage of CustomFieldBody
}

impl Shown for CustomField {
    const PATH: &'static str = "/api/v1/custom-fields";
    type Body = CustomFieldBody;
    type Page = CustomFieldPage;
}

/// A custom field as it was in one version.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CustomFieldVersion)]
pub struct CustomFieldVersionBody {
    /// What it said then.
    #[schema(value_type = CustomFieldBody)]
    pub field: CustomFieldBody,
    /// Since when.
    pub changed_at: Timestamp,
    /// By whom.
    pub changed_by_id: Uuid,
}

/// What a custom field said, version by version.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CustomFieldHistory {
    /// The last 200, the last one first.
    #[schema(value_type = Vec<CustomFieldVersionBody>)]
    pub items: Vec<CustomFieldVersionBody>,
}

impl From<Vec<Version>> for CustomFieldHistory {
    fn from(versions: Vec<Version>) -> Self {
        let items = versions.into_iter().map(|version| CustomFieldVersionBody {
            field: version.field.into(),
            changed_at: version.changed_at,
            changed_by_id: version.changed_by.uuid(),
        });
        Self {
            items: items.collect(),
        }
    }
}
