//! The index of grams by which customers are found, kept with every write.
//!
//! Each gram has the institution's number before it. Whole ways to reach a customer, and the parts by
//! which they are found, stand in it as keyed hashes only.

use std::collections::{BTreeSet, HashMap};

use domain::{
    customers::{ContactKind, ContactPoint, Customer},
    email::Email,
    id::Id,
    organization::Institution,
    search::{address_pairs, email_parts, last_four_gram, name_grams},
    text::fold,
    text_enum::TextEnum,
};
use sea_orm::{
    ConnectionTrait,
    sea_query::{ArrayType, Value},
};
use uuid::Uuid;

use crate::{
    Error, Handle, Tx,
    database::{insert_many, statement},
    keys::{FieldKeys, bytes},
};

/// Enters a customer into the index, or brings its entry up to date.
pub(super) async fn index(
    tx: &Tx,
    institution: Id<Institution>,
    customer: &Customer,
) -> Result<(), Error> {
    let keys = tx.keys().await?;
    let grams = grams(&keys, customer)?;
    index_contacts(tx, &keys, institution, customer).await?;
    let document = entry(institution, customer);
    if tx.is_postgres() {
        tx.execute_raw(statement(
            tx,
            "INSERT INTO search_documents \
             (institution_id, customer_id, holder_id, customer_campus_id, grams) VALUES (?, ?, ?, ?, ?) \
             ON CONFLICT (institution_id, customer_id) DO UPDATE SET grams = excluded.grams",
            document.into_iter().chain([array(grams)]),
        ))
        .await?;
        return Ok(());
    }
    let row = tx
        .query_one_raw(statement(
            tx,
            "INSERT INTO search_documents (institution_id, customer_id, holder_id, customer_campus_id) \
             VALUES (?, ?, ?, ?) \
             ON CONFLICT (institution_id, customer_id) DO UPDATE SET customer_id = excluded.customer_id \
             RETURNING doc_id",
            document,
        ))
        .await?
        .ok_or_else(|| Error::internal("no search document"))?;
    let doc: i64 = row.try_get("", "doc_id")?;
    tx.execute_raw(statement(
        tx,
        "INSERT OR REPLACE INTO search_grams (rowid, grams) VALUES (?, ?)",
        [doc.into(), grams.join(" ").into()],
    ))
    .await?;
    Ok(())
}

/// Enters customers that are new, many in a statement.
pub(super) async fn index_new(
    tx: &Tx,
    institution: Id<Institution>,
    customers: &[Customer],
) -> Result<(), Error> {
    let keys = tx.keys().await?;
    let mut digests = Vec::new();
    for customer in customers {
        for point in &customer.contacts {
            digests.push(vec![
                institution.uuid().into(),
                bytes(whole(&keys, point)?),
                customer.id.uuid().into(),
            ]);
        }
    }
    insert_many(
        tx,
        ("contact_index", "institution_id, digest, customer_id"),
        " ON CONFLICT DO NOTHING",
        digests,
    )
    .await?;
    if tx.is_postgres() {
        let rows = customers.iter().map(|customer| {
            let grams = array(grams(&keys, customer)?);
            Ok(entry(institution, customer)
                .into_iter()
                .chain([grams])
                .collect())
        });
        return insert_many(
            tx,
            (
                "search_documents",
                "institution_id, customer_id, holder_id, customer_campus_id, grams",
            ),
            "",
            rows.collect::<Result<_, Error>>()?,
        )
        .await;
    }
    for part in customers.chunks(INDEXED_AT_ONCE) {
        let places = vec!["(?, ?, ?, ?)"; part.len()].join(", ");
        let sql = format!(
            "INSERT INTO search_documents (institution_id, customer_id, holder_id, customer_campus_id) \
             VALUES {places} RETURNING doc_id, customer_id"
        );
        let values = part.iter().flat_map(|c| entry(institution, c));
        let mut documents = HashMap::new();
        for row in tx.query_all_raw(statement(tx, &sql, values)).await? {
            let customer: Uuid = row.try_get("", "customer_id")?;
            documents.insert(customer, row.try_get::<i64>("", "doc_id")?);
        }
        let mut rows = Vec::new();
        for customer in part {
            let doc = documents.get(&customer.id.uuid()).copied();
            let doc = doc.ok_or_else(|| Error::internal("no search document"))?;
            let grams = grams(&keys, customer)?.join(" ");
            rows.push(vec![doc.into(), grams.into()]);
        }
        insert_many(tx, ("search_grams", "rowid, grams"), "", rows).await?;
    }
    Ok(())
}

