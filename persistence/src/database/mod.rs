//! One [`Database`] for both engines.
//!
//! SQLite is embedded: one writing connection whose waiting transactions are committed in groups
//! ([`writer`]), and several reading ones. PostgreSQL has a pool a worker. Which one it is stands
//! in `DATABASE_URL`; nothing above this module asks.

mod constraint;
mod error;
mod postgres;
mod read;
mod readers;
mod sql;
mod sqlite;
mod tx;
mod writer;

use std::{
    collections::BTreeSet,
    fmt,
    future::Future,
    path::PathBuf,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use domain::{id::Id, organization::Institution};
use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, TransactionTrait,
};
use sqlx::{Postgres, Sqlite};
use tokio::sync::Notify;

use self::{read::ReadOf, readers::Readers};
use crate::keys::{FieldKeys, Keys};

pub(crate) use constraint::Constraint;
pub use error::Error;
pub use read::Read;
pub(crate) use sql::{
    alone, among, insert_many, insert_rows, placeholders, remove_until, statement, statement_on,
    unless_stale,
};
pub use tx::{Actor, Change, Operation, Origin, Tx};

/// Attempts of a transaction that the database gave up for a reason that is not its own.
const ATTEMPTS: usize = 4;

/// How long one statement of a request may take. SQLite's writer has no such limit: a statement that
/// is stopped can take the whole group with it.
const STATEMENT_LIMIT: Duration = Duration::from_secs(5);
/// How long one statement of a report may take.
const REPORT_LIMIT: Duration = Duration::from_secs(30);

/// Which database, and how it is opened.
#[derive(Clone)]
pub enum Target {
    /// An SQLite file. `flush` false trades the last commits before a power cut for speed.
    Sqlite {
        file: PathBuf,
        readers: u32,
        flush: bool,
    },
    /// A PostgreSQL server. `connections` a process, shared out over its workers; `superuser`
    /// whether the role may be one.
    Postgres {
        url: String,
        connections: u32,
        workers: u32,
        superuser: bool,
    },
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite { .. } => "Sqlite",
            // Its address holds a password.
            Self::Postgres { .. } => "Postgres",
        })
    }
}

/// A handle to the database: cheap to clone.
#[derive(Clone)]
pub struct Database {
    engine: Engine,
    keys: Arc<Keys>,
    on_access_change: Arc<OnceLock<Box<AccessHook>>>,
    recorded: Arc<Notify>,
}

/// Tells what a transaction has done when it ends, also where its caller has gone away before it
/// could learn of the commit. To be told of what was rolled back does no harm.
struct Telling<'a> {
    db: &'a Database,
    institution: Id<Institution>,
    access_changed: Arc<AtomicBool>,
    recorded: Arc<AtomicBool>,
}

impl Drop for Telling<'_> {
    fn drop(&mut self) {
        if self.access_changed.load(Ordering::Acquire)
            && let Some(hook) = self.db.on_access_change.get()
        {
            hook(self.institution);
        }
        if self.recorded.load(Ordering::Acquire) {
            self.db.recorded.notify_one();
        }
    }
}

/// Told the institution in which somebody's access has changed, once that is committed.
type AccessHook = dyn Fn(Id<Institution>) + Send + Sync;

/// What every transaction of a process shares.
#[derive(Clone, Copy)]
struct Setting<'a> {
    keys: &'a Arc<Keys>,
    access_changed: &'a Arc<AtomicBool>,
    recorded: &'a Arc<AtomicBool>,
    operation: &'a Operation,
}

#[derive(Clone)]
enum Engine {
    Sqlite {
        writer: Arc<writer::Writer>,
        read: Arc<Readers<Sqlite>>,
        report: Arc<Readers<Sqlite>>,
    },
    Postgres {
        /// Of transactions.
        pool: DatabaseConnection,
        read: Arc<Readers<Postgres>>,
        search: Arc<Readers<Postgres>>,
        report: Arc<Readers<Postgres>>,
        options: Arc<postgres::Options>,
    },
}

impl Engine {
    fn postgres(options: Arc<postgres::Options>) -> Self {
        Self::Postgres {
            pool: options.pool(),
            read: Arc::new(options.readers()),
            search: Arc::new(options.searchers()),
            report: Arc::new(options.reporters()),
            options,
        }
    }
}

/// Where a statement runs: an open transaction, or a reading connection.
pub trait Handle: ConnectionTrait + Send {
    /// The keys that open sealed values of an institution.
    fn keys_of(
        &self,
        institution: Id<Institution>,
    ) -> impl Future<Output = Result<Arc<FieldKeys>, Error>> + Send;

    fn is_postgres(&self) -> bool {
        self.get_database_backend() == DbBackend::Postgres
    }

    /// The end of a statement whose rows are not archived or removed before the transaction ends;
    /// others may keep them at the same time. Empty for a reader, and where there is one writer.
    fn keeping(&self) -> &'static str {
        ""
    }
}

