//! Use cases of the cleaning list: load, decide, save.

use domain::{
    customers::{CleaningEntry, CleaningState, Customer},
    fault::{Fault, NOT_FOUND},
    id::Id,
    jobs::{Job, JobKind},
    text_enum::TextEnum,
};
use persistence::{
    Error, Tx,
    access::Writes,
    customers::cleaning::store,
    database::Change,
    jobs::store::{NewJob, enqueue},
};
use serde_json::json;

use super::KeepCleaningEntry;
use crate::organization::day;

/// Decides that a record stays as it is for some days.
///
/// # Errors
/// 404 where the entry can't be seen or was cleaned.
pub async fn keep(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    id: Id<CleaningEntry>,
    body: &KeepCleaningEntry,
) -> Result<CleaningEntry, Error> {
    let reader = tx.operation().authority.as_deref();
    let before = store::lock(tx, grant, reader, id).await?;
    let before = before
        .filter(|entry| entry.state != CleaningState::Cleaned)
        .ok_or_else(|| Fault::new(&NOT_FOUND))?;
    let institution = grant.scope().institution();
    let today = day::today(tx, institution, before.campus, tx.now()).await?;
    let zone = today
        .map(|day| day.zone)
        .ok_or_else(|| Error::corrupt("the customer's campus is gone"))?;
    let by = tx.operation().actor.principal;
    let by = (!by.is_nil()).then(|| Id::new(by));
    let after = before.keep((&body.reason, body.days), &zone, by, &tx.stamp())?;
    store::update(tx, &before, &after, None).await?;
    Ok(after)
}

/// Queues a sweep over all records of the institution.
pub async fn sweep(tx: &Tx) -> Result<Id<Job>, Error> {
    let job = NewJob {
        id: tx.stamp().id(),
        kind: JobKind::SweepRecords,
        target: None,
        payload: b"",
    };
    enqueue(tx, &job).await?;
    let asked = json!({ "type": job.kind.as_str() });
    tx.record(Change::new("job", job.id.uuid(), 1, asked));
    Ok(job.id)
}
