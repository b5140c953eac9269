//! Pages of lists.

use domain::customers::Customer;
use sea_orm::{
    ColumnTrait, Condition, IdenStatic, Order, QueryResult, Value,
    sea_query::{Expr, ExprTrait, IntoIden, JoinType, SelectStatement, SimpleExpr},
};
use uuid::Uuid;

use super::{
    Scoped,
    keys::{KEYS, MARK, Sql, Walk, first_edge, first_keys, whole_page},
    reach::*,
    whole_row,
};
use crate::{
    Error, Handle,
    access::{Branch, Reads, Scope},
};

/// Which part of a list.
#[derive(Clone, Debug)]
pub struct Page {
    pub order: Direction,
    /// The last row of the page before: time of creation in microseconds, and id.
    pub after: Option<(i64, Uuid)>,
    /// Rows wanted, one more than shown to learn whether there are others.
    pub limit: u64,
}

impl Page {
    /// The newest rows.
    pub(crate) fn first(limit: u64) -> Self {
        Self {
            order: Direction::NewestFirst,
            after: None,
            limit,
        }
    }

    /// The keyset: one range scan as a row value, on both engines.
    pub(crate) fn behind(&self, created: Expr, id: Expr) -> Option<SimpleExpr> {
        let (at, last) = self.after?;
        let key = Expr::tuple([created, id]);
        let last = Expr::tuple([Expr::val(at), Expr::val(last)]);
        Some(match self.order {
            Direction::NewestFirst => key.lt(last),
            Direction::OldestFirst => key.gt(last),
        })
    }

    /// What goes no further than a key, that one included.
    pub(crate) fn up_to(&self, (at, last): (i64, Uuid), created: Expr, id: Expr) -> SimpleExpr {
        let key = Expr::tuple([created, id]);
        let last = Expr::tuple([Expr::val(at), Expr::val(last)]);
        match self.order {
            Direction::NewestFirst => key.gte(last),
            Direction::OldestFirst => key.lte(last),
        }
    }

    /// Confines a statement that is put together to the page.
    pub(crate) fn confine(&self, select: &mut SelectStatement, created: Expr, id: Expr) {
        if let Some(behind) = self.behind(created.clone(), id.clone()) {
            select.and_where(behind);
        }
        select
            .order_by_expr(created, self.order())
            .order_by_expr(id, self.order())
            .limit(self.limit);
    }

    /// Confines a statement that is written out to the page: its end, whose values join the others.
    pub(crate) fn ending(&self, (created, id): (&str, &str), values: &mut Vec<Value>) -> String {
        let order = self.order.word();
        let behind = match self.order {
            Direction::NewestFirst => "<",
            Direction::OldestFirst => ">",
        };
        let mut sql = String::new();
        if let Some((at, last)) = self.after {
            sql = format!(" AND ({created}, {id}) {behind} (?, ?)");
            values.extend([at.into(), last.into()]);
        }
        values.push(i64::try_from(self.limit).unwrap_or(i64::MAX).into());
        sql + &format!(" ORDER BY {created} {order}, {id} {order} LIMIT ?")
    }

    pub(crate) fn order(&self) -> Order {
        match self.order {
            Direction::NewestFirst => Order::Desc,
            Direction::OldestFirst => Order::Asc,
        }
    }
}

/// Which end of a list comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    NewestFirst,
    OldestFirst,
}

impl Direction {
    /// What SQL says of it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::NewestFirst => "DESC",
            Self::OldestFirst => "ASC",
        }
    }
}

/// One page of a list in the order of creation, deleted rows left out.
pub(crate) async fn page<E: Scoped>(
    handle: &impl Handle,
    grant: &impl Reads<E::Record>,
    filter: Condition,
    page: &Page,
) -> Result<Vec<E::Model>, Error> {
    page_by::<E>(handle, grant, filter, page, E::CREATED).await
}

