//! Customers that rows of an import may change, by the keys that they tell.

use std::collections::{BTreeSet, HashMap, HashSet};

use domain::{
    customers::{ContactKind, Customer},
    id::Id,
    imports::{choice::ImportKey, lead::Lead, outcome::Import},
};
use sea_orm::{ConnectionTrait, QueryResult, Value, sea_query::ArrayType};
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

/// Children of any reach by their own phones and e-mails: by its guardian's a child is no more to be told from
/// its brothers and sisters.
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

    /// Keyed hashes of what a lead tells that a customer has as its own.
    pub fn held_by(&self, lead: &Lead, customer: &Customer) -> Vec<[u8; 32]> {
        let has = |kind, value: &str| {
            let mut points = customer.contacts.iter();
            points.any(|point| point.kind == kind && point.clear() == value)
        };
        let phones = self.phones.iter().zip(lead.all_phones());
        let phones = phones.filter(|(_, phone)| has(ContactKind::Phone, phone.e164()));
        let told = lead.email.as_ref();
        let email = self
            .email
            .filter(|_| told.is_some_and(|email| has(ContactKind::Email, email.address())));
        phones.map(|(digest, _)| *digest).chain(email).collect()
    }
}

/// By what guardians of some children are reached.
#[derive(Default)]
pub struct Guarded(HashSet<(Id<Customer>, [u8; 32])>);

impl Guarded {
    /// Whether each phone of a lead is that of a guardian of this child.
    pub fn has(&self, lead: &LeadKeys, child: Id<Customer>) -> Vec<bool> {
        let phones = lead.phones.iter();
        phones
            .map(|phone| self.0.contains(&(child, *phone)))
            .collect()
    }
}

/// By what the guardians of some children are reached, of any reach.
pub async fn guarded(
    tx: &Tx,
    children: impl Iterator<Item = Id<Customer>>,
) -> Result<Guarded, Error> {
    let mut found = Guarded::default();
    let children: Vec<Value> = children.map(|child| child.uuid().into()).collect();
    if children.is_empty() {
        return Ok(found);
    }
    let (is_among, children) = among(tx, "r.customer_id", ArrayType::Uuid, children);
    let sql = format!(
        "SELECT r.customer_id, i.digest FROM customer_relations r \
         JOIN customers g ON g.institution_id = r.institution_id AND g.id = r.relative_id \
         JOIN contact_index i ON i.institution_id = g.institution_id AND i.customer_id = g.id \
         WHERE r.institution_id = ? AND {is_among} AND r.role = 'guardian' AND g.deleted_at IS NULL"
    );
    let mut values = vec![Value::from(tx.operation().institution.uuid())];
    values.extend(children);
    for row in tx.query_all_raw(statement(tx, &sql, values)).await? {
        let child: Uuid = row.try_get("", "customer_id")?;
        found.0.insert((Id::new(child), hash(&row)?));
    }
    Ok(found)
}

fn hash(row: &QueryResult) -> Result<[u8; 32], Error> {
    let digest: Vec<u8> = row.try_get("", "digest")?;
    digest.try_into().map_err(|_| Error::corrupt("digest"))
}

/// Which children some keyed hashes lead to.
pub async fn keyed(tx: &Tx, digests: HashSet<[u8; 32]>) -> Result<Keyed, Error> {
    let mut found = Keyed::new();
    if digests.is_empty() {
        return Ok(found);
    }
    let digests = digests.into_iter().map(bytes);
    let (is_among, digests) = among(tx, "i.digest", ArrayType::Bytes, digests.collect());
    let sql = format!(
        "SELECT i.digest, c.id FROM contact_index i \
         JOIN customers c ON c.institution_id = i.institution_id AND c.id = i.customer_id \
         WHERE i.institution_id = ? AND {is_among} AND c.kind = 'student' AND c.deleted_at IS NULL"
    );
    let mut values = vec![Value::from(tx.operation().institution.uuid())];
    values.extend(digests);
    for row in tx.query_all_raw(statement(tx, &sql, values)).await? {
        let child: Uuid = row.try_get("", "id")?;
        found.entry(hash(&row)?).or_default().insert(Id::new(child));
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
