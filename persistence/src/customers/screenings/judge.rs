//! What rules say of records.

use std::collections::BTreeMap;

use domain::{
    customers::{Customer, ScreeningStanding},
    text_enum::TextEnum,
};
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect, sea_query::ExprTrait};
use uuid::Uuid;

use crate::{
    Error, Handle,
    access::Writes,
    conditions::{Compiled, facts},
    customers::entity::{Column, Entity},
    scope::scoped_to_change,
};

/// Those of some customers that nobody has screened, as far as they may be changed, each with the first of some
/// rules that it meets. Rules are asked one after the other: together they could name more values than a
/// statement takes.
pub async fn judged(
    handle: &impl Handle,
    grant: &impl Writes<Customer>,
    rules: &[Compiled],
    ids: &[Uuid],
) -> Result<BTreeMap<Uuid, Option<usize>>, Error> {
    let fresh = unscreened(handle, grant, None, ids.to_vec()).await?;
    let mut judged: BTreeMap<Uuid, Option<usize>> =
        fresh.into_iter().map(|id| (id, None)).collect();
    for (place, rule) in rules.iter().enumerate() {
        let left = judged.iter().filter(|(_, rule)| rule.is_none());
        let left: Vec<Uuid> = left.map(|(id, _)| *id).collect();
        if left.is_empty() {
            break;
        }
        for id in unscreened(handle, grant, Some(rule), left).await? {
            judged.insert(id, Some(place));
        }
    }
    Ok(judged)
}

async fn unscreened(
    handle: &impl Handle,
    grant: &impl Writes<Customer>,
    rule: Option<&Compiled>,
    ids: Vec<Uuid>,
) -> Result<Vec<Uuid>, Error> {
    let mut rows = scoped_to_change::<Entity>(grant)
        .filter(Column::Id.is_in(ids))
        .filter(Column::DeletedAt.is_null())
        .filter(facts::screening().eq(ScreeningStanding::Unscreened.as_str()));
    if let Some(rule) = rule {
        rows = rows.filter(rule.condition());
    }
    let ids = rows
        .select_only()
        .column(Column::Id)
        .into_tuple()
        .all(handle)
        .await?;
    Ok(ids)
}
