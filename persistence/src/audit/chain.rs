//! Blocks: what has happened, sealed so that no later change goes unnoticed.
//!
//! A block covers records by position and the digest of the block before it, and is signed by a key
//! that is not in the database: who can write there can't make a chain that fits. Its checkpoint is
//! kept elsewhere too, or cutting off the end would not show.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sea_orm::{ConnectionTrait, QueryResult};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::records::{self, Record};
use crate::{
    Database, Error, Handle, Operation, Tx,
    clock::database_now,
    database::statement,
    keys::{bytes, digest},
    lease,
};

const LEASE: &str = "sealer";
const LASTS: Duration = Duration::from_secs(10);
/// Records of a block, at most.
const BLOCK: i64 = 500;
/// Seconds after a block until a smaller one follows.
const AGE: i64 = 10;

/// A sealed part of an institution's trail.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) number: i64,
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) sealed_at: i64,
    pub(super) previous: Vec<u8>,
    pub(super) digest: Vec<u8>,
    pub(super) signature: Vec<u8>,
}

/// The end of a chain, to be kept where the database can't reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    pub institution_id: Uuid,
    pub block: i64,
    pub last_position: i64,
    /// Of the block, in Base64; the signature is over it.
    pub digest: String,
    pub signature: String,
}

/// Seals, while it holds the lease.
pub struct Sealer {
    db: Database,
    token: Uuid,
    key: SigningKey,
    kept: Box<Kept>,
    sealing: tokio::sync::Mutex<()>,
}

/// The newest checkpoint that is kept of an institution.
type Kept = dyn Fn(Uuid) -> Option<Checkpoint> + Send + Sync;

impl Block {
    /// What its digest must be over these records.
    pub(super) fn digest_of(&self, institution: Uuid, records: &[Record]) -> [u8; 32] {
        let numbers = [self.number, self.first, self.last, self.sealed_at].map(i64::to_be_bytes);
        let records: Vec<[u8; 32]> = records.iter().map(|r| r.digest(institution)).collect();
        let mut parts: Vec<&[u8]> = vec![institution.as_bytes()];
        parts.extend(numbers.iter().map(|n| &n[..]));
        parts.push(&self.previous);
        parts.extend(records.iter().map(|r| &r[..]));
        digest(&parts)
    }

    pub(super) fn read(row: &QueryResult) -> Result<Self, Error> {
        Ok(Self {
            number: row.try_get("", "number")?,
            first: row.try_get("", "first_position")?,
            last: row.try_get("", "last_position")?,
            sealed_at: row.try_get("", "sealed_at")?,
            previous: row.try_get("", "previous")?,
            digest: row.try_get("", "digest")?,
            signature: row.try_get("", "signature")?,
        })
    }

    fn checkpoint(&self, institution: Uuid) -> Checkpoint {
        Checkpoint {
            institution_id: institution,
            block: self.number,
            last_position: self.last,
            digest: BASE64_STANDARD.encode(&self.digest),
            signature: BASE64_STANDARD.encode(&self.signature),
        }
    }
}

/// The key by which what `key` has sealed is known.
pub fn public(key: &[u8; 32]) -> VerifyingKey {
    SigningKey::from_bytes(key).verifying_key()
}

/// Whether a signature over a digest is by the sealing key.
pub(super) fn is_signed(key: &VerifyingKey, digest: &[u8], signature: &[u8]) -> bool {
    Signature::from_slice(signature).is_ok_and(|s| key.verify_strict(digest, &s).is_ok())
}

impl Sealer {
    /// `kept` reads the checkpoints that are kept outside the database: a chain that was cut off
    /// there is not sealed anew, or nobody would ever notice.
    pub fn new(
        db: Database,
        token: Uuid,
        key: &[u8; 32],
        kept: impl Fn(Uuid) -> Option<Checkpoint> + Send + Sync + 'static,
    ) -> Self {
        Self {
            db,
            token,
            key: SigningKey::from_bytes(key),
            kept: Box::new(kept),
            sealing: tokio::sync::Mutex::default(),
        }
    }

    /// Seals what is due, or all that has its position where `at_once` says so; gives the new end
    /// of each chain. Nothing where another instance holds the lease.
    pub async fn seal(&self, at_once: bool) -> Result<Vec<Checkpoint>, Error> {
        let _alone = self.sealing.lock().await;
        let mut ends = Vec::new();
        for institution in self.due(at_once).await? {
            if !self.is_whole(institution).await? {
                tracing::error!(%institution, "the audit trail was tampered with: it is not sealed any more");
                continue;
            }
            while let Some(block) = self.next(institution).await? {
                let full = block.last - block.first + 1 >= BLOCK;
                ends.retain(|end: &Checkpoint| end.institution_id != institution);
                ends.push(block.checkpoint(institution));
                if !full {
                    break;
                }
            }
        }
        Ok(ends)
    }