/// Whose a document is.
fn entry(institution: Id<Institution>, customer: &Customer) -> [Value; 4] {
    [
        institution.uuid().into(),
        customer.id.uuid().into(),
        customer.holder.uuid().into(),
        customer.campus.uuid().into(),
    ]
}

/// An array of PostgreSQL.
pub(super) fn array(texts: impl IntoIterator<Item = String>) -> Value {
    let texts = texts.into_iter().map(Value::from).collect();
    Value::Array(ArrayType::String, Some(Box::new(texts)))
}

/// Documents of a statement.
const INDEXED_AT_ONCE: usize = 500;

/// Brings the keyed hashes of a customer's contact values up to date.
async fn index_contacts(
    tx: &Tx,
    keys: &FieldKeys,
    institution: Id<Institution>,
    customer: &Customer,
) -> Result<(), Error> {
    if customer.version > 1 {
        tx.execute_raw(statement(
            tx,
            "DELETE FROM contact_index WHERE institution_id = ? AND customer_id = ?",
            [institution.uuid().into(), customer.id.uuid().into()],
        ))
        .await?;
    }
    for digest in customer.contacts.iter().map(|point| whole(keys, point)) {
        tx.execute_raw(statement(
            tx,
            "INSERT INTO contact_index (institution_id, digest, customer_id) VALUES (?, ?, ?) \
             ON CONFLICT DO NOTHING",
            [
                institution.uuid().into(),
                bytes(digest?),
                customer.id.uuid().into(),
            ],
        ))
        .await?;
    }
    Ok(())
}

/// Keyed hash of a whole contact value.
fn whole(keys: &FieldKeys, point: &ContactPoint) -> Result<[u8; 32], Error> {
    keys.hash(point.kind.as_str(), point.clear())
}

/// The gram of a keyed hash: its first 16 bytes.
pub(super) fn hash_gram(keys: &FieldKeys, digest: &[u8; 32]) -> String {
    hashed('k', 16, keys, digest)
}

/// The gram of a part of an e-mail address.
pub(super) fn email_part_gram(keys: &FieldKeys, part: &str) -> Result<String, Error> {
    let digest = keys.hash("email_part", part)?;
    Ok(hashed('p', 8, keys, &digest))
}

/// The gram of two neighbouring characters of a postal address: one of 4,096, which many pairs share, so
/// that an address can't be put together again from its grams. The address itself is looked at again.
pub(super) fn address_gram(keys: &FieldKeys, pair: &str) -> Result<String, Error> {
    let [first, second, ..] = keys.hash("address_pair", pair)?;
    let bucket = u16::from_be_bytes([first, second]) % 4096;
    Ok(keys.gram(&format!("a{bucket:03x}")))
}

fn hashed(kind: char, length: usize, keys: &FieldKeys, digest: &[u8; 32]) -> String {
    let digits = digest.iter().take(length).map(|b| format!("{b:02x}"));
    let gram: String = std::iter::once(kind.to_string()).chain(digits).collect();
    keys.gram(&gram)
}

fn grams(keys: &FieldKeys, customer: &Customer) -> Result<Vec<String>, Error> {
    let name = &customer.profile.name;
    let mut grams: Vec<String> = name_grams(name)
        .iter()
        .map(|gram| keys.gram(gram))
        .chain(first_character(name).map(|first| keys.gram(&first)))
        .collect();
    for point in &customer.contacts {
        grams.push(hash_gram(keys, &whole(keys, point)?));
        grams.extend(
            point
                .last_four()
                .map(|digits| keys.gram(&last_four_gram(&digits))),
        );
        grams.extend(parts(keys, point)?);
    }
    grams.sort();
    grams.dedup();
    Ok(grams)
}

/// The grams of the parts of a contact value by which it is found.
fn parts(keys: &FieldKeys, point: &ContactPoint) -> Result<Vec<String>, Error> {
    match point.kind {
        ContactKind::Email => {
            let parts =
                Email::parse(point.clear()).map_or_else(|_| BTreeSet::new(), |e| email_parts(&e));
            parts
                .iter()
                .map(|part| email_part_gram(keys, part))
                .collect()
        }
        ContactKind::Address => {
            let pairs = address_pairs(point.clear());
            pairs.iter().map(|pair| address_gram(keys, pair)).collect()
        }
        ContactKind::Phone | ContactKind::Wechat | ContactKind::Qq => Ok(Vec::new()),
    }
}

/// The gram that serves queries of one character.
pub(super) fn first_character(name: &str) -> Option<String> {
    fold(name).chars().next().map(|c| format!("f{c}"))
}
