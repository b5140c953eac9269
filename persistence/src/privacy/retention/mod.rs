//! How long people are kept: the policy of an institution, who is due by it, and the record of what was done.

pub mod due;
mod relations;
pub mod runs;

use std::collections::BTreeMap;

use domain::{
    id::Id,
    organization::Institution,
    privacy::{RetentionClass, RetentionPolicy, RetentionRule},
    text_enum::TextEnum,
};
use jiff::Timestamp;
use sea_orm::{ConnectionTrait, Value};
use serde_json::{Map, Value as Json, json};

use super::RETENTION_CHANGED;
use crate::{
    Error, Handle, Tx,
    access::{Reads, Writes},
    clock::{micros, timestamp},
    database::{Change, statement},
};

/// The columns of a class: its days, and since when the rule is in force.
fn columns(class: RetentionClass) -> [String; 2] {
    let class = class.as_str();
    [format!("{class}_days"), format!("{class}_in_force_from")]
}

/// What an institution goes by.
pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<RetentionPolicy>,
) -> Result<RetentionPolicy, Error> {
    policy(handle, grant.scope().institution(), "").await
}

/// The same of the transaction's own: nobody changes it until that ends.
pub(super) async fn keep(tx: &Tx) -> Result<RetentionPolicy, Error> {
    let lock = if tx.is_postgres() { " FOR SHARE" } else { "" };
    policy(tx, tx.operation().institution, lock).await
}

/// The same, about to be changed.
pub async fn lock(tx: &Tx, grant: &impl Writes<RetentionPolicy>) -> Result<RetentionPolicy, Error> {
    let institution = grant.scope().institution();
    // So that there is a row to be locked.
    let sql = "INSERT INTO retention_policies (institution_id, version) VALUES (?, ?) ON CONFLICT DO NOTHING";
    let first = RetentionPolicy::default().version;
    let values: [Value; 2] = [institution.uuid().into(), first.into()];
    tx.execute_raw(statement(tx, sql, values)).await?;
    let lock = if tx.is_postgres() { " FOR UPDATE" } else { "" };
    policy(tx, institution, lock).await
}

async fn policy(
    handle: &impl Handle,
    institution: Id<Institution>,
    lock: &str,
) -> Result<RetentionPolicy, Error> {
    let named: Vec<_> = RetentionClass::ALL
        .iter()
        .copied()
        .flat_map(columns)
        .collect();
    let sql = format!(
        "SELECT version, {} FROM retention_policies WHERE institution_id = ?{lock}",
        named.join(", ")
    );
    let key = [institution.uuid().into()];
    let row = handle.query_one_raw(statement(handle, &sql, key)).await?;
    let Some(row) = row else {
        return Ok(RetentionPolicy::default());
    };
    let mut rules = BTreeMap::new();
    for class in RetentionClass::ALL {
        let [days, from] = columns(*class);
        let days: Option<i64> = row.try_get("", &days)?;
        let from: Option<i64> = row.try_get("", &from)?;
        if let Some((days, from)) = days.zip(from) {
            let in_force_from = timestamp(from)?;
            let rule = RetentionRule {
                days,
                in_force_from,
            };
            rules.insert(*class, rule);
        }
    }
    Ok(RetentionPolicy {
        version: row.try_get("", "version")?,
        rules,
    })
}

fn told(policy: &RetentionPolicy) -> Json {
    let rules = RetentionClass::ALL.iter().flat_map(|class| {
        let rule = policy.rules.get(class);
        let [days, from] = columns(*class);
        let since = rule.map(|rule| rule.in_force_from.to_string());
        [
            (days, json!(rule.map(|rule| rule.days))),
            (from, json!(since)),
        ]
    });
    Json::Object(rules.collect::<Map<_, _>>())
}

/// Writes a changed policy, which is locked.
pub async fn set(
    tx: &Tx,
    grant: &impl Writes<RetentionPolicy>,
    before: &RetentionPolicy,
    after: &RetentionPolicy,
) -> Result<(), Error> {
    let institution = grant.scope().institution().uuid();
    let named = RetentionClass::ALL.iter().copied().flat_map(columns);
    let named: Vec<_> = named.map(|column| format!("{column} = ?")).collect();
    let sql = format!(
        "UPDATE retention_policies SET version = ?, {} WHERE institution_id = ?",
        named.join(", ")
    );
    let rules = RetentionClass::ALL.iter().flat_map(|class| {
        let rule = after.rules.get(class);
        let from = rule.map(|rule| micros(rule.in_force_from));
        [Value::from(rule.map(|rule| rule.days)), from.into()]
    });
    let values = [Value::from(after.version)]
        .into_iter()
        .chain(rules)
        .chain([institution.into()]);
    tx.execute_raw(statement(tx, &sql, values)).await?;
    let changed: Vec<_> = RetentionClass::ALL
        .iter()
        .filter(|class| before.rules.get(class) != after.rules.get(class))
        .map(|class| {
            let [days, _] = columns(*class);
            days
        })
        .collect();
    let change = Change::new("retention_policy", institution, after.version, told(after));
    let data = json!({ "changed": changed });
    tx.record(change.before(told(before)).event(&RETENTION_CHANGED, data));
    Ok(())
}

/// The times by the clock of this instance and by that of the database, the earlier first: whoever takes
/// away goes by the one, whoever waits for something by the other, so that a clock that is wrong does no harm.
pub async fn times(handle: &impl Handle, own: Timestamp) -> Result<(Timestamp, Timestamp), Error> {
    let other = crate::jobs::schedule::now(handle).await?;
    Ok((own.min(other), own.max(other)))
}
