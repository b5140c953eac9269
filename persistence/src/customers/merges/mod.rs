//! Two customers who are one: what their ids stand for, making one of them, and parting them again.
//!
//! What points at the duplicate goes to the survivor, table by table as [`POINTERS`](super::POINTERS)
//! says. What was posted stays under the id that it was posted under: the books of the survivor are those
//! of its own id and of the ids that stand for it, so that no entry is posted for a merge, and all sums are
//! what they were. Only stored balances are added up.

mod join;
mod kept;
mod moving;
mod part;
mod since;
mod strictness;

use std::collections::{BTreeMap, BTreeSet};

use domain::{access::Principal, customers::Customer, id::Id, organization::Institution};
use jiff::Timestamp;
use sea_orm::{ConnectionTrait, QueryResult, Value, sea_query::ArrayType};
use serde_json::Value as Json;
use uuid::Uuid;

use self::kept::Kept;
pub use self::{
    join::{Preview, merge, preview},
    part::undo,
};
use super::{
    children,
    entity::{fields, personal},
};
use crate::{
    Error, Handle, Tx,
    access::Reads,
    audit::difference,
    clock::{micros, timestamp},
    database::{Change, among, placeholders, statement, unless_stale},
    events::EventType,
    keys::FieldKeys,
    scope::Page,
};

/// Rows of a statement.
const AT_ONCE: usize = 400;

/// Two customers of whom one was made.
#[derive(Clone, Debug)]
pub struct Merge {
    pub id: Id<Merge>,
    pub survivor: Id<Customer>,
    pub merged: Id<Customer>,
    /// Of the survivor, with the merge.
    pub survivor_version: i64,
    pub reason: String,
    /// How many rows went to the survivor, by table.
    pub moved: BTreeMap<String, usize>,
    pub merged_at: Timestamp,
    pub merged_by: Id<Principal>,
    pub undone_at: Option<Timestamp>,
}

impl Merge {
    fn read(keys: &FieldKeys, row: &QueryResult) -> Result<(Self, Kept), Error> {
        let id: Uuid = row.try_get("", "id")?;
        let sealed: Vec<u8> = row.try_get("", "kept")?;
        let kept = Kept::open(keys, id, &sealed)?;
        let undone_at: Option<i64> = row.try_get("", "undone_at")?;
        let merge = Self {
            id: Id::new(id),
            survivor: Id::new(row.try_get("", "survivor_id")?),
            merged: Id::new(row.try_get("", "merged_id")?),
            survivor_version: row.try_get("", "survivor_version")?,
            reason: kept.reason.clone(),
            moved: kept.rows(),
            merged_at: timestamp(row.try_get("", "merged_at")?)?,
            merged_by: Id::new(row.try_get("", "merged_by")?),
            undone_at: undone_at.map(timestamp).transpose()?,
        };
        Ok((merge, kept))
    }
}

const COLUMNS: &str =
    "id, survivor_id, merged_id, survivor_version, kept, merged_at, merged_by, undone_at";

/// One page of the merges of a customer that the caller has found within reach: of those that were merged
/// into it, those that were undone too.
pub async fn of(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    customer: Id<Customer>,
    page: &Page,
) -> Result<Vec<Merge>, Error> {
    let institution = grant.scope().institution();
    let mut values = vec![institution.uuid().into(), customer.uuid().into()];
    let sql = format!(
        "SELECT {COLUMNS} FROM customer_merges WHERE institution_id = ? AND survivor_id = ?{}",
        page.ending(("merged_at", "id"), &mut values)
    );
    let keys = handle.keys_of(institution).await?;
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    let merge = |row: &QueryResult| Merge::read(&keys, row).map(|(merge, _)| merge);
    rows.iter().map(merge).collect()
}

/// A merge; whether its survivor is within reach is for the caller to see.
pub async fn find(
    handle: &impl Handle,
    institution: Id<Institution>,
    id: Id<Merge>,
) -> Result<Option<Merge>, Error> {
    let keys = handle.keys_of(institution).await?;
    let row = handle
        .query_one_raw(statement(
            handle,
            &format!("SELECT {COLUMNS} FROM customer_merges WHERE institution_id = ? AND id = ?"),
            [institution.uuid().into(), id.uuid().into()],
        ))
        .await?;
    row.map(|row| Merge::read(&keys, &row).map(|(merge, _)| merge))
        .transpose()
}

/// Who an id stands for, where its customer was merged into another.
pub async fn now(
    handle: &impl Handle,
    institution: Id<Institution>,
    id: Id<Customer>,
) -> Result<Option<Id<Customer>>, Error> {
    let row = handle
        .query_one_raw(statement(
            handle,
            "SELECT now_id FROM customer_merges \
             WHERE institution_id = ? AND merged_id = ? AND undone_at IS NULL",
            [institution.uuid().into(), id.uuid().into()],
        ))
        .await?;
    row.map(|row| Ok(Id::new(row.try_get("", "now_id")?)))
        .transpose()
}

/// The same of some ids: each stands for itself, or for whom it was merged into.
pub async fn resolved(
    handle: &impl Handle,
    institution: Id<Institution>,
    ids: Vec<Uuid>,
) -> Result<Vec<Uuid>, Error> {
    let now = now_of(handle, institution, &ids).await?;
    let mut seen = BTreeSet::new();
    Ok(ids
        .into_iter()
        .map(|id| now.get(&id).copied().unwrap_or(id))
        .filter(|id| seen.insert(*id))
        .collect())
}

