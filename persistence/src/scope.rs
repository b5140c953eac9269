//! The one door to rows that belong to somebody.
//!
//! The ORM's own starters are banned in this crate by a lint; a query on such a table begins here,
//! with a grant, and is confined to what the grant reaches.
//!
//! A list is a union of key ranges, one a branch of the grant, each limited, then merged. OR over
//! the branches, or a correlated EXISTS, would read the table (measured: seconds on a million
//! rows). For one row by its key, OR costs nothing.

use sea_orm::{
    ColumnTrait, Condition, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect, Select,
    UpdateMany,
    sea_query::{
        Alias, Expr, ExprTrait, IntoIden, JoinType, Query, SelectStatement, SimpleExpr, UnionType,
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
    /// Rows with a time here are out of every list.
    const DELETED: Self::Column;
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

/// What confines a query of a capability's own making to the grant, deleted rows left out.
pub(crate) fn reachable<E: Scoped>(grant: &impl Reads<E::Record>) -> Condition {
    within::<E>(grant.scope(), false).add(E::DELETED.is_null())
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

/// One page of a list, deleted rows left out.
#[expect(clippy::disallowed_methods, reason = "this is the door")]
pub(crate) async fn page<E: Scoped>(
    handle: &impl Handle,
    grant: &impl Reads<E::Record>,
    filter: Condition,
    page: &Page,
) -> Result<Vec<E::Model>, Error> {
    let scope = grant.scope();
    let order = page.order();
    let mut select = E::find();
    if let [branch] = scope.branches() {
        QuerySelect::query(&mut select).cond_where(
            Condition::all()
                .add(range::<E>(scope, branch))
                .add(filter)
                .add_option(after::<E>(page)),
        );
    } else {
        let mut ranges = scope
            .branches()
            .iter()
            .map(|branch| keys::<E>(scope, branch, &filter, page, &order));
        let Some(mut union) = ranges.next() else {
            return Ok(Vec::new());
        };
        for keys in ranges {
            // Distinct: a row may be in several branches.
            union.union(UnionType::Distinct, keys);
        }
        QuerySelect::query(&mut select).join_subquery(
            JoinType::InnerJoin,
            union,
            KEYS,
            Condition::all()
                .add(E::INSTITUTION.eq(scope.institution().uuid()))
                .add(column::<E>(E::ID).eq(Expr::col((Alias::new(KEYS), Alias::new("id"))))),
        );
    }
    Ok(select
        .order_by(E::CREATED, order.clone())
        .order_by(E::ID, order)
        .limit(page.limit)
        .all(handle)
        .await?)
}

const KEYS: &str = "page_keys";

/// Key columns of one branch of a page.
fn keys<E: Scoped>(
    scope: &Scope,
    branch: &Branch,
    filter: &Condition,
    page: &Page,
    order: &Order,
) -> SelectStatement {
    let mut range_of = Query::select();
    range_of
        .expr_as(column::<E>(E::CREATED), "at")
        .expr_as(column::<E>(E::ID), "id")
        .from(E::default().into_iden())
        .cond_where(
            Condition::all()
                .add(range::<E>(scope, branch))
                .add(filter.clone())
                .add_option(after::<E>(page)),
        )
        .order_by_expr(column::<E>(E::CREATED), order.clone())
        .order_by_expr(column::<E>(E::ID), order.clone())
        .limit(page.limit);
    if let Branch::Shared(_) = branch {
        range_of.join(
            JoinType::InnerJoin,
            SHARES,
            Condition::all()
                .add(share("institution_id").eq(column::<E>(E::INSTITUTION)))
                .add(share("customer_id").eq(column::<E>(E::CUSTOMER))),
        );
    }
    // SQLite takes no ORDER BY or LIMIT in a member of a union: wrapped, it does.
    Query::select()
        .column("at")
        .column("id")
        .from_subquery(range_of, "branch")
        .take()
}

fn range<E: Scoped>(scope: &Scope, branch: &Branch) -> Condition {
    let all = Condition::all()
        .add(E::INSTITUTION.eq(scope.institution().uuid()))
        .add(E::DELETED.is_null());
    match branch {
        Branch::Institution => all,
        Branch::Campus(campus) => all.add(E::CAMPUS.eq(*campus)),
        Branch::Holder(holder) => all.add(E::HOLDER.eq(*holder)),
        Branch::Shared(grantees) => all.add(open_share(scope, grantees)),
    }
}

fn after<E: Scoped>(page: &Page) -> Option<SimpleExpr> {
    page.behind(column::<E>(E::CREATED), column::<E>(E::ID))
}

/// A condition that no row meets.
pub(crate) fn nothing() -> SimpleExpr {
    Expr::val(1).eq(0)
}

/// Whether a row, known by its key, is within reach.
fn within<E: Scoped>(scope: &Scope, writing: bool) -> Condition {
    let mut any = Condition::any();
    let mut everything = false;
    for branch in scope.branches() {
        match branch {
            Branch::Institution => everything = true,
            Branch::Campus(campus) => any = any.add(E::CAMPUS.eq(*campus)),
            Branch::Holder(holder) => any = any.add(E::HOLDER.eq(*holder)),
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

const SHARES: &str = "customer_shares";

fn open_share(scope: &Scope, grantees: &[Uuid]) -> Condition {
    Condition::all()
        .add(share("institution_id").eq(scope.institution().uuid()))
        .add(share("grantee_id").is_in(grantees.iter().copied()))
        .add(
            Condition::any()
                .add(share("until").is_null())
                .add(share("until").gt(scope.now())),
        )
}

fn share(column: &'static str) -> Expr {
    Expr::col((SHARES, column))
}

fn column<E: Scoped>(column: E::Column) -> Expr {
    Expr::col((E::default(), column))
}
