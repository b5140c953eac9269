//! Customers that nobody else changes until the transaction ends.

use domain::{customers::Customer, id::Id};
use sea_orm::{
    ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{self, ArrayType, Expr, LockType},
};
use uuid::Uuid;

use super::find::unless_erased;
use crate::{
    Error, Handle, Tx,
    access::{Reads, Writes},
    customers::{
        entity::{Column, Entity, Model},
        merges,
    },
    scope::{each_to_change, scoped, scoped_to_change},
};

/// A customer that is about to be changed: no other transaction changes it until this one ends.
/// Deleted ones are found too; of one that was merged into another, the survivor is.
pub async fn lock(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    id: Id<Customer>,
) -> Result<Option<Customer>, Error> {
    let found = lock_under(tx, grant, id).await?;
    if found
        .as_ref()
        .is_some_and(|found| found.deleted_at.is_none())
    {
        return Ok(found);
    }
    let institution = grant.scope().institution();
    let found = match merges::now(tx, institution, id).await? {
        Some(now) => lock_under(tx, grant, now).await?,
        None => found,
    };
    unless_erased(tx, institution, found).await
}

/// Every one of some customers that are to be changed together, deleted or not, locked in their order.
pub(crate) async fn lock_each(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    ids: &[Uuid],
) -> Result<Vec<Customer>, Error> {
    let rows = scoped_to_change::<Entity>(grant)
        .filter(Column::Id.is_in(ids.iter().copied()))
        .order_by_asc(Column::Id)
        .lock(LockType::NoKeyUpdate)
        .all(tx)
        .await?;
    let keys = tx.keys().await?;
    rows.into_iter().map(|row| row.open(&keys)).collect()
}

/// The customer of this very id, deleted or not, as [`lock`] locks it.
pub async fn lock_under(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    id: Id<Customer>,
) -> Result<Option<Customer>, Error> {
    let row = scoped_to_change::<Entity>(grant)
        .filter(Column::Id.eq(id.uuid()))
        // Not of the key: rows that refer to the customer may come meanwhile.
        .lock(LockType::NoKeyUpdate)
        .one(tx)
        .await?;
    opened(tx, row).await
}

/// Locks customers that are about to be changed one after another, as far as they are within reach, in the
/// order that all keep to: or two who change the same ones in different orders could each wait for the
/// other.
pub async fn lock_all(
    tx: &Tx,
    wanted: &[(&dyn Writes<Customer>, Vec<Id<Customer>>)],
) -> Result<(), Error> {
    // SQLite has one writer.
    if !tx.is_postgres() {
        return Ok(());
    }
    let wanted: Vec<_> = wanted
        .iter()
        .map(|(grant, ids)| {
            let ids = ids.iter().map(|id| id.uuid().into()).collect();
            let ids = sea_query::Value::Array(ArrayType::Uuid, Some(Box::new(ids)));
            let named = Expr::cust_with_values("customers.id = ANY ($1)", [ids]);
            (*grant, Condition::all().add(named))
        })
        .collect();
    each_to_change::<Entity>(&wanted)
        .select_only()
        .column(Column::Id)
        .order_by_asc(Column::Id)
        .lock(LockType::NoKeyUpdate)
        .into_tuple::<Uuid>()
        .all(tx)
        .await?;
    Ok(())
}

/// A customer within reach, unless deleted: until the transaction ends it is neither moved nor deleted.
pub async fn hold(
    tx: &Tx,
    grant: &impl Reads<Customer>,
    id: Id<Customer>,
) -> Result<Option<Customer>, Error> {
    let found = hold_under(tx, grant, id).await?;
    if found.is_some() {
        return Ok(found);
    }
    match merges::now(tx, grant.scope().institution(), id).await? {
        Some(now) => hold_under(tx, grant, now).await,
        None => Ok(None),
    }
}

async fn hold_under(
    tx: &Tx,
    grant: &impl Reads<Customer>,
    id: Id<Customer>,
) -> Result<Option<Customer>, Error> {
    let row = scoped::<Entity>(grant)
        .filter(Column::Id.eq(id.uuid()))
        .lock(LockType::NoKeyUpdate)
        .one(tx)
        .await?;
    opened(tx, row).await
}

async fn opened(tx: &Tx, row: Option<Model>) -> Result<Option<Customer>, Error> {
    match row {
        Some(row) => row.open(&*tx.keys().await?).map(Some),
        None => Ok(None),
    }
}
