//! Use cases of erasing: load, decide, save.

use domain::{
    access::PrivacyErase,
    customers::Customer,
    fault::{Fault, FieldFault, NOT_FOUND, REFERENCE_UNKNOWN, VERSION_STALE},
    id::Id,
    privacy::{Erasure, PrivacyRequest, RequestKind},
};
use persistence::{
    Error, Handle, Tx,
    access::Grant,
    customers::store as customers,
    privacy::{
        erasure::{self as store, Cause},
        requests,
    },
};

use super::{EraseCustomer, ErasurePreview};

/// What the erasure of a customer, deleted or not, would do.
///
/// # Errors
/// 404 out of reach.
pub async fn preview(
    handle: &impl Handle,
    grant: &Grant<PrivacyErase>,
    id: Id<Customer>,
) -> Result<ErasurePreview, Error> {
    let customer = customers::find_to_change(handle, grant, id).await?;
    let customer = customer.ok_or_else(|| Fault::new(&NOT_FOUND))?;
    let (tables, obstacles) = store::preview(handle, grant, &customer).await?;
    Ok(ErasurePreview::new(&customer, tables, obstacles))
}

/// Erases a customer, deleted or not, and does the request for it.
///
/// # Errors
/// 404 out of reach; 409 where something stands in the way, or the request was not granted; 412 where the
/// customer has changed since it was seen; 422 where the request is not one for its deletion.
pub async fn erase(
    tx: &Tx,
    grant: &Grant<PrivacyErase>,
    id: Id<Customer>,
    body: EraseCustomer,
) -> Result<Erasure, Error> {
    let customer = customers::lock(tx, grant, id).await?;
    let customer = customer.ok_or_else(|| Fault::new(&NOT_FOUND))?;
    if customer.version != body.version {
        return Err(Fault::new(&VERSION_STALE).into());
    }
    let request = body.request_id.map(Id::new);
    if let Some(request) = request {
        deletion(tx, grant, request, customer.id).await?;
    }
    let cause = Cause::Asked(body.reason.0, request);
    let erasure = store::erase(tx, grant, &customer, cause).await?;
    if let Some(request) = request {
        // Read anew: nothing of its words is left.
        let before = deletion(tx, grant, request, customer.id).await?;
        let after = before.complete(erasure.pseudonym().to_string(), &tx.stamp())?;
        requests::update(tx, grant, &before, &after).await?;
    }
    Ok(erasure)
}

/// A request for the deletion of a customer's data.
async fn deletion(
    tx: &Tx,
    grant: &Grant<PrivacyErase>,
    id: Id<PrivacyRequest>,
    customer: Id<Customer>,
) -> Result<PrivacyRequest, Error> {
    let found = requests::lock(tx, grant, id).await?;
    let found = found
        .filter(|found| found.kind == RequestKind::Deletion && found.customer == customer)
        .ok_or_else(|| FieldFault::new("/request_id", &REFERENCE_UNKNOWN))?;
    Ok(found)
}
