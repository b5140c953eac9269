//! What the server does besides answering: one task for each, until the server stops.

use std::time::Duration;

use persistence::events::sequencer::Pass;
use tokio::{sync::watch, task::JoinSet, time::sleep};

use crate::app::App;

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
        tasks.spawn(until(stopped, order(app.clone())));
        Self { stopping, tasks }
    }

    /// Ends the tasks, and gives back what they hold.
    pub async fn stop(mut self, app: &App) {
        self.stopping.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
        // What was committed last is told before the process ends.
        let last = match app.sequencer.pass().await {
            Ok(_) => app.sequencer.stop().await,
            Err(error) => Err(error),
        };
        if let Err(error) = last {
            tracing::warn!(%error, "the sequencer stopped untidily; another takes over");
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
