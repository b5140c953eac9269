//! Conditions as SQL over typed columns.
//!
//! A tree is typed before it comes here; nothing of it is put into a statement but as a value. Facts
//! that stand in other tables count as far as they are within the reach of their own permission. Each
//! is a sub-select that yields one value: PostgreSQL would turn EXISTS into a join with the whole
//! table.
//!
//! Custom fields have no column of their own to walk along, but indexes of their values: where few records
//! bear a value that all must have, these lead ([`Compiled::led`]).

mod compile;
pub(crate) mod custom;
mod detail;
pub(crate) mod facts;
mod place;

use domain::{
    access::{EnrollmentsRead, FollowUpsRead, PaymentsRead, TagsRead},
    conditions::{Registry, Tree},
    custom_fields::FieldEntity,
    customers::ScreeningStanding,
    id::Id,
    organization::Institution,
    text_enum::TextEnum,
};
use jiff::Timestamp;
use sea_orm::{
    Condition,
    sea_query::{Expr, ExprTrait, SelectStatement},
};
use uuid::Uuid;

use crate::{
    Error, Handle,
    access::{Authority, Grant},
    custom_fields::definitions,
};

/// The grants within whose reach facts count; where there is none, the fact can't be asked for.
#[derive(Debug)]
pub struct Sight {
    tags: Option<Grant<TagsRead>>,
    follow_ups: Option<Grant<FollowUpsRead>>,
    enrollments: Option<Grant<EnrollmentsRead>>,
    payments: Option<Grant<PaymentsRead>>,
    /// Whether the class of a place that its region's code says may be told.
    reads_region: bool,
}

impl Sight {
    pub fn of(reader: &Authority, now: Timestamp) -> Self {
        Self {
            tags: Grant::of(reader, now),
            follow_ups: Grant::of(reader, now),
            enrollments: Grant::of(reader, now),
            payments: Grant::of(reader, now),
            reads_region: reader
                .fields()
                .is_readable("customers", "details.region_code"),
        }
    }
}

/// The fields that conditions of an institution can speak of.
pub async fn registry(
    handle: &impl Handle,
    institution: Id<Institution>,
) -> Result<Registry, Error> {
    let own = definitions::all(handle, institution, FieldEntity::Customer).await?;
    Ok(Registry::with(own))
}

/// What rows of customers must be to meet a tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Compiled {
    condition: Expr,
    /// Of whom it must be one: the records that bear a value.
    lead: Option<SelectStatement>,
}

impl Compiled {
    /// What must be to meet both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            condition: self.condition.and(other.condition),
            lead: self.lead.or(other.lead),
        }
    }

    pub(crate) fn condition(&self) -> Condition {
        Condition::all().add(self.condition.clone())
    }

    /// The customers, wherever they are, of whom those that meet it are some: where its custom fields leave
    /// no more than `most`.
    pub async fn led(&self, handle: &impl Handle, most: u64) -> Result<Option<Vec<Uuid>>, Error> {
        let Some(mut lead) = self.lead.clone() else {
            return Ok(None);
        };
        let rows = handle.query_all(lead.limit(most + 1)).await?;
        if u64::try_from(rows.len()).map_err(Error::internal)? > most {
            return Ok(None);
        }
        let ids = rows.iter().map(|row| Ok(row.try_get("", custom::RECORD)?));
        ids.collect::<Result<_, Error>>().map(Some)
    }
}

/// What rows must be of which one of these was last said.
pub fn screened(standings: &[ScreeningStanding]) -> Compiled {
    let wanted = standings.iter().map(|standing| standing.as_str());
    Compiled {
        condition: facts::screening().is_in(wanted),
        lead: None,
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
    Ok(Compiled {
        condition: compiler.tree(tree)?,
        lead: compiler.lead(reader.institution(), tree)?,
    })
}
