//! Rows of legal holds.

use domain::{
    customers::Customer,
    id::Id,
    organization::Institution,
    privacy::{LegalHold, Release},
};
use sea_orm::{ConnectionTrait, QueryResult, Value};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{HOLD_PLACED, HOLD_RELEASED};
use crate::{
    Error, Handle, Tx,
    access::{Reads, Writes},
    clock::{micros, timestamp},
    customers::merges,
    database::{Change, statement, unless_stale},
    keys::{FieldKeys, SealedAt},
    scope::Page,
};

const COLUMNS: &str =
    "id, version, customer_id, words, placed_at, placed_by, ends_at, released_at, released_by";

/// Which holds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    pub customer: Option<Id<Customer>>,
    /// Whether they stand now.
    pub is_standing: Option<bool>,
}

/// The words of a hold, as they are sealed.
#[derive(Serialize, Deserialize)]
struct Words {
    reason: Option<String>,
    release_reason: Option<String>,
}

fn place(hold: Uuid) -> SealedAt {
    SealedAt {
        table: "legal_holds",
        column: "words",
        row: hold,
    }
}

fn seal(keys: &FieldKeys, id: Uuid, words: &Words) -> Result<Vec<u8>, Error> {
    let plain = Zeroizing::new(serde_json::to_vec(words).map_err(Error::internal)?);
    keys.seal(place(id), &plain)
}

fn sealed(keys: &FieldKeys, hold: &LegalHold) -> Result<Vec<u8>, Error> {
    let released = hold.released.as_ref();
    let words = Words {
        reason: hold.reason.clone(),
        release_reason: released.and_then(|release| release.reason.clone()),
    };
    seal(keys, hold.id.uuid(), &words)
}

/// A hold on an erased person, without a word: its id, and what is sealed in it.
pub(super) fn wordless(keys: &FieldKeys, row: &QueryResult) -> Result<(Value, Vec<u8>), Error> {
    let id: Uuid = row.try_get("", "id")?;
    let none = Words {
        reason: None,
        release_reason: None,
    };
    Ok((id.into(), seal(keys, id, &none)?))
}

fn hold(row: &QueryResult, keys: &FieldKeys) -> Result<LegalHold, Error> {
    let id: Uuid = row.try_get("", "id")?;
    let sealed: Vec<u8> = row.try_get("", "words")?;
    let plain = Zeroizing::new(keys.open(place(id), &sealed)?);
    let words: Words = serde_json::from_slice(&plain).map_err(Error::corrupt)?;
    let ends_at: Option<i64> = row.try_get("", "ends_at")?;
    let released_at: Option<i64> = row.try_get("", "released_at")?;
    let released_by: Option<Uuid> = row.try_get("", "released_by")?;
    let released = match released_at.zip(released_by) {
        Some((at, by)) => Some(Release {
            at: timestamp(at)?,
            by: Id::new(by),
            reason: words.release_reason,
        }),
        None => None,
    };
    Ok(LegalHold {
        id: Id::new(id),
        version: row.try_get("", "version")?,
        customer: Id::new(row.try_get("", "customer_id")?),
        reason: words.reason,
        placed_at: timestamp(row.try_get("", "placed_at")?)?,
        placed_by: Id::new(row.try_get("", "placed_by")?),
        ends_at: ends_at.map(timestamp).transpose()?,
        released,
    })
}

async fn read(
    handle: &impl Handle,
    institution: Id<Institution>,
    (condition, values): (&str, Vec<Value>),
) -> Result<Vec<LegalHold>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM legal_holds WHERE institution_id = ?{condition}");
    let values = [institution.uuid().into()].into_iter().chain(values);
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    let keys = handle.keys_of(institution).await?;
    rows.iter().map(|row| hold(row, &keys)).collect()
}

