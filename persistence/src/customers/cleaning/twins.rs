//! Who is likely the same as whom, for many customers at once.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashMap},
};

use domain::{
    access::CustomersRead,
    customers::{Customer, LIKELY, Likeness},
    id::Id,
    organization::Institution,
};
use jiff::Timestamp;
use sea_orm::{Value, sea_query::ArrayType};
use uuid::Uuid;

use crate::{
    Error, Handle,
    access::Grant,
    customers::store::find_all,
    database::{among, statement},
};

/// Pairs that are held against each other in one go.
const PAIRS: i64 = 500;
/// What as many share tells of nobody who he or she is: the number of a school, a name that stands for none.
const SHARED_BY_MANY: i64 = 100;

/// Those who share a way to be reached.
const REACHED_ALIKE: &str = "SELECT DISTINCT a.customer_id AS one, b.customer_id AS other \
     FROM contact_index a JOIN contact_index b ON b.institution_id = a.institution_id \
     AND b.digest = a.digest AND b.customer_id <> a.customer_id \
     WHERE a.institution_id = ? AND (a.customer_id, b.customer_id) > (?, ?) \
     AND (SELECT COUNT(*) FROM (SELECT 1 AS one FROM contact_index m \
     WHERE m.institution_id = a.institution_id AND m.digest = a.digest LIMIT ?) many) < ? AND ";
/// Those who share name and birth date.
const BORN_ALIKE: &str = "SELECT a.id AS one, b.id AS other FROM customers a \
     JOIN customers b ON b.institution_id = a.institution_id AND b.name_fold = a.name_fold \
     AND b.birth_date = a.birth_date AND b.id <> a.id AND b.deleted_at IS NULL \
     WHERE a.institution_id = ? AND a.birth_date IS NOT NULL AND (a.id, b.id) > (?, ?) \
     AND (SELECT COUNT(*) FROM (SELECT 1 AS one FROM customers m \
     WHERE m.institution_id = a.institution_id AND m.name_fold = a.name_fold \
     AND m.birth_date = a.birth_date AND m.deleted_at IS NULL LIMIT ?) many) < ? AND ";

type Pair = (Id<Customer>, Id<Customer>);

/// Of each customer that has any the one that it is likely the same as: the one that somebody decided
/// about, or best one in the same hands, so that whoever holds it may know of both.
pub(super) async fn twins(
    handle: &impl Handle,
    institution: Id<Institution>,
    customers: &[Customer],
    decided: &HashMap<Id<Customer>, Id<Customer>>,
    now: Timestamp,
) -> Result<HashMap<Id<Customer>, Id<Customer>>, Error> {
    let known: HashMap<_, _> = customers.iter().map(|one| (one.id, one)).collect();
    let mut best = HashMap::new();
    if known.is_empty() {
        return Ok(best);
    }
    let grant = Grant::<CustomersRead>::system(institution, now, "records are compared");
    let mut ranks = HashMap::new();
    for alike in [REACHED_ALIKE, BORN_ALIKE] {
        let mut behind = (Id::new(Uuid::nil()), Id::new(Uuid::nil()));
        loop {
            let pairs = pairs(handle, institution, customers, alike, behind).await?;
            let others: BTreeSet<_> = pairs.iter().map(|(_, other)| *other).collect();
            let others: Vec<_> = others.into_iter().collect();
            let others = find_all(handle, &grant, &others).await?;
            let others: HashMap<_, _> = others.iter().map(|one| (one.id, one)).collect();
            for (one, other) in &pairs {
                // Hidden ones are nobody's twins.
                let (Some(one), Some(other)) = (known.get(one), others.get(other)) else {
                    continue;
                };
                let score = likeness(one, other);
                if score < LIKELY {
                    continue;
                }
                let rank = (
                    decided.get(&one.id) == Some(&other.id),
                    one.holder == other.holder,
                    one.campus == other.campus,
                    score,
                    Reverse((other.created_at, other.id)),
                );
                if ranks.get(&one.id).is_none_or(|known| rank > *known) {
                    ranks.insert(one.id, rank);
                    best.insert(one.id, other.id);
                }
            }
            match pairs.last() {
                Some(last) if pairs.len() as i64 == PAIRS => behind = *last,
                _ => break,
            }
        }
    }
    Ok(best)
}

fn likeness(one: &Customer, other: &Customer) -> u32 {
    let of = |customer| Likeness::of(customer, BTreeSet::new(), |_| true);
    let alike = of(one).compare(&of(other));
    alike.map_or(0, |alike| alike.score)
}

/// The next pairs of some customers and those like them.
async fn pairs(
    handle: &impl Handle,
    institution: Id<Institution>,
    customers: &[Customer],
    alike: &str,
    behind: Pair,
) -> Result<Vec<Pair>, Error> {
    let column = match alike == REACHED_ALIKE {
        true => "a.customer_id",
        false => "a.id",
    };
    let ids = customers.iter().map(|one| one.id.uuid().into()).collect();
    let (is_among, ids) = among(handle, column, ArrayType::Uuid, ids);
    let mut values: Vec<Value> = vec![
        institution.uuid().into(),
        behind.0.uuid().into(),
        behind.1.uuid().into(),
        SHARED_BY_MANY.into(),
        SHARED_BY_MANY.into(),
    ];
    values.extend(ids);
    values.push(PAIRS.into());
    let sql = format!("{alike}{is_among} ORDER BY one, other LIMIT ?");
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        let id =
            |name: &str| -> Result<Id<Customer>, Error> { Ok(Id::new(row.try_get("", name)?)) };
        found.push((id("one")?, id("other")?));
    }
    Ok(found)
}
