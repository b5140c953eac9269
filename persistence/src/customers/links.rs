//! What other records show of the customers that they name.

use std::collections::{BTreeMap, BTreeSet};

use domain::{customers::Customer, id::Id, organization::Institution};
use sea_orm::{
    ColumnTrait, Condition, QueryFilter, QueryResult, QuerySelect,
    sea_query::{Expr, ExprTrait, Query as Sql},
};
use uuid::Uuid;

use super::entity::{Column, Entity};
use crate::{
    Error, Handle,
    access::Scope,
    scope::{Page, linked, page_beside},
};

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

/// Time and id of one page of the rows of a table that does not say itself who may see them: those of
/// customers within a scope, in the order of the instants in column `at`.
pub(crate) async fn page_of(
    handle: &impl Handle,
    scope: &Scope,
    (table, at): (&'static str, &'static str),
    filter: Condition,
    page: &Page,
) -> Result<Vec<QueryResult>, Error> {
    let own = |column: &'static str| Expr::col((table, column));
    let theirs = Condition::all()
        .add(own("institution_id").eq(scope.institution().uuid()))
        .add(own("customer_id").eq(Expr::col((Entity, Column::Id))))
        .add(filter);
    let key = (own(at), own("id"));
    page_beside::<Entity>(handle, scope, (table, key), theirs, page).await
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