/// One page of a list in the order of an instant of its rows, deleted rows left out.
pub(crate) async fn page_by<E: Scoped>(
    handle: &impl Handle,
    grant: &impl Reads<E::Record>,
    filter: Condition,
    page: &Page,
    instant: E::Column,
) -> Result<Vec<E::Model>, Error> {
    let scope = grant.scope();
    if let [branch @ (Branch::Institution | Branch::Campus(_) | Branch::Holder(_))] =
        scope.branches()
    {
        let (at, id) = (column::<E>(instant), column::<E>(E::ID));
        let mut select = all_of::<E>();
        select
            .from(E::default().into_iden())
            .cond_where(
                range::<E>(scope, branch)
                    .add(filter)
                    .add_option(page.behind(at.clone(), id.clone())),
            )
            .order_by_expr(at, page.order())
            .order_by_expr(id, page.order());
        return rows::<E>(handle, Sql::of(handle), &select, page).await;
    }
    let walk = Walk {
        key: (column::<E>(instant), column::<E>(E::ID)),
        of_customers: is_customer::<E>(E::ID),
        filter,
        beside: None,
        mark: None,
        page,
    };
    keyed::<E, E>(handle, scope, &[walk]).await
}

/// Time and id of one page of the rows of a table that does not say itself who may see them: those that
/// `filter` ties to customers within a scope, in the order of `key`.
pub(crate) async fn page_beside<L: Scoped<Record = Customer>>(
    handle: &impl Handle,
    scope: &Scope,
    (table, key): (&'static str, (Expr, Expr)),
    filter: Condition,
    page: &Page,
) -> Result<Vec<QueryResult>, Error> {
    let walk = Walk {
        key,
        of_customers: false,
        filter,
        beside: Some(table.into_iden()),
        mark: None,
        page,
    };
    let Some(mut sql) = first_keys::<L>(handle, scope, &[walk]) else {
        return Ok(Vec::new());
    };
    let mut select = SelectStatement::new();
    select
        .columns(["at", "id"])
        .from(KEYS)
        .order_by("at", page.order())
        .order_by("id", page.order());
    sql.select(&select);
    sql.text(&format!(" LIMIT {}", page.limit));
    Ok(handle.query_all_raw(sql.statement(handle)?).await?)
}

/// One page of the customers within reach of whom there is a row, within reach too, that meets one of
/// some conditions: at most one such row a customer and condition. `L` keeps when its customer was
/// created.
pub(crate) async fn page_led<L: Scoped, E: Scoped<Record = Customer>>(
    handle: &impl Handle,
    (leader, led_by): (&impl Reads<L::Record>, Vec<Condition>),
    (grant, filter): (&impl Reads<Customer>, Condition),
    page: &Page,
) -> Result<Vec<E::Model>, Error> {
    let walks = led_walks::<L, E>(led_by, (grant, filter), None, page);
    keyed::<L, E>(handle, leader.scope(), &walks).await
}

/// Where a page that looks at `most` rows of each branch, whatever they are, has to stop: a key behind
/// which there are others.
pub(crate) async fn edge<E: Scoped>(
    handle: &impl Handle,
    grant: &impl Reads<E::Record>,
    page: &Page,
    most: u64,
) -> Result<Option<(i64, Uuid)>, Error> {
    let walks = [whole_walk::<E>(page)];
    edged::<E>(handle, grant.scope(), &walks, most).await
}

/// The same of [`page_led`].
pub(crate) async fn edge_led<L: Scoped>(
    handle: &impl Handle,
    (leader, led_by): (&impl Reads<L::Record>, Vec<Condition>),
    page: &Page,
    most: u64,
) -> Result<Option<(i64, Uuid)>, Error> {
    let walks = leader_walks::<L>(led_by, page);
    edged::<L>(handle, leader.scope(), &walks, most).await
}

async fn edged<L: Scoped>(
    handle: &impl Handle,
    scope: &Scope,
    walks: &[Walk<'_>],
    most: u64,
) -> Result<Option<(i64, Uuid)>, Error> {
    let Some(sql) = first_edge::<L>(handle, scope, walks, most) else {
        return Ok(None);
    };
    let row = handle.query_one_raw(sql.statement(handle)?).await?;
    row.map(|row| Ok((row.try_get("", "at")?, row.try_get("", "id")?)))
        .transpose()
}

/// Everything that a grant reaches, in the order of its creation.
pub(super) fn whole_walk<E: Scoped>(page: &Page) -> Walk<'_> {
    Walk {
        key: (column::<E>(E::CREATED), column::<E>(E::ID)),
        of_customers: is_customer::<E>(E::ID),
        filter: Condition::all(),
        beside: None,
        mark: None,
        page,
    }
}

/// What leads [`page_led`], whatever the customers are.
pub(super) fn leader_walks<L: Scoped>(led_by: Vec<Condition>, page: &Page) -> Vec<Walk<'_>> {
    let walk = |filter| Walk {
        key: (column::<L>(L::CREATED), column::<L>(L::CUSTOMER)),
        of_customers: is_customer::<L>(L::CUSTOMER),
        filter,
        beside: None,
        mark: None,
        page,
    };
    led_by.into_iter().map(walk).collect()
}

