//! The daily check of what must always hold.
//!
//! Each institution has a check of its own: what is wrong there is told there and to nobody else, and
//! its rows are found by indexes that begin with it. One follows the other, so that other jobs
//! go on meanwhile and no more than one connection is taken.

use std::time::Duration;

use domain::{
    fault::Fault,
    jobs::{INVARIANTS_BROKEN, JobKind},
};
use persistence::{Error, invariants::INVARIANTS, jobs::schedule::next_without};

use crate::{
    app::App,
    jobs::{
        Halt, Run,
        schedule::{daily, queue},
    },
};

/// How long one invariant may be looked at. Meanwhile nobody waits for it, but SQLite's journal
/// and PostgreSQL's dead rows stay as long as something is read.
const LIMIT: Duration = Duration::from_secs(60);

/// Queues the check of the day for the next institution that has had none.
pub async fn fire(app: &App) -> Result<(), Error> {
    let Some(at) = app.settings.check_at.0 else {
        return Ok(());
    };
    let (kind, zone) = (JobKind::CheckInvariants, &app.settings.check_time_zone.0);
    let schedule = daily("check_invariants", at, zone, app.clock.now());
    match next_without(&app.db.read(), &schedule, kind).await? {
        Some(institution) => queue(app, &schedule, institution, kind).await,
        None => Ok(()),
    }
}

/// Checks the institution of a job.
pub async fn run(run: &Run) -> Result<(), Halt> {
    tokio::select! {
        checked = check(run) => checked,
        () = run.stopping() => Err(Halt::Stopping),
    }
}

async fn check(run: &Run) -> Result<(), Halt> {
    let institution = run.institution();
    // Neither a request nor a report waits for this connection.
    let read = run.app.db.read_everything(Some(LIMIT));
    let (mut is_broken, mut unknown) = (false, None);
    for invariant in INVARIANTS {
        match invariant.broken_by(&read, Some(institution)).await {
            Ok(0) => {}
            Ok(rows) => {
                is_broken = true;
                run.app.metrics.broken(invariant, rows);
                let invariant = invariant.name;
                tracing::error!(invariant, %institution, rows, "an invariant is broken");
            }
            Err(error) => {
                let invariant = invariant.name;
                tracing::warn!(%error, invariant, %institution, "an invariant was not looked at");
                unknown = Some(error);
            }
        }
    }
    // To look again would not mend it, and count it twice.
    if is_broken {
        return Err(Fault::new(&INVARIANTS_BROKEN).into());
    }
    unknown.map_or(Ok(()), |error| Err(error.into()))
}
