//! Connections that read.
//!
//! The driver's own pool asks every connection whether it lives when it is given back, and in a task
//! of its own: for a read of one statement that is the second of two round trips, and on SQLite a
//! second hand-over to the connection's thread. Here a connection is put back as it is. One that
//! failed, or whose reader went away half-way, is closed instead. A statement that takes too long is
//! stopped by the database: on PostgreSQL by its own setting, on SQLite by the clock set here.

use std::{
    sync::{
        Arc, LazyLock, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use sea_orm::{DbErr, QueryResult, RuntimeErr, Statement, error::ConnAcquireErr};
use sea_query_sqlx::SqlxValues;
use sqlx::{
    AssertSqlSafe, ColumnIndex, ConnectOptions, Connection, Executor, IntoArguments, Postgres,
    Sqlite, query::Query,
};
use tokio::sync::{Semaphore, SemaphorePermit};

/// How long a reader waits for a connection.
const PATIENCE: Duration = Duration::from_secs(3);
/// After this a connection is opened anew.
const LASTS: Duration = Duration::from_secs(30 * 60);

/// Steps of SQLite's machine between two looks at the clock: a fraction of a millisecond.
const STEPS: i32 = 10_000;

/// When the statement under way has to be done.
#[derive(Default)]
pub(super) struct Deadline(AtomicU64);

impl Deadline {
    fn set(&self, limit: Option<Duration>) {
        let at = limit.map_or(u64::MAX, |limit| now() + millis(limit));
        self.0.store(at, Ordering::Release);
    }

    fn is_ahead(&self) -> bool {
        now() < self.0.load(Ordering::Acquire)
    }
}

/// Milliseconds since this was first asked.
fn now() -> u64 {
    static FIRST: LazyLock<Instant> = LazyLock::new(Instant::now);
    millis(FIRST.elapsed())
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX / 2)
}

/// A database whose statements can be stopped.
pub(super) trait Stopped: sqlx::Database {
    /// Has the statements of a fresh connection stopped at its deadline.
    fn at(
        deadline: Arc<Deadline>,
        connection: &mut Self::Connection,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
}

impl Stopped for Sqlite {
    async fn at(
        deadline: Arc<Deadline>,
        connection: &mut Self::Connection,
    ) -> Result<(), sqlx::Error> {
        let mut handle = connection.lock_handle().await?;
        handle.set_progress_handler(STEPS, move || deadline.is_ahead());
        Ok(())
    }
}

impl Stopped for Postgres {
    async fn at(_: Arc<Deadline>, _: &mut Self::Connection) -> Result<(), sqlx::Error> {
        Ok(())
    }
}

/// The connections, opened when they are first needed.
pub(super) struct Readers<D: sqlx::Database> {
    options: Options<D>,
    limit: Option<Duration>,
    permits: Semaphore,
    idle: Mutex<Vec<Opened<D>>>,
}

type Options<D> = <<D as sqlx::Database>::Connection as Connection>::Options;

struct Opened<D: sqlx::Database> {
    connection: D::Connection,
    since: Instant,
    deadline: Arc<Deadline>,
}

/// A connection on loan; closed unless it is given back.
struct Lent<'a, D: sqlx::Database> {
    readers: &'a Readers<D>,
    opened: Opened<D>,
    was_idle: bool,
    _permit: SemaphorePermit<'a>,
}

impl<D> Readers<D>
where
    D: Stopped,
    for<'c> &'c mut D::Connection: Executor<'c, Database = D>,
    SqlxValues: IntoArguments<D>,
    usize: ColumnIndex<D::Row>,
    QueryResult: From<D::Row>,
{
    /// `limit`: how long one statement may take; what PostgreSQL is to hold stands in `options`.
    pub(super) fn new(options: Options<D>, count: u32, limit: Option<Duration>) -> Self {
        Self {
            options,
            limit,
            permits: Semaphore::new(count as usize),
            idle: Mutex::default(),
        }
    }

    pub(super) async fn one(&self, statement: &Statement) -> Result<Option<QueryResult>, DbErr> {
        loop {
            let mut lent = self.lend().await?;
            let row = query(statement)
                .fetch_optional(&mut lent.opened.connection)
                .await;
            if let Some(row) = lent.back(row) {
                return Ok(row?.map(QueryResult::from));
            }
        }
    }

    pub(super) async fn all(&self, statement: &Statement) -> Result<Vec<QueryResult>, DbErr> {
        loop {
            let mut lent = self.lend().await?;
            let rows = query(statement)
                .fetch_all(&mut lent.opened.connection)
                .await;
            if let Some(rows) = lent.back(rows) {
                return Ok(rows?.into_iter().map(QueryResult::from).collect());
            }
        }
    }

    /// Closes what is idle.
    pub(super) async fn close(&self) {
        self.permits.close();
        let idle = std::mem::take(&mut *self.idle());
        for opened in idle {
            let _ = opened.connection.close().await;
        }
    }

    async fn lend(&self) -> Result<Lent<'_, D>, DbErr> {
        let permit = tokio::time::timeout(PATIENCE, self.permits.acquire())
            .await
            .map_err(|_| DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))?
            .map_err(|_| DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed))?;
        let idle = self.idle().pop();
        let idle = idle.filter(|opened| opened.since.elapsed() < LASTS);
        let was_idle = idle.is_some();
        let opened = match idle {
            Some(opened) => opened,
            // A server that does not answer must not keep the permit.
            None => tokio::time::timeout(PATIENCE, self.open())
                .await
                .map_err(|_| DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))?
                .map_err(failed)?,
        };
        opened.deadline.set(self.limit);
        Ok(Lent {
            readers: self,
            opened,
            was_idle,
            _permit: permit,
        })
    }

    async fn open(&self) -> Result<Opened<D>, sqlx::Error> {
        let mut connection = self.options.connect().await?;
        let deadline = Arc::new(Deadline::default());
        D::at(deadline.clone(), &mut connection).await?;
        Ok(Opened {
            connection,
            since: Instant::now(),
            deadline,
        })
    }

    /// Other connections of the same kind.
    pub(super) fn like(&self, count: u32, limit: Option<Duration>) -> Self {
        Self::new(self.options.clone(), count, limit)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Opened<D>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<D: sqlx::Database> Lent<'_, D> {
    /// Gives the connection back, unless the result says that it is broken. `None` where it had gone
    /// while nobody used it, after a failover for instance: a read can be asked again.
    fn back<T>(self, result: Result<T, sqlx::Error>) -> Option<Result<T, DbErr>> {
        let sound = match &result {
            Ok(_) => true,
            Err(error) => error.as_database_error().is_some_and(|error| {
                let code = error.code().unwrap_or_default();
                !(code.starts_with("57P") || code.starts_with("08"))
            }),
        };
        if !sound && self.was_idle {
            return None;
        }
        if sound {
            self.readers
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(self.opened);
        }
        Some(result.map_err(failed))
    }
}

