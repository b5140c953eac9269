//! The audit trail (操作日志, AUD-01…03): one record a transaction.
//!
//! The header never changes. What was before and after, and where the request came from, stands
//! apart, sealed, with a salt; the header keeps a digest of both, so that they can be erased and the
//! trail still be proved.
//!
//! - [`records`]: reading the trail
//! - [`refusals`]: what was refused, which no transaction of its own can tell
//! - [`chain`]: sealing it in blocks
//! - [`verify`]: proving that it is what was sealed

pub mod chain;
pub mod records;
pub mod refusals;
pub mod verify;

use std::collections::BTreeSet;

use domain::{audit::Outcome, text_enum::TextEnum};
use jiff::Timestamp;
use sea_orm::ConnectionTrait;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    Error, Tx,
    clock::micros,
    database::{Actor, Change, insert_many, statement},
    keys::{bytes, digest, random},
};

pub(crate) async fn write(tx: &Tx, changes: &[Change]) -> Result<(), Error> {
    let Some(first) = changes.first() else {
        return Ok(());
    };
    let operation = tx.operation();
    let header = Header {
        id: tx.stamp().id::<()>().uuid(),
        at: tx.now(),
        actor: &operation.actor,
        operation: &operation.name,
        outcome: Outcome::Done,
        request: operation.request,
        trace: operation.trace,
        target: (first.kind, first.id),
    };
    let told = changes.iter().map(|c| {
        json!({
            "kind": c.kind, "id": c.id, "version": c.version, "before": c.before, "after": c.after,
        })
    });
    if !insert(tx, &header, told.collect()).await? {
        return Err(Error::internal("an audit record was there already"));
    }
    write_targets(tx, header.id, changes).await
}

/// What a record says in the clear.
struct Header<'a> {
    id: Uuid,
    at: Timestamp,
    actor: &'a Actor,
    operation: &'a str,
    outcome: Outcome,
    request: Uuid,
    trace: Uuid,
    /// Kind and id of what was touched first.
    target: (&'static str, Uuid),
}

/// Writes a record with what has changed, unless it is there already.
async fn insert(tx: &Tx, header: &Header<'_>, changes: Vec<Value>) -> Result<bool, Error> {
    let mut salt = [0_u8; 16];
    random(&mut salt)?;
    let origin = &header.actor.origin;
    let payload = json!({
        "origin": {
            "address": origin.address.map(|address| address.to_string()),
            "user_agent": origin.user_agent.as_deref(),
        },
        "changes": changes,
    });
    let payload = serde_json::to_vec(&payload).map_err(Error::internal)?;
    let sealed = tx
        .keys()
        .await?
        .seal(records::payload_place(header.id), &payload)?;
    let institution = tx.operation().institution.uuid();
    let written = tx
        .execute_raw(statement(
            tx,
            "INSERT INTO audit_records (institution_id, id, at, principal_id, principal_kind, operation, \
             outcome, request_id, trace_id, target_kind, target_id, payload_digest, session_id) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (institution_id, id) DO NOTHING",
            [
                institution.into(),
                header.id.into(),
                micros(header.at).into(),
                header.actor.principal.into(),
                header.actor.kind.as_str().into(),
                header.operation.into(),
                header.outcome.as_str().into(),
                header.request.into(),
                header.trace.into(),
                header.target.0.into(),
                header.target.1.into(),
                bytes(digest(&[&salt, &payload])),
                header.actor.session.into(),
            ],
        ))
        .await?;
    if written.rows_affected() == 0 {
        return Ok(false);
    }
    tx.execute_raw(statement(
        tx,
        "INSERT INTO audit_payloads (institution_id, id, salt, payload) VALUES (?, ?, ?, ?)",
        [
            institution.into(),
            header.id.into(),
            bytes(salt),
            bytes(sealed),
        ],
    ))
    .await?;
    Ok(true)
}

/// Writes what was touched besides the first target, each once.
async fn write_targets(tx: &Tx, record: Uuid, changes: &[Change]) -> Result<(), Error> {
    let first = changes.first().map(|c| (c.kind, c.id));
    let mut more: BTreeSet<_> = changes.iter().map(|c| (c.kind, c.id)).collect();
    more.retain(|target| Some(*target) != first);
    let institution = tx.operation().institution.uuid();
    let row = |(kind, target): (&'static str, Uuid)| {
        vec![
            institution.into(),
            record.into(),
            kind.into(),
            target.into(),
        ]
    };
    insert_many(
        tx,
        (
            "audit_targets",
            "institution_id, record_id, kind, target_id",
        ),
        "",
        more.into_iter().map(row).collect(),
    )
    .await
}

/// The fields that differ, before and after; `personal` ones as `***`.
pub(crate) fn difference(
    before: Option<&Value>,
    after: &Value,
    personal: &[&str],
) -> (Value, Value) {
    let mut was = Map::new();
    let mut is = Map::new();
    let none = Map::new();
    for (name, new) in after.as_object().unwrap_or(&none) {
        let old = before.map_or(&Value::Null, |b| b.get(name).unwrap_or(&Value::Null));
        if old == new {
            continue;
        }
        let shown = |value: &Value| {
            if personal.contains(&name.as_str()) && !value.is_null() {
                Value::from("***")
            } else {
                value.clone()
            }
        };
        was.insert(name.clone(), shown(old));
        is.insert(name.clone(), shown(new));
    }
    (was.into(), is.into())
}
