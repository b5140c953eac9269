//! Use cases of filings: load, decide, save.

use domain::{
    access::{FIELD_NOT_READABLE, FIELD_READ_ONLY, FieldAccess},
    customers::{Customer, Filing, RECORD_INVALID, ScreeningOutcome, judged_by},
    fault::{Fault, NOT_FOUND},
    id::Id,
};
use persistence::{
    Error, Tx,
    access::{Authority, Writes},
    customers::{filings::store, quality, screenings::store as screenings},
};

use super::{FileCustomer, TakeOutFiling};
use crate::customers::{RECORD, commands::present, quality::Sees, screenings::commands::is_shown};

/// By the rule of which field of customers the business goes under which one is filed.
const BUSINESS_SCOPE: &str = "details.business_scope";

/// Files the record of a customer, or files it anew since it was changed.
///
/// # Errors
/// 404 out of reach; 409 where it was found invalid, something is missing, or it is filed as it is; 422 where the caller may not
/// know of all that must be there, or names a business whose field a rule keeps from it.
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
    unless_invalid(tx, customer.id).await?;
    let before = store::current(tx, customer.id).await?;
    let examined = quality::examine(tx, institution, vec![customer], tx.now()).await?;
    let examined = examined
        .first()
        .ok_or_else(|| Error::internal("an examined record is gone"))?;
    let filing = Filing::file(
        before.as_ref(),
        (examined, &fields),
        scope(tx, before.as_ref(), body)?,
        actor(tx),
        &tx.stamp(),
    )?;
    match &before {
        Some(before) => store::update(tx, before, &filing).await?,
        None => store::insert(tx, grant, &filing).await?,
    }
    Ok(filing)
}

/// Lets a record be filed that nobody has screened, or that was found valid (DATA-18).
///
/// # Errors
/// 409 where it was found invalid; 422 where the caller may not know.
async fn unless_invalid(tx: &Tx, customer: Id<Customer>) -> Result<(), Error> {
    let reader = tx.operation().authority.as_deref();
    if reader.is_some_and(|reader| !is_shown(reader)) {
        return Err(Fault::new(&FIELD_NOT_READABLE).into());
    }
    let last = screenings::last(tx, tx.operation().institution, customer).await?;
    match last.is_some_and(|said| said.verdict.outcome == ScreeningOutcome::Invalid) {
        true => Err(Fault::new(&RECORD_INVALID).into()),
        false => Ok(()),
    }
}

/// The business under which a record is filed. Whoever may not write that of a customer leaves it as it is.
fn scope<'a>(
    tx: &Tx,
    before: Option<&'a Filing>,
    body: &'a FileCustomer,
) -> Result<Option<&'a str>, Fault> {
    let reader = tx.operation().authority.as_deref();
    let rule = reader.and_then(|reader| reader.fields().access(RECORD, BUSINESS_SCOPE));
    let broken = match rule {
        None => return Ok(body.business_scope.as_deref()),
        Some(FieldAccess::ReadOnly) => &FIELD_READ_ONLY,
        Some(FieldAccess::Hidden | FieldAccess::Masked) => &FIELD_NOT_READABLE,
    };
    match body.business_scope {
        None => Ok(before.and_then(|before| before.group.business_scope.as_deref())),
        Some(_) => Err(Fault::field("/business_scope", broken)),
    }
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
