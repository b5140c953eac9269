//! Documents with all that is known of a person: rows.

use domain::{
    customers::Customer,
    id::Id,
    privacy::{PersonalDataExport, PrivacyRequest},
};
use sea_orm::{ConnectionTrait, QueryResult, Value};
use serde_json::json;

use crate::{
    Error, Handle, Tx,
    access::{Reads, Writes},
    clock::{micros, timestamp},
    customers::merges,
    database::{Change, statement},
    scope::Page,
};

const COLUMNS: &str = "id, customer_id, request_id, owner_id, file_id, expires_at, created_at";

/// Which documents.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub customer: Option<Id<Customer>>,
    pub request: Option<Id<PrivacyRequest>>,
}

/// Notes a document that was made; that all was revealed, and why, is on the trail of the customer.
pub async fn insert(
    tx: &Tx,
    grant: &impl Writes<PersonalDataExport>,
    export: &PersonalDataExport,
    reason: &str,
) -> Result<(), Error> {
    let values: [Value; 8] = [
        grant.scope().institution().uuid().into(),
        export.id.uuid().into(),
        export.customer.uuid().into(),
        export.request.uuid().into(),
        export.owner.uuid().into(),
        export.file.uuid().into(),
        micros(export.expires_at).into(),
        micros(export.created_at).into(),
    ];
    let sql = format!(
        "INSERT INTO personal_data_exports (institution_id, {COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    );
    tx.execute_raw(statement(tx, &sql, values)).await?;
    tell(tx, export, json!({ "reason": reason }));
    Ok(())
}

/// Notes that a document leaves, before it does.
pub fn downloaded(tx: &Tx, export: &PersonalDataExport) {
    tell(tx, export, json!({ "downloaded": true }));
}

/// Puts on the trail, as a reveal of the customer, what became of a document.
fn tell(tx: &Tx, export: &PersonalDataExport, what: serde_json::Value) {
    let mut told = json!({ "fields": "all", "request_id": export.request });
    if let (Some(told), Some(what)) = (told.as_object_mut(), what.as_object()) {
        told.extend(what.clone());
    }
    let named = json!({ "customer_id": export.customer });
    tx.record(Change::new(
        "personal_data_export",
        export.id.uuid(),
        1,
        named,
    ));
    tx.record(Change::new("reveal", export.customer.uuid(), 1, told));
}

fn read(row: &QueryResult) -> Result<PersonalDataExport, Error> {
    Ok(PersonalDataExport {
        id: Id::new(row.try_get("", "id")?),
        customer: Id::new(row.try_get("", "customer_id")?),
        request: Id::new(row.try_get("", "request_id")?),
        owner: Id::new(row.try_get("", "owner_id")?),
        file: Id::new(row.try_get("", "file_id")?),
        expires_at: timestamp(row.try_get("", "expires_at")?)?,
        created_at: timestamp(row.try_get("", "created_at")?)?,
    })
}

/// One page of the documents of an institution.
pub async fn list(
    handle: &impl Handle,
    grant: &impl Reads<PersonalDataExport>,
    filter: &Filter,
    page: &Page,
) -> Result<Vec<PersonalDataExport>, Error> {
    let institution = grant.scope().institution();
    let mut values: Vec<Value> = vec![institution.uuid().into()];
    let mut sql = format!("SELECT {COLUMNS} FROM personal_data_exports WHERE institution_id = ?");
    if let Some(customer) = filter.customer {
        let stands_for = merges::now(handle, institution, customer).await?;
        sql.push_str(" AND customer_id = ?");
        values.push(stands_for.unwrap_or(customer).uuid().into());
    }
    if let Some(request) = filter.request {
        sql.push_str(" AND request_id = ?");
        values.push(request.uuid().into());
    }
    sql.push_str(&page.ending(("created_at", "id"), &mut values));
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    rows.iter().map(read).collect()
}

pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<PersonalDataExport>,
    id: Id<PersonalDataExport>,
) -> Result<Option<PersonalDataExport>, Error> {
    let sql =
        format!("SELECT {COLUMNS} FROM personal_data_exports WHERE institution_id = ? AND id = ?");
    let key = [grant.scope().institution().uuid(), id.uuid()].map(Value::from);
    let row = handle.query_one_raw(statement(handle, &sql, key)).await?;
    row.as_ref().map(read).transpose()
}
