//! Hiding many customers at once, and showing them again.

use domain::customers::Customer;
use jiff::Timestamp;
use sea_orm::{
    ColumnTrait, QueryFilter,
    sea_query::{Expr, ExprTrait},
};
use serde_json::json;
use uuid::Uuid;

use super::{
    DELETED, RESTORED, children,
    entity::{Column, Entity, fields, personal},
    store,
};
use crate::{
    Error, Handle, Tx,
    access::{Deletes, Writes},
    audit::difference,
    clock::micros,
    database::Change,
    scope::{scoped_to_change, scoped_update},
};

/// Those of some customers that are where a grant reaches, deleted or not.
pub(crate) async fn each(
    handle: &impl Handle,
    grant: &impl Writes<Customer>,
    ids: &[Uuid],
) -> Result<Vec<Customer>, Error> {
    let rows = scoped_to_change::<Entity>(grant)
        .filter(Column::Id.is_in(ids.iter().copied()))
        .all(handle)
        .await?;
    let keys = handle.keys_of(grant.scope().institution()).await?;
    rows.into_iter().map(|row| row.open(&keys)).collect()
}

/// The same of those that are to be changed: locked in their order.
pub(crate) use store::lock_each;

/// Hides customers that were locked, none of which is in use.
pub(crate) async fn hide(
    tx: &Tx,
    grant: &impl Deletes<Customer>,
    customers: &[Customer],
) -> Result<(), Error> {
    put(tx, grant, customers, Some(tx.now())).await
}

/// Shows customers again that were locked.
pub(crate) async fn show(
    tx: &Tx,
    grant: &impl Deletes<Customer>,
    customers: &[Customer],
) -> Result<(), Error> {
    put(tx, grant, customers, None).await
}

async fn put(
    tx: &Tx,
    grant: &impl Deletes<Customer>,
    customers: &[Customer],
    deleted_at: Option<Timestamp>,
) -> Result<(), Error> {
    if customers.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = customers
        .iter()
        .map(|customer| customer.id.uuid())
        .collect();
    let updated = scoped_update::<Entity>(grant)
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .col_expr(Column::UpdatedAt, micros(tx.now()).into())
        .col_expr(Column::DeletedAt, Expr::val(deleted_at.map(micros)))
        .filter(Column::Id.is_in(ids.iter().copied()))
        .exec(tx)
        .await?;
    if updated.rows_affected != ids.len() as u64 {
        return Err(Error::internal("a customer that was locked is gone"));
    }
    children::hide_all(tx, &ids, deleted_at).await?;
    let event = match deleted_at {
        Some(_) => &DELETED,
        None => &RESTORED,
    };
    for before in customers {
        let after = Customer {
            deleted_at,
            ..before.touched(&tx.stamp())
        };
        let (was, is) = difference(Some(&fields(before)), &fields(&after), personal());
        let change = Change::new("customer", after.id.uuid(), after.version, is);
        tx.record(change.before(was).event(event, json!({})));
    }
    Ok(())
}
