//! The single writer of SQLite, and its grouped commits.
//!
//! A flushed commit is slow (about 7 ms on a disk), so the transactions that wait are run one after
//! another as savepoints of one commit, and all are answered after it, refusals included: a refusal
//! may rest on what a neighbour has not yet committed.
//!
//! Traps, each with a test below:
//! - an interrupted statement can roll back the whole outer transaction; the next release of a
//!   savepoint would then commit by itself. Every RELEASE and ROLLBACK TO is therefore checked, and
//!   a group that is gone answers nobody: each member runs again, alone;
//! - a deferred foreign key shows only at COMMIT: running each member alone finds the culprit;
//! - a member that panics or is dropped (its client went away) is rolled back before the next starts.

use std::{future::Future, sync::Arc, time::Duration};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};
use tokio::{
    sync::{Mutex, mpsc, oneshot, watch},
    time::Instant,
};

use super::{Error, Setting, Tx};

const GROUP_SIZE: usize = 64;
const GROUP_TIME: Duration = Duration::from_millis(20);
/// Requests that may wait for the writer before new ones are turned away.
const QUEUE: usize = 1024;

pub(super) struct Writer {
    seats: mpsc::Sender<Seat>,
    closing: watch::Sender<bool>,
    leader: Mutex<Option<tokio::task::JoinHandle<()>>>,
}

/// A place in the queue.
struct Seat {
    alone: bool,
    turn: oneshot::Sender<Turn>,
}

/// The connection, for as long as the member needs it.
struct Turn {
    transaction: std::sync::Weak<DatabaseTransaction>,
    verdict: oneshot::Sender<Verdict>,
    outcome: oneshot::Receiver<Outcome>,
}

/// What the member wants to become of its savepoint. Hanging up means `Undo`.
enum Verdict {
    Keep,
    Undo,
}

/// What became of the group.
enum Outcome {
    Committed,
    /// The group is gone: run again, alone.
    Lost,
    /// Alone, and the commit itself failed.
    Failed(DbErr),
}

impl Writer {
    pub(super) fn start(connection: DatabaseConnection) -> Self {
        let (seats, queue) = mpsc::channel(QUEUE);
        let (closing, closed) = watch::channel(false);
        Self {
            seats,
            closing,
            leader: Mutex::new(Some(tokio::spawn(lead(connection, queue, closed)))),
        }
    }

    /// Takes no new work, and returns when what waits is done and the connection closed.
    pub(super) async fn stop(&self) {
        self.closing.send_replace(true);
        if let Some(leader) = self.leader.lock().await.take() {
            let _ = leader.await;
        }
    }

    /// Whether there is somebody to run what is asked for.
    pub(super) fn is_alive(&self) -> bool {
        !self.seats.is_closed()
    }

    pub(super) async fn run<T, F, Fut>(&self, setting: Setting<'_>, work: &F) -> Result<T, Error>
    where
        F: Fn(Tx) -> Fut + Send + Sync,
        Fut: Future<Output = Result<T, Error>> + Send,
    {
        match self.member(setting, work, false).await? {
            Some(result) => result,
            None => match self.member(setting, work, true).await? {
                Some(result) => result,
                None => Err(Error::Internal("the writing connection was lost".into())),
            },
        }
    }

    /// One turn; `None` when the group was lost and nothing was kept.
    async fn member<T, F, Fut>(
        &self,
        setting: Setting<'_>,
        work: &F,
        alone: bool,
    ) -> Result<Option<Result<T, Error>>, Error>
    where
        F: Fn(Tx) -> Fut + Send + Sync,
        Fut: Future<Output = Result<T, Error>> + Send,
    {
        let (turn, wait) = oneshot::channel();
        self.seats
            .try_send(Seat { alone, turn })
            .map_err(|_| Error::Busy)?;
        let Turn {
            transaction,
            verdict,
            outcome,
        } = wait.await.map_err(|_| Error::Busy)?;
        let tx = Tx::borrowed(transaction, setting);
        let result = tx.complete(work).await;
        let _ = verdict.send(if result.is_ok() {
            Verdict::Keep
        } else {
            Verdict::Undo
        });
        Ok(match outcome.await {
            Ok(Outcome::Committed) => Some(result),
            Ok(Outcome::Failed(error)) => Some(Err(error.into())),
            Ok(Outcome::Lost) | Err(_) => None,
        })
    }
}

/// Forms groups for as long as there are seats.
async fn lead(
    connection: DatabaseConnection,
    mut queue: mpsc::Receiver<Seat>,
    mut closed: watch::Receiver<bool>,
) {
    let mut waiting = None;
    loop {
        let first = match waiting.take() {
            Some(seat) => Some(seat),
            None => tokio::select! {
                biased;
                seat = queue.recv() => seat,
                () = is_set(&mut closed) => {
                    queue.close();
                    queue.recv().await
                }
            },
        };
        let Some(first) = first else {
            let _ = connection.close().await;
            return;
        };
        let begun = connection
            .begin_with_options(TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..Default::default()
            })
            .await;
        match begun {
            Ok(outer) => match group(outer, first, &mut queue).await {
                Ok(next) => waiting = next,
                // Nothing could be committed on it any more: `/readyz` says so from now on.
                Err(Unsettled) => return,
            },
            // Dropping the seat tells its member that the database is busy.
            Err(error) => tracing::error!(%error, "the writer could not begin"),
        }
    }
}

