//! What every drill does with its server and its database.

use std::net::SocketAddr;

use domain::{id::Id, organization::Institution};
use persistence::{Database, database::Handle};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{client::request, process::Site, world::School};

/// What a client needs to send requests.
pub(super) struct Context {
    pub(super) address: SocketAddr,
    pub(super) token: String,
    pub(super) campus: Uuid,
}

impl Context {
    /// For one of the school's people.
    pub(super) fn new(site: &Site, school: &School, name: &str, address: SocketAddr) -> Self {
        Self {
            address,
            token: site.token(school.institution, school.person(name)),
            campus: school.places.north.uuid(),
        }
    }

    pub(super) fn create(&self, key: &str, name: &str) -> Vec<u8> {
        let body = json!({
            "kind": "student", "name": name, "source_channel": "hotline", "campus_id": self.campus,
        });
        self.post("/api/v1/customers", key, &body)
    }

    pub(super) fn post(&self, path: &str, key: &str, body: &Value) -> Vec<u8> {
        let headers = [("idempotency-key", key)];
        request("POST", path, &self.token, &headers, &body.to_string())
    }
}

/// What a query of one institution finds.
pub(super) async fn rows(
    db: &Database,
    sql: &str,
    institution: Id<Institution>,
) -> Vec<sea_orm::QueryResult> {
    found(db, sql, vec![institution.uuid().into()]).await
}

/// What a query finds.
pub(super) async fn found(
    db: &Database,
    sql: &str,
    values: Vec<sea_orm::Value>,
) -> Vec<sea_orm::QueryResult> {
    let read = db.read();
    let backend = if read.is_postgres() {
        DbBackend::Postgres
    } else {
        DbBackend::Sqlite
    };
    let statement = Statement::from_sql_and_values(backend, sql, values);
    read.query_all_raw(statement).await.unwrap()
}
