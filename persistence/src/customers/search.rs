//! Finding customers by what a person types.
//!
//! The grams of a name stand in one index, each with the institution's number before it; a query is
//! an AND of grams (or several such, any of which may match), newest first, confined to the grant.
//! Grams only pre-filter: what they let through is held against the name again.

use domain::{
    customers::Customer,
    id::Id,
    organization::Institution,
    search::{Query, Term, name_grams, recheck},
    text::fold,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityName, FromQueryResult, Iterable, Order,
    sea_query::{ArrayType, Expr, ExprTrait, JoinType, Query as Sql, Value},
};

use super::entity::{Column, Entity, Model};
use crate::{
    Error, Handle, Tx, access::Reads, database::statement, keys::FieldKeys, scope::reachable,
};

const DOCUMENTS: &str = "search_documents";
const GRAMS: &str = "search_grams";
/// Batches read for one page where the grams let through what the name does not hold.
const ROUNDS: usize = 8;

/// A customer that was found, with its place in the order.
pub type Found = (i64, Customer);

/// Enters a customer into the index, or brings its entry up to date.
pub(super) async fn index(
    tx: &Tx,
    institution: Id<Institution>,
    customer: &Customer,
) -> Result<(), Error> {
    let keys = tx.keys().await?;
    let grams = grams(&keys, customer);
    let key = [institution.uuid().into(), customer.id.uuid().into()];
    if tx.is_postgres() {
        let grams = Value::Array(
            ArrayType::String,
            Some(Box::new(grams.into_iter().map(Value::from).collect())),
        );
        let [institution, customer] = key;
        tx.execute_raw(statement(
            tx,
            "INSERT INTO search_documents (institution_id, customer_id, grams) VALUES (?, ?, ?) \
             ON CONFLICT (institution_id, customer_id) DO UPDATE SET grams = excluded.grams",
            [institution, customer, grams],
        ))
        .await?;
        return Ok(());
    }
    let row = tx
        .query_one_raw(statement(
            tx,
            "INSERT INTO search_documents (institution_id, customer_id) VALUES (?, ?) \
             ON CONFLICT (institution_id, customer_id) DO UPDATE SET customer_id = excluded.customer_id \
             RETURNING doc_id",
            key,
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

fn grams(keys: &FieldKeys, customer: &Customer) -> Vec<String> {
    let name = &customer.profile.name;
    name_grams(name)
        .iter()
        .map(|gram| keys.gram(gram))
        .chain(first_character(name).map(|first| keys.gram(&first)))
        .collect()
}

/// The gram that serves queries of one character.
fn first_character(name: &str) -> Option<String> {
    fold(name).chars().next().map(|c| format!("f{c}"))
}

/// Customers within reach that a query finds, newest first, from below `before`.
pub async fn search(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    keys: &FieldKeys,
    query: &Query,
    before: Option<i64>,
    limit: u64,
) -> Result<Vec<Found>, Error> {
    let sets: Vec<Vec<String>> = query
        .terms()
        .iter()
        .filter_map(|term| grams_of(keys, term))
        .collect();
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut found = Vec::new();
    let mut before = before;
    if sets.is_empty() {
        return Ok(found);
    }
    let common = query
        .terms()
        .iter()
        .all(|term| matches!(term, Term::NamePrefix(_)));
    for _ in 0..ROUNDS {
        let batch = candidates(handle, grant, &sets, common, before, limit).await?;
        let last_batch = batch.len() < wanted;
        for (doc, row) in batch {
            before = Some(doc);
            if recheck(query, &row.name) {
                found.push((doc, Customer::try_from(row)?));
            }
            if found.len() == wanted {
                return Ok(found);
            }
        }
        if last_batch {
            break;
        }
    }
    Ok(found)
}

/// Grams that all must be there for a term; `None` where nothing can match.
fn grams_of(keys: &FieldKeys, term: &Term) -> Option<Vec<String>> {
    match term {
        Term::Grams(grams) => Some(grams.iter().map(|g| keys.gram(g)).collect()),
        Term::NamePrefix(prefix) => first_character(prefix).map(|first| vec![keys.gram(&first)]),
        Term::PhoneLastFour(_) | Term::Phone(_) | Term::Email(_) => None,
    }
}

async fn candidates(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    sets: &[Vec<String>],
    common: bool,
    before: Option<i64>,
    limit: u64,
) -> Result<Vec<(i64, Model)>, Error> {
    let institution = grant.scope().institution().uuid();
    let document = |column: &'static str| Expr::col((DOCUMENTS, column));
    let mut select = Sql::select();
    for column in Column::iter() {
        select.expr(Expr::col((Entity.table_name(), column)));
    }
    select.expr_as(document("doc_id"), "doc_id");
    if handle.is_postgres() {
        let mut any = Condition::any();
        for set in sets {
            let grams = Value::Array(
                ArrayType::String,
                Some(Box::new(
                    set.iter().map(|g| Value::from(g.clone())).collect(),
                )),
            );
            any = any.add(Expr::cust_with_values(
                "search_documents.grams @> $1",
                [grams],
            ));
        }
        select.from(DOCUMENTS).cond_where(any);
    } else {
        // The index comes first, and CROSS JOIN keeps it outermost: SQLite's planner would walk the
        // customers instead.
        select
            .from(GRAMS)
            .join(JoinType::CrossJoin, DOCUMENTS, Condition::all())
            .and_where(document("doc_id").eq(Expr::col((GRAMS, "rowid"))))
            .and_where(Expr::cust_with_values(
                "search_grams MATCH ?",
                [expression(sets)],
            ));
    }
    select
        .join(JoinType::CrossJoin, Entity.table_name(), Condition::all())
        .and_where(Column::InstitutionId.eq(institution))
        .and_where(Expr::col((Entity.table_name(), Column::Id)).eq(document("customer_id")))
        .and_where(document("institution_id").eq(institution))
        .cond_where(reachable::<Entity>(grant))
        .limit(limit);
    // Each engine walks its own order backwards.
    let number = if handle.is_postgres() {
        document("doc_id")
    } else {
        Expr::col((GRAMS, "rowid"))
    };
    if let Some(before) = before {
        select.and_where(number.clone().lt(before));
    }
    // PostgreSQL can't tell how rare a gram is, and would walk all documents to find a few: only for
    // the first character of a name, which many share, does walking them in order end early.
    let order = if handle.is_postgres() && !common {
        Expr::cust("search_documents.doc_id + 0")
    } else {
        number
    };
    select.order_by_expr(order, Order::Desc);
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
        let quoted: Vec<String> = set.iter().map(|g| format!("\"{g}\"")).collect();
        format!("({})", quoted.join(" AND "))
    };
    sets.iter().map(all).collect::<Vec<_>>().join(" OR ")
}
