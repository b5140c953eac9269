//! Use cases of screening by hand: load, decide, save.

use std::collections::BTreeSet;

use domain::{
    access::{FIELD_NOT_READABLE, FIELD_READ_ONLY, FieldAccess, Principal},
    customers::{Customer, Screening},
    fault::{Fault, FieldFault, NOT_FOUND, REFERENCE_UNKNOWN},
    id::Id,
};
use persistence::{
    Error, Handle, Tx,
    access::{Authority, Reads, Writes},
    customers::{
        screenings::store,
        store::{lock, lock_all},
    },
    scope::Page,
};

use super::{ScreenCustomer, ScreenCustomers};
use crate::customers::{
    RECORD,
    commands::{get, present},
};

/// The field of a customer that goes for what is said of its record.
pub(in crate::customers) const FIELD: &str = "screening";

/// Says of a customer's record whether it is valid.
///
/// # Errors
/// 404 out of reach; 422 where the reason is none for the outcome, or a field rule is against it.
pub async fn screen(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    id: Id<Customer>,
    body: &ScreenCustomer,
) -> Result<Screening, Error> {
    unless_ruled(tx, "/outcome")?;
    let verdict = body.verdict().checked()?;
    let customer = present(tx, grant, id).await?;
    let mut screening = Screening::by_hand(customer.id, verdict, actor(tx), &tx.stamp());
    store::insert(tx, grant, std::slice::from_mut(&mut screening)).await?;
    Ok(screening)
}

/// Says the same of several, all or none.
///
/// # Errors
/// 422 as [`screen`], and at every customer that is out of reach.
pub async fn screen_all(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    body: &ScreenCustomers,
) -> Result<Vec<Screening>, Error> {
    unless_ruled(tx, "/outcome")?;
    let verdict = body.verdict().checked()?;
    let ids: Vec<Id<Customer>> = body.customer_ids.iter().copied().map(Id::new).collect();
    lock_all(tx, &[(grant, ids.clone())]).await?;
    let (mut seen, mut faults, mut screenings) = (BTreeSet::new(), Vec::new(), Vec::new());
    for (place, id) in ids.into_iter().enumerate() {
        let found = lock(tx, grant, id).await?;
        let Some(customer) = found.filter(|customer| customer.deleted_at.is_none()) else {
            let at = format!("/customer_ids/{place}");
            faults.push(FieldFault::new(at, &REFERENCE_UNKNOWN));
            continue;
        };
        if seen.insert(customer.id.uuid()) {
            let verdict = verdict.clone();
            let screening = Screening::by_hand(customer.id, verdict, actor(tx), &tx.stamp());
            screenings.push(screening);
        }
    }
    Fault::unless_empty(faults)?;
    store::insert(tx, grant, &mut screenings).await?;
    Ok(screenings)
}

/// In whose name something is said.
pub(super) fn actor(tx: &Tx) -> Option<Id<Principal>> {
    let by = tx.operation().actor.principal;
    (!by.is_nil()).then(|| Id::new(by))
}

/// Refuses who may not say anything, or not know what was said, at `pointer` or as a whole.
///
/// # Errors
/// 422 by the field rule.
pub(super) fn unless_ruled(tx: &Tx, pointer: &'static str) -> Result<(), Fault> {
    let reader = tx.operation().authority.as_deref();
    let rule = match reader.and_then(|reader| reader.fields().access(RECORD, FIELD)) {
        None => return Ok(()),
        Some(FieldAccess::ReadOnly) => &FIELD_READ_ONLY,
        Some(FieldAccess::Hidden | FieldAccess::Masked) => &FIELD_NOT_READABLE,
    };
    Err(match pointer {
        "" => Fault::new(rule),
        pointer => Fault::field(pointer, rule),
    })
}

/// Whether somebody may know what was said.
pub(in crate::customers) fn is_shown(reader: &Authority) -> bool {
    reader.fields().is_readable(RECORD, FIELD)
}

/// One page of what was said of a customer within reach, as far as it is shown.
pub(super) async fn list(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    reader: &Authority,
    id: Id<Customer>,
    page: &Page,
) -> Result<Vec<Screening>, Error> {
    let customer = get(handle, grant, id).await?;
    match is_shown(reader) {
        true => store::list(handle, grant, customer.id, page).await,
        false => Ok(Vec::new()),
    }
}

/// One thing that was said of a customer within reach, as far as it is shown.
///
/// # Errors
/// 404 where there is none.
pub(super) async fn find(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    reader: &Authority,
    (customer, id): (Id<Customer>, Id<Screening>),
) -> Result<Screening, Error> {
    let customer = get(handle, grant, customer).await?;
    let found = match is_shown(reader) {
        true => store::find(handle, grant, customer.id, id).await?,
        false => None,
    };
    found.ok_or_else(|| Fault::new(&NOT_FOUND).into())
}
