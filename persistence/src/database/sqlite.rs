//! Opening an SQLite file: one writing connection, several that can only read.

use std::{path::Path, time::Duration};

use sea_orm::{DatabaseConnection, SqlxSqliteConnector};
use sqlx::{
    Sqlite,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{Error, STATEMENT_LIMIT, readers::Readers};

/// Older versions can corrupt a WAL file when a checkpoint meets a commit.
const OLDEST_SAFE: (u32, u32, u32) = (3, 51, 3);

pub(super) async fn open(
    file: &Path,
    readers: u32,
    flush: bool,
) -> Result<(DatabaseConnection, Readers<Sqlite>), Error> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(if flush {
            SqliteSynchronous::Full
        } else {
            SqliteSynchronous::Normal
        })
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .statement_cache_capacity(256)
        .pragma("trusted_schema", "off")
        // Or INSERT OR REPLACE would delete past the triggers that keep ledgers and trail.
        .pragma("recursive_triggers", "on")
        .pragma("temp_store", "memory")
        .pragma("cache_size", "-8192");
    let write = SqlitePoolOptions::new()
        .max_connections(1)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options.clone())
        .await
        .map_err(Error::internal)?;
    let version: String = sqlx::query_scalar("SELECT sqlite_version()")
        .fetch_one(&write)
        .await
        .map_err(Error::internal)?;
    if parse(&version) < Some(OLDEST_SAFE) {
        return Err(Error::Internal(format!(
            "SQLite {version} can corrupt its file; 3.51.3 or later is needed"
        )));
    }
    // What the system has cached costs a reader little more than what it holds itself.
    let read = options
        .create_if_missing(false)
        .pragma("query_only", "on")
        .pragma("cache_size", "-3072");
    Ok((
        SqlxSqliteConnector::from_sqlx_sqlite_pool(write),
        Readers::new(read, readers, Some(STATEMENT_LIMIT)),
    ))
}

fn parse(version: &str) -> Option<(u32, u32, u32)> {
    let mut parts = version.split('.').map(|p| p.parse().ok());
    Some((parts.next()??, parts.next()??, parts.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert!(parse("3.51.3") >= Some(OLDEST_SAFE));
        assert!(parse("3.100.0") > Some(OLDEST_SAFE));
        assert!(parse("3.9.9") < Some(OLDEST_SAFE));
        assert!(parse("unknown") < Some(OLDEST_SAFE));
    }
}
