//! The book of which customers an import made or changed.

use std::collections::BTreeSet;

use domain::{
    customers::Customer,
    id::Id,
    imports::{outcome::Import, undo::Made},
};
use jiff::Timestamp;
use sea_orm::{ConnectionTrait, QueryResult, Value};
use uuid::Uuid;

use super::kept::seal;
use crate::{
    Error, Handle, Tx,
    access::{Reads, Writes},
    clock::micros,
    database::{insert_many, placeholders, statement},
};

/// The deed of customers that are new.
const CREATED: &str = "created";

/// Notes which customers a step made.
pub async fn insert(
    tx: &Tx,
    grant: &impl Writes<Import>,
    import: Id<Import>,
    made: &[Made],
) -> Result<(), Error> {
    let institution = grant.scope().institution().uuid();
    let rows = made.iter().map(|one| {
        vec![
            institution.into(),
            import.uuid().into(),
            one.customer.uuid().into(),
            one.row.into(),
            CREATED.into(),
            one.version.into(),
            one.follow_ups.into(),
        ]
    });
    let columns = "institution_id, import_id, customer_id, row_number, deed, version, follow_ups";
    insert_many(tx, ("import_customers", columns), "", rows.collect()).await
}

/// Notes that a row changed a customer, and what it was before.
pub async fn insert_changed(
    tx: &Tx,
    grant: &impl Writes<Import>,
    (import, row): (Id<Import>, i64),
    (before, after): (&Customer, &Customer),
) -> Result<(), Error> {
    let kept = match after.version == before.version {
        true => None,
        false => Some(seal(&*tx.keys().await?, import, before)?),
    };
    let values: [Value; 6] = [
        grant.scope().institution().uuid().into(),
        import.uuid().into(),
        after.id.uuid().into(),
        row.into(),
        after.version.into(),
        Value::Bytes(kept),
    ];
    let sql = "INSERT INTO import_customers (institution_id, import_id, customer_id, row_number, deed, version, \
         follow_ups, kept) VALUES (?, ?, ?, ?, 'updated', ?, 0, ?)";
    tx.execute_raw(statement(tx, sql, values)).await?;
    Ok(())
}

/// How many customers an import made, and how many it changed, that are not undone.
pub async fn count(
    handle: &impl Handle,
    grant: &impl Reads<Import>,
    import: Id<Import>,
) -> Result<(i64, i64), Error> {
    let rows = handle
        .query_all_raw(statement(
            handle,
            "SELECT deed, COUNT(*) AS customers FROM import_customers \
             WHERE institution_id = ? AND import_id = ? AND undone_at IS NULL GROUP BY deed",
            key(grant, import),
        ))
        .await?;
    let (mut made, mut changed) = (0, 0);
    for row in rows {
        let deed: String = row.try_get("", "deed")?;
        let count = if deed == CREATED {
            &mut made
        } else {
            &mut changed
        };
        *count = row.try_get("", "customers")?;
    }
    Ok((made, changed))
}

fn key(grant: &impl Reads<Import>, import: Id<Import>) -> [Value; 2] {
    let institution = grant.scope().institution();
    [institution.uuid().into(), import.uuid().into()]
}

/// Those that are not undone, behind `after`, in the order of their ids.
pub async fn page(
    handle: &impl Handle,
    grant: &impl Reads<Import>,
    import: Id<Import>,
    after: Option<Id<Customer>>,
    limit: u64,
) -> Result<Vec<Made>, Error> {
    let mut values = key(grant, import).to_vec();
    values.push(after.map_or(Uuid::nil(), Id::uuid).into());
    values.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
    let rows = handle
        .query_all_raw(statement(
            handle,
            "SELECT customer_id, row_number, deed, version, follow_ups FROM import_customers \
             WHERE institution_id = ? AND import_id = ? AND undone_at IS NULL AND customer_id > ? \
             ORDER BY customer_id LIMIT ?",
            values,
        ))
        .await?;
    rows.iter().map(made).collect()
}

fn made(row: &QueryResult) -> Result<Made, Error> {
    let deed: String = row.try_get("", "deed")?;
    Ok(Made {
        is_new: deed == CREATED,
        customer: Id::new(row.try_get("", "customer_id")?),
        row: row.try_get("", "row_number")?,
        version: row.try_get("", "version")?,
        follow_ups: row.try_get("", "follow_ups")?,
    })
}

/// Those that are undone, in the order of their ids.
pub(super) async fn undone(tx: &Tx, import: Id<Import>, limit: i64) -> Result<Vec<Made>, Error> {
    let values: [Value; 3] = [
        tx.operation().institution.uuid().into(),
        import.uuid().into(),
        limit.into(),
    ];
    let sql = "SELECT customer_id, row_number, deed, version, follow_ups FROM import_customers \
         WHERE institution_id = ? AND import_id = ? AND undone_at IS NOT NULL ORDER BY customer_id LIMIT ?";
    let rows = tx.query_all_raw(statement(tx, sql, values)).await?;
    rows.iter().map(made).collect()
}

/// Notes whether customers are undone, and whose versions were raised by that.
pub(super) async fn mark(
    tx: &Tx,
    import: Id<Import>,
    made: &[Made],
    raised: &BTreeSet<Id<Customer>>,
    undone_at: Option<Timestamp>,
) -> Result<(), Error> {
    let (higher, others): (Vec<_>, Vec<_>) =
        made.iter().partition(|one| raised.contains(&one.customer));
    for (part, by) in [(higher, 1_i64), (others, 0)] {
        if part.is_empty() {
            continue;
        }
        let sql = format!(
            "UPDATE import_customers SET undone_at = ?, version = version + ? \
             WHERE institution_id = ? AND import_id = ? AND customer_id IN ({})",
            placeholders(part.len())
        );
        let mut values: Vec<Value> = vec![
            undone_at.map(micros).into(),
            by.into(),
            tx.operation().institution.uuid().into(),
            import.uuid().into(),
        ];
        values.extend(part.iter().map(|one| Value::from(one.customer.uuid())));
        tx.execute_raw(statement(tx, &sql, values)).await?;
    }
    Ok(())
}

/// Forgets which customers imports made that ended before `until`, but for those whose undoing has begun and
/// not ended; how many there were.
pub async fn forget(tx: &Tx, until: Timestamp, limit: i64) -> Result<u64, Error> {
    let institution = tx.operation().institution.uuid();
    let removed = tx
        .execute_raw(statement(
            tx,
            "DELETE FROM import_customers WHERE institution_id = ? AND (import_id, customer_id) IN ( \
             SELECT m.import_id, m.customer_id FROM imports i JOIN import_customers m \
             ON m.institution_id = i.institution_id AND m.import_id = i.id \
             WHERE i.institution_id = ? AND i.finished_at < ? \
             AND (i.undo_job_id IS NULL OR i.undone_at IS NOT NULL) LIMIT ?)",
            [
                institution.into(),
                institution.into(),
                micros(until).into(),
                limit.into(),
            ],
        ))
        .await?;
    Ok(removed.rows_affected())
}
