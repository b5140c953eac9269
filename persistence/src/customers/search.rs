//! Finding customers by what a person types.
//!
//! The grams of a name stand in one index, each with the institution's number before it; a query is
//! an AND of grams (or several such, any of which may match), in the order in which they were taken in, confined to the grant
//! before any customer is read: each document carries whose it is.
//! Grams only pre-filter: what they let through is held against names and addresses again.

use domain::{
    customers::{ContactKind, ContactPoint, Customer},
    id::Id,
    search::{Query, Term, last_four_gram, recheck, recheck_address},
    tags::{Tag, Tagging},
    text_enum::TextEnum,
};
use sea_orm::{
    Condition, EntityName, FromQueryResult, Iterable, Order,
    sea_query::{Expr, ExprTrait, JoinType, Query as Sql, Value},
};

use super::{
    document,
    entity::{Column, Entity, Model},
    index::{address_gram, array, email_part_gram, first_character, hash_gram},
    store::Filter,
};
use crate::{
    Error, Handle,
    access::Reads,
    keys::FieldKeys,
    scope::{Direction, reachable},
    tags::{entity as taggings, store::having_any},
};

const GRAMS: &str = "search_grams";
const FOUND: &str = "found";
/// Batches read for one page where the grams let through what the name does not hold.
const ROUNDS: usize = 8;
/// How many times as many documents as in the first round are looked at in each later one.
const LATER_ROUNDS: u64 = 4;

/// What a search found.
pub struct Found {
    pub customers: Vec<Customer>,
    /// Behind this place the search did not look.
    pub unsearched: Option<i64>,
}

/// What is looked for: whatever meets all of it.
pub struct Criteria<'a> {
    pub queries: &'a [Query],
    /// What else a customer must be.
    pub filter: &'a Filter,
    /// What leads to its tags, where any of some are asked for.
    tagged: Option<Condition>,
    /// What confines documents beside the grant of the search.
    within: Option<Condition>,
}

impl<'a> Criteria<'a> {
    pub fn new(queries: &'a [Query], filter: &'a Filter) -> Self {
        Self {
            queries,
            filter,
            tagged: None,
            within: None,
        }
    }

    /// Within this grant too.
    #[must_use]
    pub fn within(self, grant: &impl Reads<Customer>) -> Self {
        Self {
            within: Some(reachable::<document::Entity>(grant)),
            ..self
        }
    }

    /// With any of some tags, as far as these are within reach.
    #[must_use]
    pub fn with_any(self, grant: &impl Reads<Tagging>, tags: &[Id<Tag>]) -> Self {
        Self {
            tagged: Some(having_any(grant, tags)),
            ..self
        }
    }

    /// Whether a row that the grams brought up really meets the queries.
    fn met(&self, row: Model, keys: &FieldKeys) -> Result<Option<Customer>, Error> {
        if !self.queries.iter().all(|query| recheck(query, &row.name)) {
            return Ok(None);
        }
        let customer = row.open(keys)?;
        let points = customer.contacts.iter();
        let addresses: Vec<&str> = points
            .filter(|point| point.kind == ContactKind::Address)
            .map(ContactPoint::clear)
            .collect();
        let mut queries = self.queries.iter();
        let met = queries.all(|query| recheck_address(query, addresses.iter().copied()));
        Ok(met.then_some(customer))
    }

    /// Sets of grams, one of which a document must hold as a whole.
    fn sets(&self, keys: &FieldKeys) -> Result<Vec<Vec<String>>, Error> {
        let mut sets = vec![Vec::new()];
        for query in self.queries {
            let terms = query.terms().iter();
            let of_query: Vec<Vec<String>> = terms
                .filter_map(|term| grams_of(keys, term).transpose())
                .collect::<Result<_, Error>>()?;
            let both = |set: &Vec<String>| {
                let set = set.clone();
                let more = of_query.iter();
                more.map(move |more| set.iter().chain(more).cloned().collect())
                    .collect::<Vec<Vec<String>>>()
            };
            sets = sets.iter().flat_map(both).collect();
        }
        Ok(sets)
    }

