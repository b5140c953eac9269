//! How long data is kept: the policy of an institution, what is due by it, and the record of what went.

pub mod due;
pub mod runs;

use std::collections::BTreeMap;

use domain::{
    id::Id,
    organization::Institution,
    privacy::{RetentionClass, RetentionPolicy},
    text_enum::TextEnum,
};
use sea_orm::{ConnectionTrait, Value};
use serde_json::{Map, Value as Json, json};

use super::RETENTION_CHANGED;
use crate::{
    Error, Handle, Tx,
    access::{Reads, Writes},
    database::{Change, statement},
};

/// The column of the days of a class.
fn column(class: RetentionClass) -> String {
    format!("{}_days", class.as_str())
}

fn columns() -> String {
    let named: Vec<_> = RetentionClass::ALL
        .iter()
        .map(|class| column(*class))
        .collect();
    named.join(", ")
}

/// What an institution goes by.
pub async fn policy(
    handle: &impl Handle,
    institution: Id<Institution>,
) -> Result<RetentionPolicy, Error> {
    policy_under(handle, institution, "").await
}

/// The same, for whoever may see it.
pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<RetentionPolicy>,
) -> Result<RetentionPolicy, Error> {
    policy(handle, grant.scope().institution()).await
}

/// The same, about to be changed: nobody else changes it until the transaction ends.
pub async fn lock(tx: &Tx, grant: &impl Writes<RetentionPolicy>) -> Result<RetentionPolicy, Error> {
    let institution = grant.scope().institution();
    // So that there is a row to be locked.
    let sql = "INSERT INTO retention_policies (institution_id, version) VALUES (?, ?) ON CONFLICT DO NOTHING";
    let first = RetentionPolicy::default().version;
    let values: [Value; 2] = [institution.uuid().into(), first.into()];
    tx.execute_raw(statement(tx, sql, values)).await?;
    let lock = if tx.is_postgres() { " FOR UPDATE" } else { "" };
    policy_under(tx, institution, lock).await
}

async fn policy_under(
    handle: &impl Handle,
    institution: Id<Institution>,
    lock: &str,
) -> Result<RetentionPolicy, Error> {
    let sql = format!(
        "SELECT version, {} FROM retention_policies WHERE institution_id = ?{lock}",
        columns()
    );
    let key = [institution.uuid().into()];
    let row = handle.query_one_raw(statement(handle, &sql, key)).await?;
    let Some(row) = row else {
        return Ok(RetentionPolicy::default());
    };
    let mut days = BTreeMap::new();
    for class in RetentionClass::ALL {
        if let Some(after) = row.try_get::<Option<i64>>("", &column(*class))? {
            days.insert(*class, after);
        }
    }
    Ok(RetentionPolicy {
        version: row.try_get("", "version")?,
        days,
    })
}

fn told(policy: &RetentionPolicy) -> Json {
    let days = RetentionClass::ALL
        .iter()
        .map(|class| (column(*class), json!(policy.days.get(class))));
    Json::Object(days.collect::<Map<_, _>>())
}

/// Writes a changed policy, which is locked.
pub async fn set(
    tx: &Tx,
    grant: &impl Writes<RetentionPolicy>,
    before: &RetentionPolicy,
    after: &RetentionPolicy,
) -> Result<(), Error> {
    let institution = grant.scope().institution().uuid();
    let named: Vec<_> = RetentionClass::ALL
        .iter()
        .map(|class| format!("{} = ?", column(*class)))
        .collect();
    let sql = format!(
        "UPDATE retention_policies SET version = ?, {} WHERE institution_id = ?",
        named.join(", ")
    );
    let days = RetentionClass::ALL
        .iter()
        .map(|class| Value::from(after.days.get(class).copied()));
    let values = [Value::from(after.version)]
        .into_iter()
        .chain(days)
        .chain([institution.into()]);
    tx.execute_raw(statement(tx, &sql, values)).await?;
    let changed: Vec<_> = RetentionClass::ALL
        .iter()
        .filter(|class| before.days.get(class) != after.days.get(class))
        .map(|class| column(*class))
        .collect();
    let change = Change::new("retention_policy", institution, after.version, told(after));
    let data = json!({ "changed": changed });
    tx.record(change.before(told(before)).event(&RETENTION_CHANGED, data));
    Ok(())
}
