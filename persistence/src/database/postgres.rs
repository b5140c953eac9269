//! Opening PostgreSQL: a small pool a worker, with every time-out set.

use std::{str::FromStr, time::Duration};

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, SqlxPostgresConnector, Statement};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use super::Error;

/// The oldest server version that is tested, as `server_version_num` counts.
const OLDEST: i32 = 150_000;

pub(super) struct Options {
    connect: PgConnectOptions,
    /// Of one worker.
    connections: u32,
    workers: u32,
}

impl Options {
    /// `connections` a process are shared out over its workers, at least two each.
    pub(super) fn new(url: &str, connections: u32, workers: u32) -> Result<Self, Error> {
        let connect = PgConnectOptions::from_str(url)
            // The address holds a password: never repeat it.
            .map_err(|_| Error::Internal("DATABASE_URL can't be read".into()))?
            .application_name("educrm")
            .statement_cache_capacity(256)
            .options([
                ("statement_timeout", "5s"),
                ("lock_timeout", "2s"),
                ("idle_in_transaction_session_timeout", "10s"),
                ("timezone", "UTC"),
            ]);
        Ok(Self {
            connect,
            connections: (connections / workers.max(1)).max(2),
            workers: workers.max(1),
        })
    }

    /// Refuses a server on which this process could not do its work.
    pub(super) async fn check(&self, pool: &DatabaseConnection) -> Result<(), Error> {
        // The workers' pools, and the one that migrates and serves what no worker does.
        check(pool, self.connections * (self.workers + 1)).await
    }

    /// A pool that connects when it is first used, on the thread that uses it.
    pub(super) fn pool(&self) -> DatabaseConnection {
        let pool = PgPoolOptions::new()
            .max_connections(self.connections)
            .acquire_timeout(Duration::from_secs(3))
            .test_before_acquire(false)
            // A connection that was quiet for a while may be gone, after a failover for instance.
            .before_acquire(|connection, metadata| {
                Box::pin(async move {
                    if metadata.idle_for > QUIET {
                        sqlx::Connection::ping(connection).await?;
                    }
                    Ok(true)
                })
            })
            .max_lifetime(Duration::from_secs(30 * 60))
            .idle_timeout(Duration::from_secs(10 * 60))
            .connect_lazy_with(self.connect.clone());
        SqlxPostgresConnector::from_sqlx_postgres_pool(pool)
    }
}

/// How long a connection may be quiet before it is tested.
const QUIET: Duration = Duration::from_secs(5);

/// Refuses a server that is too old, could lose what it acknowledged, or has too few connections
/// for `wanted`.
async fn check(pool: &DatabaseConnection, wanted: u32) -> Result<(), Error> {
    let row = pool
        .query_one_raw(Statement::from_string(
            DbBackend::Postgres,
            "SELECT current_setting('server_version_num')::int AS version, \
             current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS free, \
             current_setting('fsync') || current_setting('synchronous_commit') AS flush",
        ))
        .await?
        .ok_or_else(|| Error::Internal("PostgreSQL gave no settings".into()))?;
    let version: i32 = row.try_get("", "version")?;
    if version < OLDEST {
        return Err(Error::Internal("PostgreSQL 15 or later is needed".into()));
    }
    let free: i32 = row.try_get("", "free")?;
    if i64::from(free) < i64::from(wanted) {
        return Err(Error::Internal(format!(
            "PostgreSQL allows {free} connections, this process wants {wanted}"
        )));
    }
    let flush: String = row.try_get("", "flush")?;
    if !flush.starts_with("on") || flush.ends_with("off") {
        return Err(Error::Internal(
            "PostgreSQL runs with fsync or synchronous_commit off: acknowledged writes could be lost"
                .into(),
        ));
    }
    Ok(())
}
