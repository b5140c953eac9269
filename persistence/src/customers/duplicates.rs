//! Finding who may be there already: by keyed hashes of ways to reach somebody, wherever the customer
//! is; by everything else only within a grant.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    customers::{Alike, ContactKind, Customer, KeeperKind, Likeness},
    id::Id,
    organization::Institution,
    search::{Query, Sought, sounds_of},
    text::fold,
};
use sea_orm::{
    ColumnTrait, QueryFilter, QueryOrder, QueryResult, QuerySelect, sea_query::ArrayType,
};
use uuid::Uuid;

use super::{
    entity::{Column, Entity},
    relations,
    search::{Criteria, Place, search},
    store::{Filter, find_all},
};
use crate::{
    Error, Handle,
    access::Reads,
    clock::date_column,
    database::{among, statement},
    keys::bytes,
    scope::{Direction, scoped},
};

/// Customers that one way to reach them finds, at most.
const FOUND_MOST: i64 = 200;
/// Customers of one name that are looked at, at most.
const NAMED_MOST: u64 = 50;

/// A way to reach somebody, in the form in which it is kept.
pub type Way = (ContactKind, String);

/// With whom a customer is, as far as anybody may know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Keeper {
    pub kind: KeeperKind,
    pub id: Uuid,
    pub name: String,
}

/// A customer that ways to reach it find, wherever it is.
#[derive(Clone, Debug)]
pub struct Known {
    pub customer: Id<Customer>,
    /// Which of the ways, by their places.
    pub ways: BTreeSet<usize>,
    pub keeper: Keeper,
}

/// Every customer of the institution that has one of these ways to be reached, oldest first: the caller
/// tells of those beyond reach only what anybody may know.
pub async fn known_by(
    handle: &impl Handle,
    institution: Id<Institution>,
    ways: &[Way],
) -> Result<Vec<Known>, Error> {
    if ways.is_empty() {
        return Ok(Vec::new());
    }
    let keys = handle.keys_of(institution).await?;
    let mut places = BTreeMap::<Vec<u8>, Vec<usize>>::new();
    for (place, (kind, value)) in ways.iter().enumerate() {
        let digest = keys.hash(domain::text_enum::TextEnum::as_str(*kind), value)?;
        places.entry(digest.to_vec()).or_default().push(place);
    }
    let (is_among, digests) = among(
        handle,
        "i.digest",
        ArrayType::Bytes,
        places.keys().map(bytes).collect(),
    );
    // By what is computed of the instant, SQLite can't walk all customers in the order of their creation to
    // spare itself the sorting of a few.
    let sql = format!(
        "SELECT i.digest, c.id, t.id AS team_id, t.name AS team, p.id AS campus_id, p.name AS campus, \
         CASE WHEN c.holder_id = c.campus_id THEN 1 ELSE 0 END AS pooled \
         FROM contact_index i \
         JOIN customers c ON c.institution_id = i.institution_id AND c.id = i.customer_id \
         JOIN campuses p ON p.institution_id = c.institution_id AND p.id = c.campus_id \
         LEFT JOIN staff s ON s.institution_id = c.institution_id AND s.id = c.holder_id \
         LEFT JOIN teams t ON t.institution_id = s.institution_id AND t.id = s.home_team_id \
         WHERE i.institution_id = ? AND {is_among} AND c.deleted_at IS NULL \
         ORDER BY +c.created_at, c.id LIMIT ?"
    );
    let mut values = vec![institution.uuid().into()];
    values.extend(digests);
    values.push(FOUND_MOST.into());
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    let mut found = Vec::<Known>::new();
    for row in rows {
        let customer = Id::new(row.try_get("", "id")?);
        let digest: Vec<u8> = row.try_get("", "digest")?;
        let of_digest = places.get(&digest).into_iter().flatten().copied();
        match found.iter_mut().find(|known| known.customer == customer) {
            Some(known) => known.ways.extend(of_digest),
            None => found.push(Known {
                customer,
                ways: of_digest.collect(),
                keeper: keeper(&row)?,
            }),
        }
    }
    Ok(found)
}

