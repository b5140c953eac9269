//! What runs jobs: claims them, keeps their leases alive, and ends them.

use std::time::Duration;

use domain::{
    access::PrincipalKind,
    fault::Fault,
    id::Id,
    jobs::{
        ATTEMPTS_MAX, JOB_CANCELLED, JOB_GAVE_UP, JOB_TAKEN_OVER, JobKind, JobStatus, back_off,
    },
    notices::{NoticeKind, Numbers},
};
use jiff::SignedDuration;
use persistence::{
    Error, Operation, Tx,
    jobs::{Claimed, lease::claim, store::next_due},
    notices::store::notify,
};
use tokio::{
    sync::{Notify, watch},
    task::{JoinHandle, JoinSet},
};
use uuid::Uuid;

use super::{Halt, Run, schedule};
use crate::{
    app::App,
    approvals, backup,
    customers::{cleaning::sweep, screenings::runs::job as screening},
    exports, imports, invariants,
    privacy::retention::purge,
};

/// How long to wait at most before looking for jobs that other instances have queued.
const LOOK: Duration = Duration::from_secs(1);
/// How long to wait after the database could not be asked.
const TROUBLED: Duration = Duration::from_secs(5);

/// Wakes the runner of this process.
#[derive(Debug, Default)]
pub struct Waking(Notify);

impl Waking {
    /// A job was queued, and committed.
    pub fn wake(&self) {
        self.0.notify_one();
    }
}

/// The task that runs jobs.
#[derive(Debug)]
pub struct Runner {
    stop: watch::Sender<bool>,
    ended: JoinHandle<()>,
}

impl Runner {
    /// Runs jobs until it is stopped, and fires schedules.
    pub fn start(app: App) -> Self {
        let (stop, stopping) = watch::channel(false);
        Self {
            stop,
            ended: tokio::spawn(lead(app, stopping)),
        }
    }

    /// Begins nothing more, lets each job end its step, and gives the leases back.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        if let Err(error) = self.ended.await {
            tracing::error!(%error, "the runner of jobs has failed");
        }
    }
}

async fn lead(app: App, mut stopping: watch::Receiver<bool>) {
    let workers = app.settings.job_workers.0 as usize;
    if workers == 0 {
        return is_set(&mut stopping).await;
    }
    let mut running = JoinSet::new();
    let mut ticks = tokio::time::interval(schedule::LOOK);
    loop {
        let patience = begin(&app, &mut running, workers, &stopping).await;
        let free = running.len() < workers;
        tokio::select! {
            biased;
            () = is_set(&mut stopping) => break,
            Some(ended) = running.join_next(), if !running.is_empty() => {
                if let Err(error) = ended {
                    // Its lease runs out, and it is tried again.
                    tracing::error!(%error, "a job has failed without a word");
                }
            }
            _ = ticks.tick() => {
                if let Err(error) = schedule::fire(&app).await {
                    tracing::warn!(%error, "the schedules could not be looked after");
                }
            }
            () = app.jobs.0.notified(), if free => {}
            () = tokio::time::sleep(patience), if free => {}
        }
    }
    while running.join_next().await.is_some() {}
}

async fn is_set(flag: &mut watch::Receiver<bool>) {
    let _ = flag.wait_for(|set| *set).await.is_ok();
}

/// Claims what is due as long as a worker is free; how long to wait then.
async fn begin(
    app: &App,
    running: &mut JoinSet<()>,
    workers: usize,
    stopping: &watch::Receiver<bool>,
) -> Duration {
    while running.len() < workers {
        match next(app).await {
            Ok(Some(claimed)) => {
                running.spawn(work(Run::new(app.clone(), claimed, stopping.clone())));
            }
            Ok(None) => break,
            Err(error) => {
                tracing::warn!(%error, "jobs could not be looked for");
                return TROUBLED;
            }
        }
    }
    match next_due(&app.db.read()).await {
        Ok(Some(wait)) => Duration::from_micros(u64::try_from(wait).unwrap_or_default()).min(LOOK),
        Ok(None) => LOOK,
        Err(_) => TROUBLED,
    }
}

/// Claims the job that is due first. Where none is, nothing is written.
async fn next(app: &App) -> Result<Option<Claimed>, Error> {
    if next_due(&app.db.read()).await?.is_none_or(|wait| wait > 0) {
        return Ok(None);
    }
    let operation = Operation::system(
        Id::new(Uuid::nil()),
        PrincipalKind::System,
        "claim_job",
        app.clock.stamp(),
    );
    let lasts = lease_lasts(app);
    app.db
        .transaction(&operation, |tx| async move { claim(&tx, lasts).await })
        .await
}

fn lease_lasts(app: &App) -> SignedDuration {
    SignedDuration::from_secs(app.settings.job_lease_seconds.0.into())
}

