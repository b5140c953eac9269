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
mod tests {
    use std::{
        path::PathBuf,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use domain::{access::PrincipalKind, id::Id, stamp::Stamp};
    use jiff::Timestamp;
    use tokio::sync::Notify;
    use uuid::Uuid;

    use super::*;
    use crate::{
        Database, Operation,
        database::{Target, statement},
        keys::Keys,
    };

    struct Fixture {
        db: Database,
        folder: PathBuf,
    }

    impl Drop for Fixture {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }

    fn operation() -> Operation {
        Operation::system(
            Id::new(Uuid::nil()),
            PrincipalKind::System,
            "test",
            Stamp::new(Timestamp::UNIX_EPOCH, |_| Uuid::nil()),
        )
    }

    async fn fixture() -> Fixture {
        let folder = std::env::temp_dir().join(format!("educrm-writer-{}", Uuid::now_v7()));
        std::fs::create_dir_all(&folder).unwrap();
        let target = Target::Sqlite {
            file: folder.join("test.sqlite"),
            readers: 2,
            flush: false,
        };
        let db = Database::open(&target, Keys::new(&[1; 32])).await.unwrap();
        db.transaction(&operation(), |tx| async move {
            tx.execute_unprepared(
                "CREATE TABLE parents (id integer PRIMARY KEY); \
                 CREATE TABLE rows (id integer PRIMARY KEY, parent integer \
                 REFERENCES parents DEFERRABLE INITIALLY DEFERRED)",
            )
            .await?;
            Ok(())
        })
        .await
        .unwrap();
        Fixture { db, folder }
    }

    async fn insert(tx: &Tx, id: i64, parent: Option<i64>) -> Result<(), Error> {
        tx.execute_raw(statement(
            tx,
            "INSERT INTO rows (id, parent) VALUES (?, ?)",
            [id.into(), parent.into()],
        ))
        .await?;
        Ok(())
    }

    async fn rows(db: &Database) -> Vec<i64> {
        let read = db.read();
        read.query_all_raw(statement(&read, "SELECT id FROM rows ORDER BY id", []))
            .await
            .unwrap()
            .iter()
            .map(|row| row.try_get("", "id").unwrap())
            .collect()
    }

    /// Holds the writer until released, so that what comes meanwhile forms one group. The holder is
    /// part of that group, and may run again.
    async fn hold(db: &Database) -> (watch::Sender<bool>, tokio::task::JoinHandle<()>) {
        let (release, wait) = watch::channel(false);
        let held = Arc::new(Notify::new());
        let (tell, db) = (held.clone(), db.clone());
        let task = tokio::spawn(async move {
            let (wait, tell) = (&wait, &tell);
            db.transaction(&operation(), |_| async move {
                tell.notify_one();
                let _ = wait.clone().wait_for(|released| *released).await;
                Ok(())
            })
            .await
            .unwrap();
        });
        held.notified().await;
        (release, task)
    }

    fn spawn_insert(db: &Database, id: i64) -> tokio::task::JoinHandle<Result<(), Error>> {
        let db = db.clone();
        tokio::spawn(async move {
            db.transaction(
                &operation(),
                |tx| async move { insert(&tx, id, None).await },
            )
            .await
        })
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_refused_member_leaves_its_neighbours_alone() {
        let f = fixture().await;
        let (release, held) = hold(&f.db).await;
        let first = spawn_insert(&f.db, 1);
        let db = f.db.clone();
        let refused = tokio::spawn(async move {
            db.transaction(&operation(), |tx| async move {
                insert(&tx, 2, None).await?;
                Err::<(), _>(domain::fault::Fault::new(&domain::fault::NOT_FOUND).into())
            })
            .await
        });
        let last = spawn_insert(&f.db, 3);
        release.send(true).unwrap();
        held.await.unwrap();
        assert!(first.await.unwrap().is_ok());
        assert!(matches!(refused.await.unwrap(), Err(Error::Fault(_))));
        assert!(last.await.unwrap().is_ok());
        assert_eq!(rows(&f.db).await, [1, 3]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_transaction_that_was_rolled_back_underneath_commits_nothing_by_itself() {
        let f = fixture().await;
        let (release, held) = hold(&f.db).await;
        let first = spawn_insert(&f.db, 1);
        let (db, runs) = (f.db.clone(), Arc::new(AtomicUsize::new(0)));
        let counted = runs.clone();
        let broken = tokio::spawn(async move {
            let counted = &counted;
            db.transaction(&operation(), |tx| async move {
                counted.fetch_add(1, Ordering::SeqCst);
                // As an interrupted statement does.
                tx.execute_unprepared("ROLLBACK").await?;
                insert(&tx, 2, None).await
            })
            .await
        });
        let last = spawn_insert(&f.db, 3);
        release.send(true).unwrap();
        held.await.unwrap();
        assert!(broken.await.unwrap().is_err());
        assert!(first.await.unwrap().is_ok());
        assert!(last.await.unwrap().is_ok());
        assert_eq!(
            runs.load(Ordering::SeqCst),
            2,
            "once in the group, once alone"
        );
        let kept = rows(&f.db).await;
        assert!(kept.contains(&1) && kept.contains(&3), "{kept:?}");
        // The writer is as good as new.
        assert!(spawn_insert(&f.db, 4).await.unwrap().is_ok());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_culprit_of_a_deferred_violation_is_found() {
        let f = fixture().await;
        let (release, held) = hold(&f.db).await;
        let first = spawn_insert(&f.db, 1);
        let db = f.db.clone();
        let culprit = tokio::spawn(async move {
            db.transaction(
                &operation(),
                |tx| async move { insert(&tx, 2, Some(99)).await },
            )
            .await
        });
        let last = spawn_insert(&f.db, 3);
        release.send(true).unwrap();
        held.await.unwrap();
        assert!(first.await.unwrap().is_ok());
        assert!(matches!(culprit.await.unwrap(), Err(Error::Fault(_))));
        assert!(last.await.unwrap().is_ok());
        assert_eq!(rows(&f.db).await, [1, 3]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_member_that_panics_or_is_dropped_is_rolled_back() {
        let f = fixture().await;
        let (release, held) = hold(&f.db).await;
        let first = spawn_insert(&f.db, 1);
        let db = f.db.clone();
        let panicking = tokio::spawn(async move {
            db.transaction(&operation(), |tx| async move {
                insert(&tx, 2, None).await?;
                panic!("a fault of ours");
                #[expect(unreachable_code, reason = "gives the closure its type")]
                Ok(())
            })
            .await
        });
        let db = f.db.clone();
        let started = Arc::new(Notify::new());
        let tell = started.clone();
        let dropped = tokio::spawn(async move {
            let tell = &tell;
            db.transaction(&operation(), |tx| async move {
                insert(&tx, 3, None).await?;
                tell.notify_one();
                std::future::pending::<Result<(), Error>>().await
            })
            .await
        });
        release.send(true).unwrap();
        started.notified().await;
        dropped.abort();
        held.await.unwrap();
        let last = spawn_insert(&f.db, 4);
        assert!(panicking.await.is_err());
        assert!(first.await.unwrap().is_ok());
        assert!(last.await.unwrap().is_ok());
        assert_eq!(rows(&f.db).await, [1, 4]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_handle_that_outlives_its_closure_does_nothing() {
        let f = fixture().await;
        let kept =
            f.db.transaction(&operation(), |tx| async move { Ok(tx) })
                .await
                .unwrap();
        assert!(insert(&kept, 1, None).await.is_err());
        assert!(rows(&f.db).await.is_empty());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_error_that_was_dropped_still_refuses_the_transaction() {
        let f = fixture().await;
        assert!(spawn_insert(&f.db, 1).await.unwrap().is_ok());
        let swallowed =
            f.db.transaction(&operation(), |tx| async move {
                let _ = insert(&tx, 1, None).await;
                Ok(())
            })
            .await;
        assert!(swallowed.is_err());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn many_writers_lose_nothing() {
        let f = fixture().await;
        let writers: Vec<_> = (0..200).map(|id| spawn_insert(&f.db, id)).collect();
        for writer in writers {
            assert!(writer.await.unwrap().is_ok());
        }
        assert_eq!(rows(&f.db).await, (0..200).collect::<Vec<_>>());
    }
}
