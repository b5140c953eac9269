//! Templates of imports, for whoever may see them.

use domain::{
    fault::Fault,
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
use sea_orm::{ConnectionTrait, QueryResult, Value};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    Error, Handle, Tx,
    access::{Reads, Scope, Writes},
    clock::{micros, timestamp},
    database::{Change, statement, unless_stale},
    keys::{FieldKeys, SealedAt, bytes},
    scope::Page,
};

const COLUMNS: &str = "id, version, owner_id, audience, entity, action, match_key, lists, content, \
    created_at, updated_at";

/// What of a template may name people.
#[derive(Serialize, Deserialize)]
struct Content {
    name: String,
    columns: Vec<(String, String)>,
}

fn place(template: Uuid) -> SealedAt {
    SealedAt {
        table: "import_templates",
        column: "content",
        row: template,
    }
}

/// Templates that somebody may see: the own ones, and those that are shown to everybody.
fn seen(scope: &Scope) -> (&'static str, Vec<Value>) {
    let sql = "institution_id = ? AND (owner_id = ? OR audience = 'institution')";
    let values = [scope.institution().uuid(), scope.principal()];
    (sql, values.map(Value::from).to_vec())
}

/// A template that the bearer of the grant may see.
pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<ImportTemplate>,
    id: Id<ImportTemplate>,
) -> Result<Option<ImportTemplate>, Error> {
    let (seen, mut values) = seen(grant.scope());
    values.push(id.uuid().into());
    let sql = format!("SELECT {COLUMNS} FROM import_templates WHERE {seen} AND id = ?");
    let row = handle
        .query_one_raw(statement(handle, &sql, values))
        .await?;
    match row {
        Some(row) => {
            let keys = handle.keys_of(grant.scope().institution()).await?;
            read(&keys, &row).map(Some)
        }
        None => Ok(None),
    }
}

/// One page of them, the oldest first.
pub async fn list(
    handle: &impl Handle,
    grant: &impl Reads<ImportTemplate>,
    page: &Page,
) -> Result<Vec<ImportTemplate>, Error> {
    let (seen, mut values) = seen(grant.scope());
    let ending = page.ending(("created_at", "id"), &mut values);
    let sql = format!("SELECT {COLUMNS} FROM import_templates WHERE {seen}{ending}");
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    let keys = handle.keys_of(grant.scope().institution()).await?;
    rows.iter().map(|row| read(&keys, row)).collect()
}

/// Writes a new template.
///
/// # Errors
/// 409 where its owner has as many as one may have. Two that are written at once may be one more.
pub async fn insert(
    tx: &Tx,
    grant: &impl Writes<ImportTemplate>,
    template: &ImportTemplate,
) -> Result<(), Error> {
    let institution = grant.scope().institution().uuid();
    let key = [institution, template.owner.uuid()].map(Value::from);
    let sql =
        "SELECT COUNT(*) AS kept FROM import_templates WHERE institution_id = ? AND owner_id = ?";
    let row = tx.query_one_raw(statement(tx, sql, key)).await?;
    let kept: i64 = row.map_or(Ok(0), |row| row.try_get("", "kept"))?;
    if kept >= TEMPLATES_MAX {
        let fault = Fault::new(&TOO_MANY_TEMPLATES).with("max", TEMPLATES_MAX);
        return Err(fault.into());
    }
    let content = seal(&*tx.keys().await?, template)?;
    let choice = template.choice;
    tx.execute_raw(statement(
        tx,
        "INSERT INTO import_templates (institution_id, id, version, owner_id, audience, entity, action, \
         match_key, lists, content, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            institution.into(),
            template.id.uuid().into(),
            template.version.into(),
            template.owner.uuid().into(),
            template.audience.as_str().into(),
            template.entity.as_str().into(),
            choice.action.as_str().into(),
            choice.key.as_str().into(),
            choice.lists.as_str().into(),
            bytes(content),
            micros(template.created_at).into(),
            micros(template.updated_at).into(),
        ],
    ))
    .await?;
    tx.record(Change::new(
        "import_template",
        template.id.uuid(),
        template.version,
        told(template),
    ));
    Ok(())
}

