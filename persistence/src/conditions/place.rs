//! What conditions need to know of the institution: its clocks and its currency.

use std::{collections::BTreeMap, ops::Bound};

use domain::{
    conditions::{Moment, Test, Tree, Value, tree::Amount},
    fault::{CURRENCY_MISMATCH, Fault, FieldFault},
    id::Id,
    organization::Institution,
};
use jiff::{Timestamp, tz::TimeZone};
use uuid::Uuid;

use crate::{Error, Handle, database::statement};

/// Campuses by what their clocks say.
pub(super) struct Place(pub(super) Vec<(Moment, Vec<Uuid>)>);

/// In one statement, and none where nothing goes by it.
pub(super) async fn of(
    handle: &impl Handle,
    institution: Id<Institution>,
    tree: &Tree,
    pointer: &str,
    now: Timestamp,
) -> Result<Place, Error> {
    let amounts = amounts(tree);
    if !tree.is_relative() && amounts.is_empty() {
        let anywhere = Moment::new(now, TimeZone::UTC);
        return Ok(Place(vec![(anywhere, Vec::new())]));
    }
    let sql = "SELECT i.currency, c.id, c.time_zone FROM institutions i \
         JOIN campuses c ON c.institution_id = i.institution_id WHERE i.institution_id = ?";
    let rows = handle
        .query_all_raw(statement(handle, sql, [institution.uuid().into()]))
        .await?;
    let mut zones: BTreeMap<String, Vec<Uuid>> = BTreeMap::new();
    let mut foreign = Vec::new();
    for row in rows {
        let currency: String = row.try_get("", "currency")?;
        foreign = (amounts.iter())
            .filter(|(_, amount)| amount.0.currency().code() != currency)
            .map(|(at, _)| FieldFault::new(format!("{pointer}{at}/value"), &CURRENCY_MISMATCH))
            .collect();
        let zone = row.try_get("", "time_zone")?;
        zones.entry(zone).or_default().push(row.try_get("", "id")?);
    }
    Fault::unless_empty(foreign)?;
    let zones = zones.into_iter().map(|(zone, campuses)| {
        let zone = TimeZone::get(&zone).map_err(Error::corrupt)?;
        Ok((Moment::new(now, zone), campuses))
    });
    Ok(Place(zones.collect::<Result<_, Error>>()?))
}

/// Leaves that compare with an amount, each with its place and its first one.
fn amounts(tree: &Tree) -> Vec<(String, Amount)> {
    let amount = |value: &Value| match value {
        Value::Money(amount) => Some(*amount),
        _ => None,
    };
    let of = |test: &Test| match test {
        Test::OneOf(values) => values.iter().filter_map(amount).collect(),
        Test::Range(from, until) => [from, until]
            .into_iter()
            .filter_map(|bound| match bound {
                Bound::Included(value) | Bound::Excluded(value) => amount(value),
                Bound::Unbounded => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    let leaves = tree.leaves().into_iter();
    leaves
        .flat_map(|(at, leaf)| of(&leaf.test).into_iter().map(move |a| (at.clone(), a)))
        .collect()
}
