//! Use cases of insights: load, decide, save.

use domain::{
    access::{CustomersWrite, FIELD_NOT_READABLE, FIELD_READ_ONLY, FieldAccess},
    customers::{Customer, Insight, InsightGround, InsightTopic, Leave, NewInsight},
    fault::{Fault, NOT_FOUND},
    id::Id,
};
use jiff::Timestamp;
use persistence::{
    Error, Handle, Tx,
    access::{Grant, Reads},
    customers::{insights as store, store::opens_papers},
    scope::Page,
};

use super::{RecordInsight, WithdrawInsight};
use crate::{
    customers::{
        RECORD,
        commands::{get, present},
        consents::commands::leave,
    },
    organization::day,
};

/// Records what was learned of a customer that the caller may change.
///
/// # Errors
/// 404 where the customer is out of reach, or its papers are closed; 409 where the person has to agree and does
/// not; 422 where a field breaks a rule, or the caller may not write what tells the same.
pub async fn record(
    tx: &Tx,
    grant: &Grant<CustomersWrite>,
    id: Id<Customer>,
    body: RecordInsight,
) -> Result<Insight, Error> {
    let customer = open(tx, grant, id).await?;
    writable(tx, body.topic.0)?;
    let institution = tx.operation().institution;
    let day = day::today(tx, institution, customer.campus, tx.now()).await?;
    let day = day.ok_or_else(|| Error::corrupt("no campus"))?;
    let ground = InsightGround {
        customer: customer.id,
        today: day.date,
        leave: &leave(tx, grant, &customer, tx.now()).await?,
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

/// A customer within reach whose papers are open.
async fn open(tx: &Tx, grant: &Grant<CustomersWrite>, id: Id<Customer>) -> Result<Customer, Error> {
    let customer = present(tx, grant, id).await?;
    match opens_papers(tx, grant, customer.id).await? {
        true => Ok(customer),
        false => Err(Fault::new(&NOT_FOUND).into()),
    }
}

/// Refuses what is about a topic of which the caller may not write what the customer says itself.
fn writable(tx: &Tx, topic: InsightTopic) -> Result<(), Fault> {
    let authority = tx.operation().authority.as_deref();
    let access = authority.and_then(|reader| reader.fields().access(RECORD, topic.field()));
    let rule = match access {
        None => return Ok(()),
        Some(FieldAccess::ReadOnly) => &FIELD_READ_ONLY,
        Some(FieldAccess::Hidden | FieldAccess::Masked) => &FIELD_NOT_READABLE,
    };
    Err(Fault::field("/topic", rule))
}

/// Takes an insight back.
///
/// # Errors
/// 404 out of reach; 409 where that was done; 422 where the reason breaks a rule, or the caller may not write what
/// tells the same.
pub async fn withdraw(
    tx: &Tx,
    grant: &Grant<CustomersWrite>,
    customer: Id<Customer>,
    id: Id<Insight>,
    body: &WithdrawInsight,
) -> Result<Insight, Error> {
    let customer = open(tx, grant, customer).await?;
    let before = store::find(tx, grant, customer.id, id).await?;
    writable(tx, before.topic)?;
    let after = before.withdraw(&body.reason, recorder(tx), &tx.stamp())?;
    store::withdraw(tx, grant, &before, &after).await?;
    Ok(after)
}

fn recorder(tx: &Tx) -> Option<uuid::Uuid> {
    let principal = tx.operation().actor.principal;
    (!principal.is_nil()).then_some(principal)
}

/// One page of what was learned of a customer within reach, and what may be kept of that.
pub async fn list(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    id: Id<Customer>,
    (page, now): (&Page, Timestamp),
) -> Result<(Vec<Insight>, Leave), Error> {
    let customer = get(handle, grant, id).await?;
    let insights = match opens_papers(handle, grant, customer.id).await? {
        true => store::list(handle, grant, customer.id, page).await?,
        false => Vec::new(),
    };
    Ok((insights, leave(handle, grant, &customer, now).await?))
}

/// One insight of a customer within reach, and what may be kept of that.
///
/// # Errors
/// 404 where there is none.
pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    (customer, id): (Id<Customer>, Id<Insight>),
    now: Timestamp,
) -> Result<(Insight, Leave), Error> {
    let customer = get(handle, grant, customer).await?;
    if !opens_papers(handle, grant, customer.id).await? {
        return Err(Fault::new(&NOT_FOUND).into());
    }
    let insight = store::find(handle, grant, customer.id, id).await?;
    Ok((insight, leave(handle, grant, &customer, now).await?))
}
