//! What was shared of people. Rows are only added.

use domain::{
    customers::Customer, id::Id, organization::Institution, privacy::Disclosure,
    text_enum::TextEnum,
};
use sea_orm::{ConnectionTrait, QueryResult, Value};
use serde_json::json;
use uuid::Uuid;

use super::{
    DISCLOSED,
    recipients::{categories, kept, known},
};
use crate::{
    Error, Handle, Tx,
    access::{Reads, Writes},
    clock::{micros, timestamp},
    database::{Change, statement},
    keys::{FieldKeys, SealedAt},
    scope::Page,
};

const COLUMNS: &str = "id, customer_id, recipient_id, recipient_version, lawful_basis, consent_id, \
                       categories, details, disclosed_at, recorded_at";

fn place(disclosure: Uuid) -> SealedAt {
    SealedAt {
        table: "disclosures",
        column: "details",
        row: disclosure,
    }
}

fn disclosure(row: &QueryResult, keys: &FieldKeys) -> Result<Disclosure, Error> {
    let id: Uuid = row.try_get("", "id")?;
    let basis: String = row.try_get("", "lawful_basis")?;
    let consent: Option<Uuid> = row.try_get("", "consent_id")?;
    let sealed: Option<Vec<u8>> = row.try_get("", "details")?;
    let details = sealed
        .map(|sealed| String::from_utf8(keys.open(place(id), &sealed)?).map_err(Error::corrupt));
    Ok(Disclosure {
        id: Id::new(id),
        customer: Id::new(row.try_get("", "customer_id")?),
        recipient: Id::new(row.try_get("", "recipient_id")?),
        recipient_version: row.try_get("", "recipient_version")?,
        lawful_basis: known(&basis)?,
        consent: consent.map(Id::new),
        categories: categories(&row.try_get("", "categories")?)?,
        details: details.transpose()?,
        disclosed_at: timestamp(row.try_get("", "disclosed_at")?)?,
        recorded_at: timestamp(row.try_get("", "recorded_at")?)?,
    })
}

async fn read(
    handle: &impl Handle,
    institution: Id<Institution>,
    (condition, values): (&str, Vec<Value>),
) -> Result<Vec<Disclosure>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM disclosures WHERE institution_id = ? AND {condition}");
    let values = [institution.uuid().into()].into_iter().chain(values);
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    let keys = handle.keys_of(institution).await?;
    rows.iter().map(|row| disclosure(row, &keys)).collect()
}

/// One page of what was shared of a customer that the caller has found within reach.
pub async fn list(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    customer: Id<Customer>,
    page: &Page,
) -> Result<Vec<Disclosure>, Error> {
    let mut values = vec![customer.uuid().into()];
    let condition = format!(
        "customer_id = ?{}",
        page.ending(("disclosed_at", "id"), &mut values)
    );
    read(handle, grant.scope().institution(), (&condition, values)).await
}

/// One disclosure of a customer that the caller has found within reach.
pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    customer: Id<Customer>,
    id: Id<Disclosure>,
) -> Result<Option<Disclosure>, Error> {
    let values = vec![customer.uuid().into(), id.uuid().into()];
    let condition = ("customer_id = ? AND id = ?", values);
    let found = read(handle, grant.scope().institution(), condition).await?;
    Ok(found.into_iter().next())
}

/// Writes what was shared of a customer that the caller may change.
pub async fn insert(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    disclosure: &Disclosure,
) -> Result<(), Error> {
    let keys = tx.keys().await?;
    let id = disclosure.id.uuid();
    let details = disclosure.details.as_deref();
    let details = details.map(|text| keys.seal(place(id), text.as_bytes()));
    let sql = format!(
        "INSERT INTO disclosures (institution_id, {COLUMNS}, recorded_by) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    );
    let values: [Value; 12] = [
        grant.scope().institution().uuid().into(),
        id.into(),
        disclosure.customer.uuid().into(),
        disclosure.recipient.uuid().into(),
        disclosure.recipient_version.into(),
        disclosure.lawful_basis.as_str().into(),
        disclosure.consent.map(Id::uuid).into(),
        kept(&disclosure.categories).into(),
        details.transpose()?.into(),
        micros(disclosure.disclosed_at).into(),
        micros(disclosure.recorded_at).into(),
        tx.operation().actor.recorder().into(),
    ];
    tx.execute_raw(statement(tx, &sql, values)).await?;
    let data = json!({
        "customer_id": disclosure.customer,
        "recipient_id": disclosure.recipient,
        "categories": kept(&disclosure.categories),
        "disclosed_at": disclosure.disclosed_at.to_string(),
    });
    let is = json!({
        "disclosure": data,
        "recipient_version": disclosure.recipient_version,
        "lawful_basis": disclosure.lawful_basis.as_str(),
        "consent_id": disclosure.consent,
    });
    tx.record(Change::new("disclosure", id, 1, is).event(&DISCLOSED, data));
    Ok(())
}
