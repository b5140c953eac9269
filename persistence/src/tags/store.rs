//! The tags of customers, within a grant.

use domain::{
    customers::Customer,
    fault::{Fault, NOT_FOUND},
    id::Id,
    tags::{Act, Tag, Tagging},
};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder, sea_query::Expr};
use serde_json::json;

use super::{
    PUT_ON, TAKEN_OFF,
    entity::{Column, Entity},
};
use crate::{
    Error, Handle, Tx,
    access::{Reads, Writes},
    clock::micros,
    database::{Change, statement},
    events::Event,
    scope::{scoped, scoped_update},
};

/// Whether a tag can be put on customers.
pub async fn is_open(tx: &Tx, grant: &impl Reads<Tagging>, tag: Id<Tag>) -> Result<bool, Error> {
    let row = tx
        .query_one_raw(statement(
            tx,
            "SELECT 1 AS found FROM tags WHERE institution_id = ? AND id = ? AND archived_at IS NULL",
            [
                grant.scope().institution().uuid().into(),
                tag.uuid().into(),
            ],
        ))
        .await?;
    Ok(row.is_some())
}

/// The tags that a customer has, and those that it had too where `ended` is asked for, oldest first.
pub async fn of(
    handle: &impl Handle,
    grant: &impl Reads<Tagging>,
    customer: Id<Customer>,
    ended: bool,
) -> Result<Vec<Tagging>, Error> {
    let mut rows = scoped::<Entity>(grant)
        .filter(Column::CustomerId.eq(customer.uuid()))
        .order_by_asc(Column::PutOnAt)
        .order_by_asc(Column::Id);
    if !ended {
        rows = rows.filter(Column::TakenOffAt.is_null());
    }
    let rows = rows.all(handle).await?;
    rows.into_iter().map(Tagging::try_from).collect()
}

/// Puts a tag on a customer that is anchored.
///
/// # Errors
/// 409 where the customer has it already.
pub async fn put_on(tx: &Tx, grant: &impl Writes<Tagging>, tagging: &Tagging) -> Result<(), Error> {
    let act = &tagging.put_on;
    tx.execute_raw(statement(
        tx,
        "INSERT INTO taggings (institution_id, id, customer_id, holder_id, customer_campus_id, \
         customer_created_at, tag_id, put_on_at, put_on_by, put_on_reason) \
         SELECT institution_id, ?, id, holder_id, campus_id, created_at, ?, ?, ?, ? \
         FROM customers WHERE institution_id = ? AND id = ?",
        [
            tagging.id.uuid().into(),
            tagging.tag.uuid().into(),
            micros(act.at).into(),
            act.by.into(),
            act.reason.clone().into(),
            grant.scope().institution().uuid().into(),
            tagging.customer.uuid().into(),
        ],
    ))
    .await?;
    let data = json!({ "customer_id": tagging.customer, "tag_id": tagging.tag });
    let after = json!({
        "customer_id": tagging.customer, "tag_id": tagging.tag, "reason": act.reason,
    });
    tx.record(Change {
        kind: "tagging",
        id: tagging.id.uuid(),
        version: 1,
        before: json!(null),
        after,
        event: Some(Event {
            kind: &PUT_ON,
            data,
        }),
    });
    Ok(())
}

/// Takes a tag off a customer.
///
/// # Errors
/// 404 where the customer has no such tag within reach.
pub async fn take_off(
    tx: &Tx,
    grant: &impl Writes<Tagging>,
    customer: Id<Customer>,
    tag: Id<Tag>,
    act: &Act,
) -> Result<Tagging, Error> {
    let absent = || Fault::new(&NOT_FOUND);
    let on = of(tx, grant, customer, false).await?;
    let tagging = on.into_iter().find(|t| t.tag == tag).ok_or_else(absent)?;
    let updated = scoped_update::<Entity>(grant)
        .col_expr(Column::TakenOffAt, micros(act.at).into())
        .col_expr(Column::TakenOffBy, act.by.into())
        .col_expr(Column::TakenOffReason, Expr::val(act.reason.clone()))
        .filter(Column::Id.eq(tagging.id.uuid()))
        .filter(Column::TakenOffAt.is_null())
        .exec(tx)
        .await?;
    if updated.rows_affected != 1 {
        return Err(absent().into());
    }
    let data = json!({ "customer_id": customer, "tag_id": tag });
    tx.record(Change {
        kind: "tagging",
        id: tagging.id.uuid(),
        version: 2,
        before: data.clone(),
        after: json!({ "reason": act.reason }),
        event: Some(Event {
            kind: &TAKEN_OFF,
            data,
        }),
    });
    Ok(Tagging {
        taken_off: Some(act.clone()),
        ..tagging
    })
}
