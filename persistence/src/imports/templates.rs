//! Rows of templates of imports.

use domain::{
    id::Id,
    imports::{
        choice::{Choice, ImportAction, ImportKey, ListChange},
        header::LeadField,
        outcome::ImportEntity,
        template::{
            ImportTemplate, TEMPLATES_MAX, TOO_MANY_TEMPLATES, TemplateAudience, TemplateColumn,
        },
    },
    text_enum::TextEnum,
};
use sea_orm::{QueryResult, Value};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    Error,
    access::Scope,
    kept::{Head, Kept},
};

#[derive(Serialize, Deserialize)]
struct Content {
    name: String,
    columns: Vec<(String, String)>,
}

impl Kept for ImportTemplate {
    const TABLE: &'static str = "import_templates";
    const KIND: &'static str = "import_template";
    const COLUMNS: &'static [&'static str] =
        &["audience", "entity", "action", "match_key", "lists"];
    const MOST: (i64, &'static domain::fault::Rule) = (TEMPLATES_MAX, &TOO_MANY_TEMPLATES);

    fn head(&self) -> Head {
        Head {
            id: self.id.uuid(),
            version: self.version,
            owner: self.owner.uuid(),
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }

    fn shown(_: &Scope) -> (&'static str, Vec<Value>) {
        ("audience = 'institution'", Vec::new())
    }

    fn values(&self) -> Vec<Value> {
        let choice = self.choice;
        [
            self.audience.as_str(),
            self.entity.as_str(),
            choice.action.as_str(),
            choice.key.as_str(),
            choice.lists.as_str(),
        ]
        .map(Value::from)
        .to_vec()
    }

    fn content(&self) -> serde_json::Result<Vec<u8>> {
        let columns = self.columns.iter();
        serde_json::to_vec(&Content {
            name: self.name.clone(),
            columns: columns
                .map(|column| (column.header.clone(), column.field.as_str().to_owned()))
                .collect(),
        })
    }

    fn read(head: Head, content: &[u8], row: &QueryResult) -> Result<Self, Error> {
        let corrupt = || Error::corrupt("an import template");
        let content: Content = serde_json::from_slice(content).map_err(|_| corrupt())?;
        let text = |name: &str| -> Result<String, Error> { Ok(row.try_get("", name)?) };
        let columns = content.columns.into_iter().map(|(header, field)| {
            let field = LeadField::parse(&field).ok_or_else(corrupt)?;
            Ok(TemplateColumn { header, field })
        });
        Ok(Self {
            id: Id::new(head.id),
            version: head.version,
            owner: Id::new(head.owner),
            audience: TemplateAudience::parse(&text("audience")?).ok_or_else(corrupt)?,
            entity: ImportEntity::parse(&text("entity")?).ok_or_else(corrupt)?,
            name: content.name,
            columns: columns.collect::<Result<_, Error>>()?,
            choice: Choice {
                action: ImportAction::parse(&text("action")?).ok_or_else(corrupt)?,
                key: ImportKey::parse(&text("match_key")?).ok_or_else(corrupt)?,
                lists: ListChange::parse(&text("lists")?).ok_or_else(corrupt)?,
            },
            created_at: head.created_at,
            updated_at: head.updated_at,
        })
    }

    fn told(&self) -> serde_json::Value {
        json!({
            "entity": self.entity.as_str(), "audience": self.audience.as_str(),
            "owner_id": self.owner, "action": self.choice.action.as_str(),
            "columns": self.columns.len(),
        })
    }
}
