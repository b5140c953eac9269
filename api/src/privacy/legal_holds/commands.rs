//! Use cases of legal holds: load, decide, save.

use domain::{
    access::PrivacyManage,
    fault::{Fault, FieldFault, NOT_FOUND, REFERENCE_UNKNOWN},
    id::Id,
    privacy::LegalHold,
};
use persistence::{
    Error, Tx,
    access::{Grant, Writes},
    customers::store as customers,
    privacy::legal_holds as store,
};

use super::{PlaceLegalHold, ReleaseLegalHold};

/// Places a hold on a customer, deleted or not.
///
/// # Errors
/// 422 where the customer is out of reach or was erased, or it would have ended.
pub async fn place(
    tx: &Tx,
    grant: &Grant<PrivacyManage>,
    body: PlaceLegalHold,
) -> Result<LegalHold, Error> {
    // Locked, so that nobody erases the person meanwhile.
    let customer = customers::lock(tx, grant, Id::new(body.customer_id)).await?;
    let customer = customer.ok_or_else(|| FieldFault::new("/customer_id", &REFERENCE_UNKNOWN))?;
    let by = Id::new(tx.operation().actor.principal);
    let said = (body.reason.as_str(), body.ends_at);
    let hold = LegalHold::place(customer.id, said, by, &tx.stamp())?;
    store::insert(tx, grant, &hold).await?;
    Ok(hold)
}

/// Lifts a hold.
///
/// # Errors
/// 404 where there is none; 409 unless it stands.
pub async fn release(
    tx: &Tx,
    grant: &impl Writes<LegalHold>,
    id: Id<LegalHold>,
    body: ReleaseLegalHold,
) -> Result<LegalHold, Error> {
    let before = store::lock(tx, grant, id).await?;
    let before = before.ok_or_else(|| Fault::new(&NOT_FOUND))?;
    let by = Id::new(tx.operation().actor.principal);
    let after = before.release(&body.reason, by, &tx.stamp())?;
    store::update(tx, grant, &before, &after).await?;
    Ok(after)
}
