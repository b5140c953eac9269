//! Connections that read.
//!
//! The driver's own pool asks every connection whether it lives when it is given back, and in a task
//! of its own: for a read of one statement that is the second of two round trips, and on SQLite a
//! second hand-over to the connection's thread. Here a connection is put back as it is. One that
//! failed, or whose reader went away half-way, is closed instead.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use sea_orm::{DbErr, QueryResult, RuntimeErr, Statement, error::ConnAcquireErr};
use sea_query_sqlx::SqlxValues;
use sqlx::{
    AssertSqlSafe, ColumnIndex, ConnectOptions, Connection, Executor, IntoArguments, query::Query,
};
use tokio::sync::{Semaphore, SemaphorePermit};

/// How long a reader waits for a connection.
const PATIENCE: Duration = Duration::from_secs(3);
/// After this a connection is opened anew.
const LASTS: Duration = Duration::from_secs(30 * 60);

/// The connections, opened when they are first needed.
pub(super) struct Readers<D: sqlx::Database> {
    options: Options<D>,
    permits: Semaphore,
    idle: Mutex<Vec<Opened<D>>>,
}

type Options<D> = <<D as sqlx::Database>::Connection as Connection>::Options;

struct Opened<D: sqlx::Database> {
    connection: D::Connection,
    since: Instant,
}

/// A connection on loan; closed unless it is given back.
struct Lent<'a, D: sqlx::Database> {
    readers: &'a Readers<D>,
    opened: Opened<D>,
    _permit: SemaphorePermit<'a>,
}

impl<D> Readers<D>
where
    D: sqlx::Database,
    for<'c> &'c mut D::Connection: Executor<'c, Database = D>,
    SqlxValues: IntoArguments<D>,
    usize: ColumnIndex<D::Row>,
    QueryResult: From<D::Row>,
{
    pub(super) fn new(options: Options<D>, count: u32) -> Self {
        Self {
            options,
            permits: Semaphore::new(count as usize),
            idle: Mutex::default(),
        }
    }

    pub(super) async fn one(&self, statement: &Statement) -> Result<Option<QueryResult>, DbErr> {
        let mut lent = self.lend().await?;
        let row = query(statement)
            .fetch_optional(&mut lent.opened.connection)
            .await;
        lent.back(row).map(|row| row.map(QueryResult::from))
    }

    pub(super) async fn all(&self, statement: &Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut lent = self.lend().await?;
        let rows = query(statement)
            .fetch_all(&mut lent.opened.connection)
            .await;
        lent.back(rows)
            .map(|rows| rows.into_iter().map(QueryResult::from).collect())
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
        let opened = match idle {
            Some(opened) => opened,
            None => Opened {
                connection: self.options.connect().await.map_err(failed)?,
                since: Instant::now(),
            },
        };
        Ok(Lent {
            readers: self,
            opened,
            _permit: permit,
        })
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Opened<D>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<D: sqlx::Database> Lent<'_, D> {
    /// Gives the connection back, unless the result says that it is broken.
    fn back<T>(self, result: Result<T, sqlx::Error>) -> Result<T, DbErr> {
        let sound = match &result {
            Ok(_) => true,
            Err(error) => error.as_database_error().is_some(),
        };
        if sound && self.opened.since.elapsed() < LASTS {
            self.readers
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(self.opened);
        }
        result.map_err(failed)
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