    /// Whether what is sought may be found in many: how names begin, the provider of an e-mail address, a
    /// city.
    fn is_common(&self) -> bool {
        let mut terms = self.queries.iter().flat_map(Query::terms);
        terms.all(|term| {
            matches!(
                term,
                Term::NamePrefix(_) | Term::EmailPart(_) | Term::Address(_)
            )
        })
    }
}

/// Which part of what is found.
#[derive(Clone, Copy)]
pub struct Place {
    pub order: Direction,
    /// The place of the last one that was looked at.
    pub behind: Option<i64>,
    pub limit: u64,
}

/// At most `limit` customers within reach that meet the criteria, of which there is a query at least, in
/// the order in which they were taken in.
pub async fn search(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    criteria: &Criteria<'_>,
    place: Place,
) -> Result<Found, Error> {
    let keys = handle.keys_of(grant.scope().institution()).await?;
    let sets = criteria.sets(&keys)?;
    let wanted = usize::try_from(place.limit).unwrap_or(usize::MAX);
    let mut customers = Vec::new();
    let mut next = place;
    let rounds = if sets.is_empty() { 0 } else { ROUNDS };
    let mut way = if criteria.is_common() && handle.is_postgres() {
        Way::AmongTheNext
    } else {
        Way::ByGrams
    };
    for _ in 0..rounds {
        let is_short =
            |batch: &[_]| batch.len() < usize::try_from(next.limit).unwrap_or(usize::MAX);
        let mut batch = candidates(handle, grant, criteria, &sets, way, next).await?;
        if way == Way::AmongTheNext && is_short(&batch) {
            way = Way::ByGrams;
            batch = candidates(handle, grant, criteria, &sets, way, next).await?;
        }
        let last_batch = is_short(&batch);
        // Many hold the grams but not the name: the index is walked fewer times for the rest.
        next.limit = place.limit.saturating_mul(LATER_ROUNDS);
        for (doc, row) in batch {
            next.behind = Some(doc);
            if let Some(customer) = criteria.met(row, &keys)? {
                customers.push(customer);
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
        unsearched: next.behind.filter(|_| rounds > 0),
    })
}

/// Grams that all must be there for a term; `None` where nothing can match.
fn grams_of(keys: &FieldKeys, term: &Term) -> Result<Option<Vec<String>>, Error> {
    let whole = |kind: ContactKind, value: &str| {
        let digest = keys.hash(kind.as_str(), value)?;
        Ok::<_, Error>(vec![hash_gram(keys, &digest)])
    };
    Ok(match term {
        Term::Grams(grams) => Some(grams.iter().map(|g| keys.gram(g)).collect()),
        Term::NamePrefix(prefix) => first_character(prefix).map(|first| vec![keys.gram(&first)]),
        Term::PhoneLastFour(digits) => Some(vec![keys.gram(&last_four_gram(digits))]),
        Term::Phone(phone) => Some(whole(ContactKind::Phone, phone.e164())?),
        Term::Email(email) => Some(whole(ContactKind::Email, email.address())?),
        Term::EmailPart(part) => Some(vec![email_part_gram(keys, part)?]),
        Term::Address(pairs) => {
            let grams = pairs.iter().map(|pair| address_gram(keys, pair));
            Some(grams.collect::<Result<_, _>>()?)
        }
    })
}

/// How PostgreSQL looks for documents. It can't tell how rare a gram is: for one that many share, as the
/// first character of a name is, it would read them all.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// The next documents, one after the other, until enough hold the grams.
    AmongTheNext,
    /// Those that the index of grams names.
    ByGrams,
}