async fn is_set(flag: &mut watch::Receiver<bool>) {
    let _ = flag.wait_for(|set| *set).await.is_ok();
}

/// The driver and the database no longer agree on whether a transaction is open.
struct Unsettled;

/// Runs one group to its end; gives back a seat that wants to be alone.
async fn group(
    outer: DatabaseTransaction,
    first: Seat,
    queue: &mut mpsc::Receiver<Seat>,
) -> Result<Option<Seat>, Unsettled> {
    let outer = Arc::new(outer);
    let started = Instant::now();
    let alone = first.alone;
    let mut outcomes = Vec::new();
    let mut next = Some(first);
    let mut waiting = None;
    let mut intact = true;
    while let Some(seat) = next.take() {
        let (verdict, finished) = oneshot::channel();
        let (outcome, told) = oneshot::channel();
        if outer.execute_unprepared("SAVEPOINT member").await.is_err() {
            intact = false;
        } else {
            let turn = Turn {
                transaction: Arc::downgrade(&outer),
                verdict,
                outcome: told,
            };
            let verdict = match seat.turn.send(turn) {
                Ok(()) => finished.await.unwrap_or(Verdict::Undo),
                Err(_) => Verdict::Undo,
            };
            let end = match verdict {
                Verdict::Keep => "RELEASE member",
                Verdict::Undo => "ROLLBACK TO member; RELEASE member",
            };
            // Fails when a statement took the outer transaction with it.
            intact = outer.execute_unprepared(end).await.is_ok();
            outcomes.push(outcome);
        }
        if !intact || alone || outcomes.len() >= GROUP_SIZE || started.elapsed() >= GROUP_TIME {
            break;
        }
        match queue.try_recv() {
            Ok(seat) if seat.alone => waiting = Some(seat),
            Ok(seat) => next = Some(seat),
            Err(_) => {}
        }
    }
    let (committed, settled) = match Arc::into_inner(outer) {
        Some(outer) if intact => commit(outer).await,
        Some(outer) => (Err(None), abandon(outer).await),
        // Its last holder lets go of it any moment; the driver rolls it back then.
        None => (Err(None), Ok(())),
    };
    let only_one = outcomes.len() == 1;
    for outcome in outcomes {
        let _ = outcome.send(match &committed {
            Ok(()) => Outcome::Committed,
            Err(Some(error)) if only_one => Outcome::Failed(error.clone()),
            Err(_) => Outcome::Lost,
        });
    }
    settled.map(|()| waiting)
}

/// Commits, or says why not with everything rolled back; and whether the connection is of further
/// use.
async fn commit(outer: DatabaseTransaction) -> (Result<(), Option<DbErr>>, Result<(), Unsettled>) {
    match outer.execute_unprepared("COMMIT").await {
        Ok(_) => (Ok(()), settle(outer).await),
        Err(error) => (Err(Some(error)), abandon(outer).await),
    }
}

/// Ends a transaction that may already be gone: the driver counts transactions by itself, and a
/// ROLLBACK that fails would leave its count, and every later BEGIN, wrong.
async fn abandon(outer: DatabaseTransaction) -> Result<(), Unsettled> {
    let _ = outer.execute_unprepared("ROLLBACK").await;
    settle(outer).await
}

/// Brings the driver's count back to none, after the database's own.
async fn settle(outer: DatabaseTransaction) -> Result<(), Unsettled> {
    let _ = outer.execute_unprepared("BEGIN").await;
    outer.rollback().await.map_err(|error| {
        tracing::error!(%error, "the writing connection could not be settled");
        Unsettled
    })
}

#[cfg(test)]
mod tests;
