//! Rows of API clients and their keys.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    access::{ApiClient, Principal, Session},
    id::Id,
    organization::Institution,
    reference::Reference,
};
use jiff::{SignedDuration, Timestamp};
use sea_orm::{
    ConnectionTrait, QueryResult,
    sea_query::{Expr, ExprTrait, Order, Query as Sql},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Bearer, Reads, Writes, sessions};
use crate::{
    Error, Handle, Tx,
    clock::{micros, timestamp},
    database::{Change, statement},
    keys::{bytes, digest},
    organization::places::{Links, link, links},
    reference::{self, Events, Kept, record, row, stands_in, table, writable},
};

pub static API_CLIENT: Events = reference::events!("api_client");

table!(api_clients, "api_clients" {
    owner_id: Uuid,
    scopes: Json,
    networks: Json,
    expires_at: i64,
});

const ROLES: Links = ("principal_roles", "principal_id", "role_id");
const CAMPUSES: Links = ("api_client_campuses", "client_id", "campus_id");

impl Kept for ApiClient {
    const KIND: &'static str = "api_client";
    const EVENTS: &'static Events = &API_CLIENT;
    stands_in!(api_clients);

    fn read(row: api_clients::Model) -> Result<Reference<Self>, Error> {
        Ok(record!(
            row,
            Self {
                name: row.name,
                owner: Id::new(row.owner_id),
                roles: BTreeSet::new(),
                scopes: serde_json::from_value(row.scopes).map_err(Error::corrupt)?,
                campuses: BTreeSet::new(),
                networks: serde_json::from_value::<Vec<String>>(row.networks)
                    .map_err(Error::corrupt)?
                    .iter()
                    .map(|text| text.parse().map_err(Error::corrupt))
                    .collect::<Result<_, _>>()?,
                expires_at: timestamp(row.expires_at)?,
            }
        ))
    }

    fn row(
        institution: Id<Institution>,
        record: &Reference<Self>,
    ) -> Result<api_clients::ActiveModel, Error> {
        let client = &record.details;
        let networks: Vec<String> = client.networks.iter().map(ToString::to_string).collect();
        Ok(row!(api_clients, institution, record, {
            owner_id: client.owner.uuid(),
            scopes: json!(client.scopes),
            networks: json!(networks),
            expires_at: micros(client.expires_at),
        }))
    }

    fn fields(&self) -> Value {
        let networks: Vec<String> = self.networks.iter().map(ToString::to_string).collect();
        json!({
            "name": self.name,
            "owner_id": self.owner,
            "role_ids": self.roles,
            "scopes": self.scopes,
            "campus_ids": self.campuses,
            "networks": networks,
            "expires_at": self.expires_at.to_string(),
        })
    }

    /// Its own access alone, of which its principal's version tells.
    fn alters_access(_: Option<&Reference<Self>>, _: &Reference<Self>) -> bool {
        false
    }

    async fn read_parts(
        handle: &impl Handle,
        institution: Id<Institution>,
        records: &mut [Reference<Self>],
    ) -> Result<(), Error> {
        let ids: Vec<Uuid> = records.iter().map(|r| r.id.uuid()).collect();
        let mut roles = links(handle, ROLES, institution, ids.clone()).await?;
        let mut campuses = links(handle, CAMPUSES, institution, ids).await?;
        for record in records {
            let id = record.id.uuid();
            record.details.roles = roles.remove(&id).unwrap_or_default();
            record.details.campuses = campuses.remove(&id).unwrap_or_default();
        }
        Ok(())
    }

    async fn write_parts(
        tx: &Tx,
        institution: Id<Institution>,
        before: Option<&Reference<Self>>,
        after: &Reference<Self>,
    ) -> Result<(), Error> {
        let id = after.id.uuid();
        let (roles, campuses) = (BTreeSet::new(), BTreeSet::new());
        let was = before.map_or((&roles, &campuses), |b| {
            (&b.details.roles, &b.details.campuses)
        });
        let is = &after.details;
        link(tx, ROLES, institution, id, was.0, &is.roles).await?;
        link(tx, CAMPUSES, institution, id, was.1, &is.campuses).await?;
        if before.is_some() {
            standing_changed(tx, institution, after).await?;
        }
        Ok(())
    }
}

/// What was loaded of the client is out of date; its keys end with it. Those that have ended stay so.
async fn standing_changed(
    tx: &Tx,
    institution: Id<Institution>,
    client: &Reference<ApiClient>,
) -> Result<(), Error> {
    tx.access_changed();
    let status = if client.is_open() { "active" } else { "left" };
    tx.execute_raw(statement(
        tx,
        "UPDATE principals SET status = ?, version = version + 1 WHERE institution_id = ? AND id = ?",
        [status.into(), institution.uuid().into(), client.id.uuid().into()],
    ))
    .await?;
    tx.execute_raw(statement(
        tx,
        "UPDATE sessions SET expires_at = ? \
         WHERE institution_id = ? AND principal_id = ? AND ended_at IS NULL AND expires_at > ?",
        [
            micros(client.details.expires_at).into(),
            institution.uuid().into(),
            client.id.uuid().into(),
            micros(tx.now()).into(),
        ],
    ))
    .await?;
    if !client.is_open() {
        sessions::end_others(tx, client.id.cast(), None).await?;
    }
    Ok(())
}

/// Writes a new client, which is a principal under the same id.
pub async fn insert(
    tx: &Tx,
    grant: &impl Writes<ApiClient>,
    client: &Reference<ApiClient>,
) -> Result<(), Error> {
    tx.execute_raw(statement(
        tx,
        "INSERT INTO principals (institution_id, id, kind, status, version, created_at) \
         VALUES (?, ?, 'api_client', 'active', 1, ?)",
        [
            writable(grant.scope(), None)?.uuid().into(),
            client.id.uuid().into(),
            micros(client.created_at).into(),
        ],
    ))
    .await?;
    reference::insert(tx, grant, client).await
}

