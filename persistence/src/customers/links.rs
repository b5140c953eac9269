//! What other records show of the customers that they name.

use std::collections::{BTreeMap, BTreeSet};

use domain::{customers::Customer, id::Id, organization::Institution};
use sea_orm::{
    ColumnTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait, Query as Sql},
};
use uuid::Uuid;

use super::entity::{Column, Entity};
use crate::{Error, Handle, access::Scope, scope::linked};

/// Which of some customers are within the scope of a record that names them: a link to any other
/// shows nothing.
pub async fn within_reach(
    handle: &impl Handle,
    scope: &Scope,
    customers: &BTreeSet<Id<Customer>>,
) -> Result<BTreeSet<Id<Customer>>, Error> {
    if customers.is_empty() {
        return Ok(BTreeSet::new());
    }
    let found: Vec<Uuid> = linked::<Entity>(scope)
        .filter(Column::Id.is_in(customers.iter().map(|id| id.uuid())))
        .select_only()
        .column(Column::Id)
        .into_tuple()
        .all(handle)
        .await?;
    Ok(found.into_iter().map(Id::new).collect())
}

/// Names of the customers of records that the caller has found within reach.
pub async fn names(
    handle: &impl Handle,
    institution: Id<Institution>,
    customers: &BTreeSet<Id<Customer>>,
) -> Result<BTreeMap<Id<Customer>, String>, Error> {
    let mut select = Sql::select();
    select
        .columns(["id", "name"])
        .from("customers")
        .and_where(Expr::col("institution_id").eq(institution.uuid()))
        .and_where(Expr::col("id").is_in(customers.iter().map(|id| id.uuid())));
    handle
        .query_all(&select)
        .await?
        .iter()
        .map(|row| {
            let id: Uuid = row.try_get("", "id")?;
            Ok((Id::new(id), row.try_get("", "name")?))
        })
        .collect()
}
