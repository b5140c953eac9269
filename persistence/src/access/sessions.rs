//! Sessions and their refresh tokens.

use domain::{
    access::{Principal, Session},
    id::Id,
    organization::Institution,
};
use jiff::{SignedDuration, Timestamp};
use sea_orm::ConnectionTrait;

use crate::{
    Error, Handle, Tx,
    clock::{micros, timestamp},
    database::statement,
    keys::{bytes, digest},
};

/// A session lasts this long at most.
pub const LASTS: SignedDuration = SignedDuration::from_hours(30 * 24);
/// It ends when it is not refreshed for this long.
pub const IDLE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// For this long the immediate predecessor gets the same successor: its answer may have been lost.
const GRACE: SignedDuration = SignedDuration::from_secs(10);

/// A session as its owner sees it.
#[derive(Clone, Copy, Debug)]
pub struct SessionInfo {
    pub id: Id<Session>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

/// Opens a session of a principal of the operation's institution.
pub async fn open(
    tx: &Tx,
    principal: Id<Principal>,
    lasts: SignedDuration,
) -> Result<(Id<Session>, Timestamp), Error> {
    let id: Id<Session> = tx.stamp().id();
    let expires = tx.now().saturating_add(lasts).map_err(Error::internal)?;
    tx.execute_raw(statement(
        tx,
        "INSERT INTO sessions (institution_id, id, principal_id, created_at, expires_at) \
         VALUES (?, ?, ?, ?, ?)",
        [
            tx.operation().institution.uuid().into(),
            id.uuid().into(),
            principal.uuid().into(),
            micros(tx.now()).into(),
            micros(expires).into(),
        ],
    ))
    .await?;
    Ok((id, expires))
}

/// Keeps a refresh token of a session, as its digest.
pub async fn keep_refresh_token(tx: &Tx, session: Id<Session>, token: &[u8]) -> Result<(), Error> {
    let expires = tx.now().saturating_add(IDLE).map_err(Error::internal)?;
    tx.execute_raw(statement(
        tx,
        "INSERT INTO refresh_tokens (institution_id, digest, session_id, expires_at) VALUES (?, ?, ?, ?)",
        [
            tx.operation().institution.uuid().into(),
            bytes(digest(&[token])),
            session.uuid().into(),
            micros(expires).into(),
        ],
    ))
    .await?;
    Ok(())
}

/// What a presented refresh token is.
#[derive(Clone, Copy, Debug)]
pub enum Presented {
    /// Good for one rotation, or lost on its way back a moment ago: give the successor.
    Good {
        session: Id<Session>,
        principal: Id<Principal>,
        /// When the session ends whatever happens.
        expires: Timestamp,
    },
    /// Used before: the session has been ended.
    Reused(Id<Session>),
    Unknown,
}

/// Uses up a refresh token of the operation's institution. `successor` is derived from it.
pub async fn present(tx: &Tx, token: &[u8], successor: &[u8]) -> Result<Presented, Error> {
    let institution = tx.operation().institution.uuid();
    let now = micros(tx.now());
    let lock = if tx.is_postgres() {
        " FOR UPDATE OF t, s"
    } else {
        ""
    };
    let row = tx
        .query_one_raw(statement(
            tx,
            &format!(
                "SELECT t.session_id, t.used_at, s.principal_id, s.expires_at FROM refresh_tokens t \
                 JOIN sessions s ON s.institution_id = t.institution_id AND s.id = t.session_id \
                 JOIN principals p ON p.institution_id = s.institution_id AND p.id = s.principal_id \
                 JOIN institutions i ON i.institution_id = p.institution_id \
                 WHERE t.institution_id = ? AND t.digest = ? AND t.expires_at > ? AND s.ended_at IS NULL \
                 AND s.expires_at > ? AND p.status = 'active' AND i.status = 'active'{lock}"
            ),
            [
                institution.into(),
                bytes(digest(&[token])),
                now.into(),
                now.into(),
            ],
        ))
        .await?;
    let Some(row) = row else {
        return Ok(Presented::Unknown);
    };
    let session = Id::new(row.try_get("", "session_id")?);
    let good = Presented::Good {
        session,
        principal: Id::new(row.try_get("", "principal_id")?),
        expires: timestamp(row.try_get("", "expires_at")?)?,
    };
    match row.try_get::<Option<i64>>("", "used_at")? {
        None => {
            tx.execute_raw(statement(
                tx,
                "UPDATE refresh_tokens SET used_at = ? WHERE institution_id = ? AND digest = ?",
                [now.into(), institution.into(), bytes(digest(&[token]))],
            ))
            .await?;
            keep_refresh_token(tx, session, successor).await?;
            Ok(good)
        }
        Some(used)
            if i128::from(now - used) <= GRACE.as_micros() && unused(tx, successor).await? =>
        {
            Ok(good)
        }
        Some(_) => {
            end(tx, session).await?;
            Ok(Presented::Reused(session))
        }
    }
}

async fn unused(tx: &Tx, token: &[u8]) -> Result<bool, Error> {
    let row = tx
        .query_one_raw(statement(
            tx,
            "SELECT 1 AS found FROM refresh_tokens WHERE institution_id = ? AND digest = ? AND used_at IS NULL",
            [
                tx.operation().institution.uuid().into(),
                bytes(digest(&[token])),
            ],
        ))
        .await?;
    Ok(row.is_some())
}

/// Ends a session; its access tokens are good for nothing from now on.
pub async fn end(tx: &Tx, session: Id<Session>) -> Result<(), Error> {
    tx.access_changed();
    tx.execute_raw(statement(
        tx,
        "UPDATE sessions SET ended_at = ? WHERE institution_id = ? AND id = ? AND ended_at IS NULL",
        [
            micros(tx.now()).into(),
            tx.operation().institution.uuid().into(),
            session.uuid().into(),
        ],
    ))
    .await?;
    Ok(())
}

/// Whether this is a session of the principal that has not ended.
pub async fn is_open(
    tx: &Tx,
    principal: Id<Principal>,
    session: Id<Session>,
) -> Result<bool, Error> {
    let row = tx
        .query_one_raw(statement(
            tx,
            "SELECT 1 AS found FROM sessions WHERE institution_id = ? AND id = ? \
             AND principal_id = ? AND ended_at IS NULL AND expires_at > ?",
            [
                tx.operation().institution.uuid().into(),
                session.uuid().into(),
                principal.uuid().into(),
                micros(tx.now()).into(),
            ],
        ))
        .await?;
    Ok(row.is_some())
}

/// Ends every session of a principal but one.
pub async fn end_others(
    tx: &Tx,
    principal: Id<Principal>,
    kept: Option<Id<Session>>,
) -> Result<(), Error> {
    tx.access_changed();
    let kept = kept.map_or(uuid::Uuid::nil(), Id::uuid);
    tx.execute_raw(statement(
        tx,
        "UPDATE sessions SET ended_at = ? \
         WHERE institution_id = ? AND principal_id = ? AND id <> ? AND ended_at IS NULL",
        [
            micros(tx.now()).into(),
            tx.operation().institution.uuid().into(),
            principal.uuid().into(),
            kept.into(),
        ],
    ))
    .await?;
    Ok(())
}

/// Ends every log-in of the operation's institution; keys of API clients stay.
pub async fn end_all(tx: &Tx) -> Result<(), Error> {
    tx.access_changed();
    tx.execute_raw(statement(
        tx,
        "UPDATE sessions SET ended_at = ? WHERE institution_id = ? AND ended_at IS NULL \
         AND NOT EXISTS (SELECT 1 FROM api_keys k \
         WHERE k.institution_id = sessions.institution_id AND k.id = sessions.id)",
        [
            micros(tx.now()).into(),
            tx.operation().institution.uuid().into(),
        ],
    ))
    .await?;
    Ok(())
}

/// The sessions of a principal that have not ended, newest first; at most 200.
pub async fn list(
    handle: &impl Handle,
    institution: Id<Institution>,
    principal: Id<Principal>,
    now: Timestamp,
) -> Result<Vec<SessionInfo>, Error> {
    handle
        .query_all_raw(statement(
            handle,
            "SELECT id, created_at, expires_at FROM sessions \
             WHERE institution_id = ? AND principal_id = ? AND ended_at IS NULL AND expires_at > ? \
             ORDER BY created_at DESC, id DESC LIMIT 200",
            [
                institution.uuid().into(),
                principal.uuid().into(),
                micros(now).into(),
            ],
        ))
        .await?
        .iter()
        .map(|row| {
            Ok(SessionInfo {
                id: Id::new(row.try_get("", "id")?),
                created_at: timestamp(row.try_get("", "created_at")?)?,
                expires_at: timestamp(row.try_get("", "expires_at")?)?,
            })
        })
        .collect()
}

/// Removes refresh tokens that have expired, at most `limit`. A used one stays until then: when it
/// comes back, it was stolen.
pub async fn remove_expired_tokens(tx: &Tx, limit: i64) -> Result<u64, Error> {
    let institution = tx.operation().institution.uuid();
    let now = micros(tx.now());
    let removed = tx
        .execute_raw(statement(
            tx,
            "DELETE FROM refresh_tokens WHERE institution_id = ? AND digest IN ( \
             SELECT digest FROM refresh_tokens WHERE institution_id = ? AND expires_at <= ? LIMIT ?)",
            [
                institution.into(),
                institution.into(),
                now.into(),
                limit.into(),
            ],
        ))
        .await?;
    Ok(removed.rows_affected())
}

/// Removes sessions that would have been over before `until` in any case and have no token left, at
/// most `limit`. Those of the keys of API clients stay with their keys.
pub async fn remove_ended(tx: &Tx, until: Timestamp, limit: i64) -> Result<u64, Error> {
    let institution = tx.operation().institution.uuid();
    let removed = tx
        .execute_raw(statement(
            tx,
            "DELETE FROM sessions WHERE institution_id = ? AND id IN (SELECT s.id FROM sessions s \
             WHERE s.institution_id = ? AND s.expires_at < ? \
             AND NOT EXISTS (SELECT 1 FROM refresh_tokens t \
             WHERE t.institution_id = s.institution_id AND t.session_id = s.id) \
             AND NOT EXISTS (SELECT 1 FROM api_keys k \
             WHERE k.institution_id = s.institution_id AND k.id = s.id) LIMIT ?)",
            [
                institution.into(),
                institution.into(),
                micros(until).into(),
                limit.into(),
            ],
        ))
        .await?;
    Ok(removed.rows_affected())
}
