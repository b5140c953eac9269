//! The reading handle.

use std::sync::Arc;

use domain::{id::Id, organization::Institution};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement};
use sqlx::{Postgres, Sqlite};

use super::{Error, Handle, readers::Readers};
use crate::keys::{FieldKeys, Keys};

/// A reading handle: it can't write, on either engine's side.
#[derive(Clone)]
pub struct Read(ReadOf, Arc<Keys>);

#[derive(Clone)]
pub(super) enum ReadOf {
    Sqlite(Arc<Readers<Sqlite>>),
    Postgres(Arc<Readers<Postgres>>),
}

impl Read {
    pub(super) fn new(readers: ReadOf, keys: Arc<Keys>) -> Self {
        Self(readers, keys)
    }
}

impl Handle for Read {
    async fn keys_of(&self, institution: Id<Institution>) -> Result<Arc<FieldKeys>, Error> {
        self.1.of(self, institution).await
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Read {
    fn get_database_backend(&self) -> DbBackend {
        match &self.0 {
            ReadOf::Sqlite(_) => DbBackend::Sqlite,
            ReadOf::Postgres(_) => DbBackend::Postgres,
        }
    }
    async fn execute_raw(&self, _: Statement) -> Result<ExecResult, DbErr> {
        Err(DbErr::Custom("a reading handle does not write".into()))
    }
    async fn execute_unprepared(&self, _: &str) -> Result<ExecResult, DbErr> {
        Err(DbErr::Custom("a reading handle does not write".into()))
    }
    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        match &self.0 {
            ReadOf::Sqlite(readers) => readers.one(&statement).await,
            ReadOf::Postgres(readers) => readers.one(&statement).await,
        }
    }
    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match &self.0 {
            ReadOf::Sqlite(readers) => readers.all(&statement).await,
            ReadOf::Postgres(readers) => readers.all(&statement).await,
        }
    }
}
