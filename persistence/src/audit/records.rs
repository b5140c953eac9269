//! Reading the trail.

use std::collections::HashMap;

use jiff::Timestamp;
use sea_orm::{QueryResult, Value as SqlValue};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Error, Handle,
    access::Reads,
    clock::{micros, timestamp},
    database::{placeholders, statement},
    keys::{SealedAt, digest},
    scope::Page,
};

/// An audit record: who did what to what, when.
#[derive(Clone, Debug)]
pub struct Record {
    pub id: Uuid,
    /// Its place on the trail; none until the sequencer has seen it.
    pub position: Option<i64>,
    pub at: Timestamp,
    pub principal: Uuid,
    pub principal_kind: String,
    /// The session, or the key of an API client.
    pub session: Option<Uuid>,
    pub operation: String,
    pub outcome: String,
    pub request: Uuid,
    pub trace: Uuid,
    /// Kind and id of everything that was touched, the first one first.
    pub targets: Vec<(String, Uuid)>,
    pub payload_digest: Vec<u8>,
}

/// What a record says beside its header, until it is erased.
#[derive(Clone, Debug)]
pub struct Payload {
    pub changes: Value,
    /// Address and user agent; null on records that had none yet.
    pub origin: Value,
}

/// What a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub principal: Option<Uuid>,
    pub operation: Option<String>,
    pub outcome: Option<&'static str>,
    pub target_kind: Option<String>,
    pub target: Option<Uuid>,
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

pub(super) const COLUMNS: &str = "r.id, r.position, r.at, r.principal_id, r.principal_kind, r.operation, \
     r.outcome, r.request_id, r.trace_id, r.target_kind, r.target_id, r.payload_digest, \
     r.session_id";

/// One page of the trail.
pub async fn list(
    handle: &impl Handle,
    grant: &impl Reads<Record>,
    filter: &Filter,
    page: &Page,
) -> Result<Vec<Record>, Error> {
    let institution = grant.scope().institution().uuid();
    let mut sql = format!("SELECT {COLUMNS} FROM audit_records r WHERE r.institution_id = ?");
    let mut values: Vec<SqlValue> = vec![institution.into()];
    let mut only = |condition: &str, some: Vec<SqlValue>| {
        sql.push_str(" AND ");
        sql.push_str(condition);
        values.extend(some);
    };
    if let Some(principal) = filter.principal {
        only("r.principal_id = ?", vec![principal.into()]);
    }
    if let Some(operation) = &filter.operation {
        only("r.operation = ?", vec![operation.as_str().into()]);
    }
    if let Some(outcome) = filter.outcome {
        only("r.outcome = ?", vec![outcome.into()]);
    }
    if let Some(target) = filter.target {
        only(
            "r.id IN (SELECT id FROM audit_records WHERE institution_id = ? AND target_id = ? \
             UNION SELECT record_id FROM audit_targets WHERE institution_id = ? AND target_id = ?)",
            vec![
                institution.into(),
                target.into(),
                institution.into(),
                target.into(),
            ],
        );
    }
    if let Some(kind) = &filter.target_kind {
        only(
            "(r.target_kind = ? OR EXISTS (SELECT 1 FROM audit_targets t \
             WHERE t.institution_id = r.institution_id AND t.record_id = r.id AND t.kind = ?))",
            vec![kind.as_str().into(), kind.as_str().into()],
        );
    }
    if let Some(from) = filter.from {
        only("r.at >= ?", vec![micros(from).into()]);
    }
    if let Some(until) = filter.until {
        only("r.at < ?", vec![micros(until).into()]);
    }
    sql.push_str(&page.ending(("r.at", "r.id"), &mut values));
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    with_targets(handle, institution, rows.iter().map(record)).await
}

