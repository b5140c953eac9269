//! What people keep under a name, for themselves or for others to see as well: rows with an owner, whose
//! content is sealed because it may name people.

use domain::{
    fault::{Fault, Rule},
    id::Id,
};
use jiff::Timestamp;
use sea_orm::{ConnectionTrait, QueryResult, Value};
use serde_json::json;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    Error, Handle, Tx,
    access::{Reads, Scope, Writes},
    clock::{micros, timestamp},
    database::{Change, alone, placeholders, statement, unless_stale},
    keys::{FieldKeys, SealedAt, bytes},
    scope::Page,
};

/// A kind of thing that people keep.
pub trait Kept: Sized {
    const TABLE: &'static str;
    /// Kind of the record, as the trail names it.
    const KIND: &'static str;
    /// Columns of its own, in clear.
    const COLUMNS: &'static [&'static str];
    /// How many one person keeps at most, and the rule that one more breaks.
    const MOST: (i64, &'static Rule);

    fn head(&self) -> Head;

    /// To whom it is shown beside its owner: a condition on its columns.
    fn shown(scope: &Scope) -> (&'static str, Vec<Value>);

    /// Values of its own columns, in their order.
    fn values(&self) -> Vec<Value>;

    /// What may name people.
    ///
    /// # Errors
    /// What can't be written as JSON.
    fn content(&self) -> serde_json::Result<Vec<u8>>;

    /// What a row holds.
    ///
    /// # Errors
    /// Content or columns that it has never written.
    fn read(head: Head, content: &[u8], row: &QueryResult) -> Result<Self, Error>;

    /// What the trail tells of it: not what people wrote into it.
    fn told(&self) -> serde_json::Value;
}

/// What everything that is kept has.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    pub id: Uuid,
    pub version: i64,
    pub owner: Uuid,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What the bearer of the grant may see: what is his or her own, and what is shown to him or her.
fn seen<K: Kept>(scope: &Scope) -> (String, Vec<Value>) {
    let (shown, more) = K::shown(scope);
    let own = [scope.institution().uuid(), scope.principal()];
    let mut values = own.map(Value::from).to_vec();
    values.extend(more);
    let sql = format!(
        "SELECT id, version, owner_id, content, created_at, updated_at, {} FROM {} \
         WHERE institution_id = ? AND (owner_id = ? OR {shown})",
        K::COLUMNS.join(", "),
        K::TABLE,
    );
    (sql, values)
}

/// One that the bearer of the grant may see.
pub async fn find<K: Kept>(
    handle: &impl Handle,
    grant: &impl Reads<K>,
    id: Id<K>,
) -> Result<Option<K>, Error> {
    let (seen, mut values) = seen::<K>(grant.scope());
    values.push(id.uuid().into());
    let one = format!("{seen} AND id = ?");
    let row = handle
        .query_one_raw(statement(handle, &one, values))
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
pub async fn list<K: Kept>(
    handle: &impl Handle,
    grant: &impl Reads<K>,
    page: &Page,
) -> Result<Vec<K>, Error> {
    let (mut sql, mut values) = seen::<K>(grant.scope());
    sql += &page.ending(("created_at", "id"), &mut values);
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    let keys = handle.keys_of(grant.scope().institution()).await?;
    rows.iter().map(|row| read(&keys, row)).collect()
}

/// Writes a new one.
///
/// # Errors
/// 409 where its owner has as many as one may have. Those that come at once are let in one after the other.
pub async fn insert<K: Kept>(tx: &Tx, grant: &impl Writes<K>, kept: &K) -> Result<(), Error> {
    let (institution, head) = (grant.scope().institution().uuid(), kept.head());
    alone(tx, K::TABLE).await?;
    let sql = format!(
        "SELECT COUNT(*) AS kept FROM {} WHERE institution_id = ? AND owner_id = ?",
        K::TABLE
    );
    let key = [institution, head.owner].map(Value::from);
    let row = tx.query_one_raw(statement(tx, &sql, key)).await?;
    let so_many: i64 = row.map_or(Ok(0), |row| row.try_get("", "kept"))?;
    let (most, too_many) = K::MOST;
    if so_many >= most {
        return Err(Fault::new(too_many).with("max", most).into());
    }
    let mut values: Vec<Value> = vec![
        institution.into(),
        head.id.into(),
        head.version.into(),
        head.owner.into(),
        bytes(sealed(&*tx.keys().await?, kept)?),
        micros(head.created_at).into(),
        micros(head.updated_at).into(),
    ];
    values.extend(kept.values());
    let sql = format!(
        "INSERT INTO {} (institution_id, id, version, owner_id, content, created_at, updated_at, {}) \
         VALUES ({})",
        K::TABLE,
        K::COLUMNS.join(", "),
        placeholders(values.len()),
    );
    tx.execute_raw(statement(tx, &sql, values)).await?;
    tx.record(Change::new(K::KIND, head.id, head.version, kept.told()));
    Ok(())
}

/// Writes a changed one over the version that it was read at.
pub async fn update<K: Kept>(
    tx: &Tx,
    grant: &impl Writes<K>,
    before: &K,
    after: &K,
) -> Result<(), Error> {
    let head = after.head();
    let columns = K::COLUMNS.iter().map(|column| format!(", {column} = ?"));
    let sql = format!(
        "UPDATE {} SET version = ?, content = ?, updated_at = ?{} \
         WHERE institution_id = ? AND id = ? AND version = ?",
        K::TABLE,
        columns.collect::<String>(),
    );
    let mut values: Vec<Value> = vec![
        head.version.into(),
        bytes(sealed(&*tx.keys().await?, after)?),
        micros(head.updated_at).into(),
    ];
    values.extend(after.values());
    values.extend([
        grant.scope().institution().uuid().into(),
        head.id.into(),
        before.head().version.into(),
    ]);
    let updated = tx.execute_raw(statement(tx, &sql, values)).await?;
    unless_stale(updated.rows_affected())?;
    let change = Change::new(K::KIND, head.id, head.version, after.told());
    tx.record(change.before(before.told()));
    Ok(())
}

/// Removes one at the version that it was read at.
pub async fn delete<K: Kept>(tx: &Tx, grant: &impl Writes<K>, kept: &K) -> Result<(), Error> {
    let head = kept.head();
    let sql = format!(
        "DELETE FROM {} WHERE institution_id = ? AND id = ? AND version = ?",
        K::TABLE
    );
    let values: [Value; 3] = [
        grant.scope().institution().uuid().into(),
        head.id.into(),
        head.version.into(),
    ];
    let removed = tx.execute_raw(statement(tx, &sql, values)).await?;
    unless_stale(removed.rows_affected())?;
    let change = Change::new(K::KIND, head.id, head.version + 1, json!({}));
    tx.record(change.before(kept.told()));
    Ok(())
}

fn place<K: Kept>(row: Uuid) -> SealedAt {
    SealedAt {
        table: K::TABLE,
        column: "content",
        row,
    }
}

fn sealed<K: Kept>(keys: &FieldKeys, kept: &K) -> Result<Vec<u8>, Error> {
    let plain = Zeroizing::new(kept.content().map_err(Error::internal)?);
    keys.seal(place::<K>(kept.head().id), &plain)
}

fn read<K: Kept>(keys: &FieldKeys, row: &QueryResult) -> Result<K, Error> {
    let id: Uuid = row.try_get("", "id")?;
    let sealed: Vec<u8> = row.try_get("", "content")?;
    let plain = Zeroizing::new(keys.open(place::<K>(id), &sealed)?);
    let head = Head {
        id,
        version: row.try_get("", "version")?,
        owner: row.try_get("", "owner_id")?,
        created_at: timestamp(row.try_get("", "created_at")?)?,
        updated_at: timestamp(row.try_get("", "updated_at")?)?,
    };
    K::read(head, &plain, row)
}