/// Whom those of some ids stand for that were merged into another.
pub async fn now_of(
    handle: &impl Handle,
    institution: Id<Institution>,
    ids: &[Uuid],
) -> Result<BTreeMap<Uuid, Uuid>, Error> {
    let rows = paired(handle, institution, "merged_id", ids).await?;
    Ok(rows.into_iter().collect())
}

/// Some customers, and the ids that stand for them: what was posted may stand under any of these.
pub async fn with_former(
    handle: &impl Handle,
    institution: Id<Institution>,
    mut ids: Vec<Uuid>,
) -> Result<Vec<Uuid>, Error> {
    let rows = paired(handle, institution, "now_id", &ids).await?;
    ids.extend(rows.into_iter().map(|(merged, _)| merged));
    Ok(ids)
}

/// Merged ids, each with whom it stands for, that have any of some ids on one side.
async fn paired(
    handle: &impl Handle,
    institution: Id<Institution>,
    side: &str,
    ids: &[Uuid],
) -> Result<Vec<(Uuid, Uuid)>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids = ids.iter().map(|id| (*id).into()).collect();
    let (is_among, ids) = among(handle, side, ArrayType::Uuid, ids);
    let sql = format!(
        "SELECT merged_id, now_id FROM customer_merges \
         WHERE institution_id = ? AND {is_among} AND undone_at IS NULL ORDER BY merged_id"
    );
    let values = std::iter::once(institution.uuid().into()).chain(ids);
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    let pair = |row: &QueryResult| Ok((row.try_get("", "merged_id")?, row.try_get("", "now_id")?));
    rows.iter().map(pair).collect()
}

/// Moves what stands under the ids that stand for a customer along with it, hidden as it is.
pub(super) async fn follow(tx: &Tx, customer: &Customer) -> Result<(), Error> {
    let institution = tx.operation().institution;
    for (merged, _) in paired(tx, institution, "now_id", &[customer.id.uuid()]).await? {
        let values: [Value; 4] = [
            customer.holder.uuid().into(),
            customer.campus.uuid().into(),
            institution.uuid().into(),
            merged.into(),
        ];
        let sql =
            "UPDATE customers SET holder_id = ?, campus_id = ? WHERE institution_id = ? AND id = ?";
        tx.execute_raw(statement(tx, sql, values)).await?;
        let hidden = Customer {
            id: Id::new(merged),
            ..customer.clone()
        };
        children::follow(tx, &hidden).await?;
    }
    Ok(())
}

/// A merge of an erased person, without what was kept: its id, and what is sealed in it.
pub(crate) fn empty(keys: &FieldKeys, row: &QueryResult) -> Result<(Value, Vec<u8>), Error> {
    let id: Uuid = row.try_get("", "id")?;
    Ok((id.into(), Kept::default().seal(keys, id)?))
}

/// What the survivor of a merge was before: for the person itself. Why they were merged may tell of another
/// person, where that was a mistake.
pub(crate) fn told(
    keys: &FieldKeys,
    id: Uuid,
    row: &QueryResult,
    sealed: &[u8],
) -> Result<Json, Error> {
    let kept = Kept::open(keys, id, sealed)?;
    kept.before.told(keys, row.try_get("", "survivor_id")?)
}

/// What became of a customer, for the trail and for others.
fn record(
    tx: &Tx,
    (before, after): (&Customer, &Customer),
    event: &'static EventType,
    told: &Json,
) {
    let (was, mut is) = difference(Some(&fields(before)), &fields(after), personal());
    if let (Some(is), Some(told)) = (is.as_object_mut(), told.as_object()) {
        is.extend(told.clone());
    }
    let change = Change::new("customer", after.id.uuid(), after.version, is);
    tx.record(change.before(was).event(event, told.clone()));
}

async fn stand(tx: &Tx, merged: &[Uuid], now: Id<Customer>) -> Result<(), Error> {
    for part in merged.chunks(AT_ONCE) {
        let sql = format!(
            "UPDATE customer_merges SET now_id = ? \
             WHERE institution_id = ? AND merged_id IN ({}) AND undone_at IS NULL",
            placeholders(part.len())
        );
        let head: [Value; 2] = [now.uuid().into(), tx.operation().institution.uuid().into()];
        let values = head.into_iter().chain(part.iter().map(|id| (*id).into()));
        tx.execute_raw(statement(tx, &sql, values)).await?;
    }
    Ok(())
}

/// Writes in whose hands a customer is and whether it is hidden, with what belongs to it.
async fn put(tx: &Tx, before: &Customer, after: &Customer) -> Result<(), Error> {
    let updated = tx
        .execute_raw(statement(
            tx,
            "UPDATE customers SET holder_id = ?, campus_id = ?, deleted_at = ?, version = ?, updated_at = ? \
             WHERE institution_id = ? AND id = ? AND version = ?",
            [
                after.holder.uuid().into(),
                after.campus.uuid().into(),
                after.deleted_at.map(micros).into(),
                after.version.into(),
                micros(after.updated_at).into(),
                tx.operation().institution.uuid().into(),
                after.id.uuid().into(),
                before.version.into(),
            ],
        ))
        .await?;
    unless_stale(updated.rows_affected())?;
    children::follow(tx, after).await?;
    children::hide(tx, after).await
}
