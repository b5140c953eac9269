//! The one door to rows that belong to somebody.
//!
//! The ORM's own starters are banned in this crate by a lint; a query on such a table begins here,
//! with a grant, and is confined to what the grant reaches.
//!
//! A list is a union of key ranges, one a branch of the grant, each limited, then merged. OR over
//! the branches, or a correlated EXISTS, would read the table (measured: seconds on a million
//! rows). For one row by its key, OR costs nothing.

use std::fmt::Write;

use domain::customers::{Anchor, Customer};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, IdenStatic, Iterable, Order, QueryFilter, QuerySelect,
    Select, Statement, UpdateMany,
    sea_query::{
        Expr, ExprTrait, IntoIden, JoinType, PostgresQueryBuilder, Query, SelectStatement,
        SimpleExpr, SqlWriterValues, SqliteQueryBuilder, UnionType,
    },
};
use uuid::Uuid;

use crate::{
    Error, Handle,
    access::{Branch, Reads, Scope, Writes},
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

/// Rows by key, within reach, deleted ones left out.
#[expect(clippy::disallowed_methods, reason = "this is the door")]
pub(crate) fn scoped<E: Scoped>(grant: &impl Reads<E::Record>) -> Select<E> {
    E::find().filter(reachable::<E>(grant))
}

/// Customers by key that may be given a record of the permission's kind, deleted ones left out: a
/// share to read does not open them.
#[expect(clippy::disallowed_methods, reason = "this is the door")]
pub(crate) fn anchored<E: Scoped<Record = Customer>>(grant: &impl Reads<Anchor>) -> Select<E> {
    E::find()
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
#[expect(clippy::disallowed_methods, reason = "this is the door")]
pub(crate) fn linked<E: Scoped<Record = Customer>>(scope: &Scope) -> Select<E> {
    E::find()
        .filter(within::<E>(scope, false))
        .filter(living::<E>())
}

/// Rows of a class that is within reach as a whole, whoever holds their customers.
#[expect(clippy::disallowed_methods, reason = "this is the door")]
pub(crate) fn of_class<E: Scoped>(scope: &Scope, class: Uuid) -> Select<E> {
    E::find()
        .filter(E::INSTITUTION.eq(scope.institution().uuid()))
        .filter(E::CLASS.map_or_else(nothing, |column| column.eq(class)))
}

/// What confines a query of a capability's own making to the grant, deleted rows left out.
pub(crate) fn reachable<E: Scoped>(grant: &impl Reads<E::Record>) -> Condition {
    within::<E>(grant.scope(), false).add(living::<E>())
}

/// Rows by key that may be changed, deleted ones too: a share to read does not open them.
#[expect(clippy::disallowed_methods, reason = "this is the door")]
pub(crate) fn scoped_to_change<E: Scoped>(grant: &impl Writes<E::Record>) -> Select<E> {
    E::find().filter(within::<E>(grant.scope(), true))
}

/// An update of rows by key, within reach.
#[expect(clippy::disallowed_methods, reason = "this is the door")]
pub(crate) fn scoped_update<E: Scoped>(grant: &impl Writes<E::Record>) -> UpdateMany<E> {
    E::update_many().filter(within::<E>(grant.scope(), true))
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
#[expect(clippy::disallowed_methods, reason = "this is the door")]
pub(crate) async fn page_by<E: Scoped>(
    handle: &impl Handle,
    grant: &impl Reads<E::Record>,
    filter: Condition,
    page: &Page,
    instant: E::Column,
) -> Result<Vec<E::Model>, Error> {
    let scope = grant.scope();
    let order = page.order();
    let limit = whole_page(page.limit);
    let mut sql = Sql::of(handle);
    let mut select = SelectStatement::new();
    for shown in E::Column::iter() {
        select.expr(column::<E>(shown));
    }
    if let [branch @ (Branch::Institution | Branch::Campus(_) | Branch::Holder(_))] =
        scope.branches()
    {
        let (at, id) = (column::<E>(instant), column::<E>(E::ID));
        select
            .from(E::default().into_iden())
            .cond_where(
                range::<E>(scope, branch)
                    .add(filter)
                    .add_option(page.behind(at.clone(), id.clone())),
            )
            .order_by_expr(at, order.clone())
            .order_by_expr(id, order);
    } else {
        let ranges: Vec<SelectStatement> = scope
            .branches()
            .iter()
            .flat_map(|branch| keys::<E>(scope, branch, &filter, page, instant))
            .collect();
        if ranges.is_empty() {
            return Ok(Vec::new());
        }
        for (number, keys) in ranges.iter().enumerate() {
            // Distinct: a row may be in several branches.
            sql.text(if number == 0 {
                "WITH page_keys AS ("
            } else {
                " UNION "
            });
            // SQLite takes no ORDER BY or LIMIT in a member of a union: wrapped, it does.
            sql.text("SELECT at, id FROM (");
            sql.select(keys);
            sql.text(&format!(" LIMIT {limit}) AS branch"));
        }
        sql.text(") ");
        // The keys come first, and CROSS JOIN keeps them outermost: SQLite's planner would walk the
        // table in the order that is wanted.
        select
            .from(KEYS)
            .join(
                JoinType::CrossJoin,
                E::default().into_iden(),
                Condition::all(),
            )
            .and_where(E::INSTITUTION.eq(scope.institution().uuid()))
            .and_where(column::<E>(E::ID).eq(Expr::col((KEYS, "id"))))
            .order_by_expr(Expr::col((KEYS, "at")), order.clone())
            .order_by_expr(Expr::col((KEYS, "id")), order);
    }
    sql.select(&select);
    sql.text(&format!(" LIMIT {limit}"));
    let mut rows = E::find()
        .from_raw_sql(sql.statement(handle))
        .all(handle)
        .await?;
    rows.truncate(usize::try_from(page.limit).unwrap_or(usize::MAX));
    Ok(rows)
}

/// The rows within reach that meet a condition, each once, as one range a branch: what sums are made
/// of. `columns` hold the key, or rows that look alike would count as one. Shares open no sums.
/// `None` where nothing is within reach.
pub(crate) fn ranges<E: Scoped>(
    grant: &impl Reads<E::Record>,
    columns: &[E::Column],
    filter: &Condition,
) -> Option<SelectStatement> {
    let scope = grant.scope();
    let mut branches = scope
        .branches()
        .iter()
        .filter(|branch| !matches!(branch, Branch::Shared(_)))
        .map(|branch| {
            let mut rows = SelectStatement::new();
            rows.columns(columns.iter().copied())
                .from(E::default().into_iden())
                .cond_where(range::<E>(scope, branch).add(filter.clone()));
            rows
        });
    let mut all = branches.next()?;
    for rows in branches {
        all.union(UnionType::Distinct, rows);
    }
    Some(all)
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

    fn statement(self, handle: &impl Handle) -> Statement {
        let (sql, values) = self.writer.into_parts();
        Statement {
            sql,
            values: Some(values),
            db_backend: handle.get_database_backend(),
        }
    }
}

/// Key columns of one branch of a page, in order; one key range each.
fn keys<E: Scoped>(
    scope: &Scope,
    branch: &Branch,
    filter: &Condition,
    page: &Page,
    instant: E::Column,
) -> Vec<SelectStatement> {
    let order = page.order();
    let ordered = |at: Expr, id: Expr, range: Condition| {
        let mut keys = SelectStatement::new();
        keys.expr_as(at.clone(), "at")
            .expr_as(id.clone(), "id")
            .cond_where(
                range
                    .add(filter.clone())
                    .add_option(page.behind(at.clone(), id.clone())),
            )
            .order_by_expr(at, order.clone())
            .order_by_expr(id, order.clone());
        keys
    };
    let own = (column::<E>(instant), column::<E>(E::ID));
    let grantees = match branch {
        Branch::Shared(grantees) => grantees,
        Branch::Class(class) if E::CLASS.is_none() => {
            let range = in_class(scope, [*class])
                .add(column::<E>(E::INSTITUTION).eq(scope.institution().uuid()))
                .add(column::<E>(E::CUSTOMER).eq(enrollment("customer_id")))
                .add(living::<E>());
            let mut keys = ordered(own.0, own.1, range);
            outermost::<E>(&mut keys, ENROLLMENTS);
            return vec![keys];
        }
        _ => {
            let mut keys = ordered(own.0, own.1, range::<E>(scope, branch));
            keys.from(E::default().into_iden());
            return vec![keys];
        }
    };
    // Shares know when their customer was taken in: a list of customers walks them in its order.
    let of_customers = E::CUSTOMER.as_str() == E::ID.as_str();
    let (at, id) = if of_customers {
        (share("customer_created_at"), share("customer_id"))
    } else {
        own
    };
    grantees
        .iter()
        .map(|grantee| {
            let range = Condition::all()
                .add(share("institution_id").eq(scope.institution().uuid()))
                .add(share("grantee_id").eq(*grantee))
                .add(still_open(scope))
                .add(column::<E>(E::INSTITUTION).eq(scope.institution().uuid()))
                .add(column::<E>(E::CUSTOMER).eq(share("customer_id")))
                .add(living::<E>());
            let mut keys = ordered(at.clone(), id.clone(), range);
            outermost::<E>(&mut keys, SHARES);
            keys
        })
        .collect()
}

/// Begins a query at another table: CROSS JOIN keeps it outermost on SQLite, whose planner would
/// walk the larger one.
fn outermost<E: Scoped>(keys: &mut SelectStatement, table: &'static str) {
    keys.from(table).join(
        JoinType::CrossJoin,
        E::default().into_iden(),
        Condition::all(),
    );
}

fn range<E: Scoped>(scope: &Scope, branch: &Branch) -> Condition {
    let all = Condition::all()
        .add(E::INSTITUTION.eq(scope.institution().uuid()))
        .add(living::<E>());
    match branch {
        Branch::Institution => all,
        Branch::Campus(campus) => all.add(E::CAMPUS.eq(*campus)),
        Branch::Holder(holder) => all.add(E::HOLDER.eq(*holder)),
        Branch::Class(class) => all.add(match E::CLASS {
            Some(column) => column.eq(*class),
            None => nothing(),
        }),
        Branch::Shared(grantees) => all.add(open_share(scope, grantees)),
    }
}

/// Rows that are not deleted.
fn living<E: Scoped>() -> Condition {
    Condition::all().add_option(E::DELETED.map(|column| column.is_null()))
}

/// A condition that no row meets.
pub(crate) fn nothing() -> SimpleExpr {
    Expr::val(1).eq(0)
}

/// Whether a row, known by its key, is within reach.
fn within<E: Scoped>(scope: &Scope, writing: bool) -> Condition {
    let mut any = Condition::any();
    let mut everything = false;
    let mut classes = Vec::new();
    for branch in scope.branches() {
        match branch {
            Branch::Institution => everything = true,
            Branch::Campus(campus) => any = any.add(E::CAMPUS.eq(*campus)),
            Branch::Holder(holder) => any = any.add(E::HOLDER.eq(*holder)),
            Branch::Class(class) => classes.push(*class),
            Branch::Shared(grantees) => {
                let mut shares = Query::select();
                shares
                    .expr(Expr::val(1))
                    .from(SHARES)
                    .and_where(share("institution_id").eq(column::<E>(E::INSTITUTION)))
                    .and_where(share("customer_id").eq(column::<E>(E::CUSTOMER)))
                    .cond_where(open_share(scope, grantees));
                if writing {
                    shares.and_where(share("can_write").eq(true));
                }
                any = any.add(Expr::exists(shares));
            }
        }
    }
    if !classes.is_empty() {
        any = any.add(taught::<E>(scope, classes));
    }
    let institution = Condition::all().add(E::INSTITUTION.eq(scope.institution().uuid()));
    if scope.branches().is_empty() {
        // An empty "any of" would be left out, and let everything through.
        institution.add(nothing())
    } else if everything {
        institution
    } else {
        institution.add(any)
    }
}

/// Whether a row is of one of some classes, or its customer is a student there.
fn taught<E: Scoped>(scope: &Scope, classes: Vec<Uuid>) -> SimpleExpr {
    if let Some(class) = E::CLASS {
        return class.is_in(classes);
    }
    let mut students = Query::select();
    students
        .expr(Expr::val(1))
        .from(ENROLLMENTS)
        .and_where(enrollment("customer_id").eq(column::<E>(E::CUSTOMER)))
        .cond_where(in_class(scope, classes));
    Expr::exists(students)
}

const ENROLLMENTS: &str = "enrollments";

/// Active enrollments in some classes: at most one a student and class.
fn in_class(scope: &Scope, classes: impl IntoIterator<Item = Uuid>) -> Condition {
    Condition::all()
        .add(enrollment("institution_id").eq(scope.institution().uuid()))
        .add(enrollment("class_id").is_in(classes))
        .add(enrollment("status").eq(ACTIVE))
}

fn enrollment(column: &'static str) -> Expr {
    Expr::col((ENROLLMENTS, column))
}

const ACTIVE: &str = "active";

const SHARES: &str = "customer_shares";

fn open_share(scope: &Scope, grantees: &[Uuid]) -> Condition {
    Condition::all()
        .add(share("institution_id").eq(scope.institution().uuid()))
        .add(share("grantee_id").is_in(grantees.iter().copied()))
        .add(still_open(scope))
}

fn still_open(scope: &Scope) -> Condition {
    Condition::any()
        .add(share("until").is_null())
        .add(share("until").gt(scope.now()))
}

fn share(column: &'static str) -> Expr {
    Expr::col((SHARES, column))
}

fn column<E: Scoped>(column: E::Column) -> Expr {
    Expr::col((E::default(), column))
}
