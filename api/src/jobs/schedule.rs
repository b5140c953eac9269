//! What the program does by itself, again and again.

use std::time::Duration;

use domain::{access::PrincipalKind, jobs::JobKind};
use jiff::SignedDuration;
use persistence::{
    Error, Operation,
    clock::micros,
    files, imports,
    jobs::{
        schedule::{Schedule, enter, with_expired},
        store::{self, NewJob, enqueue},
    },
};

use super::{Halt, Run};
use crate::{app::App, backup};

/// How often the schedules are looked after.
pub(super) const LOOK: Duration = Duration::from_secs(60);
/// Jobs that have ended, and the rows of imports, are kept so long.
const RESULTS_LAST: SignedDuration = SignedDuration::from_hours(30 * 24);
/// What one step removes at most.
const BATCH: i64 = 100;

/// Removes what has expired: files, finished jobs, rows of imports.
static REMOVE_EXPIRED: Schedule = Schedule {
    name: "remove_expired",
    period: SignedDuration::from_hours(1),
    begins: SignedDuration::ZERO,
};

/// Queues what is due in this tick, and that nobody has queued yet.
pub async fn fire(app: &App) -> Result<(), Error> {
    let stamp = app.clock.stamp();
    let old = stamp
        .now()
        .saturating_sub(RESULTS_LAST)
        .unwrap_or(stamp.now());
    let read = app.db.read();
    for institution in with_expired(&read, micros(stamp.now()), micros(old)).await? {
        let operation = Operation::system(
            institution,
            PrincipalKind::System,
            REMOVE_EXPIRED.name,
            app.clock.stamp(),
        );
        app.db
            .transaction(&operation, |tx| async move {
                if enter(&tx, &REMOVE_EXPIRED).await? {
                    let job = NewJob {
                        id: tx.stamp().id(),
                        kind: JobKind::RemoveExpired,
                        target: None,
                        payload: b"",
                    };
                    enqueue(&tx, &job).await?;
                }
                Ok(())
            })
            .await?;
    }
    backup::job::fire(app).await?;
    app.jobs.wake();
    Ok(())
}

pub(super) async fn remove_expired(run: &Run) -> Result<(), Halt> {
    let institution = run.institution();
    loop {
        let expired = run
            .own_step(|tx| async move { files::store::expire(&tx, institution, BATCH).await })
            .await?;
        if expired.is_empty() {
            break;
        }
        // The contents first: what is in the table still is found again.
        for file in &expired {
            run.app.contents.remove(institution, *file).await?;
        }
        let expired = &expired;
        run.own_step(|tx| async move { files::store::remove(&tx, institution, expired).await })
            .await?;
    }
    let now = run.app.clock.now();
    let old = now.saturating_sub(RESULTS_LAST).unwrap_or(now);
    loop {
        let removed = run
            .own_step(|tx| async move {
                let jobs = store::remove_finished(&tx, old, BATCH).await?;
                Ok(jobs + imports::store::remove_rows(&tx, old, BATCH).await?)
            })
            .await?;
        if removed == 0 {
            return Ok(());
        }
    }
}
