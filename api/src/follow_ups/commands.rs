//! Use cases of follow-ups: load, decide, save.

use domain::{
    access::PrincipalKind,
    customers::Anchor,
    fault::{Fault, FieldFault, NOT_FOUND, REFERENCE_UNKNOWN},
    follow_ups::{FollowUp, Report},
    id::Id,
    organization::Campus,
};
use jiff::tz::TimeZone;
use persistence::{
    Error, Handle, Tx,
    access::{Reads, Writes},
    customers::anchor::anchor,
    follow_ups::store,
};

use super::{ChangeFollowUp, RecordFollowUp};
use crate::{http::IfMatch, organization::day};

/// A grant to record follow-ups of customers.
pub trait Records: Writes<FollowUp> + Reads<Anchor> {}
impl<T: Writes<FollowUp> + Reads<Anchor>> Records for T {}

/// Records a follow-up; what was due for the customer is settled.
///
/// # Errors
/// 422 where a field breaks a rule, or the customer is out of reach.
pub async fn record(
    tx: &Tx,
    grant: &impl Records,
    body: RecordFollowUp,
) -> Result<FollowUp, Error> {
    let customer = anchor(tx, grant, Id::new(body.customer_id))
        .await?
        .ok_or_else(|| FieldFault::new("/customer_id", &REFERENCE_UNKNOWN))?;
    let zone = zone(tx, customer.campus).await?;
    let report = Report {
        method: body.method.0,
        outcome: body.outcome.0,
        intent: body.intent,
        content: body.content,
        occurred_at: body.occurred_at.unwrap_or(tx.now()),
        next_on: body.next_on,
    };
    let actor = &tx.operation().actor;
    let author = (actor.kind == PrincipalKind::Staff).then(|| Id::new(actor.principal));
    let follow_up = FollowUp::record(&customer, report, author, &zone, &tx.stamp())?;
    store::insert(tx, grant, &follow_up).await?;
    Ok(follow_up)
}

async fn zone(tx: &Tx, campus: Id<Campus>) -> Result<TimeZone, Error> {
    let institution = tx.operation().institution;
    let today = day::today(tx, institution, campus, tx.now()).await?;
    today
        .map(|day| day.zone)
        .ok_or_else(|| Error::corrupt("the customer's campus is gone"))
}

/// Corrects a follow-up that the caller has read.
///
/// # Errors
/// 404 out of reach, 412 where it has changed since, 422 where a field breaks a rule.
pub async fn change(
    tx: &Tx,
    grant: &impl Records,
    id: Id<FollowUp>,
    condition: IfMatch,
    body: ChangeFollowUp,
) -> Result<FollowUp, Error> {
    let absent = || Fault::new(&NOT_FOUND);
    let seen = store::find(tx, grant, id).await?.ok_or_else(absent)?;
    // The customer first: a follow-up that is recorded meanwhile would settle this one.
    let customer = anchor(tx, grant, seen.customer).await?.ok_or_else(absent)?;
    let zone = zone(tx, customer.campus).await?;
    let before = store::lock(tx, grant, id).await?.ok_or_else(absent)?;
    condition.check(before.version)?;
    let is_latest = store::is_latest(tx, &before).await?;
    let report = body.apply(before.report.clone());
    let after = before.correct(report, is_latest, &zone, &tx.stamp())?;
    if after.version != before.version {
        store::update(tx, grant, &before, &after).await?;
    }
    Ok(after)
}

/// A follow-up within reach.
pub async fn get(
    handle: &impl Handle,
    grant: &impl Reads<FollowUp>,
    id: Id<FollowUp>,
) -> Result<FollowUp, Error> {
    store::find(handle, grant, id)
        .await?
        .ok_or_else(|| Fault::new(&NOT_FOUND).into())
}
