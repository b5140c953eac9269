//! By what erased people are known again, so that an old list of leads does not bring them back.
//!
//! Kept are keyed hashes of the ways to reach the person, and of its names together with these and with those
//! of its guardians: a child often has no phone of its own. A way that somebody has who is there blocks
//! nobody else: families share phones.

use std::collections::BTreeSet;

use domain::{
    customers::{ContactKind, ContactPoint, Customer},
    id::Id,
    organization::Institution,
    text::fold,
    text_enum::TextEnum,
};
use sea_orm::{ConnectionTrait, QueryResult, Value, sea_query::ArrayType};
use uuid::Uuid;

use crate::{
    Error, Handle, Tx,
    database::{among, insert_many, placeholders, statement},
    keys::{FieldKeys, bytes},
};

pub(crate) type Digest = [u8; 32];

/// Of a name together with a way to reach whoever has it.
pub(crate) fn named(keys: &FieldKeys, name: &str, way: &Digest) -> Result<Digest, Error> {
    let way: String = way.iter().map(|byte| format!("{byte:02x}")).collect();
    keys.hash("erased_person", &format!("{} {way}", fold(name)))
}

fn whole(keys: &FieldKeys, point: &ContactPoint) -> Result<Digest, Error> {
    keys.hash(point.kind.as_str(), point.clear())
}

/// By what a customer who is taken in would be known.
fn known_by(keys: &FieldKeys, customer: &Customer) -> Result<BTreeSet<Digest>, Error> {
    let mut found = BTreeSet::new();
    for point in &customer.contacts {
        let way = whole(keys, point)?;
        found.insert(named(keys, &customer.profile.name, &way)?);
        // Many live at one address.
        if point.kind != ContactKind::Address {
            found.insert(way);
        }
    }
    Ok(found)
}

/// Notes by what an erased person, under each of its ids, is known again.
pub(super) async fn remember(tx: &Tx, person: &[Customer]) -> Result<(), Error> {
    let institution = tx.operation().institution;
    let keys = tx.keys().await?;
    let guardians = ways_of_guardians(tx, person).await?;
    let mut found = BTreeSet::new();
    for customer in person {
        found.extend(known_by(&keys, customer)?);
        for way in &guardians {
            found.insert(named(&keys, &customer.profile.name, way)?);
        }
    }
    let row = |digest: Digest| vec![institution.uuid().into(), bytes(digest)];
    insert_many(
        tx,
        ("erased_contacts", "institution_id, digest"),
        " ON CONFLICT DO NOTHING",
        found.into_iter().map(row).collect(),
    )
    .await
}

async fn ways_of_guardians(tx: &Tx, person: &[Customer]) -> Result<Vec<Digest>, Error> {
    let institution = tx.operation().institution.uuid();
    let sql = format!(
        "SELECT DISTINCT i.digest FROM customer_relations r JOIN contact_index i \
         ON i.institution_id = r.institution_id AND i.customer_id = r.relative_id \
         WHERE r.institution_id = ? AND r.role IN ('guardian', 'parent') AND r.customer_id IN ({})",
        placeholders(person.len())
    );
    let ids = person.iter().map(|customer| customer.id.uuid());
    let values: Vec<Uuid> = std::iter::once(institution).chain(ids).collect();
    let values = values.into_iter().map(Value::from);
    let rows = tx.query_all_raw(statement(tx, &sql, values)).await?;
    rows.iter().map(digest).collect()
}

fn digest(row: &QueryResult) -> Result<Digest, Error> {
    let digest: Vec<u8> = row.try_get("", "digest")?;
    digest.try_into().map_err(|_| Error::corrupt("digest"))
}

/// Those of some hashes by which erased people are known; but for ways that somebody has who is there.
pub(crate) async fn among_erased(
    handle: &impl Handle,
    institution: Id<Institution>,
    digests: &BTreeSet<Digest>,
) -> Result<BTreeSet<Digest>, Error> {
    if digests.is_empty() {
        return Ok(BTreeSet::new());
    }
    let digests = digests.iter().map(bytes).collect();
    let (is_among, digests) = among(handle, "e.digest", ArrayType::Bytes, digests);
    let sql = format!(
        "SELECT e.digest FROM erased_contacts e WHERE e.institution_id = ? AND {is_among} \
         AND NOT EXISTS (SELECT 1 FROM contact_index i \
         JOIN customers c ON c.institution_id = i.institution_id AND c.id = i.customer_id \
         WHERE i.institution_id = e.institution_id AND i.digest = e.digest AND c.deleted_at IS NULL)"
    );
    let values = std::iter::once(institution.uuid().into()).chain(digests);
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    rows.iter().map(digest).collect()
}

/// Whether a customer who is to be taken in is known as somebody who was erased.
pub async fn is_erased(tx: &Tx, customer: &Customer) -> Result<bool, Error> {
    let known = known_by(&*tx.keys().await?, customer)?;
    let erased = among_erased(tx, tx.operation().institution, &known).await?;
    Ok(!erased.is_empty())
}