/// The number behind those among which it is worth while to look one after the other.
fn end_of_the_next(order: Direction) -> &'static str {
    match order {
        Direction::NewestFirst => {
            "COALESCE((SELECT n.doc_id FROM search_documents n WHERE n.institution_id = $1 \
             AND n.doc_id < $2 ORDER BY n.doc_id DESC LIMIT 1 OFFSET 2000), 0)"
        }
        Direction::OldestFirst => {
            "COALESCE((SELECT n.doc_id FROM search_documents n WHERE n.institution_id = $1 \
             AND n.doc_id > $2 ORDER BY n.doc_id LIMIT 1 OFFSET 2000), 9223372036854775807)"
        }
    }
}

/// The next documents that hold the grams, within reach, and their customers.
async fn candidates(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    criteria: &Criteria<'_>,
    sets: &[Vec<String>],
    way: Way,
    place: Place,
) -> Result<Vec<(i64, Model)>, Error> {
    let institution = grant.scope().institution().uuid();
    // Each engine walks its own order. By what is computed of the number, PostgreSQL can't:
    // it would read all numbers of the institution beside the index of grams, or in its place.
    let number = match (handle.is_postgres(), way) {
        (true, Way::AmongTheNext) => Expr::col((document::Entity, document::Column::DocId)),
        (true, Way::ByGrams) => Expr::cust("(search_documents.doc_id + 0)"),
        (false, _) => Expr::col((GRAMS, "rowid")),
    };
    let (behind, start, order) = match place.order {
        Direction::NewestFirst => (
            ExprTrait::lt as fn(Expr, i64) -> Expr,
            i64::MAX,
            Order::Desc,
        ),
        Direction::OldestFirst => (ExprTrait::gt as fn(Expr, i64) -> Expr, 0, Order::Asc),
    };
    let mut documents = Sql::select();
    documents
        .column((document::Entity, document::Column::DocId))
        .column((document::Entity, document::Column::CustomerId))
        .cond_where(reachable::<document::Entity>(grant))
        .and_where_option(place.behind.map(|last| behind(number.clone(), last)))
        .limit(place.limit);
    let own = |column| Expr::col((document::Entity, column));
    if !criteria.filter.is_empty() {
        let customer = Sql::select()
            .expr(Expr::val(1))
            .from(Entity)
            .and_where(
                Expr::col((Entity, Column::InstitutionId)).eq(own(document::Column::InstitutionId)),
            )
            .and_where(Expr::col((Entity, Column::Id)).eq(own(document::Column::CustomerId)))
            .cond_where(criteria.filter.condition())
            .take();
        documents.and_where(Expr::exists(customer));
    }
    if let Some(within) = &criteria.within {
        documents.cond_where(within.clone());
    }
    if let Some(tagged) = &criteria.tagged {
        let tagging = Sql::select()
            .expr(Expr::val(1))
            .from(taggings::Entity)
            .and_where(
                Expr::col((taggings::Entity, taggings::Column::CustomerId))
                    .eq(own(document::Column::CustomerId)),
            )
            .cond_where(tagged.clone())
            .take();
        documents.and_where(Expr::exists(tagging));
    }
    if handle.is_postgres() {
        // What is computed of the column can't go by its index.
        let holds = match way {
            Way::AmongTheNext => "(search_documents.grams || '{}'::text[]) @> $1",
            Way::ByGrams => "search_documents.grams @> $1",
        };
        let mut any = Condition::any();
        for set in sets {
            any = any.add(Expr::cust_with_values(holds, [array(set.iter().cloned())]));
        }
        documents.from(document::Entity).cond_where(any);
        if way == Way::AmongTheNext {
            let of: [Value; 2] = [institution.into(), place.behind.unwrap_or(start).into()];
            let end = Expr::cust_with_values(end_of_the_next(place.order), of);
            documents.and_where(match place.order {
                Direction::NewestFirst => number.clone().gt(end),
                Direction::OldestFirst => number.clone().lt(end),
            });
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
    documents.order_by_expr(number, order.clone());

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
        .order_by((FOUND, document::Column::DocId), order);
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