/// How many rows were counted, and whether there may be more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    pub rows: u64,
    pub is_capped: bool,
}

/// How many rows that meet a filter there are among the first that a grant reaches, of which `most` are
/// looked at, counted up to `enough`.
pub(crate) async fn count_among<E: Scoped>(
    handle: &impl Handle,
    grant: &impl Reads<E::Record>,
    filter: Condition,
    bounds: (u64, u64),
) -> Result<Counted, Error> {
    let page = Page::first(bounds.0 + 1);
    let walk = Walk {
        mark: Some(met(filter)),
        ..whole_walk::<E>(&page)
    };
    counted_among::<E>(handle, grant.scope(), &[walk], bounds).await
}

/// The same of [`page_led`].
pub(crate) async fn count_led_among<L: Scoped, E: Scoped<Record = Customer>>(
    handle: &impl Handle,
    (leader, led_by): (&impl Reads<L::Record>, Vec<Condition>),
    (grant, filter): (&impl Reads<Customer>, Condition),
    bounds: (u64, u64),
) -> Result<Counted, Error> {
    let page = Page::first(bounds.0 + 1);
    let all = (grant, Condition::all());
    let walks = led_walks::<L, E>(led_by, all, Some(met(filter)), &page);
    counted_among::<L>(handle, leader.scope(), &walks, bounds).await
}

/// One for a row that meets a filter.
fn met(filter: Condition) -> Expr {
    Expr::case(filter, 1).finally(0).into()
}

async fn counted_among<L: Scoped>(
    handle: &impl Handle,
    scope: &Scope,
    walks: &[Walk<'_>],
    (most, enough): (u64, u64),
) -> Result<Counted, Error> {
    let nothing = Counted {
        rows: 0,
        is_capped: false,
    };
    let Some(mut sql) = first_keys::<L>(handle, scope, walks) else {
        return Ok(nothing);
    };
    sql.text(&format!(
        "SELECT COUNT(*) AS looked_at, CAST(COALESCE(SUM({MARK}), 0) AS bigint) AS counted FROM {KEYS}"
    ));
    let Some(row) = handle.query_one_raw(sql.statement(handle)?).await? else {
        return Ok(nothing);
    };
    let number = |name| Ok::<_, Error>(u64::try_from(row.try_get::<i64>("", name)?).unwrap_or(0));
    let (looked_at, counted) = (number("looked_at")?, number("counted")?);
    Ok(Counted {
        rows: if counted > enough { enough } else { counted },
        is_capped: looked_at > most || counted > enough,
    })
}

/// How many rows [`page`] has on all its pages, counted up to `most`.
pub(crate) async fn count<E: Scoped>(
    handle: &impl Handle,
    grant: &impl Reads<E::Record>,
    filter: Condition,
    most: u64,
) -> Result<u64, Error> {
    let walk = Walk {
        key: (column::<E>(E::CREATED), column::<E>(E::ID)),
        of_customers: is_customer::<E>(E::ID),
        filter,
        beside: None,
        mark: None,
        page: &Page::first(most),
    };
    counted::<E>(handle, grant.scope(), &[walk]).await
}

/// How many rows [`page_led`] has on all its pages, counted up to `most`.
pub(crate) async fn count_led<L: Scoped, E: Scoped<Record = Customer>>(
    handle: &impl Handle,
    (leader, led_by): (&impl Reads<L::Record>, Vec<Condition>),
    shown: (&impl Reads<Customer>, Condition),
    most: u64,
) -> Result<u64, Error> {
    let page = Page::first(most);
    let walks = led_walks::<L, E>(led_by, shown, None, &page);
    counted::<L>(handle, leader.scope(), &walks).await
}

/// How [`page_led`] walks: one walk a condition.
pub(super) fn led_walks<'a, L: Scoped, E: Scoped<Record = Customer>>(
    led_by: Vec<Condition>,
    (grant, filter): (&impl Reads<Customer>, Condition),
    mark: Option<Expr>,
    page: &'a Page,
) -> Vec<Walk<'a>> {
    let customer = Condition::all()
        .add(column::<E>(E::INSTITUTION).eq(column::<L>(L::INSTITUTION)))
        .add(column::<E>(E::ID).eq(column::<L>(L::CUSTOMER)))
        .add(within::<E>(grant.scope(), false))
        .add(living::<E>())
        .add(filter);
    led_by
        .into_iter()
        .map(|led_by| Walk {
            key: (column::<L>(L::CREATED), column::<L>(L::CUSTOMER)),
            of_customers: is_customer::<L>(L::CUSTOMER),
            filter: led_by.add(customer.clone()),
            beside: Some(E::default().into_iden()),
            mark: mark.clone(),
            page,
        })
        .collect()
}

