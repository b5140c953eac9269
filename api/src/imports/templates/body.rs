use domain::{
    access::Principal,
    id::Id,
    imports::template::{ImportTemplate, TemplateColumn},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::{
    http::{list::page, wire::Wire},
    imports::{ImportAction, ImportEntity, ImportField, ImportKey, ImportLists},
};

pub type ImportTemplateAudience = Wire<domain::imports::template::TemplateAudience>;

/// A new template (导入模板).
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "地推登记表", "entity": "customers",
    "columns": [{"header": "学员", "field": "name"}, {"header": "家长手机", "field": "phone"}]}))]
pub struct CreateImportTemplate {
    /// What the template is called; need not be its own.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// What the rows of its lists are.
    pub entity: ImportEntity,
    /// Who sees the template; `own`, when absent.
    #[schema(nullable = false)]
    pub audience: Option<ImportTemplateAudience>,
    /// What stands under which heading; other columns are left out.
    #[schema(min_items = 1, max_items = 200, value_type = Vec<ImportTemplateColumn>)]
    pub columns: Vec<ImportTemplateColumn>,
    /// What becomes of rows whose customer is there, or is not; `create`, when absent.
    #[schema(nullable = false)]
    pub action: Option<ImportAction>,
    /// By what customers are found that are to be updated; `household`, when absent.
    #[schema(nullable = false)]
    pub key: Option<ImportKey>,
    /// What becomes of tags and contact points that an updated customer has; `append`, when absent.
    #[schema(nullable = false)]
    pub lists: Option<ImportLists>,
}

/// What shall be different of a template.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "地推登记表（新）"}))]
pub struct ChangeImportTemplate {
    /// What the template is called; need not be its own.
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    pub name: Option<String>,
    /// Who sees the template.
    #[schema(nullable = false)]
    pub audience: Option<ImportTemplateAudience>,
    /// What stands under which heading, as a whole.
    #[schema(min_items = 1, max_items = 200, nullable = false, value_type = Option<Vec<ImportTemplateColumn>>)]
    pub columns: Option<Vec<ImportTemplateColumn>>,
    /// What becomes of rows whose customer is there, or is not.
    #[schema(nullable = false)]
    pub action: Option<ImportAction>,
    /// By what customers are found that are to be updated.
    #[schema(nullable = false)]
    pub key: Option<ImportKey>,
    /// What becomes of tags and contact points that an updated customer has.
    #[schema(nullable = false)]
    pub lists: Option<ImportLists>,
}

/// What stands under a heading.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportTemplateColumn {
    /// As the lists call it; punctuation and remarks in brackets do not matter.
    #[schema(min_length = 1, max_length = 200)]
    pub header: String,
    /// What the column holds.
    pub field: ImportField,
}

impl From<ImportTemplateColumn> for TemplateColumn {
    fn from(column: ImportTemplateColumn) -> Self {
        Self {
            header: column.header,
            field: column.field.0,
        }
    }
}

/// A template (导入模板): how lists of some form are read.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ImportTemplate)]
pub struct ImportTemplateBody {
    pub id: Uuid,
    /// Raised with every change; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    /// What the template is called.
    pub name: String,
    /// What the rows of its lists are.
    pub entity: ImportEntity,
    /// Who sees the template beside its owner.
    pub audience: ImportTemplateAudience,
    /// Who made the template.
    pub owner_id: Uuid,
    /// Whether the caller made the template.
    pub is_own: bool,
    /// What stands under which heading.
    #[schema(value_type = Vec<ImportTemplateColumn>)]
    pub columns: Vec<ImportTemplateColumn>,
    /// What becomes of rows whose customer is there, or is not.
    pub action: ImportAction,
    /// By what customers are found that are there.
    pub key: ImportKey,
    /// What becomes of tags and contact points that they have.
    pub lists: ImportLists,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl ImportTemplateBody {
    pub(super) fn new(template: ImportTemplate, reader: Id<Principal>) -> Self {
        let columns = template.columns.into_iter();
        Self {
            id: template.id.uuid(),
            version: template.version,
            name: template.name,
            entity: Wire(template.entity),
            audience: Wire(template.audience),
            owner_id: template.owner.uuid(),
            is_own: template.owner == reader,
            columns: columns
                .map(|column| ImportTemplateColumn {
                    header: column.header,
                    field: Wire(column.field),
                })
                .collect(),
            action: Wire(template.choice.action),
            key: Wire(template.choice.key),
            lists: Wire(template.choice.lists),
            created_at: template.created_at,
            updated_at: template.updated_at,
        }
    }
}

page! {
    /// One page of templates.
    ImportTemplatePage of ImportTemplateBody
}