/// A key that has not ended.
#[derive(Clone, Copy, Debug)]
pub struct KeyInfo {
    pub id: Id<Session>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// To within some minutes.
    pub last_used_at: Option<Timestamp>,
}

/// The keys of some clients that are open now, oldest first.
pub async fn keys(
    handle: &impl Handle,
    grant: &impl Reads<ApiClient>,
    clients: impl IntoIterator<Item = Id<ApiClient>>,
    now: Timestamp,
) -> Result<BTreeMap<Id<ApiClient>, Vec<KeyInfo>>, Error> {
    let mut select = Sql::select();
    select
        .columns([
            ("s", "id"),
            ("s", "principal_id"),
            ("s", "created_at"),
            ("s", "expires_at"),
        ])
        .column(("k", "last_used_at"))
        .from_as("sessions", "s")
        .join_as(
            sea_orm::JoinType::InnerJoin,
            "api_keys",
            "k",
            Expr::col(("k", "institution_id"))
                .eq(Expr::col(("s", "institution_id")))
                .and(Expr::col(("k", "id")).eq(Expr::col(("s", "id")))),
        )
        .and_where(Expr::col(("s", "institution_id")).eq(grant.scope().institution().uuid()))
        .and_where(Expr::col(("s", "principal_id")).is_in(clients.into_iter().map(Id::uuid)))
        .and_where(Expr::col(("s", "ended_at")).is_null())
        .and_where(Expr::col(("s", "expires_at")).gt(micros(now)))
        .order_by(("s", "created_at"), Order::Asc)
        .order_by(("s", "id"), Order::Asc);
    let mut found: BTreeMap<Id<ApiClient>, Vec<KeyInfo>> = BTreeMap::new();
    for row in handle.query_all(&select).await? {
        let client = Id::new(row.try_get("", "principal_id")?);
        found.entry(client).or_default().push(key(&row)?);
    }
    Ok(found)
}

fn key(row: &QueryResult) -> Result<KeyInfo, Error> {
    Ok(KeyInfo {
        id: Id::new(row.try_get("", "id")?),
        created_at: timestamp(row.try_get("", "created_at")?)?,
        expires_at: timestamp(row.try_get("", "expires_at")?)?,
        last_used_at: row
            .try_get::<Option<i64>>("", "last_used_at")?
            .map(timestamp)
            .transpose()?,
    })
}

/// Gives a client another key, of which only a digest is kept.
pub async fn add_key(
    tx: &Tx,
    grant: &impl Writes<ApiClient>,
    client: &Reference<ApiClient>,
    secret: &[u8],
) -> Result<KeyInfo, Error> {
    let institution = writable(grant.scope(), None)?;
    let lasts = client.details.expires_at.duration_since(tx.now());
    let (id, expires_at) = sessions::open(tx, client.id.cast(), lasts).await?;
    tx.execute_raw(statement(
        tx,
        "INSERT INTO api_keys (institution_id, id, digest) VALUES (?, ?, ?)",
        [
            institution.uuid().into(),
            id.uuid().into(),
            bytes(digest(&[secret])),
        ],
    ))
    .await?;
    recorded(tx, id, client.id, "opened");
    Ok(KeyInfo {
        id,
        created_at: tx.now(),
        expires_at,
        last_used_at: None,
    })
}

/// Ends a key; the tokens that were got by it are good for nothing from now on.
pub async fn end_key(
    tx: &Tx,
    _: &impl Writes<ApiClient>,
    client: Id<ApiClient>,
    key: Id<Session>,
) -> Result<(), Error> {
    sessions::end(tx, key).await?;
    recorded(tx, key, client, "ended");
    Ok(())
}

fn recorded(tx: &Tx, key: Id<Session>, client: Id<ApiClient>, what: &str) {
    let state = json!({ "state": what, "api_client_id": client });
    tx.record(Change::new("api_key", key.uuid(), 1, state));
}

/// Whose key it is, and the digest of its secret; `None` unless it is good now.
pub async fn find_key(
    handle: &impl Handle,
    institution: Id<Institution>,
    key: Id<Session>,
    now: Timestamp,
) -> Result<Option<(Bearer, Vec<u8>)>, Error> {
    let row = handle
        .query_one_raw(statement(
            handle,
            "SELECT s.principal_id, k.digest FROM api_keys k \
             JOIN sessions s ON s.institution_id = k.institution_id AND s.id = k.id \
             WHERE k.institution_id = ? AND k.id = ? AND s.ended_at IS NULL AND s.expires_at > ?",
            [
                institution.uuid().into(),
                key.uuid().into(),
                micros(now).into(),
            ],
        ))
        .await?;
    row.map(|row| {
        let principal = Id::<Principal>::new(row.try_get("", "principal_id")?);
        let bearer = Bearer::whole(institution, principal, key);
        Ok((bearer, row.try_get("", "digest")?))
    })
    .transpose()
}

/// Notes that a key was used, unless that was noted a short while before.
pub async fn used(tx: &Tx, key: Id<Session>, every: SignedDuration) -> Result<(), Error> {
    let earlier = tx.now().saturating_sub(every).map_err(Error::internal)?;
    tx.execute_raw(statement(
        tx,
        "UPDATE api_keys SET last_used_at = ? \
         WHERE institution_id = ? AND id = ? AND (last_used_at IS NULL OR last_used_at < ?)",
        [
            micros(tx.now()).into(),
            tx.operation().institution.uuid().into(),
            key.uuid().into(),
            micros(earlier).into(),
        ],
    ))
    .await?;
    Ok(())
}
