//! Finding customers by what a person types.
//!
//! The grams of a name stand in one index, each with the institution's number before it; a query is
//! an AND of grams (or several such, any of which may match), newest first, confined to the grant
//! before any customer is read: each document carries whose it is.
//! Grams only pre-filter: what they let through is held against the name again.

use std::collections::HashMap;

use domain::{
    customers::{ContactKind, ContactPoint, Customer},
    id::Id,
    organization::Institution,
    search::{Query, Term, last_four_gram, name_grams, recheck},
    text::fold,
    text_enum::TextEnum,
};
use sea_orm::{
    Condition, ConnectionTrait, EntityName, FromQueryResult, Iterable, Order,
    sea_query::{ArrayType, Expr, ExprTrait, JoinType, Query as Sql, Value},
};
use uuid::Uuid;

use super::{
    document,
    entity::{Column, Entity, Model},
};
use crate::{
    Error, Handle, Tx,
    access::Reads,
    database::{insert_many, statement},
    keys::{FieldKeys, bytes},
    scope::reachable,
};

const GRAMS: &str = "search_grams";
const FOUND: &str = "found";
/// Batches read for one page where the grams let through what the name does not hold.
const ROUNDS: usize = 8;
/// How many times as many documents as in the first round are looked at in each later one.
const LATER_ROUNDS: u64 = 4;

/// What a search found.
pub struct Found {
    /// Each with its place in the order.
    pub customers: Vec<(i64, Customer)>,
    /// Below this place the search did not look.
    pub unsearched: Option<i64>,
}

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
        "INSERT INTO contact_index (institution_id, digest, customer_id) VALUES ",
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
            "INSERT INTO search_documents \
             (institution_id, customer_id, holder_id, customer_campus_id, grams) VALUES ",
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
        let head = "INSERT INTO search_grams (rowid, grams) VALUES ";
        insert_many(tx, head, "", rows).await?;
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
fn array(texts: impl IntoIterator<Item = String>) -> Value {
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
fn hash_gram(keys: &FieldKeys, digest: &[u8; 32]) -> String {
    let hex: String = digest.iter().take(16).map(|b| format!("{b:02x}")).collect();
    keys.gram(&format!("k{hex}"))
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
    }
    grams.sort();
    grams.dedup();
    Ok(grams)
}

/// The gram that serves queries of one character.
fn first_character(name: &str) -> Option<String> {
    fold(name).chars().next().map(|c| format!("f{c}"))
}

/// At most `limit` customers within reach that a query finds, newest first, from below `before`.
pub async fn search(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    query: &Query,
    before: Option<i64>,
    limit: u64,
) -> Result<Found, Error> {
    let keys = handle.keys_of(grant.scope().institution()).await?;
    let sets: Vec<Vec<String>> = query
        .terms()
        .iter()
        .filter_map(|term| grams_of(&keys, term).transpose())
        .collect::<Result<_, _>>()?;
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut customers = Vec::new();
    let mut before = before;
    let rounds = if sets.is_empty() { 0 } else { ROUNDS };
    let common = query
        .terms()
        .iter()
        .all(|term| matches!(term, Term::NamePrefix(_)));
    let mut way = if common && handle.is_postgres() {
        Way::AmongTheNewest
    } else {
        Way::ByGrams
    };
    let mut at_most = limit;
    for _ in 0..rounds {
        let is_short = |batch: &[_]| batch.len() < usize::try_from(at_most).unwrap_or(usize::MAX);
        let mut batch = candidates(handle, grant, &sets, way, before, at_most).await?;
        if way == Way::AmongTheNewest && is_short(&batch) {
            way = Way::ByGrams;
            batch = candidates(handle, grant, &sets, way, before, at_most).await?;
        }
        let last_batch = is_short(&batch);
        // Many hold the grams but not the name: the index is walked fewer times for the rest.
        at_most = limit.saturating_mul(LATER_ROUNDS);
        for (doc, row) in batch {
            before = Some(doc);
            if recheck(query, &row.name) {
                customers.push((doc, row.open(&keys)?));
            }
            if customers.len() == wanted {
                return Ok(Found {
                    customers,
                    unsearched: Some(doc),
                });
            }
        }
        if last_batch {
            return Ok(Found {
                customers,
                unsearched: None,
            });
        }
    }
    Ok(Found {
        customers,
        unsearched: before.filter(|_| rounds > 0),
    })
}

