//! Reading the feed, by position only.

use domain::{access::PrincipalKind, text_enum::TextEnum};
use jiff::Timestamp;
use sea_orm::QueryResult;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Error, Handle,
    access::Reads,
    clock::timestamp,
    database::{placeholders, statement},
};

/// Positions that one read looks at: a rare type is not sought through the whole feed at once.
const REACH: i64 = 10_000;

/// An event that has its position.
#[derive(Clone, Debug)]
pub struct Sequenced {
    pub id: Uuid,
    pub position: i64,
    pub kind: String,
    pub schema_version: i32,
    pub at: Timestamp,
    pub subject_kind: String,
    pub subject: Uuid,
    pub subject_version: i64,
    pub actor: Uuid,
    pub actor_kind: PrincipalKind,
    pub data: Value,
}

/// How far a feed has come.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bounds {
    /// Events up to here are gone.
    pub purged_to: i64,
    /// Position of the newest event.
    pub last: i64,
}

/// Where the feed of an institution begins and ends now.
pub async fn bounds(handle: &impl Handle, grant: &impl Reads<Sequenced>) -> Result<Bounds, Error> {
    let sql =
        "SELECT last, purged_to FROM positions WHERE institution_id = ? AND stream = 'events'";
    let institution = grant.scope().institution().uuid();
    let row = handle
        .query_one_raw(statement(handle, sql, [institution.into()]))
        .await?;
    Ok(match row {
        Some(row) => Bounds {
            purged_to: row.try_get("", "purged_to")?,
            last: row.try_get("", "last")?,
        },
        None => Bounds::default(),
    })
}

/// Events behind `after`, up to `last`, of these types (none: of all). Also says up to where
/// was looked.
pub async fn read(
    handle: &impl Handle,
    grant: &impl Reads<Sequenced>,
    after: i64,
    last: i64,
    types: &[String],
    limit: u16,
) -> Result<(Vec<Sequenced>, i64), Error> {
    let until = last.min(after.saturating_add(REACH));
    let mut sql = "SELECT id, position, type, schema_version, at, subject_kind, subject_id, \
                   subject_version, actor_id, actor_kind, data FROM events \
                   WHERE institution_id = ? AND position > ? AND position <= ?"
        .to_owned();
    let institution = grant.scope().institution().uuid();
    let mut values = vec![institution.into(), after.into(), until.into()];
    if !types.is_empty() {
        sql.push_str(" AND type IN (");
        sql.push_str(&placeholders(types.len()));
        sql.push(')');
        values.extend(types.iter().map(|t| t.as_str().into()));
    }
    sql.push_str(" ORDER BY position LIMIT ?");
    values.push(i64::from(limit).into());
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    let events: Vec<_> = rows.iter().map(sequenced).collect::<Result<_, _>>()?;
    let looked = match events.last() {
        Some(event) if events.len() >= usize::from(limit) => event.position,
        _ => until,
    };
    Ok((events, looked))
}

fn sequenced(row: &QueryResult) -> Result<Sequenced, Error> {
    let actor_kind: String = row.try_get("", "actor_kind")?;
    Ok(Sequenced {
        id: row.try_get("", "id")?,
        position: row.try_get("", "position")?,
        kind: row.try_get("", "type")?,
        schema_version: row.try_get("", "schema_version")?,
        at: timestamp(row.try_get("", "at")?)?,
        subject_kind: row.try_get("", "subject_kind")?,
        subject: row.try_get("", "subject_id")?,
        subject_version: row.try_get("", "subject_version")?,
        actor: row.try_get("", "actor_id")?,
        actor_kind: PrincipalKind::parse(&actor_kind)
            .ok_or_else(|| Error::corrupt("unknown kind of principal"))?,
        data: row.try_get("", "data")?,
    })
}
