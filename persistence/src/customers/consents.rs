//! What people decided on the use of their data. Rows are only added.

use domain::{
    customers::{Consent, ContactChannel, Customer, Decision, Purpose, RelationRole},
    files::OF_CUSTOMER,
    id::Id,
    organization::Institution,
    text_enum::TextEnum,
};
use jiff::civil::Date;
use sea_orm::{ConnectionTrait, QueryResult, Value};
use serde_json::json;
use uuid::Uuid;

use super::CONSENT_RECORDED;
use crate::{
    Error, Handle, Tx,
    access::{Reads, Writes},
    clock::{date_column, micros, timestamp},
    database::{Change, placeholders, statement},
    keys::{FieldKeys, SealedAt},
    scope::Page,
};

const COLUMNS: &str = "id, customer_id, purpose, channel, decision, decided_at, decided_by, notice_id, \
                       evidence, recorded_at";

fn place(consent: Uuid) -> SealedAt {
    SealedAt {
        table: "consents",
        column: "evidence",
        row: consent,
    }
}

fn known<E: TextEnum>(text: &str) -> Result<E, Error> {
    E::parse(text).ok_or_else(|| Error::corrupt(E::NAME))
}

fn consent(row: &QueryResult, keys: &FieldKeys) -> Result<Consent, Error> {
    let id: Uuid = row.try_get("", "id")?;
    let text = |column: &str| -> Result<String, Error> { Ok(row.try_get("", column)?) };
    let channel: Option<String> = row.try_get("", "channel")?;
    let sealed: Option<Vec<u8>> = row.try_get("", "evidence")?;
    let evidence = sealed
        .map(|sealed| String::from_utf8(keys.open(place(id), &sealed)?).map_err(Error::corrupt));
    let decider: Option<Uuid> = row.try_get("", "decided_by")?;
    let notice: Option<Uuid> = row.try_get("", "notice_id")?;
    Ok(Consent {
        id: Id::new(id),
        customer: Id::new(row.try_get("", "customer_id")?),
        purpose: known::<Purpose>(&text("purpose")?)?,
        channel: channel
            .as_deref()
            .map(known::<ContactChannel>)
            .transpose()?,
        decision: known::<Decision>(&text("decision")?)?,
        decided_at: timestamp(row.try_get("", "decided_at")?)?,
        decided_by: decider.map(Id::new),
        notice: notice.map(Id::new),
        evidence: evidence.transpose()?,
        recorded_at: timestamp(row.try_get("", "recorded_at")?)?,
    })
}

async fn read(
    handle: &impl Handle,
    institution: Id<Institution>,
    (condition, values): (&str, Vec<Value>),
) -> Result<Vec<Consent>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM consents WHERE institution_id = ? AND {condition}");
    let values = [institution.uuid().into()].into_iter().chain(values);
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    let keys = handle.keys_of(institution).await?;
    rows.iter().map(|row| consent(row, &keys)).collect()
}

/// One page of the decisions on a customer that the caller has found within reach, in the order in
/// which they were made.
pub async fn list(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    customer: Id<Customer>,
    page: &Page,
) -> Result<Vec<Consent>, Error> {
    let mut values = vec![customer.uuid().into()];
    let condition = format!(
        "customer_id = ?{}",
        page.ending(("decided_at", "id"), &mut values)
    );
    read(handle, grant.scope().institution(), (&condition, values)).await
}

/// One decision on a customer that the caller has found within reach.
pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    customer: Id<Customer>,
    id: Id<Consent>,
) -> Result<Option<Consent>, Error> {
    let values = vec![customer.uuid().into(), id.uuid().into()];
    let condition = ("customer_id = ? AND id = ?", values);
    let found = read(handle, grant.scope().institution(), condition).await?;
    Ok(found.into_iter().next())
}

/// The decisions on a customer that may count: the latest of each purpose and channel.
pub async fn deciding(
    handle: &impl Handle,
    institution: Id<Institution>,
    customer: Id<Customer>,
) -> Result<Vec<Consent>, Error> {
    let condition = "customer_id = ? AND NOT EXISTS (SELECT 1 FROM consents later \
                     WHERE later.institution_id = consents.institution_id \
                     AND later.customer_id = consents.customer_id AND later.purpose = consents.purpose \
                     AND COALESCE(later.channel, '') = COALESCE(consents.channel, '') \
                     AND (later.decided_at, later.recorded_at, later.id) \
                     > (consents.decided_at, consents.recorded_at, consents.id))";
    read(
        handle,
        institution,
        (condition, vec![customer.uuid().into()]),
    )
    .await
}

