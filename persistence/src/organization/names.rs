//! Names of people and places, and the clocks of campuses, for lists that show them beside ids.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    access::Principal,
    id::Id,
    organization::{Campus, Institution, Staff},
};
use sea_orm::Value;
use uuid::Uuid;

use crate::{
    Error, Handle,
    access::Reads,
    database::{placeholders, statement},
};

/// Names of people of staff and of campuses, archived ones too, by their ids.
pub async fn of<G>(
    handle: &impl Handle,
    grant: &G,
    ids: &BTreeSet<Uuid>,
) -> Result<BTreeMap<Uuid, String>, Error>
where
    G: Reads<Staff> + Reads<Campus>,
{
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let institution = <G as Reads<Staff>>::scope(grant).institution().uuid();
    let named = |table: &str| {
        let ids = placeholders(ids.len());
        format!("SELECT id, name FROM {table} WHERE institution_id = ? AND id IN ({ids})")
    };
    let sql = format!("{} UNION ALL {}", named("staff"), named("campuses"));
    let key = || std::iter::once(institution).chain(ids.iter().copied());
    let values = key().chain(key()).map(Value::from);
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    rows.iter()
        .map(|row| Ok((row.try_get("", "id")?, row.try_get("", "name")?)))
        .collect()
}

/// What a person of staff or an API client is called.
pub async fn of_principal(
    handle: &impl Handle,
    institution: Id<Institution>,
    principal: Id<Principal>,
) -> Result<Option<String>, Error> {
    let sql = "SELECT name FROM staff WHERE institution_id = ? AND id = ? \
               UNION ALL SELECT name FROM api_clients WHERE institution_id = ? AND id = ?";
    let key = [institution.uuid(), principal.uuid()];
    let values = key.into_iter().chain(key).map(Value::from);
    let row = handle.query_one_raw(statement(handle, sql, values)).await?;
    Ok(row.map(|row| row.try_get("", "name")).transpose()?)
}

/// IANA zones of the campuses, archived ones too.
pub async fn zones(
    handle: &impl Handle,
    institution: Id<Institution>,
) -> Result<BTreeMap<Id<Campus>, String>, Error> {
    let sql = "SELECT id, time_zone FROM campuses WHERE institution_id = ?";
    let rows = handle
        .query_all_raw(statement(handle, sql, [institution.uuid().into()]))
        .await?;
    rows.iter()
        .map(|row| {
            Ok((
                Id::new(row.try_get("", "id")?),
                row.try_get("", "time_zone")?,
            ))
        })
        .collect()
}