/// Writes a changed template over the version that it was read at.
pub async fn update(
    tx: &Tx,
    grant: &impl Writes<ImportTemplate>,
    before: &ImportTemplate,
    after: &ImportTemplate,
) -> Result<(), Error> {
    let content = seal(&*tx.keys().await?, after)?;
    let choice = after.choice;
    let updated = tx
        .execute_raw(statement(
            tx,
            "UPDATE import_templates SET version = ?, audience = ?, action = ?, match_key = ?, lists = ?, \
             content = ?, updated_at = ? WHERE institution_id = ? AND id = ? AND version = ?",
            [
                after.version.into(),
                after.audience.as_str().into(),
                choice.action.as_str().into(),
                choice.key.as_str().into(),
                choice.lists.as_str().into(),
                bytes(content),
                micros(after.updated_at).into(),
                grant.scope().institution().uuid().into(),
                after.id.uuid().into(),
                before.version.into(),
            ],
        ))
        .await?;
    unless_stale(updated.rows_affected())?;
    let change = Change::new(
        "import_template",
        after.id.uuid(),
        after.version,
        told(after),
    );
    tx.record(change.before(told(before)));
    Ok(())
}

/// Removes a template at the version that it was read at.
pub async fn delete(
    tx: &Tx,
    grant: &impl Writes<ImportTemplate>,
    template: &ImportTemplate,
) -> Result<(), Error> {
    let removed = tx
        .execute_raw(statement(
            tx,
            "DELETE FROM import_templates WHERE institution_id = ? AND id = ? AND version = ?",
            [
                grant.scope().institution().uuid().into(),
                template.id.uuid().into(),
                template.version.into(),
            ],
        ))
        .await?;
    unless_stale(removed.rows_affected())?;
    let version = template.version + 1;
    let change = Change::new("import_template", template.id.uuid(), version, json!({}));
    tx.record(change.before(told(template)));
    Ok(())
}

/// What the trail tells of a template: not what people wrote into it.
fn told(template: &ImportTemplate) -> serde_json::Value {
    json!({
        "entity": template.entity.as_str(), "audience": template.audience.as_str(),
        "owner_id": template.owner, "action": template.choice.action.as_str(),
        "columns": template.columns.len(),
    })
}

fn seal(keys: &FieldKeys, template: &ImportTemplate) -> Result<Vec<u8>, Error> {
    let columns = template.columns.iter();
    let content = Content {
        name: template.name.clone(),
        columns: columns
            .map(|column| (column.header.clone(), column.field.as_str().to_owned()))
            .collect(),
    };
    let plain = Zeroizing::new(serde_json::to_vec(&content).map_err(Error::internal)?);
    keys.seal(place(template.id.uuid()), &plain)
}

fn read(keys: &FieldKeys, row: &QueryResult) -> Result<ImportTemplate, Error> {
    let id: Uuid = row.try_get("", "id")?;
    let sealed: Vec<u8> = row.try_get("", "content")?;
    let plain = Zeroizing::new(keys.open(place(id), &sealed)?);
    let corrupt = || Error::corrupt("an import template");
    let content: Content = serde_json::from_slice(&plain).map_err(|_| corrupt())?;
    let text = |name: &str| -> Result<String, Error> { Ok(row.try_get("", name)?) };
    let columns = content.columns.into_iter().map(|(header, field)| {
        let field = LeadField::parse(&field).ok_or_else(corrupt)?;
        Ok(TemplateColumn { header, field })
    });
    Ok(ImportTemplate {
        id: Id::new(id),
        version: row.try_get("", "version")?,
        owner: Id::new(row.try_get("", "owner_id")?),
        audience: TemplateAudience::parse(&text("audience")?).ok_or_else(corrupt)?,
        entity: ImportEntity::parse(&text("entity")?).ok_or_else(corrupt)?,
        name: content.name,
        columns: columns.collect::<Result<_, Error>>()?,
        choice: Choice {
            action: ImportAction::parse(&text("action")?).ok_or_else(corrupt)?,
            key: ImportKey::parse(&text("match_key")?).ok_or_else(corrupt)?,
            lists: ListChange::parse(&text("lists")?).ok_or_else(corrupt)?,
        },
        created_at: timestamp(row.try_get("", "created_at")?)?,
        updated_at: timestamp(row.try_get("", "updated_at")?)?,
    })
}
