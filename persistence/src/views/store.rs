//! Views, for whoever may see them.

use domain::{
    fault::Fault,
    id::Id,
    organization::Team,
    text_enum::TextEnum,
    views::{Audience, TOO_MANY_VIEWS, VIEWS_MAX, View, ViewEntity},
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

const COLUMNS: &str = "id, version, entity, owner_id, audience, team_id, language, content, \
    created_at, updated_at";

/// What of a view may name people.
#[derive(Serialize, Deserialize)]
struct Content {
    name: String,
    search: serde_json::Value,
}

fn place(view: Uuid) -> SealedAt {
    SealedAt {
        table: "views",
        column: "content",
        row: view,
    }
}

/// Views that somebody may see: the own ones, and those that are shown to him or her.
fn seen(scope: &Scope) -> (&'static str, Vec<Value>) {
    let sql = "institution_id = ? AND (owner_id = ? OR audience = 'institution' OR team_id = \
         (SELECT home_team_id FROM staff WHERE institution_id = ? AND id = ?))";
    let (institution, caller) = (scope.institution().uuid(), scope.principal());
    let values = [institution, caller, institution, caller];
    (sql, values.map(Value::from).to_vec())
}

/// A view that the bearer of the grant may see.
pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<View>,
    id: Id<View>,
) -> Result<Option<View>, Error> {
    let (seen, mut values) = seen(grant.scope());
    values.push(id.uuid().into());
    let sql = format!("SELECT {COLUMNS} FROM views WHERE {seen} AND id = ?");
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
    grant: &impl Reads<View>,
    page: &Page,
) -> Result<Vec<View>, Error> {
    let (seen, mut values) = seen(grant.scope());
    let ending = page.ending(("created_at", "id"), &mut values);
    let sql = format!("SELECT {COLUMNS} FROM views WHERE {seen}{ending}");
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    let keys = handle.keys_of(grant.scope().institution()).await?;
    rows.iter().map(|row| read(&keys, row)).collect()
}

/// The team that somebody belongs to.
pub async fn team_of(tx: &Tx, grant: &impl Writes<View>) -> Result<Option<Id<Team>>, Error> {
    let scope = grant.scope();
    let key = [scope.institution().uuid(), scope.principal()].map(Value::from);
    let sql = "SELECT home_team_id FROM staff WHERE institution_id = ? AND id = ?";
    let row = tx.query_one_raw(statement(tx, sql, key)).await?;
    let team: Option<Uuid> = match row {
        Some(row) => row.try_get("", "home_team_id")?,
        None => None,
    };
    Ok(team.map(Id::new))
}

/// Writes a new view.
///
/// # Errors
/// 409 where its owner has as many as one may have. Two that are written at once may be one more.
pub async fn insert(tx: &Tx, grant: &impl Writes<View>, view: &View) -> Result<(), Error> {
    let institution = grant.scope().institution().uuid();
    let key = [institution, view.owner.uuid()].map(Value::from);
    let sql = "SELECT COUNT(*) AS kept FROM views WHERE institution_id = ? AND owner_id = ?";
    let row = tx.query_one_raw(statement(tx, sql, key)).await?;
    let kept: i64 = row.map_or(Ok(0), |row| row.try_get("", "kept"))?;
    if kept >= VIEWS_MAX {
        return Err(Fault::new(&TOO_MANY_VIEWS).with("max", VIEWS_MAX).into());
    }
    let content = seal(&*tx.keys().await?, view)?;
    tx.execute_raw(statement(
        tx,
        "INSERT INTO views (institution_id, id, version, entity, owner_id, audience, team_id, \
         language, content, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            institution.into(),
            view.id.uuid().into(),
            view.version.into(),
            view.entity.as_str().into(),
            view.owner.uuid().into(),
            view.audience.as_str().into(),
            view.team.map(Id::uuid).into(),
            view.language.into(),
            bytes(content),
            micros(view.created_at).into(),
            micros(view.updated_at).into(),
        ],
    ))
    .await?;
    tx.record(Change::new(
        "view",
        view.id.uuid(),
        view.version,
        told(view),
    ));
    Ok(())
}

/// Writes a changed view over the version that it was read at.
pub async fn update(
    tx: &Tx,
    grant: &impl Writes<View>,
    before: &View,
    after: &View,
) -> Result<(), Error> {
    let content = seal(&*tx.keys().await?, after)?;
    let updated = tx
        .execute_raw(statement(
            tx,
            "UPDATE views SET version = ?, audience = ?, team_id = ?, language = ?, content = ?, \
             updated_at = ? WHERE institution_id = ? AND id = ? AND version = ?",
            [
                after.version.into(),
                after.audience.as_str().into(),
                after.team.map(Id::uuid).into(),
                after.language.into(),
                bytes(content),
                micros(after.updated_at).into(),
                grant.scope().institution().uuid().into(),
                after.id.uuid().into(),
                before.version.into(),
            ],
        ))
        .await?;
    unless_stale(updated.rows_affected())?;
    let change = Change::new("view", after.id.uuid(), after.version, told(after));
    tx.record(change.before(told(before)));
    Ok(())
}

/// Removes a view at the version that it was read at.
pub async fn delete(tx: &Tx, grant: &impl Writes<View>, view: &View) -> Result<(), Error> {
    let removed = tx
        .execute_raw(statement(
            tx,
            "DELETE FROM views WHERE institution_id = ? AND id = ? AND version = ?",
            [
                grant.scope().institution().uuid().into(),
                view.id.uuid().into(),
                view.version.into(),
            ],
        ))
        .await?;
    unless_stale(removed.rows_affected())?;
    let change = Change::new("view", view.id.uuid(), view.version + 1, json!({}));
    tx.record(change.before(told(view)));
    Ok(())
}

/// What the trail tells of a view: not what it looks for, which may be a name.
fn told(view: &View) -> serde_json::Value {
    json!({
        "entity": view.entity.as_str(), "audience": view.audience.as_str(), "team_id": view.team,
        "owner_id": view.owner,
    })
}

fn seal(keys: &FieldKeys, view: &View) -> Result<Vec<u8>, Error> {
    let content = Content {
        name: view.name.clone(),
        search: view.search.clone(),
    };
    let plain = Zeroizing::new(serde_json::to_vec(&content).map_err(Error::internal)?);
    keys.seal(place(view.id.uuid()), &plain)
}

fn read(keys: &FieldKeys, row: &QueryResult) -> Result<View, Error> {
    let id: Uuid = row.try_get("", "id")?;
    let sealed: Vec<u8> = row.try_get("", "content")?;
    let plain = Zeroizing::new(keys.open(place(id), &sealed)?);
    let content: Content =
        serde_json::from_slice(&plain).map_err(|_| Error::corrupt("content of a view"))?;
    let (entity, audience): (String, String) =
        (row.try_get("", "entity")?, row.try_get("", "audience")?);
    let team: Option<Uuid> = row.try_get("", "team_id")?;
    Ok(View {
        id: Id::new(id),
        version: row.try_get("", "version")?,
        entity: ViewEntity::parse(&entity).ok_or_else(|| Error::corrupt(ViewEntity::NAME))?,
        name: content.name,
        audience: Audience::parse(&audience).ok_or_else(|| Error::corrupt(Audience::NAME))?,
        owner: Id::new(row.try_get("", "owner_id")?),
        team: team.map(Id::new),
        language: row.try_get("", "language")?,
        search: content.search,
        created_at: timestamp(row.try_get("", "created_at")?)?,
        updated_at: timestamp(row.try_get("", "updated_at")?)?,
    })
}
