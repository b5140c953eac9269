//! What people ask about their own data: rows, and whom a decision concerns.

use std::collections::BTreeSet;

use domain::{
    access::Principal,
    customers::Customer,
    id::Id,
    organization::Institution,
    privacy::{PrivacyRequest, RequestKind, RequestStatus},
    text_enum::TextEnum,
};
use jiff::civil::Date;
use sea_orm::{ConnectionTrait, QueryResult, Value};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{REQUEST_CHANGED, REQUEST_RECEIVED};
use crate::{
    Error, Handle, Tx,
    access::{Reads, Writes},
    clock::{date, date_column, micros, timestamp},
    customers::merges,
    database::{Change, placeholders, statement, unless_stale},
    keys::{FieldKeys, SealedAt},
    scope::Page,
};

const COLUMNS: &str = "id, version, customer_id, kind, asked_by, words, received_at, due_on, status, \
                       closed_at, created_at";

/// Which requests.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub statuses: Vec<RequestStatus>,
    pub kinds: Vec<RequestKind>,
    pub customer: Option<Id<Customer>>,
    /// Those that ought to have been closed before this day.
    pub due_before: Option<Date>,
}

/// The words of a request, as they are sealed.
#[derive(Serialize, Deserialize)]
struct Words {
    identity: Option<String>,
    details: Option<String>,
    answer: Option<String>,
}

fn place(request: Uuid) -> SealedAt {
    SealedAt {
        table: "privacy_requests",
        column: "words",
        row: request,
    }
}

fn seal(keys: &FieldKeys, request: &PrivacyRequest) -> Result<Vec<u8>, Error> {
    let words = Words {
        identity: request.identity.clone(),
        details: request.details.clone(),
        answer: request.answer.clone(),
    };
    let plain = Zeroizing::new(serde_json::to_vec(&words).map_err(Error::internal)?);
    keys.seal(place(request.id.uuid()), &plain)
}

/// A request of an erased person, without a word: its id, and what is sealed in it.
pub(super) fn wordless(keys: &FieldKeys, row: &QueryResult) -> Result<(Value, Vec<u8>), Error> {
    let id: Uuid = row.try_get("", "id")?;
    let none = Words {
        identity: None,
        details: None,
        answer: None,
    };
    let plain = serde_json::to_vec(&none).map_err(Error::internal)?;
    Ok((id.into(), keys.seal(place(id), &plain)?))
}

fn request(row: &QueryResult, keys: &FieldKeys) -> Result<PrivacyRequest, Error> {
    let id: Uuid = row.try_get("", "id")?;
    let sealed: Vec<u8> = row.try_get("", "words")?;
    let plain = Zeroizing::new(keys.open(place(id), &sealed)?);
    let words: Words = serde_json::from_slice(&plain).map_err(Error::corrupt)?;
    let (kind, status): (String, String) = (row.try_get("", "kind")?, row.try_get("", "status")?);
    let asker: Option<Uuid> = row.try_get("", "asked_by")?;
    let closed: Option<i64> = row.try_get("", "closed_at")?;
    Ok(PrivacyRequest {
        id: Id::new(id),
        version: row.try_get("", "version")?,
        customer: Id::new(row.try_get("", "customer_id")?),
        kind: RequestKind::parse(&kind).ok_or_else(|| Error::corrupt(RequestKind::NAME))?,
        asked_by: asker.map(Id::new),
        identity: words.identity,
        details: words.details,
        received_at: timestamp(row.try_get("", "received_at")?)?,
        due_on: date(row.try_get("", "due_on")?)?,
        status: RequestStatus::parse(&status).ok_or_else(|| Error::corrupt(RequestStatus::NAME))?,
        answer: words.answer,
        closed_at: closed.map(timestamp).transpose()?,
        created_at: timestamp(row.try_get("", "created_at")?)?,
    })
}

async fn read(
    handle: &impl Handle,
    institution: Id<Institution>,
    (condition, values): (&str, Vec<Value>),
) -> Result<Vec<PrivacyRequest>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM privacy_requests WHERE institution_id = ?{condition}");
    let values = [institution.uuid().into()].into_iter().chain(values);
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    let keys = handle.keys_of(institution).await?;
    rows.iter().map(|row| request(row, &keys)).collect()
}

/// One page of the requests of an institution.
pub async fn list(
    handle: &impl Handle,
    grant: &impl Reads<PrivacyRequest>,
    filter: &Filter,
    page: &Page,
) -> Result<Vec<PrivacyRequest>, Error> {
    let (mut sql, mut values): (String, Vec<Value>) = (String::new(), Vec::new());
    if !filter.statuses.is_empty() {
        let places = placeholders(filter.statuses.len());
        sql.push_str(&format!(" AND status IN ({places})"));
        values.extend(filter.statuses.iter().map(|v| v.as_str().into()));
    }
    if !filter.kinds.is_empty() {
        let places = placeholders(filter.kinds.len());
        sql.push_str(&format!(" AND kind IN ({places})"));
        values.extend(filter.kinds.iter().map(|v| v.as_str().into()));
    }
    if let Some(customer) = filter.customer {
        let institution = grant.scope().institution();
        let stands_for = merges::now(handle, institution, customer).await?;
        sql.push_str(" AND customer_id = ?");
        values.push(stands_for.unwrap_or(customer).uuid().into());
    }
    if let Some(day) = filter.due_before {
        sql.push_str(" AND closed_at IS NULL AND due_on < ?");
        values.push(date_column(day)?.into());
    }
    sql.push_str(&page.ending(("created_at", "id"), &mut values));
    read(handle, grant.scope().institution(), (&sql, values)).await
}

pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<PrivacyRequest>,
    id: Id<PrivacyRequest>,
) -> Result<Option<PrivacyRequest>, Error> {
    let condition = (" AND id = ?", vec![id.uuid().into()]);
    let found = read(handle, grant.scope().institution(), condition).await?;
    Ok(found.into_iter().next())
}

/// A request that is about to be changed: no other transaction changes it until this one ends.
pub async fn lock(
    tx: &Tx,
    grant: &impl Writes<PrivacyRequest>,
    id: Id<PrivacyRequest>,
) -> Result<Option<PrivacyRequest>, Error> {
    let lock = if tx.is_postgres() {
        " FOR NO KEY UPDATE"
    } else {
        ""
    };
    let condition = format!(" AND id = ?{lock}");
    let values = vec![id.uuid().into()];
    let found = read(tx, grant.scope().institution(), (&condition, values)).await?;
    Ok(found.into_iter().next())
}

/// Writes a request of a customer that the caller may change.
pub async fn insert(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    request: &PrivacyRequest,
) -> Result<(), Error> {
    let keys = tx.keys().await?;
    let sql = format!(
        "INSERT INTO privacy_requests (institution_id, {COLUMNS}, recorded_by) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    );
    let values: [Value; 13] = [
        grant.scope().institution().uuid().into(),
        request.id.uuid().into(),
        request.version.into(),
        request.customer.uuid().into(),
        request.kind.as_str().into(),
        request.asked_by.map(Id::uuid).into(),
        seal(&keys, request)?.into(),
        micros(request.received_at).into(),
        date_column(request.due_on)?.into(),
        request.status.as_str().into(),
        request.closed_at.map(micros).into(),
        micros(request.created_at).into(),
        tx.operation().actor.recorder().into(),
    ];
    tx.execute_raw(statement(tx, &sql, values)).await?;
    let is = json!({
        "customer_id": request.customer,
        "kind": request.kind.as_str(),
        "asked_by": request.asked_by,
        "received_at": request.received_at.to_string(),
        "due_on": request.due_on.to_string(),
    });
    let data = json!({
        "customer_id": request.customer,
        "kind": request.kind.as_str(),
        "due_on": request.due_on.to_string(),
    });
    let change = Change::new("privacy_request", request.id.uuid(), request.version, is);
    tx.record(change.event(&REQUEST_RECEIVED, data));
    Ok(())
}

/// Writes a request over the version that it was read at.
pub async fn update(
    tx: &Tx,
    grant: &impl Writes<PrivacyRequest>,
    before: &PrivacyRequest,
    after: &PrivacyRequest,
) -> Result<(), Error> {
    let keys = tx.keys().await?;
    let values: [Value; 7] = [
        after.version.into(),
        after.status.as_str().into(),
        seal(&keys, after)?.into(),
        after.closed_at.map(micros).into(),
        grant.scope().institution().uuid().into(),
        after.id.uuid().into(),
        before.version.into(),
    ];
    let sql = "UPDATE privacy_requests SET version = ?, status = ?, words = ?, closed_at = ? \
               WHERE institution_id = ? AND id = ? AND version = ?";
    let updated = tx.execute_raw(statement(tx, sql, values)).await?;
    unless_stale(updated.rows_affected())?;
    let (was, is) = (
        json!({ "status": before.status.as_str() }),
        json!({ "status": after.status.as_str() }),
    );
    let data = json!({
        "customer_id": after.customer,
        "kind": after.kind.as_str(),
        "status": after.status.as_str(),
    });
    let change = Change::new("privacy_request", after.id.uuid(), after.version, is);
    tx.record(change.before(was).event(&REQUEST_CHANGED, data));
    Ok(())
}

/// People who work with a customer: who holds it, who will speak to it next, who teaches it.
pub async fn concerned(
    tx: &Tx,
    grant: &impl Writes<PrivacyRequest>,
    customer: Id<Customer>,
) -> Result<BTreeSet<Id<Principal>>, Error> {
    let sql = "SELECT s.id FROM staff s \
               JOIN customers c ON c.institution_id = s.institution_id AND c.holder_id = s.id \
               WHERE c.institution_id = ? AND c.id = ? \
               UNION SELECT f.author_id FROM follow_ups f WHERE f.institution_id = ? AND f.customer_id = ? \
               AND f.due_at IS NOT NULL AND f.author_id IS NOT NULL \
               UNION SELECT k.teacher_id FROM enrollments e \
               JOIN classes k ON k.institution_id = e.institution_id AND k.id = e.class_id \
               WHERE e.institution_id = ? AND e.customer_id = ? AND e.status = 'active' \
               AND k.teacher_id IS NOT NULL";
    let institution = grant.scope().institution().uuid();
    let key = [institution, customer.uuid()].repeat(3);
    let rows = tx
        .query_all_raw(statement(tx, sql, key.into_iter().map(Value::from)))
        .await?;
    rows.iter()
        .map(|row| Ok(Id::new(row.try_get::<Uuid>("", "id")?)))
        .collect()
}
