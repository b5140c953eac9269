//! Which file of a customer is its photo (照片): one at most, an image among the customer's files.

use std::collections::{BTreeSet, HashMap};

use domain::{
    customers::{Customer, Photo},
    files::{FileType, OF_CUSTOMER, StoredFile},
    id::Id,
    text_enum::TextEnum,
};
use sea_orm::{ConnectionTrait, Value, sea_query::ArrayType};
use serde_json::json;
use uuid::Uuid;

use super::{links::within_reach, store};
use crate::{
    Error, Handle, Tx,
    access::{Reads, Writes},
    clock::{micros, timestamp},
    database::{among, statement},
};

/// The photos of customers, as far as their papers are open by a grant. A file that was taken away since is no
/// photo.
pub async fn of(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    customers: &[Id<Customer>],
) -> Result<HashMap<Id<Customer>, Photo>, Error> {
    let scope = grant.scope().beyond_classes();
    let all: BTreeSet<_> = customers.iter().copied().collect();
    let open = match scope.is_whole() {
        true => all,
        false => within_reach(handle, &scope, &all).await?,
    };
    if open.is_empty() {
        return Ok(HashMap::new());
    }
    let ids = open.iter().map(|id| id.uuid().into()).collect();
    let (is_among, ids) = among(handle, "p.customer_id", ArrayType::Uuid, ids);
    let sql = format!(
        "SELECT p.customer_id, p.file_id, p.chosen_at, f.type, f.size FROM customer_photos p \
         JOIN files f ON f.institution_id = p.institution_id AND f.id = p.file_id \
         AND f.record_id = p.customer_id AND f.record_kind = ? AND f.state = 'stored' AND f.expires_at IS NULL \
         WHERE p.institution_id = ? AND {is_among}"
    );
    let mut values: Vec<Value> = vec![OF_CUSTOMER.into(), scope.institution().uuid().into()];
    values.extend(ids);
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    let photos = rows.iter().map(|row| {
        let kind: String = row.try_get("", "type")?;
        let photo = Photo {
            file: Id::new(row.try_get("", "file_id")?),
            kind: FileType::parse(&kind).ok_or_else(|| Error::corrupt(FileType::NAME))?,
            size: row.try_get("", "size")?,
            chosen_at: timestamp(row.try_get("", "chosen_at")?)?,
        };
        Ok((Id::new(row.try_get("", "customer_id")?), photo))
    });
    photos.collect()
}

/// Makes a file of a customer its photo: the customer was raised to `after` by it.
pub async fn choose(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    (before, after): (&Customer, &Customer),
    file: Id<StoredFile>,
) -> Result<(), Error> {
    let sql = "INSERT INTO customer_photos (institution_id, id, customer_id, file_id, chosen_at, chosen_by) \
               VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (institution_id, customer_id) \
               DO UPDATE SET file_id = excluded.file_id, chosen_at = excluded.chosen_at, chosen_by = excluded.chosen_by";
    let id: Id<Photo> = tx.stamp().id();
    let values: [Value; 6] = [
        grant.scope().institution().uuid().into(),
        id.uuid().into(),
        after.id.uuid().into(),
        file.uuid().into(),
        micros(tx.now()).into(),
        tx.operation().actor.recorder().into(),
    ];
    tx.execute_raw(statement(tx, sql, values)).await?;
    let is = json!({ "photo": file });
    store::touch(tx, grant, before, after, json!({}), is).await
}

/// Leaves a customer without a photo; the file stays.
pub async fn remove(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    (before, after): (&Customer, &Customer),
    photo: Id<StoredFile>,
) -> Result<(), Error> {
    let sql = "DELETE FROM customer_photos WHERE institution_id = ? AND customer_id = ?";
    let key: [Uuid; 2] = [grant.scope().institution().uuid(), after.id.uuid()];
    tx.execute_raw(statement(tx, sql, key.map(Value::from)))
        .await?;
    let was = json!({ "photo": photo });
    store::touch(tx, grant, before, after, was, json!({ "photo": null })).await
}
