//! Pages of lists in another order than that of creation.

use domain::customers::Customer;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, FromQueryResult, Order,
    sea_query::{Expr, ExprTrait, Func, IntoIden, JoinType, SelectStatement},
};
use uuid::Uuid;

use super::{
    Scoped,
    keys::{KEYS, MARK, Sql, Walk, first_keys},
    page::{Page, all_of, counted, leader_walks, led_walks, whole_walk},
    reach::*,
};
use crate::{
    Error, Handle,
    access::{Reads, Scope},
};

/// Characters of a text that it is sorted by: a cursor holds them.
pub(crate) const SORT_TEXT_MAX: i32 = 60;

/// A value that lists are sorted by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SortValue {
    Number(i64),
    Text(String),
}

/// Which part of a list that is sorted by something else than its creation.
#[derive(Clone, Debug)]
pub struct SortedPage {
    pub is_descending: bool,
    /// The last row of the page before.
    pub after: Option<(SortValue, Uuid)>,
    /// Rows wanted, one more than shown to learn whether there are others.
    pub limit: u64,
}

/// A row with what it is sorted by.
pub(crate) type Sorted<E> = (<E as EntityTrait>::Model, SortValue);

/// One page in the order of `key`, an expression that is never null, of the rows of a grant that meet a
/// filter; `None` where there are more than `most` to sort, whatever they are.
pub(crate) async fn page_sorted<E: Scoped>(
    handle: &impl Handle,
    grant: &impl Reads<E::Record>,
    (filter, key): (Condition, Expr),
    page: &SortedPage,
    most: u64,
) -> Result<Option<Vec<Sorted<E>>>, Error> {
    let (scope, all) = (grant.scope(), Page::first(most));
    let over = Page::first(most + 1);
    if counted::<E>(handle, scope, &[whole_walk::<E>(&over)]).await? > most {
        return Ok(None);
    }
    let walk = Walk {
        filter,
        mark: Some(key),
        ..whole_walk::<E>(&all)
    };
    let keys = first_keys::<E>(handle, scope, &[walk]);
    sorted::<E>(handle, scope, keys, page).await.map(Some)
}

/// The same of [`page_led`].
pub(crate) async fn page_led_sorted<L: Scoped, E: Scoped<Record = Customer>>(
    handle: &impl Handle,
    (leader, led_by): (&impl Reads<L::Record>, Vec<Condition>),
    (grant, filter, key): (&impl Reads<Customer>, Condition, Expr),
    page: &SortedPage,
    most: u64,
) -> Result<Option<Vec<Sorted<E>>>, Error> {
    let (all, over) = (Page::first(most), Page::first(most + 1));
    let walks = leader_walks::<L>(led_by.clone(), &over);
    if counted::<L>(handle, leader.scope(), &walks).await? > most {
        return Ok(None);
    }
    let walks = led_walks::<L, E>(led_by, (grant, filter), Some(key), &all);
    let keys = first_keys::<L>(handle, leader.scope(), &walks);
    sorted::<E>(handle, grant.scope(), keys, page)
        .await
        .map(Some)
}

/// The same of some rows, as far as a grant reaches them.
pub(crate) async fn page_sorted_among<E: Scoped>(
    handle: &impl Handle,
    grant: &impl Reads<E::Record>,
    ids: &[Uuid],
    (filter, key): (Condition, Expr),
    page: &SortedPage,
) -> Result<Vec<Sorted<E>>, Error> {
    let mut some = some_of::<E>(grant, ids, filter);
    some.expr_as(column::<E>(E::ID), "id").expr_as(key, MARK);
    let mut keys = Sql::of(handle);
    keys.text(&format!("WITH {KEYS} AS ("));
    keys.select(&some);
    keys.text(") ");
    sorted::<E>(handle, grant.scope(), Some(keys), page).await
}

/// How many of some rows meet a filter, as far as a grant reaches them.
pub(crate) async fn count_of<E: Scoped>(
    handle: &impl Handle,
    grant: &impl Reads<E::Record>,
    ids: &[Uuid],
    filter: Condition,
) -> Result<u64, Error> {
    let mut some = some_of::<E>(grant, ids, filter);
    some.expr_as(Func::count(column::<E>(E::ID)), "counted");
    let row = handle.query_one(&some).await?;
    let counted: i64 = row.map_or(Ok(0), |row| row.try_get("", "counted"))?;
    u64::try_from(counted).map_err(Error::corrupt)
}

const SOME: &str = "some";

/// The rows of these ids that a grant reaches and that meet a filter. They are looked up by their ids, whatever
/// index a planner would take for the rest.
fn some_of<E: Scoped>(
    grant: &impl Reads<E::Record>,
    ids: &[Uuid],
    filter: Condition,
) -> SelectStatement {
    let mut named = SelectStatement::new();
    named
        .expr_as(column::<E>(E::ID), "id")
        .from(E::default().into_iden())
        .and_where(E::INSTITUTION.eq(grant.scope().institution().uuid()))
        .and_where(E::ID.is_in(ids.iter().copied()));
    let mut some = SelectStatement::new();
    some.from_subquery(named, SOME)
        .join(
            JoinType::CrossJoin,
            E::default().into_iden(),
            Condition::all(),
        )
        .and_where(column::<E>(E::ID).eq(Expr::col((SOME, "id"))))
        .cond_where(within::<E>(grant.scope(), false))
        .cond_where(living::<E>())
        .cond_where(filter);
    some
}

const SORTED: &str = "sorted";

/// A page of the rows whose keys bear as their mark what they are sorted by.
async fn sorted<E: Scoped>(
    handle: &impl Handle,
    scope: &Scope,
    keys: Option<Sql>,
    page: &SortedPage,
) -> Result<Vec<Sorted<E>>, Error> {
    let Some(mut sql) = keys else {
        return Ok(Vec::new());
    };
    let order = if page.is_descending {
        Order::Desc
    } else {
        Order::Asc
    };
    let behind = page.after.clone().map(|(value, id)| {
        let key = Expr::tuple([Expr::col(MARK), Expr::col("id")]);
        let value = match value {
            SortValue::Number(number) => Expr::val(number),
            SortValue::Text(text) => Expr::val(text),
        };
        let last = Expr::tuple([value, Expr::val(id)]);
        if page.is_descending {
            key.lt(last)
        } else {
            key.gt(last)
        }
    });
    let mut first = SelectStatement::new();
    first
        .columns([MARK, "id"])
        .from(KEYS)
        .and_where_option(behind)
        .order_by(MARK, order.clone())
        .order_by("id", order.clone())
        .limit(page.limit);
    let mut rows = all_of::<E>();
    rows.column((SORTED, MARK))
        .from_subquery(first, SORTED)
        .join(
            JoinType::CrossJoin,
            E::default().into_iden(),
            Condition::all(),
        )
        .and_where(E::INSTITUTION.eq(scope.institution().uuid()))
        .and_where(column::<E>(E::ID).eq(Expr::col((SORTED, "id"))))
        .order_by((SORTED, MARK), order.clone())
        .order_by((SORTED, "id"), order);
    sql.select(&rows);
    let rows = handle.query_all_raw(sql.statement(handle)?).await?;
    rows.iter()
        .map(|row| {
            let value = match row.try_get::<i64>("", MARK) {
                Ok(number) => SortValue::Number(number),
                Err(_) => SortValue::Text(row.try_get("", MARK)?),
            };
            Ok((E::Model::from_query_result(row, "")?, value))
        })
        .collect()
}
