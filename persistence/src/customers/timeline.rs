//! Everything that happened to a customer, newest first, told by the tables themselves.

use domain::{
    customers::{Customer, TimelineKind},
    id::Id,
    money::Money,
    organization::Institution,
    text_enum::TextEnum,
};
use jiff::Timestamp;
use sea_orm::{QueryResult, Value};
use uuid::Uuid;

use super::{CHILDREN, Shown, entity::Entity};
use crate::{
    Error, Handle,
    access::{Authority, Scope},
    clock::timestamp,
    database::statement,
    scope::reaches,
};

/// One thing that happened.
#[derive(Clone)]
pub struct Entry {
    pub kind: TimelineKind,
    pub at: Timestamp,
    pub record: Uuid,
    pub actor: Option<Uuid>,
    pub text: Option<String>,
    pub amount: Option<Money>,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Entry({:?} {})", self.kind, self.record)
    }
}

/// The kinds of entry that an authority reaches at a customer.
pub async fn reached(
    handle: &impl Handle,
    authority: &Authority,
    customer: &Customer,
    now: Timestamp,
) -> Result<Vec<TimelineKind>, Error> {
    let mut reached = Vec::new();
    for (kind, permission) in kinds() {
        let Some(scope) = Scope::of(authority, permission, now) else {
            continue;
        };
        if scope.covers(customer.holder, customer.campus)
            || reaches::<Entity>(handle, &scope, customer.id.uuid()).await?
        {
            reached.push(kind);
        }
    }
    Ok(reached)
}

/// Kinds of entry, each with the permission within whose reach it is.
fn kinds() -> impl Iterator<Item = (TimelineKind, &'static str)> {
    CHILDREN.iter().filter_map(|child| match child.shown {
        Shown::As {
            kind, permission, ..
        } => Some((kind, permission)),
        Shown::Elsewhere => None,
    })
}

/// At most `limit` entries of these kinds behind `after`. The caller has found the customer, and each
/// kind to be within reach: what belongs to a customer is reached where the customer is.
pub async fn of(
    handle: &impl Handle,
    institution: Id<Institution>,
    customer: Id<Customer>,
    wanted: &[TimelineKind],
    after: Option<(i64, Uuid)>,
    limit: u64,
) -> Result<Vec<Entry>, Error> {
    let mut sql = String::new();
    let mut values: Vec<Value> = Vec::new();
    for child in CHILDREN {
        let Shown::As {
            kind,
            at,
            actor,
            text,
            amount,
            currency,
            ..
        } = child.shown
        else {
            continue;
        };
        if !wanted.contains(&kind) {
            continue;
        }
        if !sql.is_empty() {
            sql.push_str(" UNION ALL ");
        }
        let behind = if after.is_some() {
            format!(" AND ({at}, id) < (?, ?)")
        } else {
            String::new()
        };
        // SQLite takes no ORDER BY or LIMIT in a member of a union: wrapped, it does.
        sql.push_str(&format!(
            "SELECT * FROM (SELECT '{kind}' AS kind, {at} AS at, id, CAST({actor} AS {uuid}) AS actor, \
             CAST({text} AS text) AS text, CAST({amount} AS bigint) AS amount, \
             CAST({currency} AS text) AS currency FROM {table} \
             WHERE institution_id = ? AND customer_id = ?{behind} \
             ORDER BY {at} DESC, id DESC LIMIT {limit}) AS {table}",
            kind = kind.as_str(),
            table = child.table,
            uuid = if handle.is_postgres() { "uuid" } else { "blob" },
        ));
        values.extend([institution.uuid().into(), customer.uuid().into()]);
        if let Some((at, id)) = after {
            values.extend([at.into(), id.into()]);
        }
    }
    if sql.is_empty() {
        return Ok(Vec::new());
    }
    sql.push_str(&format!(" ORDER BY at DESC, id DESC LIMIT {limit}"));
    handle
        .query_all_raw(statement(handle, &sql, values))
        .await?
        .iter()
        .map(entry)
        .collect()
}

fn entry(row: &QueryResult) -> Result<Entry, Error> {
    let kind: String = row.try_get("", "kind")?;
    Ok(Entry {
        kind: TimelineKind::parse(&kind).ok_or_else(|| Error::corrupt(TimelineKind::NAME))?,
        at: timestamp(row.try_get("", "at")?)?,
        record: row.try_get("", "id")?,
        actor: row.try_get("", "actor")?,
        text: row.try_get("", "text")?,
        amount: amount(row)?,
    })
}

fn amount(row: &QueryResult) -> Result<Option<Money>, Error> {
    let minor: Option<i64> = row.try_get("", "amount")?;
    let currency: Option<String> = row.try_get("", "currency")?;
    let (Some(minor), Some(currency)) = (minor, currency) else {
        return Ok(None);
    };
    let currency = currency.parse().map_err(|_| Error::corrupt("currency"))?;
    Ok(Some(Money::new(minor, currency)?))
}
