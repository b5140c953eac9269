//! Use cases of relations: load, decide, save.

use domain::{
    customers::{Customer, Relation},
    fault::{Fault, FieldFault, NOT_FOUND, REFERENCE_UNKNOWN},
    id::Id,
};
use persistence::{
    Error, Handle, Tx,
    access::{Reads, Writes},
    customers::{relations as store, store as customers},
};

use super::RelateCustomer;
use crate::{
    customers::commands::{get, present},
    http::IfMatch,
};

/// A customer, with its relations to others within reach.
pub async fn list(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    id: Id<Customer>,
) -> Result<(Customer, Vec<(Relation, Customer)>), Error> {
    let customer = get(handle, grant, id).await?;
    let related = store::of(handle, grant, id).await?;
    Ok((customer, related))
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
    let relation = Relation::new(&customer, body.role.0, &relative, body.label, &tx.stamp())
        .map_err(Fault::from)?;
    let customer = store::insert(tx, grant, &customer, &relation).await?;
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
    let (customer, related) = list(handle, grant, id).await?;
    related
        .into_iter()
        .find(|(found, _)| found.id == relation)
        .map(|(relation, relative)| Related {
            customer,
            relation,
            relative,
        })
        .ok_or_else(|| Fault::new(&NOT_FOUND).into())
}

/// Ends a relation of a customer that the caller has read; both are the caller's to change.
///
/// # Errors
/// 404 where either is out of reach, or it has ended.
pub async fn end(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    customer: Id<Customer>,
    id: Id<Relation>,
    condition: IfMatch,
) -> Result<(), Error> {
    let absent = || Error::from(Fault::new(&NOT_FOUND));
    let seen = store::find(tx, grant, customer, id)
        .await?
        .ok_or_else(absent)?;
    let (customer, relative) = both(tx, grant, customer, seen.relative_of(customer)).await?;
    relative.ok_or_else(absent)?;
    let relation = store::find(tx, grant, customer.id, id)
        .await?
        .ok_or_else(absent)?;
    condition.check(customer.version)?;
    store::remove(tx, grant, &customer, &relation).await
}
