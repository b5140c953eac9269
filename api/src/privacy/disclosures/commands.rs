//! Use cases of disclosures: load, decide, save.

use domain::{
    access::CustomersWrite,
    customers::{Customer, Purpose},
    fault::{Fault, NOT_FOUND},
    id::Id,
    privacy::{Disclosure, NewDisclosure, SharingGround},
};
use persistence::{
    Error, Handle, Tx,
    access::{Grant, Reads},
    customers::store::opens_papers,
    privacy::disclosures as store,
    scope::Page,
};

use super::RecordDisclosure;
use crate::{
    customers::{
        commands::{get, present},
        consents::commands::agreed,
    },
    organization::day,
    reference::choose,
};

/// Records what was shared of a customer that the caller may change.
///
/// # Errors
/// 404 where the customer is out of reach; 409 where the person has to agree and does not; 422 where the
/// recipient is archived or unknown, or its entry does not allow it.
pub async fn record(
    tx: &Tx,
    grant: &Grant<CustomersWrite>,
    id: Id<Customer>,
    body: RecordDisclosure,
) -> Result<Disclosure, Error> {
    let customer = present(tx, grant, id).await?;
    let recipient = choose(tx, grant, Id::new(body.recipient_id), "/recipient_id").await?;
    let institution = tx.operation().institution;
    let disclosed_at = body.disclosed_at.unwrap_or(tx.now());
    let day = day::today(tx, institution, customer.campus, disclosed_at).await?;
    let day = day.ok_or_else(|| Error::corrupt("no campus"))?;
    let consent = agreed(tx, institution, customer.id, Purpose::Sharing).await?;
    let ground = SharingGround {
        customer: customer.id,
        recipient: &recipient,
        on: day.date,
        consent: consent.as_ref(),
    };
    let new = NewDisclosure {
        categories: body.categories.iter().map(|known| known.0).collect(),
        details: body.details,
        disclosed_at,
    };
    let disclosure = Disclosure::new(new, &ground, &tx.stamp())?;
    store::insert(tx, grant, &disclosure).await?;
    Ok(disclosure)
}

/// One page of what was shared of a customer within reach.
pub async fn list(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    id: Id<Customer>,
    page: &Page,
) -> Result<Vec<Disclosure>, Error> {
    let customer = get(handle, grant, id).await?;
    match opens_papers(handle, grant, customer.id).await? {
        true => store::list(handle, grant, customer.id, page).await,
        false => Ok(Vec::new()),
    }
}

/// One disclosure of a customer within reach.
pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    customer: Id<Customer>,
    id: Id<Disclosure>,
) -> Result<Disclosure, Error> {
    let customer = get(handle, grant, customer).await?;
    let found = match opens_papers(handle, grant, customer.id).await? {
        true => store::find(handle, grant, customer.id, id).await?,
        false => None,
    };
    found.ok_or_else(|| Fault::new(&NOT_FOUND).into())
}