fn query<D>(statement: &Statement) -> Query<'_, D, SqlxValues>
where
    D: sqlx::Database,
    SqlxValues: IntoArguments<D>,
{
    let values = statement.values.clone();
    let values = values.unwrap_or_else(|| sea_orm::Values(Vec::new()));
    sqlx::query_with(AssertSqlSafe(statement.sql.as_str()), SqlxValues(values))
}

fn failed(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(Arc::new(error)))
}

#[cfg(test)]
mod tests {
    use sea_orm::DbBackend;
    use sqlx::sqlite::SqliteConnectOptions;

    use super::*;
    use crate::Error;

    const ENDLESS: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
                           SELECT count(*) FROM n";

    fn sql(text: &str) -> Statement {
        Statement::from_string(DbBackend::Sqlite, text)
    }

    #[tokio::test]
    async fn a_read_that_takes_too_long_is_stopped_and_its_connection_goes_on() {
        let readers = Readers::<Sqlite>::new(
            SqliteConnectOptions::new().in_memory(true),
            1,
            Some(Duration::from_millis(20)),
        );
        let stopped = readers.one(&sql(ENDLESS)).await.unwrap_err();
        assert!(matches!(Error::from(stopped), Error::Busy));
        assert!(readers.one(&sql("SELECT 1")).await.unwrap().is_some());
        assert_eq!(readers.idle().len(), 1);
    }
}