impl Handle for Tx {
    /// A transaction is of one institution.
    async fn keys_of(&self, _: Id<Institution>) -> Result<Arc<FieldKeys>, Error> {
        self.keys().await
    }

    fn keeping(&self) -> &'static str {
        if self.is_postgres() {
            " FOR KEY SHARE"
        } else {
            ""
        }
    }
}

impl Database {
    /// Opens the database. Refuses an engine that is known to lose data.
    pub async fn open(target: &Target, keys: Keys) -> Result<Self, Error> {
        let engine = match target {
            Target::Sqlite {
                file,
                readers,
                flush,
            } => {
                let (write, read) = sqlite::open(file, *readers, *flush).await?;
                Engine::Sqlite {
                    writer: Arc::new(writer::Writer::start(write)),
                    report: Arc::new(read.like(1, Some(REPORT_LIMIT))),
                    read: Arc::new(read),
                }
            }
            Target::Postgres {
                url,
                connections,
                workers,
                superuser,
            } => {
                let options = Arc::new(postgres::Options::new(url, *connections, *workers)?);
                options.check(*superuser).await?;
                Engine::postgres(options)
            }
        };
        Ok(Self {
            engine,
            keys: Arc::new(keys),
            on_access_change: Arc::default(),
            recorded: Arc::default(),
        })
    }

    /// The handle that a worker thread uses: on PostgreSQL with a pool of its own.
    pub fn for_worker(&self) -> Self {
        match &self.engine {
            Engine::Sqlite { .. } => self.clone(),
            Engine::Postgres { options, .. } => Self {
                engine: Engine::postgres(options.clone()),
                keys: self.keys.clone(),
                on_access_change: self.on_access_change.clone(),
                recorded: self.recorded.clone(),
            },
        }
    }

    pub fn is_postgres(&self) -> bool {
        matches!(self.engine, Engine::Postgres { .. })
    }

    /// A reading handle, outside any transaction. What decides a write is read in its transaction.
    pub fn read(&self) -> Read {
        let readers = match &self.engine {
            Engine::Sqlite { read, .. } => ReadOf::Sqlite(read.clone()),
            Engine::Postgres { read, .. } => ReadOf::Postgres(read.clone()),
        };
        Read::new(readers, self.keys.clone())
    }

    /// A reading handle for reports, which may take longer and take nobody's turn but each other's.
    pub fn report(&self) -> Read {
        let readers = match &self.engine {
            Engine::Sqlite { report, .. } => ReadOf::Sqlite(report.clone()),
            Engine::Postgres { report, .. } => ReadOf::Postgres(report.clone()),
        };
        Read::new(readers, self.keys.clone())
    }

    /// A reading handle on a connection of its own, for what looks at everything: without a limit of
    /// time, or with one for each statement.
    pub fn read_everything(&self, limit: Option<Duration>) -> Read {
        let readers = match &self.engine {
            Engine::Sqlite { read, .. } => ReadOf::Sqlite(Arc::new(read.like(1, limit))),
            Engine::Postgres { options, .. } => {
                ReadOf::Postgres(Arc::new(options.patient_reader(limit)))
            }
        };
        Read::new(readers, self.keys.clone())
    }

    /// A reading handle for searches, whose best plan depends on what is sought: on PostgreSQL every
    /// one is planned for its own values.
    pub fn search(&self) -> Read {
        match &self.engine {
            Engine::Sqlite { .. } => self.read(),
            Engine::Postgres { search, .. } => {
                Read::new(ReadOf::Postgres(search.clone()), self.keys.clone())
            }
        }
    }

    /// Runs `work` in one transaction: commits on `Ok`, rolls back on `Err`.
    ///
    /// What `work` recorded is written with it: one audit record, the events, and nothing of it
    /// without the rest. `work` may run again after a deadlock or a lost group commit, so its only
    /// effects must be on the `Tx`.
    ///
    /// # Errors
    /// What `work` refused, the fault behind a broken constraint, or the failure of the database.
    pub async fn transaction<T, F, Fut>(&self, operation: &Operation, work: F) -> Result<T, Error>
    where
        F: Fn(Tx) -> Fut + Send + Sync,
        Fut: Future<Output = Result<T, Error>> + Send,
        T: Send,
    {
        let access_changed = Arc::new(AtomicBool::new(false));
        let recorded = Arc::new(AtomicBool::new(false));
        let setting = Setting {
            keys: &self.keys,
            access_changed: &access_changed,
            recorded: &recorded,
            operation,
        };
        let _telling = Telling {
            db: self,
            institution: operation.institution,
            access_changed: access_changed.clone(),
            recorded: recorded.clone(),
        };
        let mut attempt = 1;
        loop {
            let result = match &self.engine {
                Engine::Sqlite { writer, .. } => writer.run(setting, &work).await,
                Engine::Postgres { pool, .. } => run(pool, setting, &work).await,
            };
            match result {
                Err(error) if error.is_transient() && attempt < ATTEMPTS => attempt += 1,
                other => return other,
            }
        }
    }

