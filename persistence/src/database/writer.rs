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
    sync::{Mutex, mpsc, oneshot},
    time::Instant,
};

use super::{Error, Operation, Tx};
use crate::keys::Keys;

const GROUP_SIZE: usize = 64;
const GROUP_TIME: Duration = Duration::from_millis(20);
/// Requests that may wait for the writer before new ones are turned away.
const QUEUE: usize = 1024;

pub(super) struct Writer {
    seats: mpsc::Sender<Seat>,
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
        Self {
            seats,
            leader: Mutex::new(Some(tokio::spawn(lead(connection, queue)))),
        }
    }

    /// Ends the leader after what it is doing.
    pub(super) async fn stop(&self) {
        if let Some(leader) = self.leader.lock().await.take() {
            leader.abort();
            let _ = leader.await;
        }
    }

    pub(super) async fn run<T, F, Fut>(
        &self,
        keys: &Arc<Keys>,
        operation: &Operation,
        work: &F,
    ) -> Result<T, Error>
    where
        F: Fn(Tx) -> Fut + Send + Sync,
        Fut: Future<Output = Result<T, Error>> + Send,
    {
        match self.member(keys, operation, work, false).await? {
            Some(result) => result,
            None => match self.member(keys, operation, work, true).await? {
                Some(result) => result,
                None => Err(Error::Internal("the writing connection was lost".into())),
            },
        }
    }

    /// One turn; `None` when the group was lost and nothing was kept.
    async fn member<T, F, Fut>(
        &self,
        keys: &Arc<Keys>,
        operation: &Operation,
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
        let tx = Tx::borrowed(transaction, keys, operation);
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
async fn lead(connection: DatabaseConnection, mut queue: mpsc::Receiver<Seat>) {
    let mut waiting = None;
    loop {
        let first = match waiting.take() {
            Some(seat) => seat,
            None => match queue.recv().await {
                Some(seat) => seat,
                None => return,
            },
        };
        let begun = connection
            .begin_with_options(TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..Default::default()
            })
            .await;
        match begun {
            Ok(outer) => waiting = group(outer, first, &mut queue).await,
            // Dropping the seat tells its member that the database is busy.
            Err(error) => tracing::error!(%error, "the writer could not begin"),
        }
    }
}

/// Runs one group to its end; gives back a seat that wants to be alone.
async fn group(
    outer: DatabaseTransaction,
    first: Seat,
    queue: &mut mpsc::Receiver<Seat>,
) -> Option<Seat> {
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
    let committed = match Arc::into_inner(outer) {
        Some(outer) if intact => commit(outer).await,
        Some(outer) => {
            abandon(outer).await;
            Err(None)
        }
        None => Err(None),
    };
    let only_one = outcomes.len() == 1;
    for outcome in outcomes {
        let _ = outcome.send(match &committed {
            Ok(()) => Outcome::Committed,
            Err(Some(error)) if only_one => Outcome::Failed(error.clone()),
            Err(_) => Outcome::Lost,
        });
    }
    waiting
}

/// Commits, or says why not with everything rolled back.
async fn commit(outer: DatabaseTransaction) -> Result<(), Option<DbErr>> {
    match outer.execute_unprepared("COMMIT").await {
        Ok(_) => {
            settle(outer).await;
            Ok(())
        }
        Err(error) => {
            abandon(outer).await;
            Err(Some(error))
        }
    }
}

/// Ends a transaction that may already be gone: the driver counts transactions by itself, and a
/// ROLLBACK that fails would leave its count, and every later BEGIN, wrong.
async fn abandon(outer: DatabaseTransaction) {
    let _ = outer.execute_unprepared("ROLLBACK").await;
    settle(outer).await;
}

/// Brings the driver's count back to none, after the database's own.
async fn settle(outer: DatabaseTransaction) {
    let _ = outer.execute_unprepared("BEGIN").await;
    if let Err(error) = outer.rollback().await {
        tracing::error!(%error, "the writing connection could not be settled");
    }
}
