//! Use cases of filings: load, decide, save.

use domain::{
    access::FIELD_NOT_READABLE,
    customers::{Customer, Filing, judged_by},
    fault::{Fault, NOT_FOUND},
    id::Id,
};
use persistence::{
    Error, Tx,
    access::{Authority, Writes},
    customers::{filings::store, quality},
};

use super::{FileCustomer, TakeOutFiling};
use crate::customers::{commands::present, quality::Sees};

/// Files the record of a customer, or files it anew since it was changed.
///
/// # Errors
/// 404 out of reach; 409 where something is missing, or it is filed as it is; 422 where the caller may not
/// know of all that must be there.
pub async fn file(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    id: Id<Customer>,
    body: &FileCustomer,
) -> Result<Filing, Error> {
    let customer = present(tx, grant, id).await?;
    let institution = grant.scope().institution();
    let fields = quality::custom_fields(tx, institution).await?;
    let sees = Sees {
        fields: tx.operation().authority.as_deref().map(Authority::fields),
        follow_ups: true,
    };
    let mut judged = judged_by(customer.profile.kind, &fields).into_iter();
    if !judged.all(|field| sees.knows_of(field)) {
        return Err(Fault::new(&FIELD_NOT_READABLE).into());
    }
    let before = store::current(tx, customer.id).await?;
    let examined = quality::examine(tx, institution, vec![customer], tx.now()).await?;
    let examined = examined
        .first()
        .ok_or_else(|| Error::internal("an examined record is gone"))?;
    let filing = Filing::file(
        before.as_ref(),
        (examined, &fields),
        body.business_scope.as_deref(),
        actor(tx),
        &tx.stamp(),
    )?;
    match &before {
        Some(before) => store::update(tx, before, &filing).await?,
        None => store::insert(tx, grant, &filing).await?,
    }
    Ok(filing)
}

fn actor(tx: &Tx) -> Option<Id<domain::access::Principal>> {
    let by = tx.operation().actor.principal;
    (!by.is_nil()).then(|| Id::new(by))
}

/// Takes a record out of the archive.
///
/// # Errors
/// 404 out of reach, 409 where it was taken out already.
pub async fn take_out(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    id: Id<Filing>,
    body: &TakeOutFiling,
) -> Result<Filing, Error> {
    let before = store::lock(tx, grant, id).await?;
    let before = before.ok_or_else(|| Fault::new(&NOT_FOUND))?;
    let after = before.take_out(&body.reason, actor(tx), &tx.stamp())?;
    store::update(tx, &before, &after).await?;
    Ok(after)
}
