//! Where the rows of a page are found: the keys that the ranges of its branches begin with.

use std::fmt::Write;

use domain::{conditions::CONDITIONS_TOO_WIDE, fault::Fault};
use sea_orm::{
    Condition, Statement,
    sea_query::{
        DynIden, Expr, ExprTrait, IntoIden, JoinType, PostgresQueryBuilder, SelectStatement,
        SqlWriterValues, SqliteQueryBuilder,
    },
};
use uuid::Uuid;

use super::{Page, Scoped, reach::*};
use crate::{
    Error, Handle,
    access::{Branch, Scope},
};

/// What the keys of a page are called in its statement.
pub(super) const KEYS: &str = "page_keys";

/// What is told of a row beside its key.
pub(super) const MARK: &str = "mark";

/// Members of one union; SQLite takes 500.
const MEMBERS: usize = 400;

/// How the key ranges of a page are walked.
pub(super) struct Walk<'a> {
    /// What the page is in the order of: an instant, then an id.
    pub(super) key: (Expr, Expr),
    /// Whether the ids are those of customers.
    pub(super) of_customers: bool,
    pub(super) filter: Condition,
    /// Another table of which the filter speaks.
    pub(super) beside: Option<DynIden>,
    /// What is told of each row beside its key, as [`MARK`].
    pub(super) mark: Option<Expr>,
    pub(super) page: &'a Page,
}

/// The keys of a page of the rows of `L`, as [`KEYS`]; `None` where there are no ranges.
pub(super) fn first_keys<L: Scoped>(
    handle: &impl Handle,
    scope: &Scope,
    walks: &[Walk<'_>],
) -> Option<Sql> {
    let page = walks.first()?.page;
    let ending = ending(page, whole_page(page.limit), 0);
    let endings = Endings {
        columns: columns(walks),
        range: &ending,
        group: &ending,
        whole: &ending,
    };
    let mut sql = Sql::of(handle);
    sql.text("WITH page_keys AS (");
    sql.united(&members::<L>(scope, walks)?, &endings);
    sql.text(") ");
    Some(sql)
}

/// The first key behind which a branch has others than its first `most`; `None` where there are no
/// ranges.
pub(super) fn first_edge<L: Scoped>(
    handle: &impl Handle,
    scope: &Scope,
    walks: &[Walk<'_>],
    most: u64,
) -> Option<Sql> {
    let page = walks.first()?.page;
    let endings = Endings {
        columns: columns(walks),
        range: &ending(page, most + 1, 0),
        group: &ending(page, 1, most),
        whole: &ending(page, 1, 0),
    };
    let mut sql = Sql::of(handle);
    sql.united(&members::<L>(scope, walks)?, &endings);
    Some(sql)
}

/// Key ranges of all walks, in groups that have no row in common each.
fn members<L: Scoped>(scope: &Scope, walks: &[Walk<'_>]) -> Option<Vec<Vec<SelectStatement>>> {
    let members: Vec<_> = walks
        .iter()
        .flat_map(|walk| disjoint::<L>(scope, walk))
        .collect();
    (!members.is_empty()).then_some(members)
}

/// What stands beside each other of a row.
fn columns(walks: &[Walk<'_>]) -> &'static str {
    match walks.iter().any(|walk| walk.mark.is_some()) {
        true => "at, id, mark",
        false => "at, id",
    }
}

/// Which keys are taken of a range, of a group of ranges, and of all groups.
struct Endings<'a> {
    columns: &'static str,
    range: &'a str,
    group: &'a str,
    whole: &'a str,
}

/// The end of a statement that yields keys of a page, `at` and `id`.
fn ending(page: &Page, limit: u64, offset: u64) -> String {
    let order = page.order.word();
    let offset = match offset {
        0 => String::new(),
        some => format!(" OFFSET {some}"),
    };
    format!(" ORDER BY at {order}, id {order} LIMIT {limit}{offset}")
}

/// Rows to read for a page: one of a few numbers, since limits stand in the statement as they are.
///
/// A limit that is a parameter is taken by PostgreSQL for a tenth of the table, and the one plan that
/// it keeps of a statement is made for that.
pub(super) fn whole_page(limit: u64) -> u64 {
    [21, 51, 101, 201]
        .into_iter()
        .find(|whole| limit <= *whole)
        .unwrap_or(limit)
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
        if let Some(mark) = &walk.mark {
            keys.expr_as(mark.clone(), MARK);
        }
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

/// Values of one statement, at most: SQLite takes no more.
const VALUES_MAX: usize = 32_766;

/// A statement put together from parts.
pub(super) struct Sql {
    writer: SqlWriterValues,
    postgres: bool,
}

impl Sql {
    pub(super) fn of(handle: &impl Handle) -> Self {
        let postgres = handle.is_postgres();
        let placeholder = if postgres { "$" } else { "?" };
        Self {
            writer: SqlWriterValues::new(placeholder, postgres),
            postgres,
        }
    }

    pub(super) fn text(&mut self, text: &str) {
        // Writing to a string does not fail.
        let _ = self.writer.write_str(text);
    }

    pub(super) fn select(&mut self, select: &SelectStatement) {
        if self.postgres {
            select.build_collect_into(PostgresQueryBuilder, &mut self.writer);
        } else {
            select.build_collect_into(SqliteQueryBuilder, &mut self.writer);
        }
    }

    /// Keys of groups of ranges.
    fn united(&mut self, groups: &[Vec<SelectStatement>], endings: &Endings<'_>) {
        let select = format!("SELECT {} FROM (", endings.columns);
        self.text(&select);
        for (number, some) in groups.chunks(MEMBERS).enumerate() {
            // Distinct: a row may be in several branches.
            self.text(if number == 0 { "" } else { " UNION " });
            self.text(&select);
            for (number, ranges) in some.iter().enumerate() {
                self.text(if number == 0 { "" } else { " UNION " });
                // SQLite takes no ORDER BY or LIMIT in a member of a union: wrapped, it does.
                self.text(&select);
                self.merged(ranges, endings);
                self.text(") AS branch");
            }
            self.text(") AS branches");
        }
        self.text(") AS found");
        self.text(endings.whole);
    }

    /// The first keys of ranges that have no row in common: they are merged as they are read, and none
    /// is read to its end.
    fn merged(&mut self, ranges: &[SelectStatement], endings: &Endings<'_>) {
        // PostgreSQL walks an index in its order for a member that is ordered and limited itself;
        // SQLite orders the members of a union by itself, and takes no other order.
        let each = self.postgres && ranges.len() > 1;
        for (number, range) in ranges.iter().enumerate() {
            self.text(if number == 0 { "" } else { " UNION ALL " });
            self.text(if each { "(" } else { "" });
            self.select(range);
            self.text(&if each {
                format!("{})", endings.range)
            } else {
                String::new()
            });
        }
        self.text(endings.group);
    }

    /// # Errors
    /// 422 where conditions name more values, over all branches of a reach, than a statement takes.
    pub(super) fn statement(self, handle: &impl Handle) -> Result<Statement, Error> {
        let (sql, values) = self.writer.into_parts();
        if values.0.len() > VALUES_MAX {
            return Err(Fault::field("/conditions", &CONDITIONS_TOO_WIDE).into());
        }
        Ok(Statement {
            sql,
            values: Some(values),
            db_backend: handle.get_database_backend(),
        })
    }
}
