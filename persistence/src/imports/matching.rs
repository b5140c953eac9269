//! Customers that rows of an import may change, by the keys that they tell.

use std::collections::{BTreeSet, HashMap, HashSet};

use domain::{
    customers::Customer,
    id::Id,
    imports::{choice::ImportKey, outcome::Import},
};
use sea_orm::{ConnectionTrait, Value, sea_query::ArrayType};
use uuid::Uuid;

use super::known::LeadKeys;
use crate::{
    Error, Tx,
    access::Writes,
    custom_fields::values,
    customers::{details, hiding},
    database::{among, statement},
    keys::bytes,
};

/// Children of any reach by their own phones and e-mails, or those of their guardians.
pub type Keyed = HashMap<[u8; 32], BTreeSet<Id<Customer>>>;

impl LeadKeys {
    /// The keyed hashes by which a lead is looked up.
    pub fn digests(&self, key: ImportKey) -> Vec<[u8; 32]> {
        match key {
            ImportKey::Phone => self.phones.clone(),
            ImportKey::Email => self.email.into_iter().collect(),
            ImportKey::Household | ImportKey::Id => Vec::new(),
        }
    }

    /// Every keyed hash that leads to it.
    pub fn all_digests(&self) -> impl Iterator<Item = [u8; 32]> {
        self.phones.iter().copied().chain(self.email)
    }
}

/// Which children some keyed hashes lead to.
pub async fn keyed(tx: &Tx, digests: HashSet<[u8; 32]>) -> Result<Keyed, Error> {
    let mut found = Keyed::new();
    if digests.is_empty() {
        return Ok(found);
    }
    let digests = digests.into_iter().map(|digest| bytes(digest.to_vec()));
    let (is_among, digests) = among(tx, "i.digest", ArrayType::Bytes, digests.collect());
    let sql = format!(
        "SELECT i.digest, c.id FROM contact_index i \
         JOIN customers c ON c.institution_id = i.institution_id AND c.id = i.customer_id \
         WHERE i.institution_id = ? AND {is_among} AND c.kind = 'student' AND c.deleted_at IS NULL \
         UNION SELECT i.digest, c.id FROM contact_index i \
         JOIN customers g ON g.institution_id = i.institution_id AND g.id = i.customer_id \
         JOIN customer_relations r ON r.institution_id = g.institution_id AND r.relative_id = g.id \
         AND r.role = 'guardian' \
         JOIN customers c ON c.institution_id = r.institution_id AND c.id = r.customer_id \
         WHERE i.institution_id = ? AND {is_among} AND g.kind = 'guardian' AND g.deleted_at IS NULL \
         AND c.kind = 'student' AND c.deleted_at IS NULL"
    );
    let institution = Value::from(tx.operation().institution.uuid());
    let mut values = vec![institution.clone()];
    values.extend(digests.iter().cloned());
    values.push(institution);
    values.extend(digests);
    for row in tx.query_all_raw(statement(tx, &sql, values)).await? {
        let digest: Vec<u8> = row.try_get("", "digest")?;
        let digest = digest.try_into().map_err(|_| Error::corrupt("digest"))?;
        let child: Uuid = row.try_get("", "id")?;
        found.entry(digest).or_default().insert(Id::new(child));
    }
    Ok(found)
}

/// Those of some customers that a grant lets its bearer change, as a whole; locked.
pub async fn changeable(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    ids: &BTreeSet<Id<Customer>>,
) -> Result<HashMap<Id<Customer>, Customer>, Error> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let wanted: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let mut found = hiding::lock_each(tx, grant, &wanted).await?;
    found.retain(|customer| customer.deleted_at.is_none());
    let ids: Vec<_> = found.iter().map(|customer| customer.id).collect();
    let institution = grant.scope().institution();
    let mut details = details::of(tx, institution, &ids).await?;
    let mut values = values::of(tx, institution, &ids).await?;
    let whole = found.into_iter().map(|customer| {
        let whole = Customer {
            details: details.remove(&customer.id).unwrap_or_default(),
            custom: values.remove(&customer.id).unwrap_or_default(),
            ..customer
        };
        (whole.id, whole)
    });
    Ok(whole.collect())
}

/// Those of some customers that an import has made or changed already.
pub async fn touched(
    tx: &Tx,
    grant: &impl Writes<Import>,
    import: Id<Import>,
    ids: &BTreeSet<Id<Customer>>,
) -> Result<HashSet<Id<Customer>>, Error> {
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let wanted = ids.iter().map(|id| id.uuid().into()).collect();
    let (is_among, wanted) = among(tx, "customer_id", ArrayType::Uuid, wanted);
    let sql = format!(
        "SELECT customer_id FROM import_customers WHERE institution_id = ? AND import_id = ? AND {is_among}"
    );
    let mut values: Vec<Value> = vec![
        grant.scope().institution().uuid().into(),
        import.uuid().into(),
    ];
    values.extend(wanted);
    let rows = tx.query_all_raw(statement(tx, &sql, values)).await?;
    rows.iter()
        .map(|row| Ok(Id::new(row.try_get("", "customer_id")?)))
        .collect()
}
