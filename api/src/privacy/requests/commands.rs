//! Use cases of requests about one's own data: load, decide, save.

use std::collections::BTreeSet;

use domain::{
    customers::Customer,
    fault::{Fault, FieldFault, NOT_FOUND, REFERENCE_UNKNOWN},
    id::Id,
    notices::{NoticeKind, Numbers},
    privacy::{PrivacyRequest, RequestStatus},
};
use persistence::{
    Error, Tx,
    access::Writes,
    customers::{links, store as customers},
    notices::store::notify,
    privacy::requests as store,
};

use super::{CompletePrivacyRequest, DecidePrivacyRequest, RecordPrivacyRequest};
use crate::organization::day;

/// Records a request of a customer that the caller may change.
///
/// # Errors
/// 422 where the customer or who asks is out of reach, or the request breaks a rule.
pub async fn record(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    body: RecordPrivacyRequest,
) -> Result<PrivacyRequest, Error> {
    let unknown = |pointer| FieldFault::new(pointer, &REFERENCE_UNKNOWN);
    let id = Id::<Customer>::new(body.customer_id);
    let customer = customers::lock(tx, grant, id)
        .await?
        .filter(|customer| customer.deleted_at.is_none())
        .ok_or_else(|| unknown("/customer_id"))?;
    if let Some(asker) = body.asked_by.map(Id::new) {
        let named = BTreeSet::from([asker]);
        let reached = links::within_reach(tx, grant.scope(), &named).await?;
        if !reached.contains(&asker) {
            return Err(unknown("/asked_by").into());
        }
    }
    let institution = tx.operation().institution;
    let day = day::today(tx, institution, customer.campus, tx.now()).await?;
    let zone = day.ok_or_else(|| Error::corrupt("no campus"))?.zone;
    let request = PrivacyRequest::receive(customer.id, body.into(), &zone, &tx.stamp())?;
    store::insert(tx, grant, &request).await?;
    Ok(request)
}

/// A request that is about to be changed.
///
/// # Errors
/// 404 where there is none.
async fn locked(
    tx: &Tx,
    grant: &impl Writes<PrivacyRequest>,
    id: Id<PrivacyRequest>,
) -> Result<PrivacyRequest, Error> {
    let request = store::lock(tx, grant, id).await?;
    request.ok_or_else(|| Fault::new(&NOT_FOUND).into())
}

/// Grants a request or refuses it. Who works with the customer is told of corrections and deletions.
///
/// # Errors
/// 409 unless it is open; 422 where it is to be granted to somebody unknown.
pub async fn decide(
    tx: &Tx,
    grant: &impl Writes<PrivacyRequest>,
    id: Id<PrivacyRequest>,
    body: DecidePrivacyRequest,
) -> Result<PrivacyRequest, Error> {
    let before = locked(tx, grant, id).await?;
    let words = (body.identity, body.reason);
    let after = before.decide(body.verdict.0, words, &tx.stamp())?;
    store::update(tx, grant, &before, &after).await?;
    if after.status == RequestStatus::Granted && after.changes_data() {
        let about = Some(("customer", after.customer.uuid()));
        for person in store::concerned(tx, grant, after.customer).await? {
            let kind = NoticeKind::PrivacyRequestGranted;
            notify(tx, person, kind, &Numbers::new(), about).await?;
        }
    }
    Ok(after)
}

/// Closes a request once what was granted has been done.
///
/// # Errors
/// 409 unless it was granted.
pub async fn complete(
    tx: &Tx,
    grant: &impl Writes<PrivacyRequest>,
    id: Id<PrivacyRequest>,
    body: CompletePrivacyRequest,
) -> Result<PrivacyRequest, Error> {
    let before = locked(tx, grant, id).await?;
    let after = before.complete(body.outcome, &tx.stamp())?;
    store::update(tx, grant, &before, &after).await?;
    Ok(after)
}