/// Whether a column holds the customers of its rows.
fn is_customer<E: Scoped>(id: E::Column) -> bool {
    id.as_str() == E::CUSTOMER.as_str()
}

/// How many keys there are in all ranges, counted up to the limit of their page.
pub(super) async fn counted<L: Scoped>(
    handle: &impl Handle,
    scope: &Scope,
    walks: &[Walk<'_>],
) -> Result<u64, Error> {
    let Some(mut sql) = first_keys::<L>(handle, scope, walks) else {
        return Ok(0);
    };
    let most = walks.first().map_or(0, |walk| walk.page.limit);
    sql.text(&format!(
        "SELECT COUNT(*) AS counted FROM (SELECT 1 FROM {KEYS} LIMIT {most}) AS found"
    ));
    let row = handle.query_one_raw(sql.statement(handle)?).await?;
    let counted: i64 = match row {
        Some(row) => row.try_get("", "counted")?,
        None => 0,
    };
    u64::try_from(counted).map_err(Error::corrupt)
}

/// Rows of `E` by the keys that the ranges of `L` begin with.
async fn keyed<L: Scoped, E: Scoped>(
    handle: &impl Handle,
    scope: &Scope,
    walks: &[Walk<'_>],
) -> Result<Vec<E::Model>, Error> {
    let Some(page) = walks.first().map(|walk| walk.page) else {
        return Ok(Vec::new());
    };
    let Some(sql) = first_keys::<L>(handle, scope, walks) else {
        return Ok(Vec::new());
    };
    // The keys come first, and CROSS JOIN keeps them outermost: SQLite's planner would walk the
    // table in the order that is wanted.
    let mut select = all_of::<E>();
    select
        .from(KEYS)
        .join(
            JoinType::CrossJoin,
            E::default().into_iden(),
            Condition::all(),
        )
        .and_where(E::INSTITUTION.eq(scope.institution().uuid()))
        .and_where(column::<E>(E::ID).eq(Expr::col((KEYS, "id"))))
        .order_by_expr(Expr::col((KEYS, "at")), page.order())
        .order_by_expr(Expr::col((KEYS, "id")), page.order());
    rows::<E>(handle, sql, &select, page).await
}

pub(super) fn all_of<E: Scoped>() -> SelectStatement {
    let mut select = SelectStatement::new();
    select.expr(whole_row::<E>());
    select
}

#[expect(clippy::disallowed_methods, reason = "this is the door")]
async fn rows<E: Scoped>(
    handle: &impl Handle,
    mut sql: Sql,
    select: &SelectStatement,
    page: &Page,
) -> Result<Vec<E::Model>, Error> {
    sql.select(select);
    sql.text(&format!(" LIMIT {}", whole_page(page.limit)));
    let mut rows = E::find()
        .from_raw_sql(sql.statement(handle)?)
        .all(handle)
        .await?;
    rows.truncate(usize::try_from(page.limit).unwrap_or(usize::MAX));
    Ok(rows)
}
