//! The one door to rows that belong to somebody.
//!
//! The ORM's own starters are banned in this crate by a lint; a query on such a table begins here,
//! with a grant, and is confined to what the grant reaches.
//!
//! A list is a union of key ranges, one a branch of the grant, each limited, then merged. OR over
//! the branches, or a correlated EXISTS, would read the table (measured: seconds on a million
//! rows). For one row by its key, OR costs nothing.

mod keys;
mod page;
mod reach;
mod sorted;

use std::{
    any::TypeId,
    collections::HashMap,
    sync::{LazyLock, PoisonError, RwLock},
};

use domain::customers::{Anchor, Customer};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, IdenStatic, Iterable, QueryFilter, QueryResult,
    QuerySelect, Select, UpdateMany, Value, sea_query::Expr,
};
use uuid::Uuid;

pub use page::{Counted, Direction, Page};
pub(crate) use page::{
    count, count_among, count_led, count_led_among, edge, edge_led, page, page_beside, page_by,
    page_led,
};
use reach::{living, within};
pub(crate) use reach::{nothing, ranges};
pub(crate) use sorted::{
    SORT_TEXT_MAX, Sorted, count_of, page_led_sorted, page_sorted, page_sorted_among,
};
pub use sorted::{SortValue, SortedPage};

use crate::{
    Error, Handle,
    access::{Reads, Scope, Writes},
    database::statement,
};

/// A table whose rows belong to a customer, and so to a holder and a campus.
pub(crate) trait Scoped: EntityTrait {
    /// What a grant must read.
    type Record;
    const INSTITUTION: Self::Column;
    const ID: Self::Column;
    /// The customer's id: the row itself, for customers.
    const CUSTOMER: Self::Column;
    const HOLDER: Self::Column;
    const CAMPUS: Self::Column;
    const CREATED: Self::Column;
    /// Rows with a time here are out of every list; `None` where rows are never deleted.
    const DELETED: Option<Self::Column>;
    /// The class of a row, where the table has one; students of a class are found by their
    /// enrollments.
    const CLASS: Option<Self::Column> = None;
}

/// Rows by key, within reach, deleted ones left out.
pub(crate) fn scoped<E: Scoped>(grant: &impl Reads<E::Record>) -> Select<E> {
    all::<E>().filter(reachable::<E>(grant))
}

/// Whole rows of a table, of anybody.
#[expect(clippy::disallowed_methods, reason = "this is the door")]
fn all<E: Scoped>() -> Select<E> {
    let mut all = E::find();
    QuerySelect::query(&mut all)
        .clear_selects()
        .expr(whole_row::<E>());
    all
}

