//! The job that ends approvals which nobody decided in time.

use domain::jobs::JobKind;
use jiff::SignedDuration;
use persistence::{Error, approvals::store, jobs::schedule::Schedule};

use super::commands::save;
use crate::{
    app::App,
    jobs::{Halt, Run, schedule::queue},
};

/// What one step ends at most.
const BATCH: i64 = 50;

/// Nobody decides one meanwhile: its time is looked at with every decision.
static EXPIRE_APPROVALS: Schedule = Schedule {
    name: "expire_approvals",
    period: SignedDuration::from_mins(10),
    begins: SignedDuration::ZERO,
};

/// Queues the job wherever there is something to end.
pub(crate) async fn fire(app: &App) -> Result<(), Error> {
    let now = app.clock.now();
    for institution in store::with_overdue(&app.db.read(), now).await? {
        let kind = JobKind::ExpireApprovals;
        queue(app, &EXPIRE_APPROVALS, institution, kind).await?;
    }
    Ok(())
}

pub(crate) async fn run(run: &Run) -> Result<(), Halt> {
    loop {
        let ended = run
            .own_step(|tx| async move {
                let overdue = store::overdue(&tx, BATCH).await?;
                for before in &overdue {
                    save(&tx, before, before.expire(&tx.stamp())?).await?;
                }
                Ok(overdue.len())
            })
            .await?;
        if ended == 0 {
            return Ok(());
        }
    }
}
