//! The job that erases at night who is due by rules of retention.
//!
//! Each household goes in a step of its own, which looks first whether the rule is still what it was. Who can't
//! be erased is counted and passed over; whoever may erase is told in the end.

use domain::{
    jobs::JobKind,
    privacy::{RetentionClass, RetentionRunStatus as Status},
    text_enum::TextEnum,
};
use persistence::{
    Error, Tx,
    jobs::schedule::Schedule,
    privacy::retention::{
        due::Household,
        runs::{self, Progress},
    },
};

use crate::{
    app::App,
    jobs::{
        Halt, Run, is_of_machine,
        schedule::{daily, queue},
    },
};

fn schedule(app: &App) -> Option<Schedule> {
    let at = app.settings.retention_at.0?;
    let zone = &app.settings.retention_time_zone.0;
    Some(daily("apply_retention", at, zone, app.clock.now()))
}

/// Queues the job for the next institution whose turn it is in this night.
pub(crate) async fn fire(app: &App) -> Result<(), Error> {
    let Some(schedule) = schedule(app) else {
        return Ok(());
    };
    match runs::next(&app.db.read(), &schedule, app.clock.now()).await? {
        Some(institution) => queue(app, &schedule, institution, JobKind::ApplyRetention).await,
        None => Ok(()),
    }
}

pub(crate) async fn run(run: &Run) -> Result<(), Halt> {
    let Some(schedule) = schedule(&run.app) else {
        // It was turned off meanwhile.
        let job = run.lease().job;
        run.own_step(|tx| async move { runs::leave(&tx, job, Status::Unfinished).await })
            .await?;
        return Ok(());
    };
    for class in RetentionClass::ALL {
        let (class, job, night) = (*class, run.lease().job, &schedule);
        let begun = run
            .own_step(|tx| async move { runs::begin(&tx, night, job, class).await })
            .await?;
        if let Some(progress) = begun {
            let status = apply(run, &schedule, &progress).await?;
            let id = progress.run.id;
            run.own_step(|tx| async move { runs::end(&tx, id, status).await })
                .await?;
        }
    }
    Ok(())
}

/// Ends what a job has begun that is not tried again, and tells whoever may erase people.
pub(crate) async fn give_up(tx: &Tx, run: &Run) -> Result<(), Error> {
    match runs::leave(tx, run.lease().job, Status::Failed).await? {
        0 => runs::tell(tx, None).await,
        _ => Ok(()),
    }
}

/// Applies a rule until everybody was looked at, or it goes no further in this night.
async fn apply(run: &Run, schedule: &Schedule, progress: &Progress) -> Result<Status, Halt> {
    let (judge, id) = (progress.judge(run.institution()), progress.run.id);
    let mut behind = progress.behind;
    loop {
        let Some(window) = judge.window(&run.app.db.read(), behind).await? else {
            return Ok(Status::Finished);
        };
        for household in &window.due {
            if let Some(over) = erase(run, schedule, progress, household).await? {
                return Ok(over);
            }
        }
        let seen = &window;
        let over = run
            .own_step(|tx| async move { runs::advance(&tx, schedule, id, seen).await })
            .await?;
        if let Some(over) = over {
            return Ok(over);
        }
        behind = window.last;
    }
}

async fn erase(
    run: &Run,
    schedule: &Schedule,
    progress: &Progress,
    household: &Household,
) -> Result<Option<Status>, Halt> {
    let erased = run
        .own_step(|tx| async move { runs::erase(&tx, schedule, progress, household).await })
        .await;
    match erased {
        Err(Halt::Failed(error)) if !is_of_machine(&error) => {
            let (people, id) = (&household.members, progress.run.id);
            tracing::error!(?people, ?error, "people could not be erased by a rule");
            run.own_step(|tx| async move { runs::pass_over(&tx, id, household).await })
                .await?;
            Ok(None)
        }
        other => other,
    }
}