/// One page of the holds of an institution.
pub async fn list(
    handle: &impl Handle,
    grant: &impl Reads<LegalHold>,
    filter: Filter,
    page: &Page,
) -> Result<Vec<LegalHold>, Error> {
    let (mut sql, mut values): (String, Vec<Value>) = (String::new(), Vec::new());
    let institution = grant.scope().institution();
    if let Some(customer) = filter.customer {
        let stands_for = merges::now(handle, institution, customer).await?;
        sql.push_str(" AND customer_id = ?");
        values.push(stands_for.unwrap_or(customer).uuid().into());
    }
    if let Some(is_standing) = filter.is_standing {
        sql.push_str(match is_standing {
            true => " AND released_at IS NULL AND (ends_at IS NULL OR ends_at > ?)",
            false => " AND (released_at IS NOT NULL OR ends_at <= ?)",
        });
        values.push(grant.scope().now().into());
    }
    sql.push_str(&page.ending(("placed_at", "id"), &mut values));
    read(handle, institution, (&sql, values)).await
}

pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<LegalHold>,
    id: Id<LegalHold>,
) -> Result<Option<LegalHold>, Error> {
    let condition = (" AND id = ?", vec![id.uuid().into()]);
    let found = read(handle, grant.scope().institution(), condition).await?;
    Ok(found.into_iter().next())
}

/// A hold that is about to be released: no other transaction changes it until this one ends.
pub async fn lock(
    tx: &Tx,
    grant: &impl Writes<LegalHold>,
    id: Id<LegalHold>,
) -> Result<Option<LegalHold>, Error> {
    let lock = if tx.is_postgres() {
        " FOR NO KEY UPDATE"
    } else {
        ""
    };
    let condition = format!(" AND id = ?{lock}");
    let values = vec![id.uuid().into()];
    let found = read(tx, grant.scope().institution(), (&condition, values)).await?;
    Ok(found.into_iter().next())
}

/// Writes a hold on a customer that the caller has locked: nobody erases it meanwhile.
pub async fn insert(
    tx: &Tx,
    grant: &impl Writes<LegalHold>,
    hold: &LegalHold,
) -> Result<(), Error> {
    let keys = tx.keys().await?;
    let sql = format!(
        "INSERT INTO legal_holds (institution_id, {COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)"
    );
    let values: [Value; 8] = [
        grant.scope().institution().uuid().into(),
        hold.id.uuid().into(),
        hold.version.into(),
        hold.customer.uuid().into(),
        sealed(&keys, hold)?.into(),
        micros(hold.placed_at).into(),
        hold.placed_by.uuid().into(),
        hold.ends_at.map(micros).into(),
    ];
    tx.execute_raw(statement(tx, &sql, values)).await?;
    let data = json!({
        "customer_id": hold.customer,
        "ends_at": hold.ends_at.map(|end| end.to_string()),
    });
    let change = Change::new("legal_hold", hold.id.uuid(), hold.version, data.clone());
    tx.record(change.event(&HOLD_PLACED, data));
    Ok(())
}

/// Writes that a hold was released, over the version that it was read at.
pub async fn update(
    tx: &Tx,
    grant: &impl Writes<LegalHold>,
    before: &LegalHold,
    after: &LegalHold,
) -> Result<(), Error> {
    let keys = tx.keys().await?;
    let released = after.released.as_ref();
    let values: [Value; 7] = [
        after.version.into(),
        sealed(&keys, after)?.into(),
        released.map(|release| micros(release.at)).into(),
        released.map(|release| release.by.uuid()).into(),
        grant.scope().institution().uuid().into(),
        after.id.uuid().into(),
        before.version.into(),
    ];
    let sql = "UPDATE legal_holds SET version = ?, words = ?, released_at = ?, released_by = ? \
               WHERE institution_id = ? AND id = ? AND version = ?";
    let updated = tx.execute_raw(statement(tx, sql, values)).await?;
    unless_stale(updated.rows_affected())?;
    let at = released.map(|release| release.at.to_string());
    let is = json!({ "released_at": at });
    let data = json!({ "customer_id": after.customer });
    let change = Change::new("legal_hold", after.id.uuid(), after.version, is);
    let change = change.before(json!({ "released_at": null }));
    tx.record(change.event(&HOLD_RELEASED, data));
    Ok(())
}
