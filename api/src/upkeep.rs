//! What the server does besides answering: one task for each, until the server stops.

use std::time::Duration;

use persistence::events::sequencer::Pass;
use tokio::{sync::watch, task::JoinSet, time::sleep};

use crate::{access::refusals, app::App, boot::Failure};

/// Events that follow each other closely get their positions together: on SQLite each time costs
/// a flush of the disk.
const GATHERED: Duration = Duration::from_millis(50);

/// Tasks that run.
pub struct Upkeep {
    stopping: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Upkeep {
    pub fn start(app: &App) -> Self {
        let (stopping, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(until(stopped.clone(), forget_idle(app.clone())));
        tasks.spawn(until(stopped.clone(), order(app.clone())));
        tasks.spawn(until(stopped.clone(), seal(app.clone())));
        tasks.spawn(until(stopped, write_refusals(app.clone())));
        Self { stopping, tasks }
    }

    /// Ends the tasks, and gives back what they hold.
    pub async fn stop(mut self, app: &App) {
        self.stopping.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
        // What was committed last is told and sealed before the process ends.
        if let Err(error) = finish(app).await {
            tracing::warn!(%error, "the trail was left unfinished; the next start goes on with it");
        }
    }
}

/// Runs `work` until `stopped` says so; a transaction that is open then is rolled back.
async fn until(mut stopped: watch::Receiver<bool>, work: impl Future<Output = ()>) {
    tokio::select! {
        () = work => {}
        _ = stopped.wait_for(|stop| *stop) => {}
    }
}

async fn forget_idle(app: App) {
    loop {
        sleep(Duration::from_secs(60)).await;
        app.limits.forget_idle();
    }
}

/// Gives positions to what is committed: at once to what this instance commits, while it holds
/// the lease; to what others commit, as soon as it sees it.
async fn order(app: App) {
    let look = if app.db.is_postgres() {
        Duration::from_millis(250)
    } else {
        Duration::from_secs(5)
    };
    loop {
        match app.sequencer.pass().await {
            Ok(Pass::NotHeld | Pass::Ordered(_)) => {}
            Err(error) => {
                tracing::error!(%error, "no positions could be given");
                sleep(look).await;
            }
        }
        tokio::select! {
            () = app.sequencer.woken() => sleep(GATHERED).await,
            () = sleep(look) => {}
        }
    }
}

/// Seals the audit trail, and keeps the end of each chain outside the database.
async fn seal(app: App) {
    loop {
        if let Err(error) = seal_once(&app, false).await {
            tracing::error!(%error, "the audit trail could not be sealed");
        }
        sleep(Duration::from_secs(1)).await;
    }
}

/// Puts what was refused on the trail.
async fn write_refusals(app: App) {
    loop {
        sleep(Duration::from_secs(1)).await;
        if let Err(error) = refusals::write(&app, false).await {
            tracing::error!(%error, "what was refused could not be put on the trail");
        }
    }
}

/// Seals what is due, or everything.
pub async fn seal_once(app: &App, everything: bool) -> Result<(), Failure> {
    for checkpoint in app.sealer.seal(everything).await? {
        app.checkpoints.keep(&checkpoint)?;
    }
    Ok(())
}

/// Writes what was refused, orders and seals what is committed, and gives the leases back.
pub(crate) async fn finish(app: &App) -> Result<(), Failure> {
    refusals::write(app, true).await?;
    app.sequencer.pass().await?;
    seal_once(app, true).await?;
    app.sequencer.stop().await?;
    app.sealer.stop().await?;
    Ok(())
}
