//! The job that fills the cleaning list: each night, and whenever somebody asks for it.

use domain::{customers::Customer, id::Id, jobs::JobKind};
use persistence::{
    Error,
    customers::cleaning::sweep::{
        Stage, Sweep, WRITTEN, begin, come, enter, look, next, tell_next,
    },
    jobs::schedule::next_without,
};
use uuid::Uuid;

use crate::{
    app::App,
    jobs::{
        Halt, Run, is_of_machine,
        schedule::{daily, queue},
    },
};

/// Queues the sweep of the day for the next institution that has had none.
pub(crate) async fn fire(app: &App) -> Result<(), Error> {
    let Some(at) = app.settings.sweep_at.0 else {
        return Ok(());
    };
    let (kind, zone) = (JobKind::SweepRecords, &app.settings.sweep_time_zone.0);
    let schedule = daily("sweep_records", at, zone, app.clock.now());
    match next_without(&app.db.read(), &schedule, kind).await? {
        Some(institution) => queue(app, &schedule, institution, kind).await,
        None => Ok(()),
    }
}

pub(crate) async fn run(run: &Run) -> Result<(), Halt> {
    let job = run.lease().job;
    let mut sweep = run
        .own_step(|tx| async move { begin(&tx, job).await })
        .await?;
    while sweep.stage == Stage::Looking {
        let ids = next(&run.app.db.read(), run.institution(), sweep.behind).await?;
        let differing = differing(run, &ids).await?;
        for some in differing.chunks(WRITTEN) {
            write(run, some).await?;
        }
        sweep = match ids.last() {
            Some(last) => Sweep {
                behind: last.uuid(),
                ..sweep
            },
            None => Sweep {
                stage: Stage::Telling,
                behind: Uuid::nil(),
            },
        };
        run.own_step(|tx| async move { come(&tx, job, sweep).await })
            .await?;
    }
    while run
        .own_step(|tx| async move { tell_next(&tx, job).await })
        .await?
    {}
    Ok(())
}

/// Those of some customers whose entries are not what is found. Where they can't be looked at together, each
/// is by itself: one that can't be read is left to the log.
async fn differing(run: &Run, ids: &[Id<Customer>]) -> Result<Vec<Id<Customer>>, Halt> {
    let (read, now) = (run.app.db.read(), run.app.clock.now());
    match look(&read, run.institution(), ids, now).await {
        Err(error) if !is_of_reading(&error) => {}
        other => return Ok(other?),
    }
    let mut differing = Vec::new();
    for id in ids {
        match look(&read, run.institution(), &[*id], now).await {
            Ok(found) => differing.extend(found),
            Err(error) if is_of_reading(&error) => return Err(error.into()),
            Err(error) => leave_out(*id, &error),
        }
    }
    Ok(differing)
}

/// Writes what is found on some customers; the same way.
async fn write(run: &Run, ids: &[Id<Customer>]) -> Result<(), Halt> {
    let job = run.lease().job;
    let together = run
        .own_step(|tx| async move { enter(&tx, job, ids).await })
        .await;
    match together {
        Err(Halt::Failed(error)) if !is_of_machine(&error) => {}
        other => return other,
    }
    for id in ids {
        let alone = run
            .own_step(|tx| async move { enter(&tx, job, &[*id]).await })
            .await;
        match alone {
            Err(Halt::Failed(error)) if !is_of_machine(&error) => leave_out(*id, &error),
            other => other?,
        }
    }
    Ok(())
}

/// The same of reading, for which nobody waits for others' records.
fn is_of_reading(error: &Error) -> bool {
    matches!(error, Error::Busy) || is_of_machine(error)
}

fn leave_out(customer: Id<Customer>, error: &Error) {
    tracing::error!(%customer, ?error, "a record could not be swept");
}