async fn work(run: Run) {
    let result = tokio::select! {
        result = perform(&run) => result,
        // A job that is cancelled or taken over ends here, even in the middle of a long reading.
        lost = beat(&run) => Err(Halt::Failed(lost)),
    };
    let (job, kind) = (run.lease().job, run.kind());
    if let Err(error) = settle(&run, result).await {
        tracing::warn!(%error, %job, ?kind, "a job could not be ended; its lease runs out");
    }
}

async fn perform(run: &Run) -> Result<(), Halt> {
    if run.attempt() > ATTEMPTS_MAX {
        // Whoever ran it last was never heard of again.
        return Err(Fault::new(&JOB_GAVE_UP).into());
    }
    match run.kind() {
        JobKind::RunImport => imports::run::run(run).await,
        JobKind::UndoImport => imports::undo::run(run).await,
        JobKind::RunExport => exports::run::run(run).await,
        JobKind::RemoveExpired => schedule::remove_expired(run).await,
        JobKind::MakeBackup => backup::job::run(run).await,
        JobKind::CheckInvariants => invariants::run(run).await,
        JobKind::ExpireApprovals => approvals::expiry::run(run).await,
        JobKind::SweepRecords => sweep::run(run).await,
        JobKind::ApplyRetention => purge::run(run).await,
        JobKind::ScreenRecords => screening::run(run).await,
    }
}

/// Renews the lease for as long as it can be.
async fn beat(run: &Run) -> Error {
    let lease = run.lease();
    let third = Duration::from_secs(run.app.settings.job_lease_seconds.0.into()) / 3;
    loop {
        tokio::time::sleep(third).await;
        let operation = run.operation(None);
        let renewed = run
            .app
            .db
            .transaction(&operation, |tx| async move { lease.confirm(&tx).await })
            .await;
        match renewed {
            Err(error @ Error::Fault(_)) => return error,
            // Whether the lease still holds is asked again with each step.
            _ => continue,
        }
    }
}

async fn settle(run: &Run, result: Result<(), Halt>) -> Result<(), Error> {
    let end = match result {
        Ok(()) => End::As(JobStatus::Succeeded, None),
        Err(Halt::Stopping) => End::Again {
            after: SignedDuration::ZERO,
            counts: false,
        },
        Err(Halt::Failed(Error::Fault(fault))) if fault.rule == &JOB_TAKEN_OVER => return Ok(()),
        Err(Halt::Failed(Error::Fault(fault))) if fault.rule == &JOB_CANCELLED => {
            End::As(JobStatus::Cancelled, Some(JOB_CANCELLED.code))
        }
        Err(Halt::Failed(Error::Fault(fault))) => {
            // The rule of a field says more than that some field broke one.
            let field = fault.fields.first().map(|field| field.rule);
            End::As(JobStatus::Failed, Some(field.unwrap_or(fault.rule).code))
        }
        Err(Halt::Failed(error)) => {
            let (job, kind) = (run.lease().job, run.kind());
            tracing::error!(%error, %job, ?kind, attempt = run.attempt(), "a job failed");
            if run.attempt() >= ATTEMPTS_MAX {
                End::As(JobStatus::Failed, Some(JOB_GAVE_UP.code))
            } else {
                End::Again {
                    after: back_off(run.attempt()),
                    counts: true,
                }
            }
        }
    };
    let (lease, end) = (run.lease(), &end);
    let operation = run.operation(None);
    run.app
        .db
        .transaction(&operation, |tx| async move {
            match end {
                End::As(status, problem) => {
                    let ended = lease.finish(&tx, *status, *problem).await?;
                    if ended && *status == JobStatus::Failed {
                        failed(&tx, run).await?;
                    }
                }
                End::Again { after, counts } => lease.give_back(&tx, *after, *counts).await?,
            }
            Ok(())
        })
        .await
}

/// Tells those whom it concerns that a job failed.
async fn failed(tx: &Tx, run: &Run) -> Result<(), Error> {
    match (run.kind(), run.owner()) {
        (JobKind::RunImport, Some(owner)) => {
            let (owner, kind) = (Id::new(owner), NoticeKind::ImportFailed);
            notify(tx, owner, kind, &Numbers::new(), run.target()).await
        }
        (JobKind::RunExport, Some(owner)) => {
            let (owner, kind) = (Id::new(owner), NoticeKind::ExportFailed);
            notify(tx, owner, kind, &Numbers::new(), run.target()).await
        }
        (JobKind::MakeBackup, _) => backup::job::tell(tx, NoticeKind::BackupFailed).await,
        (JobKind::ApplyRetention, _) => purge::give_up(tx, run).await,
        (JobKind::CheckInvariants, _) => backup::job::tell(tx, NoticeKind::CheckFailed).await,
        (JobKind::RunImport | JobKind::RunExport, None)
        | (
            JobKind::UndoImport
            | JobKind::RemoveExpired
            | JobKind::ExpireApprovals
            | JobKind::ScreenRecords
            | JobKind::SweepRecords,
            _,
        ) => Ok(()),
    }
}

/// What becomes of a job after a run.
enum End {
    As(JobStatus, Option<&'static str>),
    Again { after: SignedDuration, counts: bool },
}
