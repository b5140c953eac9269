//! All that is known of one person: what stands in the document, and which documents there are.

mod books;
mod column;
mod registry;
pub mod store;

use std::collections::BTreeSet;

use domain::{customers::Customer, id::Id};
use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

pub use self::{
    column::{Column, Told},
    registry::TOLD,
};
use super::{erasure::OF_PERSONS, person::Person};
use crate::{Error, Handle, access::Reads};

/// By which programs know the form of a document.
const FORMAT: &str = "educrm.personal_data/1";

/// Everything that is known of a customer whom the caller has found within reach, in the clear.
pub async fn document(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    customer: Id<Customer>,
    at: Timestamp,
) -> Result<Json, Error> {
    let person = Person::of(handle, grant.scope().institution(), customer).await?;
    let (mut tables, mut withheld) = (Map::new(), Vec::new());
    for told in TOLD.iter().copied().flatten() {
        let rows = rows(handle, &person, told).await?;
        if !rows.is_empty() {
            tables.insert(told.table.to_owned(), rows.into());
        }
        withheld.extend(told.unsaid());
    }
    let ids: BTreeSet<_> = person.ids.iter().collect();
    Ok(json!({
        "format": FORMAT, "made_at": at.to_string(), "customer_ids": ids, "tables": tables,
        "withheld": withheld,
    }))
}

async fn rows(handle: &impl Handle, person: &Person, told: &Told) -> Result<Vec<Json>, Error> {
    if told.columns.is_empty() {
        return Ok(Vec::new());
    }
    let erased = OF_PERSONS.iter().find(|of| of.table == told.table);
    let rows = told.rows.or(erased.map(|of| of.rows));
    let rows = rows.ok_or_else(|| Error::internal("a table of nobody"))?;
    let keys = handle.keys_of(person.institution).await?;
    let found = handle.query_all_raw(person.say(handle, &told.select(rows)));
    let mut all = Vec::new();
    for row in found.await? {
        let mut one = Map::new();
        for column in told.columns {
            let value = column.read(told.table, &row, &keys)?;
            one.insert(column.name.to_owned(), value);
        }
        all.push(one.into());
    }
    Ok(all)
}
