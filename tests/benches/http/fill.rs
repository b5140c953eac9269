//! Rows into the tables, as fast as each database takes them.

use std::{fmt::Write, time::Duration};

use sqlx::{
    AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection,
    sqlite::SqliteConnectOptions,
};
use tests::{Engine, process::Site};
use uuid::Uuid;

/// A value of a row.
pub(crate) enum Cell {
    Id(Uuid),
    Number(i64),
    Flag(bool),
    Text(String),
    Bytes(Vec<u8>),
    /// Only PostgreSQL has these.
    Words(Vec<String>),
    Null,
}

impl From<Uuid> for Cell {
    fn from(id: Uuid) -> Self {
        Self::Id(id)
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Vec<u8>> for Cell {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl Cell {
    /// As `COPY` reads it.
    fn copied(&self, line: &mut String) {
        let _ = match self {
            Self::Id(id) => write!(line, "{id}"),
            Self::Number(number) => write!(line, "{number}"),
            Self::Flag(flag) => write!(line, "{flag}"),
            Self::Text(text) => write!(line, "{text}"),
            Self::Words(words) => write!(line, "{{{}}}", words.join(",")),
            Self::Null => write!(line, "\\N"),
            Self::Bytes(bytes) => {
                line.push_str("\\\\x");
                bytes.iter().try_for_each(|byte| write!(line, "{byte:02x}"))
            }
        };
    }
}

/// Values of one statement of SQLite.
const VALUES: usize = 30_000;

/// Tables whose indexes are built when all rows are there: row by row they take ten times as long.
const LATE: [&str; 2] = ["follow_ups", "search_documents"];

/// A customer in the search index.
pub(crate) struct Document {
    pub customer: Uuid,
    pub holder: Uuid,
    pub campus: Uuid,
    pub grams: Vec<String>,
}

/// A database that is being filled.
pub(crate) struct Tables {
    into: Target,
    /// What makes the indexes again that are missing meanwhile.
    indexes: Vec<String>,
    documents: i64,
}

enum Target {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

impl Tables {
    pub(crate) async fn open(site: &Site) -> Result<Self, sqlx::Error> {
        let into = match site.engine {
            Engine::Postgres => Target::Postgres(PgConnection::connect(site.database_url()).await?),
            Engine::Sqlite => {
                let options = SqliteConnectOptions::new()
                    .filename(site.folder.join("educrm.sqlite"))
                    .pragma("synchronous", "off")
                    .pragma("cache_size", "-262144")
                    .busy_timeout(Duration::from_secs(30));
                Target::Sqlite(SqliteConnection::connect_with(&options).await?)
            }
        };
        Ok(Self {
            into,
            indexes: Vec::new(),
            documents: 0,
        })
    }

    /// The short number of the institution, which stands before its grams.
    pub(crate) async fn number(&mut self) -> Result<i32, sqlx::Error> {
        let sql = "SELECT number FROM institutions WHERE code = 'bench'";
        match &mut self.into {
            Target::Postgres(connection) => sqlx::query_scalar(sql).fetch_one(connection).await,
            Target::Sqlite(connection) => sqlx::query_scalar(sql).fetch_one(connection).await,
        }
    }

    pub(crate) async fn begin(&mut self) -> Result<(), sqlx::Error> {
        let tables = LATE.map(|table| format!("'{table}'")).join(", ");
        let listed: Vec<(String, String)> = match &mut self.into {
            Target::Postgres(connection) => {
                let sql = format!(
                    "SELECT indexname::text, indexdef FROM pg_indexes WHERE tablename IN ({tables}) \
                     AND indexname NOT IN (SELECT conname FROM pg_constraint)"
                );
                let listed = sqlx::query_as(AssertSqlSafe(sql));
                listed.fetch_all(connection).await?
            }
            Target::Sqlite(connection) => {
                let sql = format!(
                    "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL \
                     AND tbl_name IN ({tables})"
                );
                let listed = sqlx::query_as(AssertSqlSafe(sql));
                listed.fetch_all(connection).await?
            }
        };
        for (name, sql) in listed {
            self.run(&format!("DROP INDEX {name}")).await?;
            self.indexes.push(sql);
        }
        match &self.into {
            Target::Postgres(_) => self.run("SET maintenance_work_mem = '512MB'").await,
            Target::Sqlite(_) => self.run("BEGIN IMMEDIATE").await,
        }
    }

    /// `table` names its columns too.
    pub(crate) async fn put(
        &mut self,
        table: &str,
        rows: Vec<Vec<Cell>>,
    ) -> Result<(), sqlx::Error> {
        match &mut self.into {
            Target::Postgres(connection) => {
                let mut text = String::new();
                for row in rows {
                    for (at, cell) in row.iter().enumerate() {
                        if at > 0 {
                            text.push('\t');
                        }
                        cell.copied(&mut text);
                    }
                    text.push('\n');
                }
                let mut copy = connection
                    .copy_in_raw(&format!("COPY {table} FROM STDIN"))
                    .await?;
                copy.send(text.into_bytes()).await?;
                copy.finish().await?;
            }
            Target::Sqlite(connection) => {
                let width = rows.first().map_or(1, Vec::len);
                let place = format!("({})", vec!["?"; width].join(", "));
                let mut rows = rows.into_iter().peekable();
                while rows.peek().is_some() {
                    let part: Vec<_> = rows.by_ref().take(VALUES / width).collect();
                    let places = vec![place.as_str(); part.len()].join(", ");
                    let sql = format!("INSERT INTO {table} VALUES {places}");
                    let mut query = sqlx::query(AssertSqlSafe(sql));
                    for cell in part.into_iter().flatten() {
                        query = match cell {
                            Cell::Id(id) => query.bind(id),
                            Cell::Number(number) => query.bind(number),
                            Cell::Flag(flag) => query.bind(flag),
                            Cell::Text(text) => query.bind(text),
                            Cell::Bytes(bytes) => query.bind(bytes),
                            Cell::Words(words) => query.bind(words.join(" ")),
                            Cell::Null => query.bind(None::<i64>),
                        };
                    }
                    query.execute(&mut *connection).await?;
                }
            }
        }
        Ok(())
    }

    /// Enters customers into the search index.
    pub(crate) async fn index(
        &mut self,
        institution: Uuid,
        documents: Vec<Document>,
    ) -> Result<(), sqlx::Error> {
        let columns = "institution_id, customer_id, holder_id, customer_campus_id";
        let (mut rows, mut index) = (Vec::new(), Vec::new());
        for document in documents {
            let words = Cell::Words(document.grams);
            let ids = [
                institution,
                document.customer,
                document.holder,
                document.campus,
            ];
            let ids = ids.map(Cell::from).into_iter();
            if let Target::Postgres(_) = self.into {
                rows.push(ids.chain([words]).collect());
            } else {
                self.documents += 1;
                rows.push(ids.chain([self.documents.into()]).collect());
                index.push(vec![self.documents.into(), words]);
            }
        }
        if let Target::Postgres(_) = self.into {
            let table = format!("search_documents ({columns}, grams)");
            return self.put(&table, rows).await;
        }
        let table = format!("search_documents ({columns}, doc_id)");
        self.put(&table, rows).await?;
        self.put("search_grams (rowid, grams)", index).await
    }

    pub(crate) async fn finish(&mut self) -> Result<(), sqlx::Error> {
        for sql in std::mem::take(&mut self.indexes) {
            self.run(&sql).await?;
        }
        match &self.into {
            Target::Postgres(_) => self.run("VACUUM ANALYZE").await,
            Target::Sqlite(_) => {
                self.run("COMMIT").await?;
                self.run("PRAGMA wal_checkpoint(TRUNCATE)").await
            }
        }
    }

    async fn run(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        let sql = AssertSqlSafe(sql.to_owned());
        match &mut self.into {
            Target::Postgres(connection) => connection.execute(sql).await.map(|_| ()),
            Target::Sqlite(connection) => connection.execute(sql).await.map(|_| ()),
        }
    }
}