/// One record, with its payload; this is `None` once erased.
pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<Record>,
    id: Uuid,
) -> Result<Option<(Record, Option<Payload>)>, Error> {
    let institution = grant.scope().institution();
    let sql = format!(
        "SELECT {COLUMNS}, p.payload FROM audit_records r \
         LEFT JOIN audit_payloads p ON p.institution_id = r.institution_id AND p.id = r.id \
         WHERE r.institution_id = ? AND r.id = ?"
    );
    let values = [institution.uuid().into(), id.into()];
    let Some(row) = handle
        .query_one_raw(statement(handle, &sql, values))
        .await?
    else {
        return Ok(None);
    };
    let payload: Option<Vec<u8>> = row.try_get("", "payload")?;
    let mut records = with_targets(handle, institution.uuid(), [record(&row)]).await?;
    let payload = match payload {
        Some(sealed) => {
            let keys = handle.keys_of(institution).await?;
            let plain = keys.open(payload_place(id), &sealed)?;
            let mut payload: Value = serde_json::from_slice(&plain).map_err(Error::corrupt)?;
            let mut part = |name| payload.get_mut(name).map(Value::take).unwrap_or_default();
            Some(Payload {
                changes: part("changes"),
                origin: part("origin"),
            })
        }
        None => None,
    };
    Ok(records.pop().map(|record| (record, payload)))
}

/// Records by position, `first` to `last`.
pub(super) async fn between(
    handle: &impl Handle,
    institution: Uuid,
    first: i64,
    last: i64,
) -> Result<Vec<Record>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM audit_records r WHERE r.institution_id = ? \
         AND r.position >= ? AND r.position <= ? ORDER BY r.position, r.id"
    );
    let values = [institution.into(), first.into(), last.into()];
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    with_targets(handle, institution, rows.iter().map(record)).await
}

pub(super) fn payload_place(row: Uuid) -> SealedAt {
    SealedAt {
        table: "audit_payloads",
        column: "payload",
        row,
    }
}

fn record(row: &QueryResult) -> Result<Record, Error> {
    Ok(Record {
        id: row.try_get("", "id")?,
        position: row.try_get("", "position")?,
        at: timestamp(row.try_get("", "at")?)?,
        principal: row.try_get("", "principal_id")?,
        principal_kind: row.try_get("", "principal_kind")?,
        session: row.try_get("", "session_id")?,
        operation: row.try_get("", "operation")?,
        outcome: row.try_get("", "outcome")?,
        request: row.try_get("", "request_id")?,
        trace: row.try_get("", "trace_id")?,
        targets: vec![(
            row.try_get("", "target_kind")?,
            row.try_get("", "target_id")?,
        )],
        payload_digest: row.try_get("", "payload_digest")?,
    })
}

/// Adds to records what they touched besides their first targets.
async fn with_targets(
    handle: &impl Handle,
    institution: Uuid,
    records: impl IntoIterator<Item = Result<Record, Error>>,
) -> Result<Vec<Record>, Error> {
    let mut records: Vec<Record> = records.into_iter().collect::<Result<_, _>>()?;
    if records.is_empty() {
        return Ok(records);
    }
    let sql = format!(
        "SELECT record_id, kind, target_id FROM audit_targets \
         WHERE institution_id = ? AND record_id IN ({}) ORDER BY record_id, kind, target_id",
        placeholders(records.len())
    );
    let ids = records.iter().map(|record| SqlValue::from(record.id));
    let values = std::iter::once(institution.into()).chain(ids);
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    let mut more = HashMap::<Uuid, Vec<(String, Uuid)>>::new();
    for row in rows {
        let target = (row.try_get("", "kind")?, row.try_get("", "target_id")?);
        more.entry(row.try_get("", "record_id")?)
            .or_default()
            .push(target);
    }
    for record in &mut records {
        record
            .targets
            .extend(more.remove(&record.id).unwrap_or_default());
    }
    Ok(records)
}

impl Record {
    /// What a block seals of it: everything but the payload, of which it has the digest.
    pub(super) fn digest(&self, institution: Uuid) -> [u8; 32] {
        let position = self.position.unwrap_or_default().to_be_bytes();
        let at = micros(self.at).to_be_bytes();
        let mut parts: Vec<&[u8]> = vec![
            institution.as_bytes(),
            self.id.as_bytes(),
            &position,
            &at,
            self.principal.as_bytes(),
            self.principal_kind.as_bytes(),
            self.operation.as_bytes(),
            self.outcome.as_bytes(),
            self.request.as_bytes(),
            self.trace.as_bytes(),
            &self.payload_digest,
        ];
        // One part more, where the rest comes in pairs: it can't be taken for a target.
        if let Some(session) = &self.session {
            parts.push(session.as_bytes());
        }
        for (kind, id) in &self.targets {
            parts.push(kind.as_bytes());
            parts.push(id.as_bytes());
        }
        digest(&parts)
    }
}
