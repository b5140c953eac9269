//! What is known of some customers beyond their profiles: a row each, where anything is.

use std::{collections::HashMap, sync::OnceLock};

use domain::{
    customers::{Customer, DETAIL_FIELDS, Details, detail_items},
    id::Id,
    organization::Institution,
    text_enum::TextEnum,
};
use sea_orm::{ConnectionTrait, QueryResult, Value, sea_query::ArrayType};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::{
    Error, Handle, Tx,
    database::{among, insert_many, statement},
};

/// Columns of the fields, in their order.
fn columns() -> &'static str {
    static COLUMNS: OnceLock<String> = OnceLock::new();
    COLUMNS.get_or_init(|| {
        let names: Vec<_> = DETAIL_FIELDS.iter().map(|field| field.name).collect();
        names.join(", ")
    })
}

/// What is known of customers whom the caller has found within reach.
pub async fn of(
    handle: &impl Handle,
    institution: Id<Institution>,
    customers: &[Id<Customer>],
) -> Result<HashMap<Id<Customer>, Details>, Error> {
    if customers.is_empty() {
        return Ok(HashMap::new());
    }
    let ids = customers.iter().map(|id| id.uuid().into()).collect();
    let (is_among, ids) = among(handle, "customer_id", ArrayType::Uuid, ids);
    let sql = format!(
        "SELECT customer_id, {} FROM customer_details WHERE institution_id = ? AND {is_among}",
        columns()
    );
    let mut values: Vec<Value> = vec![institution.uuid().into()];
    values.extend(ids);
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    rows.iter()
        .map(|row| {
            let id: Uuid = row.try_get("", "customer_id")?;
            Ok((Id::new(id), read(row)?))
        })
        .collect()
}

fn read(row: &QueryResult) -> Result<Details, Error> {
    let mut lost = None;
    let details = Details::read(|name| {
        row.try_get("", name).unwrap_or_else(|error| {
            lost = Some(error);
            None
        })
    });
    match lost {
        Some(error) => Err(error.into()),
        None => details.ok_or_else(|| Error::corrupt("details")),
    }
}

/// A customer whom the caller has found within reach, with its details.
pub async fn read_into(
    handle: &impl Handle,
    institution: Id<Institution>,
    customer: Customer,
) -> Result<Customer, Error> {
    let mut known = of(handle, institution, &[customer.id]).await?;
    Ok(Customer {
        details: known.remove(&customer.id).unwrap_or_default(),
        ..customer
    })
}

/// Writes the details of new customers.
pub(super) async fn insert(
    tx: &Tx,
    institution: Id<Institution>,
    customers: &[Customer],
) -> Result<(), Error> {
    let known = customers.iter().filter(|one| !one.details.is_empty());
    let rows = known.map(|customer| row(institution, customer)).collect();
    let folded = DETAIL_FIELDS.iter().filter_map(|field| field.folded);
    let folded: Vec<_> = folded.collect();
    let columns = format!(
        "institution_id, customer_id, {}, place_class, {}",
        columns(),
        folded.join(", ")
    );
    insert_many(tx, ("customer_details", &columns), "", rows).await
}

/// Writes the details of a customer that has others than before.
pub(super) async fn update(
    tx: &Tx,
    institution: Id<Institution>,
    before: &Customer,
    after: &Customer,
) -> Result<(), Error> {
    if before.details == after.details {
        return Ok(());
    }
    tx.execute_raw(statement(
        tx,
        "DELETE FROM customer_details WHERE institution_id = ? AND customer_id = ?",
        [institution.uuid().into(), after.id.uuid().into()],
    ))
    .await?;
    insert(tx, institution, std::slice::from_ref(after)).await
}

fn row(institution: Id<Institution>, customer: &Customer) -> Vec<Value> {
    let class = customer.details.place_class();
    let mut row: Vec<Value> = vec![institution.uuid().into(), customer.id.uuid().into()];
    let stored = customer.details.stored().into_iter();
    row.extend(stored.map(|(_, value)| Value::from(value)));
    row.push(class.map(|class| class.as_str().to_owned()).into());
    let folded = customer.details.folded().into_iter();
    row.extend(folded.map(|(_, value)| Value::from(value)));
    row
}

/// The details as the audit trail compares them, in the words of the contract.
pub(super) fn fields(details: &Details) -> impl Iterator<Item = (String, Json)> {
    details.stored().into_iter().map(|(field, value)| {
        let told = match value {
            Some(items) if field.is_list => detail_items(&items).collect(),
            value => value.into(),
        };
        (field.path.to_owned(), told)
    })
}
