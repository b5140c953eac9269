//! Pages of lists.

use std::fmt::Write;

use domain::customers::Customer;
use sea_orm::{
    ColumnTrait, Condition, IdenStatic, Order, QueryResult, Statement, Value,
    sea_query::{
        DynIden, Expr, ExprTrait, IntoIden, JoinType, PostgresQueryBuilder, SelectStatement,
        SimpleExpr, SqlWriterValues, SqliteQueryBuilder,
    },
};
use uuid::Uuid;

use super::{Scoped, reach::*, whole_row};
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
    fn first(limit: u64) -> Self {
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
        let (behind, order) = match self.order {
            Direction::NewestFirst => ("<", "DESC"),
            Direction::OldestFirst => (">", "ASC"),
        };
        let mut sql = String::new();
        if let Some((at, last)) = self.after {
            sql = format!(" AND ({created}, {id}) {behind} (?, ?)");
            values.extend([at.into(), last.into()]);
        }
        values.push(i64::try_from(self.limit).unwrap_or(i64::MAX).into());
        sql + &format!(" ORDER BY {created} {order}, {id} {order} LIMIT ?")
    }

    /// The end of a statement that yields keys of the page, `at` and `id`.
    fn ending_of_keys(&self) -> String {
        let order = match self.order {
            Direction::NewestFirst => "DESC",
            Direction::OldestFirst => "ASC",
        };
        let limit = whole_page(self.limit);
        format!(" ORDER BY at {order}, id {order} LIMIT {limit}")
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
    Ok(handle.query_all_raw(sql.statement(handle)).await?)
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
    let walks = led_walks::<L, E>(led_by, (grant, filter), page);
    keyed::<L, E>(handle, leader.scope(), &walks).await
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
    let walks = led_walks::<L, E>(led_by, shown, &page);
    counted::<L>(handle, leader.scope(), &walks).await
}

/// How [`page_led`] walks: one walk a condition.
fn led_walks<'a, L: Scoped, E: Scoped<Record = Customer>>(
    led_by: Vec<Condition>,
    (grant, filter): (&impl Reads<Customer>, Condition),
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
            page,
        })
        .collect()
}

/// Members of one union; SQLite takes 500.
const MEMBERS: usize = 400;

/// How the key ranges of a page are walked.
struct Walk<'a> {
    /// What the page is in the order of: an instant, then an id.
    key: (Expr, Expr),
    /// Whether the ids are those of customers.
    of_customers: bool,
    filter: Condition,
    /// Another table of which the filter speaks.
    beside: Option<DynIden>,
    page: &'a Page,
}

/// Whether a column holds the customers of its rows.
fn is_customer<E: Scoped>(id: E::Column) -> bool {
    id.as_str() == E::CUSTOMER.as_str()
}

