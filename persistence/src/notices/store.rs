//! Notices as their readers see them, and how others leave one.

use domain::{
    access::Principal,
    id::Id,
    notices::{Notice, NoticeKind, Numbers},
    text_enum::TextEnum,
};
use sea_orm::{ConnectionTrait, QueryResult};
use serde_json::json;
use uuid::Uuid;

use crate::{
    Error, Handle, Tx,
    access::{Reads, Writes},
    clock::{micros, timestamp},
    database::{Change, remove_until, statement},
    scope::Page,
};

const COLUMNS: &str =
    "id, version, principal_id, kind, numbers, target_kind, target_id, created_at, read_at";

/// Unread notices are counted up to here.
pub const COUNTED: i64 = 1000;

/// Leaves a notice in somebody's inbox, with the transaction.
pub async fn notify(
    tx: &Tx,
    to: Id<Principal>,
    kind: NoticeKind,
    numbers: &Numbers,
    target: Option<(&str, Uuid)>,
) -> Result<(), Error> {
    tx.execute_raw(statement(
        tx,
        "INSERT INTO notices (institution_id, id, version, principal_id, kind, numbers, \
         target_kind, target_id, created_at) VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?)",
        [
            tx.operation().institution.uuid().into(),
            tx.stamp().id::<Notice>().uuid().into(),
            to.uuid().into(),
            kind.as_str().into(),
            serde_json::to_value(numbers)
                .map_err(Error::internal)?
                .into(),
            target.map(|(kind, _)| kind).into(),
            target.map(|(_, id)| id).into(),
            micros(tx.now()).into(),
        ],
    ))
    .await?;
    Ok(())
}

/// One page of the inbox of the bearer of the grant.
pub async fn list(
    handle: &impl Handle,
    grant: &impl Reads<Notice>,
    unread_only: bool,
    page: &Page,
) -> Result<Vec<Notice>, Error> {
    let unread = if unread_only {
        " AND read_at IS NULL"
    } else {
        ""
    };
    let scope = grant.scope();
    let mut values = vec![scope.institution().uuid().into(), scope.principal().into()];
    let sql = format!(
        "SELECT {COLUMNS} FROM notices WHERE institution_id = ? AND principal_id = ?{unread}{}",
        page.ending(("created_at", "id"), &mut values)
    );
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    rows.iter().map(read).collect()
}

/// How many notices are unread, counted up to [`COUNTED`].
pub async fn unread(handle: &impl Handle, grant: &impl Reads<Notice>) -> Result<i64, Error> {
    let row = handle
        .query_one_raw(statement(
            handle,
            "SELECT count(*) AS unread FROM (SELECT 1 FROM notices WHERE institution_id = ? \
             AND principal_id = ? AND read_at IS NULL LIMIT ?) AS counted",
            [
                grant.scope().institution().uuid().into(),
                grant.scope().principal().into(),
                COUNTED.into(),
            ],
        ))
        .await?
        .ok_or_else(|| Error::internal("no count"))?;
    Ok(row.try_get("", "unread")?)
}

/// Marks a notice as read; one that was read before stays as it was.
pub async fn mark_read(
    tx: &Tx,
    grant: &impl Writes<Notice>,
    id: Id<Notice>,
) -> Result<Option<Notice>, Error> {
    let row = tx
        .query_one_raw(statement(
            tx,
            &format!(
                "UPDATE notices SET version = CASE WHEN read_at IS NULL THEN version + 1 ELSE version END, \
                 read_at = COALESCE(read_at, ?) \
                 WHERE institution_id = ? AND id = ? AND principal_id = ? RETURNING {COLUMNS}"
            ),
            [
                micros(tx.now()).into(),
                grant.scope().institution().uuid().into(),
                id.uuid().into(),
                grant.scope().principal().into(),
            ],
        ))
        .await?;
    let notice = row.map(|row| read(&row)).transpose()?;
    // Read by this very transaction, not before.
    if let Some(notice) = &notice
        && notice.read_at.map(micros) == Some(micros(tx.now()))
    {
        record(tx, notice.id.uuid(), notice.version);
    }
    Ok(notice)
}

/// Marks the whole inbox as read.
pub async fn mark_all_read(tx: &Tx, grant: &impl Writes<Notice>) -> Result<(), Error> {
    let marked = tx
        .execute_raw(statement(
            tx,
            "UPDATE notices SET version = version + 1, read_at = ? \
         WHERE institution_id = ? AND principal_id = ? AND read_at IS NULL",
            [
                micros(tx.now()).into(),
                grant.scope().institution().uuid().into(),
                grant.scope().principal().into(),
            ],
        ))
        .await?;
    if marked.rows_affected() > 0 {
        record(tx, grant.scope().principal(), 1);
    }
    Ok(())
}

/// Puts on the trail that notices were read: one by its id, all by whose they are.
fn record(tx: &Tx, id: Uuid, version: i64) {
    let change = Change::new("notice", id, version, json!({ "is_read": true }));
    tx.record(change.before(json!({ "is_read": false })));
}

fn read(row: &QueryResult) -> Result<Notice, Error> {
    let kind: String = row.try_get("", "kind")?;
    let target_kind: Option<String> = row.try_get("", "target_kind")?;
    let target: Option<Uuid> = row.try_get("", "target_id")?;
    let numbers: serde_json::Value = row.try_get("", "numbers")?;
    Ok(Notice {
        id: Id::new(row.try_get("", "id")?),
        version: row.try_get("", "version")?,
        to: Id::new(row.try_get("", "principal_id")?),
        kind: NoticeKind::parse(&kind).ok_or_else(|| Error::corrupt("notice kind"))?,
        numbers: serde_json::from_value(numbers).map_err(Error::corrupt)?,
        target: target_kind.zip(target.map(Id::new)),
        created_at: timestamp(row.try_get("", "created_at")?)?,
        read_at: row
            .try_get::<Option<i64>>("", "read_at")?
            .map(timestamp)
            .transpose()?,
    })
}

/// Removes notices that were left before `until`, at most `limit`.
pub async fn remove_old(tx: &Tx, until: jiff::Timestamp, limit: i64) -> Result<u64, Error> {
    remove_until(tx, ("notices", "id", "created_at"), until, limit).await
}