    /// What is told of changed access. Only the first hook counts.
    pub fn on_access_change(&self, hook: impl Fn(Id<Institution>) + Send + Sync + 'static) {
        let _ = self.on_access_change.set(Box::new(hook));
    }

    /// Told whenever a transaction of this process has left something on the trail.
    pub(crate) fn recorded(&self) -> &Notify {
        &self.recorded
    }

    /// Applies what is missing of the schema, under a lock, in one transaction.
    pub async fn migrate(&self) -> Result<(), Error> {
        self.transaction(&Operation::upkeep("migrate"), |tx: Tx| async move {
            if tx.is_postgres() {
                // Another process may be migrating: this one waits for it.
                tx.execute_unprepared(
                    "SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0",
                )
                .await?;
                tx.execute_unprepared("SELECT pg_advisory_xact_lock(7216001)")
                    .await?;
            }
            crate::migrations::up(&tx).await
        })
        .await
    }

    /// Refuses keys other than those that this database was first opened with: what others sealed
    /// could not be read, and what these seal nobody else could read.
    pub async fn confirm_keys(&self, fingerprints: &[(&str, [u8; 32])]) -> Result<(), Error> {
        self.transaction(&Operation::upkeep("confirm_keys"), |tx: Tx| async move {
            for (name, fingerprint) in fingerprints {
                crate::keys::confirm(&tx, name, fingerprint).await?;
            }
            Ok(())
        })
        .await
    }

    /// Whether the schema is the one that this program knows.
    pub async fn is_current(&self) -> Result<bool, Error> {
        let applied = self.applied().await?;
        Ok(applied.is_some_and(|applied| applied == known()))
    }

    /// Whether the schema has all that this program knows. A newer program may have added to it.
    pub async fn has_schema(&self) -> Result<bool, Error> {
        let applied = self.applied().await?;
        Ok(applied.is_some_and(|applied| applied.is_superset(&known())))
    }

    /// The migrations that were applied; `None` where it was never migrated.
    async fn applied(&self) -> Result<Option<BTreeSet<String>>, Error> {
        let read = self.read();
        let sql = "SELECT version FROM seaql_migrations";
        let Ok(rows) = read.query_all_raw(statement(&read, sql, [])).await else {
            return Ok(None);
        };
        let applied: Result<_, DbErr> = rows.iter().map(|row| row.try_get("", "version")).collect();
        Ok(Some(applied?))
    }

    /// Whether a key is the one that this database was first opened with.
    pub async fn has_key(&self, name: &str, fingerprint: &[u8; 32]) -> Result<bool, Error> {
        crate::keys::is_noted(&self.read(), name, fingerprint).await
    }

    /// Fails when the database does not answer a trivial question.
    pub async fn ping(&self) -> Result<(), Error> {
        let read = self.read();
        read.query_one_raw(statement(&read, "SELECT 1", [])).await?;
        match &self.engine {
            Engine::Sqlite { writer, .. } if !writer.is_alive() => Err(Error::Busy),
            _ => Ok(()),
        }
    }

    /// Closes every connection of this handle; what is under way ends first.
    pub async fn close(self) {
        match self.engine {
            Engine::Sqlite {
                writer,
                read,
                report,
            } => {
                read.close().await;
                report.close().await;
                writer.stop().await;
            }
            Engine::Postgres {
                pool,
                read,
                search,
                report,
                ..
            } => {
                read.close().await;
                search.close().await;
                report.close().await;
                let _ = pool.close().await;
            }
        }
    }
}

fn known() -> BTreeSet<String> {
    crate::migrations::names().into_iter().collect()
}

/// One transaction on a connection of its own (PostgreSQL).
async fn run<T, F, Fut>(
    pool: &DatabaseConnection,
    setting: Setting<'_>,
    work: &F,
) -> Result<T, Error>
where
    F: Fn(Tx) -> Fut + Send + Sync,
    Fut: Future<Output = Result<T, Error>> + Send,
{
    let transaction = Arc::new(
        pool.begin_with_config(None, None::<AccessMode>)
            .await
            .map_err(Error::from)?,
    );
    let tx = Tx::new(&transaction, setting);
    let result = tx.complete(work).await;
    // A handle that outlived its closure keeps the transaction from being committed.
    let transaction = Arc::into_inner(transaction).ok_or_else(Error::handle_kept)?;
    match result {
        Ok(value) => {
            transaction.commit().await?;
            Ok(value)
        }
        Err(error) => {
            if let Err(lost) = transaction.rollback().await {
                tracing::debug!(error = %lost, "rollback failed; the server drops the transaction");
            }
            Err(error)
        }
    }
}
