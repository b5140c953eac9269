//! Use cases of insights: load, decide, save.

use domain::{
    access::CustomersWrite,
    customers::{Customer, Insight, InsightGround, NewInsight, Purpose},
    fault::{Fault, NOT_FOUND},
    id::Id,
};
use persistence::{
    Error, Handle, Tx,
    access::{Grant, Reads},
    customers::{insights as store, store::opens_papers},
    scope::Page,
};

use super::{RecordInsight, WithdrawInsight};
use crate::{
    customers::{
        commands::{get, present},
        consents::commands::{agreed, may_keep_more},
    },
    organization::day,
};

/// Records what was learned of a customer that the caller may change.
///
/// # Errors
/// 404 where the customer is out of reach; 409 where the person has to agree and does not; 422 where a field
/// breaks a rule.
pub async fn record(
    tx: &Tx,
    grant: &Grant<CustomersWrite>,
    id: Id<Customer>,
    body: RecordInsight,
) -> Result<Insight, Error> {
    let customer = present(tx, grant, id).await?;
    let institution = tx.operation().institution;
    let day = day::today(tx, institution, customer.campus, tx.now()).await?;
    let day = day.ok_or_else(|| Error::corrupt("no campus"))?;
    let consent = agreed(tx, institution, customer.id, Purpose::Profiling).await?;
    let ground = InsightGround {
        customer: customer.id,
        today: day.date,
        may_keep_more: may_keep_more(tx, grant, &customer).await?,
        consent: consent.as_ref(),
        by: recorder(tx),
    };
    let new = NewInsight {
        topic: body.topic.0,
        content: body.content,
        source: body.source.0,
        origin: body.origin,
        observed_on: body.observed_on,
        lawful_basis: body.lawful_basis.0,
        authorisation: body.authorisation,
    };
    let insight = Insight::new(new, &ground, &tx.stamp())?;
    store::insert(tx, grant, &insight).await?;
    Ok(insight)
}

/// Takes an insight back.
///
/// # Errors
/// 404 out of reach; 409 where that was done; 422 where the reason breaks a rule.
pub async fn withdraw(
    tx: &Tx,
    grant: &Grant<CustomersWrite>,
    customer: Id<Customer>,
    id: Id<Insight>,
    body: &WithdrawInsight,
) -> Result<Insight, Error> {
    let customer = present(tx, grant, customer).await?;
    if !opens_papers(tx, grant, customer.id).await? {
        return Err(Fault::new(&NOT_FOUND).into());
    }
    let before = store::find(tx, grant, customer.id, id).await?;
    let after = before.withdraw(&body.reason, recorder(tx), &tx.stamp())?;
    store::withdraw(tx, grant, &before, &after).await?;
    Ok(after)
}

fn recorder(tx: &Tx) -> Option<uuid::Uuid> {
    let principal = tx.operation().actor.principal;
    (!principal.is_nil()).then_some(principal)
}

/// One page of what was learned of a customer within reach, and whether the person agrees to profiling.
pub async fn list(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    id: Id<Customer>,
    page: &Page,
) -> Result<(Vec<Insight>, bool), Error> {
    let customer = get(handle, grant, id).await?;
    match opens_papers(handle, grant, customer.id).await? {
        true => {
            let insights = store::list(handle, grant, customer.id, page).await?;
            Ok((insights, agrees(handle, grant, customer.id).await?))
        }
        false => Ok((Vec::new(), false)),
    }
}

/// One insight of a customer within reach, and whether the person agrees to profiling.
///
/// # Errors
/// 404 where there is none.
pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    customer: Id<Customer>,
    id: Id<Insight>,
) -> Result<(Insight, bool), Error> {
    let customer = get(handle, grant, customer).await?;
    if !opens_papers(handle, grant, customer.id).await? {
        return Err(Fault::new(&NOT_FOUND).into());
    }
    let insight = store::find(handle, grant, customer.id, id).await?;
    Ok((insight, agrees(handle, grant, customer.id).await?))
}

/// Whether a person agrees to profiling.
pub(super) async fn agrees(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    customer: Id<Customer>,
) -> Result<bool, Error> {
    let institution = grant.scope().institution();
    let by = agreed(handle, institution, customer, Purpose::Profiling).await?;
    Ok(by.is_some())
}
