//! Finished replies, so that a command that is sent twice is done once.
//!
//! A kept reply is given again only while what its reader may do and see is what it was after the
//! command: field rules and reach are applied when it is made.
//!
//! The record is written with the effect. A twin that comes while the first is under way is told
//! so on PostgreSQL, by an advisory lock that ends with the transaction; on SQLite it waits its
//! turn and finds the record.

use sea_orm::{ConnectionTrait, QueryResult, Value};

use crate::{
    Error, Handle, Tx,
    access::load,
    clock::micros,
    database::{remove_until, statement},
    keys::{FieldKeys, SealedAt, bytes, digest, row_of},
};

/// How long a reply is kept, in microseconds: 24 hours.
const KEPT: i64 = 24 * 3600 * 1_000_000;

/// One use of a key.
#[derive(Clone, Debug)]
pub struct Key {
    digest: [u8; 32],
    fingerprint: [u8; 32],
}

impl Key {
    /// `fingerprint` is a digest of the canonical body: the same key may not mean something else.
    pub fn new(method: &str, path: &str, key: &str, fingerprint: [u8; 32]) -> Self {
        Self {
            digest: digest(&[method.as_bytes(), path.as_bytes(), key.as_bytes()]),
            fingerprint,
        }
    }

    fn place(&self) -> SealedAt {
        place(self.digest)
    }
}

fn place(digest: [u8; 32]) -> SealedAt {
    SealedAt {
        table: "idempotency_records",
        column: "reply",
        row: row_of(digest),
    }
}

/// A reply that told of an erased person, and is given to nobody again: its key, and what is sealed there.
pub(crate) fn withheld(keys: &FieldKeys, row: &QueryResult) -> Result<(Value, Vec<u8>), Error> {
    let digest: Vec<u8> = row.try_get("", "key_digest")?;
    let digest = digest
        .try_into()
        .map_err(|_| Error::corrupt("key digest"))?;
    Ok((bytes(digest), keys.seal(place(digest), &NOBODYS)?))
}

/// Stands for rights that nobody has.
const NOBODYS: [u8; 32] = [0xff; 32];

/// What is known of a key.
#[derive(Debug)]
pub enum Known {
    /// Never seen: go on, and [`keep`] the reply.
    New,
    /// Done before: this was the reply.
    Done(Vec<u8>),
    /// Done before, by somebody who may do or see something else by now.
    Withheld,
    /// Used before with another body.
    Reused,
    /// A twin is under way.
    InProgress,
}

pub async fn claim(tx: &Tx, key: &Key) -> Result<Known, Error> {
    let operation = tx.operation();
    if tx.is_postgres() {
        let lock = i64::from_be_bytes(
            digest(&[
                operation.institution.uuid().as_bytes(),
                operation.actor.principal.as_bytes(),
                &key.digest,
            ])
            .first_chunk::<8>()
            .copied()
            .unwrap_or_default(),
        );
        let row = tx
            .query_one_raw(statement(
                tx,
                "SELECT pg_try_advisory_xact_lock(?) AS mine",
                [lock.into()],
            ))
            .await?;
        let mine = match row {
            Some(row) => row.try_get::<bool>("", "mine")?,
            None => false,
        };
        if !mine {
            return Ok(Known::InProgress);
        }
    }
    let row = tx
        .query_one_raw(statement(
            tx,
            "SELECT fingerprint, reply FROM idempotency_records \
             WHERE institution_id = ? AND principal_id = ? AND key_digest = ? AND expires_at > ?",
            [
                operation.institution.uuid().into(),
                operation.actor.principal.into(),
                bytes(key.digest),
                micros(tx.now()).into(),
            ],
        ))
        .await?;
    let Some(row) = row else {
        return Ok(Known::New);
    };
    let fingerprint: Vec<u8> = row.try_get("", "fingerprint")?;
    if fingerprint != key.fingerprint {
        return Ok(Known::Reused);
    }
    let sealed: Vec<u8> = row.try_get("", "reply")?;
    let kept = tx.keys().await?.open(key.place(), &sealed)?;
    Ok(match kept.split_first_chunk() {
        Some((known, reply)) if *known == rights(tx) => Known::Done(reply.to_vec()),
        _ => Known::Withheld,
    })
}

/// Stands for what the caller may do and see.
fn rights(tx: &Tx) -> [u8; 32] {
    let authority = tx.operation().authority.as_ref();
    authority.map_or([0; 32], |authority| authority.digest())
}

/// The same after the command, which may have changed it: who makes a class teaches it now.
async fn rights_after(tx: &Tx) -> Result<[u8; 32], Error> {
    if let Some(authority) = &tx.operation().authority
        && tx.has_changed_access()
        && let Some(after) = load(tx, authority.bearer(), tx.now()).await?
    {
        return Ok(after.digest());
    }
    Ok(rights(tx))
}

/// Keeps the finished reply; it is gone again if the transaction is.
pub async fn keep(tx: &Tx, key: &Key, reply: &[u8]) -> Result<(), Error> {
    let operation = tx.operation();
    let kept = [rights_after(tx).await?.as_slice(), reply].concat();
    let sealed = tx.keys().await?.seal(key.place(), &kept)?;
    let now = micros(tx.now());
    // An expired record of the same key makes room.
    tx.execute_raw(statement(
        tx,
        "INSERT INTO idempotency_records \
         (institution_id, principal_id, key_digest, fingerprint, reply, created_at, expires_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?) \
         ON CONFLICT (institution_id, principal_id, key_digest) DO UPDATE SET \
         fingerprint = excluded.fingerprint, reply = excluded.reply, \
         created_at = excluded.created_at, expires_at = excluded.expires_at",
        [
            operation.institution.uuid().into(),
            operation.actor.principal.into(),
            bytes(key.digest),
            bytes(key.fingerprint),
            bytes(sealed),
            now.into(),
            (now + KEPT).into(),
        ],
    ))
    .await?;
    Ok(())
}

/// Removes replies that are kept no longer, at most `limit`.
pub async fn remove_expired(tx: &Tx, limit: i64) -> Result<u64, Error> {
    let expired = (
        "idempotency_records",
        "principal_id, key_digest",
        "expires_at",
    );
    remove_until(tx, expired, tx.now(), limit).await
}
