//! What a grant reaches, as conditions on rows.

use sea_orm::{
    ColumnTrait, Condition,
    sea_query::{Expr, ExprTrait, IntoIden, Query, SelectStatement, SimpleExpr, UnionType},
};
use uuid::Uuid;

use super::Scoped;
use crate::access::{Branch, Reads, Scope};

/// The rows within reach that meet a condition, each once, as one range a kind of branch: what sums are
/// made of. `columns` hold the key, or rows that look alike would count as one. Shares open no sums.
/// `None` where nothing is within reach.
pub(crate) fn ranges<E: Scoped>(
    grant: &impl Reads<E::Record>,
    columns: &[E::Column],
    filter: &Condition,
) -> Option<SelectStatement> {
    let scope = grant.scope();
    let (mut campuses, mut holders, mut classes) = (Vec::new(), Vec::new(), Vec::new());
    let mut kinds = Vec::new();
    for branch in scope.branches() {
        match branch {
            Branch::Institution => kinds.push(None),
            Branch::Campus(campus) => campuses.push(*campus),
            Branch::Holder(holder) => holders.push(*holder),
            Branch::Class(class) => classes.push(*class),
            Branch::Shared(_) => {}
        }
    }
    for (column, values) in [
        (Some(E::CAMPUS), campuses),
        (Some(E::HOLDER), holders),
        (E::CLASS, classes),
    ] {
        if let (Some(column), false) = (column, values.is_empty()) {
            kinds.push(Some(column.is_in(values)));
        }
    }
    let mut rows = kinds.into_iter().map(|kind| {
        let range = Condition::all()
            .add(E::INSTITUTION.eq(scope.institution().uuid()))
            .add(living::<E>())
            .add_option(kind)
            .add(filter.clone());
        let mut rows = SelectStatement::new();
        rows.columns(columns.iter().copied())
            .from(E::default().into_iden())
            .cond_where(range);
        rows
    });
    let mut all = rows.next()?;
    for rows in rows {
        all.union(UnionType::Distinct, rows);
    }
    Some(all)
}

pub(super) fn range<E: Scoped>(scope: &Scope, branch: &Branch) -> Condition {
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
pub(super) fn living<E: Scoped>() -> Condition {
    Condition::all().add_option(E::DELETED.map(|column| column.is_null()))
}

/// A condition that no row meets.
pub(crate) fn nothing() -> SimpleExpr {
    Expr::val(1).eq(0)
}

/// Whether a row, known by its key, is within reach.
pub(super) fn within<E: Scoped>(scope: &Scope, writing: bool) -> Condition {
    let mut any = Condition::any();
    let mut everything = false;
    let (mut campuses, mut holders, mut classes) = (Vec::new(), Vec::new(), Vec::new());
    for branch in scope.branches() {
        match branch {
            Branch::Institution => everything = true,
            Branch::Campus(campus) => campuses.push(*campus),
            Branch::Holder(holder) => holders.push(*holder),
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
    // Lists of values, not as many conditions: there may be more of them than an engine takes.
    if !campuses.is_empty() {
        any = any.add(E::CAMPUS.is_in(campuses));
    }
    if !holders.is_empty() {
        any = any.add(E::HOLDER.is_in(holders));
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

pub(super) const ENROLLMENTS: &str = "enrollments";

/// Active enrollments in some classes: at most one a student and class.
pub(super) fn in_class(scope: &Scope, classes: impl IntoIterator<Item = Uuid>) -> Condition {
    Condition::all()
        .add(enrollment("institution_id").eq(scope.institution().uuid()))
        .add(enrollment("class_id").is_in(classes))
        .add(enrollment("status").eq(ACTIVE))
}

pub(super) fn enrollment(column: &'static str) -> Expr {
    Expr::col((ENROLLMENTS, column))
}

const ACTIVE: &str = "active";

pub(super) const SHARES: &str = "customer_shares";

fn open_share(scope: &Scope, grantees: &[Uuid]) -> Condition {
    Condition::all()
        .add(share("institution_id").eq(scope.institution().uuid()))
        .add(share("grantee_id").is_in(grantees.iter().copied()))
        .add(still_open(scope))
}

pub(super) fn still_open(scope: &Scope) -> Condition {
    Condition::any()
        .add(share("until").is_null())
        .add(share("until").gt(scope.now()))
}

pub(super) fn share(column: &'static str) -> Expr {
    Expr::col((SHARES, column))
}

pub(super) fn column<E: Scoped>(column: E::Column) -> Expr {
    Expr::col((E::default(), column))
}