fn keeper(row: &QueryResult) -> Result<Keeper, Error> {
    let campus = (row.try_get("", "campus_id")?, row.try_get("", "campus")?);
    let pooled: i32 = row.try_get("", "pooled")?;
    let team: Option<Uuid> = row.try_get("", "team_id")?;
    let (kind, (id, name)) = match team {
        _ if pooled == 1 => (KeeperKind::Pool, campus),
        Some(team) => (KeeperKind::Team, (team, row.try_get("", "team")?)),
        None => (KeeperKind::Campus, campus),
    };
    Ok(Keeper { kind, id, name })
}

/// A customer that may be the one who is looked for.
#[derive(Debug)]
pub struct Candidate {
    pub customer: Customer,
    pub alike: Alike,
}

/// The customers within reach who may be the same as `subject`, likeliest first; `named` were found by
/// ways to reach them, and `sees` tells which fields may count.
pub async fn candidates(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    subject: &Likeness,
    named: impl IntoIterator<Item = Id<Customer>>,
    sees: impl Fn(&'static str) -> bool,
) -> Result<Vec<Candidate>, Error> {
    let institution = grant.scope().institution();
    let wards = relations::wards_of(handle, institution, &subject.guardians).await?;
    let mut ids: BTreeSet<Id<Customer>> = named.into_iter().collect();
    ids.extend(wards.iter().map(|(ward, _)| *ward));
    ids.extend(born(handle, grant, subject).await?);
    let ids: Vec<_> = ids.into_iter().collect();
    let mut customers = find_all(handle, grant, &ids).await?;
    for schoolmate in schoolmates(handle, grant, subject).await? {
        if !ids.contains(&schoolmate.id) {
            customers.push(schoolmate);
        }
    }
    let mut found: Vec<Candidate> = customers
        .into_iter()
        .filter_map(|customer| {
            let own = wards.iter().filter(|(ward, _)| *ward == customer.id);
            let guardians = own.map(|(_, guardian)| *guardian).collect();
            let alike = subject.compare(&Likeness::of(&customer, guardians, &sees))?;
            Some(Candidate { customer, alike })
        })
        .collect();
    found.sort_by_key(|candidate| {
        let oldest = (candidate.customer.created_at, candidate.customer.id);
        (std::cmp::Reverse(candidate.alike.score), oldest)
    });
    Ok(found)
}

/// Of this name and birthday.
async fn born(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    subject: &Likeness,
) -> Result<Vec<Id<Customer>>, Error> {
    let (Some(name), Some(on)) = (&subject.name, subject.birth_date) else {
        return Ok(Vec::new());
    };
    let ids: Vec<Uuid> = scoped::<Entity>(grant)
        .filter(Column::NameFold.eq(fold(name)))
        .filter(Column::BirthDate.eq(date_column(on)?))
        .order_by_asc(Column::Id)
        .limit(NAMED_MOST)
        .select_only()
        .column(Column::Id)
        .into_tuple()
        .all(handle)
        .await?;
    Ok(ids.into_iter().map(Id::new).collect())
}

/// Of this school, under a name that sounds the same.
async fn schoolmates(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    subject: &Likeness,
) -> Result<Vec<Customer>, Error> {
    let (Some(name), Some(school)) = (&subject.name, &subject.school) else {
        return Ok(Vec::new());
    };
    let filter = Filter {
        schools: vec![school.clone()],
        ..Filter::default()
    };
    let mut found = Vec::<Customer>::new();
    for said in sounds_of(name) {
        let Ok(query) = Query::read("/name", Sought::Name, &said) else {
            continue;
        };
        let queries = [query];
        let place = Place {
            order: Direction::OldestFirst,
            behind: None,
            limit: NAMED_MOST,
        };
        let criteria = Criteria::new(&queries, &filter);
        for customer in search(handle, grant, &criteria, place).await?.customers {
            if found.iter().all(|known| known.id != customer.id) {
                found.push(customer);
            }
        }
    }
    Ok(found)
}