/// Whether files, filled forms or insights of any of some customers are kept.
pub async fn has_papers(
    handle: &impl Handle,
    institution: Id<Institution>,
    customers: &[Id<Customer>],
) -> Result<bool, Error> {
    let places = placeholders(customers.len());
    let sql = format!(
        "SELECT 1 AS found FROM files WHERE institution_id = ? AND record_kind = ? AND record_id IN ({places}) \
         AND state = 'stored' AND expires_at IS NULL \
         UNION ALL SELECT 1 AS found FROM customer_collections WHERE institution_id = ? \
         AND customer_id IN ({places}) AND is_current AND form IS NOT NULL \
         UNION ALL SELECT 1 AS found FROM customer_insights WHERE institution_id = ? \
         AND customer_id IN ({places}) AND content IS NOT NULL LIMIT 1"
    );
    let ids = || customers.iter().map(|id| Value::from(id.uuid()));
    let institution = Value::from(institution.uuid());
    let mut values = vec![institution.clone(), OF_CUSTOMER.into()];
    values.extend(ids());
    for _ in 0..2 {
        values.push(institution.clone());
        values.extend(ids());
    }
    let found = handle
        .query_one_raw(statement(handle, &sql, values))
        .await?;
    Ok(found.is_some())
}

/// Whether one customer is a guardian or parent of another on a day.
pub async fn is_guardian(
    handle: &impl Handle,
    institution: Id<Institution>,
    (customer, guardian): (Id<Customer>, Id<Customer>),
    on: Date,
) -> Result<bool, Error> {
    let sql = "SELECT 1 AS found FROM customer_relations r \
               JOIN customers g ON g.institution_id = r.institution_id AND g.id = r.relative_id \
               WHERE r.institution_id = ? AND r.customer_id = ? AND r.relative_id = ? AND r.role IN (?, ?) \
               AND (r.valid_from IS NULL OR r.valid_from <= ?) \
               AND (r.valid_until IS NULL OR r.valid_until > ?) AND g.deleted_at IS NULL LIMIT 1";
    let day = date_column(on)?;
    let values: [Value; 7] = [
        institution.uuid().into(),
        customer.uuid().into(),
        guardian.uuid().into(),
        RelationRole::Guardian.as_str().into(),
        RelationRole::Parent.as_str().into(),
        day.into(),
        day.into(),
    ];
    let found = handle.query_one_raw(statement(handle, sql, values)).await?;
    Ok(found.is_some())
}

/// Writes a decision.
pub async fn insert(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    consent: &Consent,
) -> Result<(), Error> {
    let keys = tx.keys().await?;
    let id = consent.id.uuid();
    let evidence = consent.evidence.as_deref();
    let evidence = evidence.map(|text| keys.seal(place(id), text.as_bytes()));
    let sql = format!(
        "INSERT INTO consents (institution_id, {COLUMNS}, recorded_by) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    );
    let values: [Value; 12] = [
        grant.scope().institution().uuid().into(),
        id.into(),
        consent.customer.uuid().into(),
        consent.purpose.as_str().into(),
        consent.channel.map(|channel| channel.as_str()).into(),
        consent.decision.as_str().into(),
        micros(consent.decided_at).into(),
        consent.decided_by.map(Id::uuid).into(),
        consent.notice.map(Id::uuid).into(),
        evidence.transpose()?.into(),
        micros(consent.recorded_at).into(),
        tx.operation().actor.recorder().into(),
    ];
    tx.execute_raw(statement(tx, &sql, values)).await?;
    let data = json!({
        "customer_id": consent.customer,
        "purpose": consent.purpose.as_str(),
        "channel": consent.channel.map(|channel| channel.as_str()),
        "decision": consent.decision.as_str(),
        "decided_at": consent.decided_at.to_string(),
    });
    let is = json!({
        "decision": data,
        "decided_by": consent.decided_by,
        "notice_id": consent.notice,
    });
    tx.record(Change::new("consent", id, 1, is).event(&CONSENT_RECORDED, data));
    Ok(())
}
