//! Opening PostgreSQL: a small pool a worker, with every time-out set.

use std::{net::IpAddr, str::FromStr, time::Duration};

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, SqlxPostgresConnector, Statement};
use sqlx::{
    Postgres,
    postgres::{PgConnectOptions, PgPoolOptions, PgSslMode},
};

use super::{Error, REPORT_LIMIT, STATEMENT_LIMIT, readers::Readers};

/// The oldest server version that is tested, as `server_version_num` counts.
const OLDEST: i32 = 150_000;

pub(super) struct Options {
    connect: PgConnectOptions,
    shares: Shares,
    workers: u32,
}

/// Connections of one worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shares {
    /// Transactions wait for the disk, so most are theirs.
    transactions: u32,
    reads: u32,
    searches: u32,
}

impl Shares {
    /// At least one of each.
    fn of(connections: u32) -> Self {
        let searches = (connections / 8).max(1);
        let reads = (connections.saturating_sub(searches) * 2 / 5).max(1);
        Self {
            transactions: connections.saturating_sub(searches + reads).max(1),
            reads,
            searches,
        }
    }
}

impl Options {
    /// `connections` a process are shared out over its workers, at least three each.
    pub(super) fn new(url: &str, connections: u32, workers: u32) -> Result<Self, Error> {
        let limit = format!("{}s", STATEMENT_LIMIT.as_secs());
        let mut connect = PgConnectOptions::from_str(url)
            // The address holds a password: never repeat it.
            .map_err(|_| Error::Internal("DATABASE_URL can't be read".into()))?;
        // On this machine nobody listens: TLS, unless it is asked for, would take most of the time of
        // connecting.
        let is_asked = url.contains("sslmode=") || std::env::var_os("PGSSLMODE").is_some();
        if is_local(&connect) && !is_asked {
            connect = connect.ssl_mode(PgSslMode::Disable);
        }
        let connect = connect
            .application_name("educrm")
            .statement_cache_capacity(256)
            .options([
                ("statement_timeout", limit.as_str()),
                ("lock_timeout", "2s"),
                ("idle_in_transaction_session_timeout", "10s"),
                ("timezone", "UTC"),
            ]);
        Ok(Self {
            connect,
            shares: Shares::of(connections / workers.max(1)),
            workers: workers.max(1),
        })
    }

    /// Refuses a server on which this process could not do its work, and a role that no rule of the
    /// database holds, unless it may be a `superuser`.
    pub(super) async fn check(&self, superuser: bool) -> Result<(), Error> {
        let Shares {
            transactions,
            reads,
            searches,
        } = self.shares;
        // The workers' connections, and those of what no worker does; each has one for reports. One
        // more is for the daily check.
        let wanted = (transactions + reads + searches + 1) * (self.workers + 1) + 1;
        let pool = self.pool();
        let checked = check(&pool, wanted, superuser).await;
        let _ = pool.close().await;
        checked
    }

    /// Connections that read.
    pub(super) fn readers(&self) -> Readers<Postgres> {
        Readers::new(self.planned(), self.shares.reads, None)
    }

    /// Connections that search.
    pub(super) fn searchers(&self) -> Readers<Postgres> {
        Readers::new(self.planned(), self.shares.searches, None)
    }

    /// For statements that have one good plan each, whatever their values: keys of ranges in the order
    /// of an index. To make it anew takes longer than to read a page; left to choose, PostgreSQL does so
    /// each time for a page of many ranges.
    fn planned(&self) -> PgConnectOptions {
        let generic = [("plan_cache_mode", "force_generic_plan")];
        self.reading().options(generic)
    }

    /// One connection for reports.
    pub(super) fn reporters(&self) -> Readers<Postgres> {
        let limit = format!("{}s", REPORT_LIMIT.as_secs());
        let limited = [("statement_timeout", limit.as_str())];
        Readers::new(self.planned().options(limited), 1, None)
    }

    /// One connection that reads for as long as it takes, or may take.
    pub(super) fn patient_reader(&self, limit: Option<Duration>) -> Readers<Postgres> {
        let limit = limit.map_or_else(|| "0".to_owned(), |limit| format!("{}s", limit.as_secs()));
        let limited = [("statement_timeout", limit.as_str())];
        Readers::new(self.reading().options(limited), 1, None)
    }

    fn reading(&self) -> PgConnectOptions {
        let read_only = [("default_transaction_read_only", "on")];
        self.connect.clone().options(read_only)
    }

    /// A pool that connects when it is first used, on the thread that uses it.
    pub(super) fn pool(&self) -> DatabaseConnection {
        let pool = PgPoolOptions::new()
            .max_connections(self.shares.transactions)
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

/// Whether a server is on this machine.
fn is_local(connect: &PgConnectOptions) -> bool {
    let host = connect.get_host();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    connect.get_socket().is_some()
        || host == "localhost"
        || host.starts_with('/')
        || address.is_ok_and(|address| address.is_loopback())
}

/// How long a connection may be quiet before it is tested.
const QUIET: Duration = Duration::from_secs(5);

/// Refuses a server that is too old, could lose what it acknowledged, or has too few connections
/// for `wanted`.
async fn check(pool: &DatabaseConnection, wanted: u32, superuser: bool) -> Result<(), Error> {
    let row = pool
        .query_one_raw(Statement::from_string(
            DbBackend::Postgres,
            "SELECT current_setting('server_version_num')::int AS version, \
             current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS free, \
             current_setting('fsync') || current_setting('synchronous_commit') AS flush, \
             current_setting('is_superuser') AS superuser",
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
    if !superuser && row.try_get::<String>("", "superuser")? == "on" {
        return Err(Error::Internal(
            "the role of DATABASE_URL is a superuser, whom no rule of the database holds; make one \
             that is not, or set EDUCRM_DATABASE_SUPERUSER=on for a trial"
                .into(),
        ));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_leaves_the_machine_is_encrypted_unasked() {
        let mode = |url| Options::new(url, 10, 1).unwrap().connect.get_ssl_mode();
        for url in [
            "postgres://a@localhost/b",
            "postgres://a@127.0.0.2:5432/b",
            "postgres://a@[::1]/b",
        ] {
            assert!(matches!(mode(url), PgSslMode::Disable), "{url}");
        }
        for (url, asked) in [
            ("postgres://a@db.school.example/b", PgSslMode::Prefer),
            ("postgres://a@localhost/b?sslmode=prefer", PgSslMode::Prefer),
            (
                "postgres://a@localhost/b?sslmode=require",
                PgSslMode::Require,
            ),
            (
                "postgres://a@db.school.example/b?sslmode=verify-full",
                PgSslMode::VerifyFull,
            ),
        ] {
            assert_eq!(
                std::mem::discriminant(&mode(url)),
                std::mem::discriminant(&asked),
                "{url}"
            );
        }
    }

    #[test]
    fn every_kind_of_work_has_its_connections() {
        for connections in 0..40 {
            let shares = Shares::of(connections);
            let sum = shares.transactions + shares.reads + shares.searches;
            assert_eq!(sum, connections.max(3), "{shares:?}");
            assert!(shares.transactions >= shares.reads, "{shares:?}");
        }
    }
}