/// The keys of a page of the rows of `L`, as [`KEYS`]; `None` where there are no ranges.
fn first_keys<L: Scoped>(handle: &impl Handle, scope: &Scope, walks: &[Walk<'_>]) -> Option<Sql> {
    let members: Vec<Vec<SelectStatement>> = walks
        .iter()
        .flat_map(|walk| disjoint::<L>(scope, walk))
        .collect();
    if members.is_empty() {
        return None;
    }
    let ending = walks.first()?.page.ending_of_keys();
    let mut sql = Sql::of(handle);
    sql.text("WITH page_keys AS (SELECT at, id FROM (");
    for (number, some) in members.chunks(MEMBERS).enumerate() {
        // Distinct: a row may be in several branches.
        sql.text(if number == 0 { "" } else { " UNION " });
        sql.text("SELECT at, id FROM (");
        for (number, ranges) in some.iter().enumerate() {
            sql.text(if number == 0 { "" } else { " UNION " });
            // SQLite takes no ORDER BY or LIMIT in a member of a union: wrapped, it does.
            sql.text("SELECT at, id FROM (");
            sql.merged(ranges, &ending);
            sql.text(") AS branch");
        }
        sql.text(") AS branches");
    }
    sql.text(&format!(") AS found{ending}) "));
    Some(sql)
}

/// How many keys there are in all ranges, counted up to the limit of their page.
async fn counted<L: Scoped>(
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
    let row = handle.query_one_raw(sql.statement(handle)).await?;
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

fn all_of<E: Scoped>() -> SelectStatement {
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
        .from_raw_sql(sql.statement(handle))
        .all(handle)
        .await?;
    rows.truncate(usize::try_from(page.limit).unwrap_or(usize::MAX));
    Ok(rows)
}

const KEYS: &str = "page_keys";

/// Rows to read for a page: one of a few numbers, since limits stand in the statement as they are.
///
/// As a parameter, a limit keeps PostgreSQL from keeping a plan: it takes an unknown limit for a
/// tenth of the table, and plans anew each time for the one that it is told (for twelve holders
/// that is most of the work).
fn whole_page(limit: u64) -> u64 {
    [21, 51, 101, 201]
        .into_iter()
        .find(|whole| limit <= *whole)
        .unwrap_or(limit)
}

/// A statement put together from parts.
struct Sql {
    writer: SqlWriterValues,
    postgres: bool,
}

impl Sql {
    fn of(handle: &impl Handle) -> Self {
        let postgres = handle.is_postgres();
        let placeholder = if postgres { "$" } else { "?" };
        Self {
            writer: SqlWriterValues::new(placeholder, postgres),
            postgres,
        }
    }

    fn text(&mut self, text: &str) {
        // Writing to a string does not fail.
        let _ = self.writer.write_str(text);
    }

    fn select(&mut self, select: &SelectStatement) {
        if self.postgres {
            select.build_collect_into(PostgresQueryBuilder, &mut self.writer);
        } else {
            select.build_collect_into(SqliteQueryBuilder, &mut self.writer);
        }
    }

    /// The first keys of ranges that have no row in common: they are merged as they are read, and none
    /// is read to its end.
    fn merged(&mut self, ranges: &[SelectStatement], ending: &str) {
        // PostgreSQL walks an index in its order for a member that is ordered and limited itself;
        // SQLite orders the members of a union by itself, and takes no other order.
        let each = self.postgres && ranges.len() > 1;
        for (number, range) in ranges.iter().enumerate() {
            self.text(if number == 0 { "" } else { " UNION ALL " });
            self.text(if each { "(" } else { "" });
            self.select(range);
            self.text(&if each {
                format!("{ending})")
            } else {
                String::new()
            });
        }
        self.text(ending);
    }

    fn statement(self, handle: &impl Handle) -> Statement {
        let (sql, values) = self.writer.into_parts();
        Statement {
            sql,
            values: Some(values),
            db_backend: handle.get_database_backend(),
        }
    }
}

/// Key ranges of a walk; those of one group have no row in common.
fn disjoint<E: Scoped>(scope: &Scope, walk: &Walk<'_>) -> Vec<Vec<SelectStatement>> {
    let (mut campuses, mut holders, mut classes) = (Vec::new(), Vec::new(), Vec::new());
    let mut groups = Vec::new();
    for branch in scope.branches() {
        let ranges = keys::<E>(scope, branch, walk);
        match branch {
            Branch::Campus(_) => campuses.extend(ranges),
            Branch::Holder(_) => holders.extend(ranges),
            Branch::Class(_) if E::CLASS.is_some() => classes.extend(ranges),
            Branch::Institution | Branch::Class(_) | Branch::Shared(_) => {
                groups.extend(ranges.into_iter().map(|range| vec![range]));
            }
        }
    }
    for ranges in [campuses, holders, classes] {
        groups.extend(ranges.chunks(MEMBERS).map(<[_]>::to_vec));
    }
    groups
}

/// Key columns of one branch of a page; one key range each.
fn keys<E: Scoped>(scope: &Scope, branch: &Branch, walk: &Walk<'_>) -> Vec<SelectStatement> {
    let own = walk.key.clone();
    let of = |(at, id): (Expr, Expr), outermost: Option<&'static str>, range: Condition| {
        let mut keys = SelectStatement::new();
        keys.expr_as(at.clone(), "at").expr_as(id.clone(), "id");
        // CROSS JOIN keeps the tables in this order on SQLite, whose planner would walk the largest.
        let table = E::default().into_iden();
        match outermost {
            None => keys.from(table),
            Some(first) => keys
                .from(first)
                .join(JoinType::CrossJoin, table, Condition::all()),
        };
        if let Some(beside) = &walk.beside {
            keys.join(JoinType::CrossJoin, beside.clone(), Condition::all());
        }
        keys.cond_where(
            range
                .add(walk.filter.clone())
                .add_option(walk.page.behind(at, id)),
        );
        keys
    };
    match branch {
        Branch::Shared(grantees) => {
            // Shares know when their customer was taken in: a list of customers walks them in its
            // order.
            let key = if walk.of_customers {
                (share("customer_created_at"), share("customer_id"))
            } else {
                own
            };
            let shared = |grantee: &Uuid| {
                let range = Condition::all()
                    .add(share("institution_id").eq(scope.institution().uuid()))
                    .add(share("grantee_id").eq(*grantee))
                    .add(still_open(scope))
                    .add(column::<E>(E::INSTITUTION).eq(scope.institution().uuid()))
                    .add(column::<E>(E::CUSTOMER).eq(share("customer_id")))
                    .add(living::<E>());
                of(key.clone(), Some(SHARES), range)
            };
            grantees.iter().map(shared).collect()
        }
        Branch::Class(class) if E::CLASS.is_none() => {
            let range = in_class(scope, [*class])
                .add(column::<E>(E::INSTITUTION).eq(scope.institution().uuid()))
                .add(column::<E>(E::CUSTOMER).eq(enrollment("customer_id")))
                .add(living::<E>());
            vec![of(own, Some(ENROLLMENTS), range)]
        }
        _ => vec![of(own, None, range::<E>(scope, branch))],
    }
}