/// Every column of a table, put into words once: doing so for each statement took most of the time that
/// a statement took to make.
fn whole_row<E: Scoped>() -> Expr {
    static WORDS: LazyLock<RwLock<HashMap<TypeId, String>>> = LazyLock::new(RwLock::default);
    let known = WORDS.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(columns) = known.get(&TypeId::of::<E>()) {
        return Expr::cust(columns.clone());
    }
    drop(known);
    let table = E::default();
    let columns: Vec<String> = E::Column::iter()
        .map(|column| format!(r#""{}"."{}""#, table.table_name(), column.as_str()))
        .collect();
    let columns = columns.join(", ");
    let mut known = WORDS.write().unwrap_or_else(PoisonError::into_inner);
    known.insert(TypeId::of::<E>(), columns.clone());
    Expr::cust(columns)
}

/// The row of a record that belongs to who bears a grant: `columns` of `table`.
pub(crate) async fn own(
    handle: &impl Handle,
    scope: &Scope,
    (table, columns): (&str, &str),
    id: Uuid,
) -> Result<Option<QueryResult>, Error> {
    let sql = format!(
        "SELECT {columns} FROM {table} WHERE institution_id = ? AND id = ? AND owner_id = ?"
    );
    let key = [scope.institution().uuid(), id, scope.principal()].map(Value::from);
    Ok(handle.query_one_raw(statement(handle, &sql, key)).await?)
}

/// One page of them.
pub(crate) async fn own_page(
    handle: &impl Handle,
    scope: &Scope,
    (table, columns): (&str, &str),
    page: &Page,
) -> Result<Vec<QueryResult>, Error> {
    let mut values = vec![scope.institution().uuid().into(), scope.principal().into()];
    let sql = format!(
        "SELECT {columns} FROM {table} WHERE institution_id = ? AND owner_id = ?{}",
        page.ending(("created_at", "id"), &mut values)
    );
    Ok(handle
        .query_all_raw(statement(handle, &sql, values))
        .await?)
}

/// Customers by key that may be given a record of the permission's kind, deleted ones left out: a
/// share to read does not open them.
pub(crate) fn anchored<E: Scoped<Record = Customer>>(grant: &impl Reads<Anchor>) -> Select<E> {
    all::<E>()
        .filter(within::<E>(grant.scope(), true))
        .filter(living::<E>())
}

/// Whether a row, not deleted, is within the reach of a scope.
#[expect(clippy::disallowed_methods, reason = "this is the door")]
pub(crate) async fn reaches<E: Scoped>(
    handle: &impl Handle,
    scope: &Scope,
    id: Uuid,
) -> Result<bool, Error> {
    let found: Option<i32> = E::find()
        .filter(within::<E>(scope, false))
        .filter(living::<E>())
        .filter(E::ID.eq(id))
        .select_only()
        .expr(Expr::val(1))
        .into_tuple()
        .one(handle)
        .await?;
    Ok(found.is_some())
}

/// Customers by key that a record of a grant may name, deleted ones left out.
pub(crate) fn linked<E: Scoped<Record = Customer>>(scope: &Scope) -> Select<E> {
    all::<E>()
        .filter(within::<E>(scope, false))
        .filter(living::<E>())
}

/// The rows that the reach of a scope confines a query to that another grant began.
pub(crate) fn reaching<E: Scoped>(scope: &Scope) -> Condition {
    within::<E>(scope, false)
}

/// Rows of a class that is within reach as a whole, whoever holds their customers.
pub(crate) fn of_class<E: Scoped>(scope: &Scope, class: Uuid) -> Select<E> {
    all::<E>()
        .filter(E::INSTITUTION.eq(scope.institution().uuid()))
        .filter(E::CLASS.map_or_else(nothing, |column| column.eq(class)))
}

/// What confines a query of a capability's own making to the grant, deleted rows left out.
pub(crate) fn reachable<E: Scoped>(grant: &impl Reads<E::Record>) -> Condition {
    within::<E>(grant.scope(), false).add(living::<E>())
}

/// Rows by key that may be changed, deleted ones too: a share to read does not open them.
pub(crate) fn scoped_to_change<E: Scoped>(grant: &impl Writes<E::Record>) -> Select<E> {
    all::<E>().filter(within::<E>(grant.scope(), true))
}

/// Rows by key that may be changed, deleted ones too, each by the grant that it is wanted with.
#[expect(clippy::disallowed_methods, reason = "this is the door")]
pub(crate) fn each_to_change<E: Scoped>(
    wanted: &[(&dyn Writes<E::Record>, Condition)],
) -> Select<E> {
    let each = wanted
        .iter()
        .map(|(grant, rows)| within::<E>(grant.scope(), true).add(rows.clone()));
    // An empty "any of" would be left out, and let everything through.
    E::find().filter(each.fold(Condition::any().add(nothing()), Condition::add))
}

/// An update of rows by key, within reach.
#[expect(clippy::disallowed_methods, reason = "this is the door")]
pub(crate) fn scoped_update<E: Scoped>(grant: &impl Writes<E::Record>) -> UpdateMany<E> {
    E::update_many().filter(within::<E>(grant.scope(), true))
}