/// Grams that all must be there for a term; `None` where nothing can match.
fn grams_of(keys: &FieldKeys, term: &Term) -> Result<Option<Vec<String>>, Error> {
    Ok(match term {
        Term::Grams(grams) => Some(grams.iter().map(|g| keys.gram(g)).collect()),
        Term::NamePrefix(prefix) => first_character(prefix).map(|first| vec![keys.gram(&first)]),
        Term::PhoneLastFour(digits) => Some(vec![keys.gram(&last_four_gram(digits))]),
        Term::Phone(phone) => {
            let digest = keys.hash(ContactKind::Phone.as_str(), phone.e164())?;
            Some(vec![hash_gram(keys, &digest)])
        }
        Term::Email(email) => {
            let digest = keys.hash(ContactKind::Email.as_str(), email.address())?;
            Some(vec![hash_gram(keys, &digest)])
        }
    })
}

/// How PostgreSQL looks for documents. It can't tell how rare a gram is: for one that many share, as the
/// first character of a name is, it would read them all.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// The newest documents, one after the other, until enough hold the grams.
    AmongTheNewest,
    /// Those that the index of grams names.
    ByGrams,
}

/// The number before those among which it is worth while to look one after the other.
const OLDEST_OF_THE_NEWEST: &str = "COALESCE((SELECT n.doc_id FROM search_documents n \
     WHERE n.institution_id = $1 AND n.doc_id < $2 ORDER BY n.doc_id DESC LIMIT 1 OFFSET 2000), 0)";

/// The next documents that hold the grams, within reach, and their customers.
async fn candidates(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    sets: &[Vec<String>],
    way: Way,
    before: Option<i64>,
    limit: u64,
) -> Result<Vec<(i64, Model)>, Error> {
    let institution = grant.scope().institution().uuid();
    // Each engine walks its own order backwards. By what is computed of the number, PostgreSQL can't:
    // it would read all numbers of the institution beside the index of grams, or in its place.
    let number = match (handle.is_postgres(), way) {
        (true, Way::AmongTheNewest) => Expr::col((document::Entity, document::Column::DocId)),
        (true, Way::ByGrams) => Expr::cust("(search_documents.doc_id + 0)"),
        (false, _) => Expr::col((GRAMS, "rowid")),
    };
    let mut documents = Sql::select();
    documents
        .column((document::Entity, document::Column::DocId))
        .column((document::Entity, document::Column::CustomerId))
        .cond_where(reachable::<document::Entity>(grant))
        .and_where_option(before.map(|before| number.clone().lt(before)))
        .limit(limit);
    if handle.is_postgres() {
        // What is computed of the column can't go by its index.
        let holds = match way {
            Way::AmongTheNewest => "(search_documents.grams || '{}'::text[]) @> $1",
            Way::ByGrams => "search_documents.grams @> $1",
        };
        let mut any = Condition::any();
        for set in sets {
            any = any.add(Expr::cust_with_values(holds, [array(set.iter().cloned())]));
        }
        documents.from(document::Entity).cond_where(any);
        if way == Way::AmongTheNewest {
            let of: [Value; 2] = [institution.into(), before.unwrap_or(i64::MAX).into()];
            documents.and_where(
                number
                    .clone()
                    .gt(Expr::cust_with_values(OLDEST_OF_THE_NEWEST, of)),
            );
        }
    } else {
        // The index comes first, and CROSS JOIN keeps it outermost: SQLite's planner would walk the
        // documents instead.
        documents
            .from(GRAMS)
            .join(JoinType::CrossJoin, document::Entity, Condition::all())
            .and_where(Expr::col((document::Entity, document::Column::DocId)).eq(number.clone()))
            .and_where(Expr::cust_with_values(
                "search_grams MATCH ?",
                [expression(sets)],
            ));
    }
    documents.order_by_expr(number, Order::Desc);

    let of_customers = |column: Column| Expr::col((Entity.table_name(), column));
    let mut select = Sql::select();
    for column in Column::iter() {
        select.expr(of_customers(column));
    }
    select
        .column((FOUND, document::Column::DocId))
        .from_subquery(documents, FOUND)
        .join(JoinType::CrossJoin, Entity.table_name(), Condition::all())
        .and_where(of_customers(Column::InstitutionId).eq(institution))
        .and_where(of_customers(Column::Id).eq(Expr::col((FOUND, document::Column::CustomerId))))
        .order_by((FOUND, document::Column::DocId), Order::Desc);
    let rows = handle.query_all(&select).await?;
    rows.iter()
        .map(|row| {
            Ok((
                row.try_get("", "doc_id")?,
                Model::from_query_result(row, "")?,
            ))
        })
        .collect()
}

/// The MATCH expression: any of the sets, all grams of a set.
fn expression(sets: &[Vec<String>]) -> String {
    let all = |set: &Vec<String>| {
        let quoted: Vec<String> = set
            .iter()
            .map(|g| format!("\"{}\"", g.replace('"', "\"\"")))
            .collect();
        format!("({})", quoted.join(" AND "))
    };
    sets.iter().map(all).collect::<Vec<_>>().join(" OR ")
}
