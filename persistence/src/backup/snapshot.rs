//! The database as it was at one moment, while others go on writing.

use std::{path::Path, time::Duration};

use sqlx::{ConnectOptions, Connection, Row, SqliteConnection, sqlite::SqliteConnectOptions};
use uuid::Uuid;

use crate::{Error, files::content};

/// A copy of an SQLite database, to be read only.
pub struct Snapshot {
    connection: SqliteConnection,
}

async fn connect(file: &Path) -> Result<SqliteConnection, Error> {
    SqliteConnectOptions::new()
        .filename(file)
        .read_only(true)
        .busy_timeout(Duration::from_secs(5))
        .pragma("trusted_schema", "off")
        .pragma("temp_store", "memory")
        .disable_statement_logging()
        .connect()
        .await
        .map_err(Error::internal)
}

impl Snapshot {
    /// Copies the database `from`, which others may be writing to, into the empty file `to`: all
    /// that was committed before, and nothing of what is not.
    pub async fn take(from: &Path, to: &Path) -> Result<Self, Error> {
        let target = to
            .to_str()
            .ok_or_else(|| Error::internal("a path that is not UTF-8"))?;
        let mut live = connect(from).await?;
        let copied = sqlx::query("VACUUM INTO ?")
            .bind(target)
            .execute(&mut live)
            .await;
        let closed = live.close().await;
        copied.map_err(Error::internal)?;
        closed.map_err(Error::internal)?;
        Self::open(to).await
    }

    pub async fn open(file: &Path) -> Result<Self, Error> {
        Ok(Self {
            connection: connect(file).await?,
        })
    }

    /// Fails where the file is not whole.
    pub async fn check(&mut self) -> Result<(), Error> {
        let found: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check(1)")
            .fetch_all(&mut self.connection)
            .await
            .map_err(Error::internal)?;
        match found.as_slice() {
            [sound] if sound == "ok" => Ok(()),
            other => Err(Error::Internal(format!(
                "the database is damaged: {}",
                other.join("; ")
            ))),
        }
    }

    /// Whether this is the fingerprint that was noted of a key.
    pub async fn has_key(&mut self, name: &str, fingerprint: &[u8; 32]) -> Result<bool, Error> {
        let noted: Option<Vec<u8>> =
            sqlx::query_scalar("SELECT fingerprint FROM installation_keys WHERE name = ?")
                .bind(name)
                .fetch_optional(&mut self.connection)
                .await
                .map_err(Error::internal)?;
        Ok(noted.is_some_and(|noted| noted == fingerprint))
    }

    /// Whether this program knows every step of its schema.
    pub async fn is_known(&mut self) -> Result<bool, Error> {
        let applied: Vec<String> = sqlx::query_scalar("SELECT version FROM seaql_migrations")
            .fetch_all(&mut self.connection)
            .await
            .map_err(Error::internal)?;
        let known = crate::migrations::names();
        Ok(applied.iter().all(|step| known.contains(step)))
    }

    /// Files whose contents belong to it, as paths below the folder of contents.
    pub async fn contents(&mut self) -> Result<Vec<String>, Error> {
        let rows = sqlx::query("SELECT institution_id, id FROM files WHERE state = 'stored'")
            .fetch_all(&mut self.connection)
            .await
            .map_err(Error::internal)?;
        rows.iter()
            .map(|row| {
                let institution: Uuid = row.try_get(0).map_err(Error::corrupt)?;
                let file: Uuid = row.try_get(1).map_err(Error::corrupt)?;
                let path =
                    content::path(domain::id::Id::new(institution), domain::id::Id::new(file));
                Ok(path.to_string())
            })
            .collect()
    }

    pub async fn close(self) -> Result<(), Error> {
        self.connection.close().await.map_err(Error::internal)
    }
}
