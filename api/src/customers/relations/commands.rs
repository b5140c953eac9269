//! Use cases of relations: load, decide, save.

use domain::{
    customers::{Asked, Customer, Relation},
    fault::{Fault, FieldFault, NOT_FOUND, REFERENCE_UNKNOWN},
    id::Id,
};
use jiff::Timestamp;
use persistence::{
    Error, Handle, Tx,
    access::{Reads, Writes},
    customers::{
        relations::{self as store, Wanted},
        store as customers,
    },
    scope::Page,
};

use super::{ChangeRelation, ListRelations, RelateCustomer};
use crate::{
    customers::commands::{get, present},
    http::IfMatch,
    organization::day,
};

/// One page of the relations of a customer to others within reach.
pub async fn list(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    (id, now): (Id<Customer>, Timestamp),
    asked: ListRelations,
    page: &Page,
) -> Result<(Id<Customer>, Vec<(Relation, Customer)>), Error> {
    let customer = get(handle, grant, id).await?;
    let institution = grant.scope().institution();
    let not_ended_by = match asked.include_ended {
        Some(true) => None,
        _ => day::today(handle, institution, customer.campus, now).await?,
    };
    let wanted = Wanted {
        roles: asked.role.iter().flatten().map(|role| role.0).collect(),
        not_ended_by: not_ended_by.map(|today| today.date),
        id: None,
    };
    let related = store::of(handle, grant, customer.id, &wanted, page).await?;
    Ok((customer.id, related))
}

/// A relation, as one of the two sees it.
#[derive(Debug)]
pub struct Related {
    pub customer: Customer,
    pub relation: Relation,
    pub relative: Customer,
}

/// Relates two customers that the caller may both change. The version of the one in the path rises.
///
/// # Errors
/// 409 where they are related already, 422 where their kinds don't fit or the other is out of reach.
pub async fn relate(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    id: Id<Customer>,
    body: RelateCustomer,
) -> Result<Related, Error> {
    let (customer, relative) = both(tx, grant, id, Id::new(body.relative_id)).await?;
    let relative = relative.ok_or_else(|| FieldFault::new("/relative_id", &REFERENCE_UNKNOWN))?;
    let asked = Asked::from(&body);
    let relation = Relation::new(&customer, body.role.0, &relative, asked, &tx.stamp())?;
    let customer = store::insert(tx, grant, (&customer, &relative), &relation).await?;
    Ok(Related {
        customer,
        relation,
        relative,
    })
}

/// A customer, and another where it is within reach: both locked, always in the same order.
async fn both(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    id: Id<Customer>,
    other: Id<Customer>,
) -> Result<(Customer, Option<Customer>), Error> {
    if id < other {
        let customer = present(tx, grant, id).await?;
        Ok((customer, customers::lock(tx, grant, other).await?))
    } else {
        let relative = customers::lock(tx, grant, other).await?;
        Ok((present(tx, grant, id).await?, relative))
    }
}

/// A relation of a customer to another within reach.
pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    id: Id<Customer>,
    relation: Id<Relation>,
) -> Result<Related, Error> {
    let customer = get(handle, grant, id).await?;
    let (relation, relative) = store::find(handle, grant, customer.id, relation)
        .await?
        .ok_or_else(|| Fault::new(&NOT_FOUND))?;
    Ok(Related {
        customer,
        relation,
        relative,
    })
}

/// A relation that is about to be changed, both of whose customers are the caller's to change and locked.
///
/// # Errors
/// 404 where either is out of reach or it has been removed, 412 where the customer has another version.
async fn locked(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    (id, relation): (Id<Customer>, Id<Relation>),
    condition: IfMatch,
) -> Result<Related, Error> {
    let absent = || Error::from(Fault::new(&NOT_FOUND));
    let id = get(tx, grant, id).await?.id;
    let seen = store::find(tx, grant, id, relation).await?;
    let (_, relative) = seen.ok_or_else(absent)?;
    let (customer, relative) = both(tx, grant, id, relative.id).await?;
    let relative = relative.ok_or_else(absent)?;
    let seen = store::find(tx, grant, id, relation).await?;
    let (relation, _) = seen.ok_or_else(absent)?;
    condition.check(customer.version)?;
    Ok(Related {
        customer,
        relation,
        relative,
    })
}

/// Changes a relation of a customer. The versions of both customers rise.
///
/// # Errors
/// As [`locked`]; 409 where the two are related so in that time already, 422 where the terms break a rule.
pub async fn change(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    customer: Id<Customer>,
    id: Id<Relation>,
    condition: IfMatch,
    body: ChangeRelation,
) -> Result<Related, Error> {
    let before = locked(tx, grant, (customer, id), condition).await?;
    let terms = body.apply(before.relation.terms.clone());
    let relation = before.relation.change(terms)?;
    if relation == before.relation {
        return Ok(before);
    }
    let change = (&before.relation, &relation);
    let customer = store::update(tx, grant, (&before.customer, &before.relative), change).await?;
    Ok(Related {
        customer,
        relation,
        relative: before.relative,
    })
}

/// Removes a relation of a customer, as if it had never been.
///
/// # Errors
/// As [`locked`].
pub async fn remove(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    customer: Id<Customer>,
    id: Id<Relation>,
    condition: IfMatch,
) -> Result<(), Error> {
    let found = locked(tx, grant, (customer, id), condition).await?;
    store::remove(
        tx,
        grant,
        (&found.customer, &found.relative),
        &found.relation,
    )
    .await
}
