//! Conditions as SQL over typed columns.
//!
//! A tree is typed before it comes here; nothing of it is put into a statement but as a value. Facts
//! that stand in other tables count as far as they are within the reach of their own permission. Each
//! is a sub-select that yields one value: PostgreSQL would turn EXISTS into a join with the whole
//! table.

mod compile;
pub(crate) mod facts;
mod place;

use domain::{
    access::{EnrollmentsRead, FollowUpsRead, PaymentsRead, TagsRead},
    conditions::Tree,
};
use jiff::Timestamp;
use sea_orm::{
    Condition,
    sea_query::{Expr, ExprTrait},
};

use crate::{
    Error, Handle,
    access::{Authority, Grant},
};

/// The grants within whose reach facts count; where there is none, the fact can't be asked for.
#[derive(Debug)]
pub struct Sight {
    tags: Option<Grant<TagsRead>>,
    follow_ups: Option<Grant<FollowUpsRead>>,
    enrollments: Option<Grant<EnrollmentsRead>>,
    payments: Option<Grant<PaymentsRead>>,
}

impl Sight {
    pub fn of(reader: &Authority, now: Timestamp) -> Self {
        Self {
            tags: Grant::of(reader, now),
            follow_ups: Grant::of(reader, now),
            enrollments: Grant::of(reader, now),
            payments: Grant::of(reader, now),
        }
    }
}

/// What rows of customers must be to meet a tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Compiled(Expr);

impl Compiled {
    /// What must be to meet both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0.and(other.0))
    }

    pub(crate) fn condition(&self) -> Condition {
        Condition::all().add(self.0.clone())
    }
}

/// A tree that its reader may ask for, as SQL.
///
/// # Errors
/// 422 where an amount is not in the institution's currency, at its place behind `pointer`.
pub async fn compile(
    handle: &impl Handle,
    reader: &Authority,
    tree: &Tree,
    pointer: &str,
    now: Timestamp,
) -> Result<Compiled, Error> {
    let sight = Sight::of(reader, now);
    let place = place::of(handle, reader.institution(), tree, pointer, now).await?;
    let postgres = handle.is_postgres();
    let compiler = compile::Compiler {
        sight: &sight,
        place: &place,
        postgres,
    };
    Ok(Compiled(compiler.tree(tree)?))
}