    /// Gives the lease back.
    pub async fn stop(&self) -> Result<(), Error> {
        let operation = Operation::upkeep("stop_sealing");
        self.db
            .transaction(&operation, |tx| async move {
                lease::release(&tx, self.token).await
            })
            .await
    }

    /// Institutions with enough to seal, or something since long enough.
    async fn due(&self, at_once: bool) -> Result<Vec<Uuid>, Error> {
        let read = self.db.read();
        let sql = format!(
            "SELECT p.institution_id FROM positions p LEFT JOIN audit_blocks b \
             ON b.institution_id = p.institution_id AND b.number = (SELECT max(x.number) \
             FROM audit_blocks x WHERE x.institution_id = p.institution_id) \
             WHERE p.stream = 'audit_records' AND p.last > COALESCE(b.last_position, 0) \
             AND (p.last - COALESCE(b.last_position, 0) >= {BLOCK} \
             OR COALESCE(b.sealed_at, 0) <= {} - ?)",
            database_now(&read)
        );
        let age = if at_once { 0 } else { AGE * 1_000_000 };
        let rows = read
            .query_all_raw(statement(&read, &sql, [age.into()]))
            .await?;
        rows.iter()
            .map(|row| Ok(row.try_get("", "institution_id")?))
            .collect()
    }

    /// Whether the block that a kept checkpoint names is there, and is the same.
    async fn is_whole(&self, institution: Uuid) -> Result<bool, Error> {
        let Some(kept) = (self.kept)(institution) else {
            return Ok(true);
        };
        let read = self.db.read();
        let sql = "SELECT digest FROM audit_blocks WHERE institution_id = ? AND number = ?";
        let values = [institution.into(), kept.block.into()];
        let row = read.query_one_raw(statement(&read, sql, values)).await?;
        let Some(row) = row else {
            return Ok(false);
        };
        let digest: Vec<u8> = row.try_get("", "digest")?;
        Ok(BASE64_STANDARD.encode(digest) == kept.digest)
    }

    /// Seals the next block of an institution; `None` where there is nothing, or another does it.
    async fn next(&self, institution: Uuid) -> Result<Option<Block>, Error> {
        let operation = Operation::upkeep("seal_audit_block");
        self.db
            .transaction(&operation, |tx| async move {
                if !lease::hold(&tx, LEASE, self.token, LASTS).await? {
                    return Ok(None);
                }
                let (number, sealed, previous) = head(&tx, institution).await?;
                let records =
                    records::between(&tx, institution, sealed + 1, sealed + BLOCK).await?;
                let Some(last) = records.last().and_then(|r| r.position) else {
                    return Ok(None);
                };
                let mut block = Block {
                    number: number + 1,
                    first: sealed + 1,
                    last,
                    sealed_at: now(&tx).await?,
                    previous,
                    digest: Vec::new(),
                    signature: Vec::new(),
                };
                block.digest = block.digest_of(institution, &records).to_vec();
                block.signature = self.key.sign(&block.digest).to_bytes().to_vec();
                insert(&tx, institution, &block).await?;
                Ok(Some(block))
            })
            .await
    }
}

/// Number, last position and digest of the newest block; those of nothing before the first.
async fn head(tx: &Tx, institution: Uuid) -> Result<(i64, i64, Vec<u8>), Error> {
    let sql = "SELECT number, last_position, digest FROM audit_blocks \
               WHERE institution_id = ? ORDER BY number DESC LIMIT 1";
    let row = tx
        .query_one_raw(statement(tx, sql, [institution.into()]))
        .await?;
    Ok(match row {
        Some(row) => (
            row.try_get("", "number")?,
            row.try_get("", "last_position")?,
            row.try_get("", "digest")?,
        ),
        None => (0, 0, vec![0; 32]),
    })
}

async fn now(handle: &impl Handle) -> Result<i64, Error> {
    let sql = format!("SELECT {} AS now", database_now(handle));
    let row = handle.query_one_raw(statement(handle, &sql, [])).await?;
    let row = row.ok_or_else(|| Error::internal("the database has no time"))?;
    Ok(row.try_get("", "now")?)
}

async fn insert(tx: &Tx, institution: Uuid, block: &Block) -> Result<(), Error> {
    tx.execute_raw(statement(
        tx,
        "INSERT INTO audit_blocks (institution_id, number, first_position, last_position, \
         sealed_at, previous, digest, signature) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            institution.into(),
            block.number.into(),
            block.first.into(),
            block.last.into(),
            block.sealed_at.into(),
            bytes(&block.previous),
            bytes(&block.digest),
            bytes(&block.signature),
        ],
    ))
    .await?;
    Ok(())
}
