//! Which rows go to the survivor.

use domain::{customers::Customer, id::Id, organization::Institution};
use sea_orm::{ConnectionTrait, QueryResult, Value};
use uuid::Uuid;

use super::AT_ONCE;
use crate::{
    Error, Handle, Tx,
    customers::{CHILDREN, OnMerge, POINTERS},
    database::{placeholders, statement},
};

/// A table whose rows go to the survivor.
pub(super) struct Moving {
    pub(super) name: &'static str,
    /// Whether its rows carry the holder and the campus of the customer in this column.
    is_child: bool,
    /// Which rows stay behind, as a condition in which `?` is the survivor.
    unless: Option<&'static str>,
}

/// Every column by which rows go to the survivor.
pub(super) fn moving() -> impl Iterator<Item = (Moving, &'static str)> {
    let pointers = POINTERS.iter().filter_map(|pointer| match pointer.merge {
        OnMerge::Moves { unless } => {
            let is_child = pointer.column == "customer_id"
                && CHILDREN.iter().any(|child| child.table == pointer.table);
            let table = Moving {
                name: pointer.table,
                is_child,
                unless,
            };
            Some((table, pointer.column))
        }
        OnMerge::Stays | OnMerge::Ends | OnMerge::Sums => None,
    });
    let files = Moving {
        name: "files",
        is_child: false,
        unless: Some("r.record_kind <> 'customer'"),
    };
    pointers.chain([(files, "record_id")])
}

/// The rows that go.
pub(super) async fn going(
    handle: &impl Handle,
    institution: Id<Institution>,
    (table, column): (&Moving, &str),
    (survivor, duplicate): (Id<Customer>, Id<Customer>),
) -> Result<Vec<Uuid>, Error> {
    let unless = table.unless.unwrap_or("1 = 0");
    let sql = format!(
        "SELECT r.id FROM {} r WHERE r.institution_id = ? AND r.{column} = ? AND NOT ({unless}) ORDER BY r.id",
        table.name
    );
    let mut values: Vec<Value> = vec![institution.uuid().into(), duplicate.uuid().into()];
    values.extend(unless.matches('?').map(|_| Value::from(survivor.uuid())));
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    let id = |row: &QueryResult| Ok(row.try_get("", "id")?);
    rows.iter().map(id).collect()
}

/// Lets rows point at a customer.
pub(super) async fn point(
    tx: &Tx,
    (table, column): (&Moving, &str),
    ids: &[Uuid],
    to: &Customer,
) -> Result<(), Error> {
    let hands = if table.is_child {
        ", holder_id = ?, customer_campus_id = ?"
    } else {
        ""
    };
    for part in ids.chunks(AT_ONCE) {
        let sql = format!(
            "UPDATE {} SET {column} = ?{hands} WHERE institution_id = ? AND id IN ({})",
            table.name,
            placeholders(part.len())
        );
        let mut values: Vec<Value> = vec![to.id.uuid().into()];
        if table.is_child {
            values.extend([to.holder.uuid().into(), to.campus.uuid().into()]);
        }
        values.push(tx.operation().institution.uuid().into());
        values.extend(part.iter().map(|id| Value::from(*id)));
        tx.execute_raw(statement(tx, &sql, values)).await?;
    }
    Ok(())
}
