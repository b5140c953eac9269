//! Proving the trail: every block anew, from the first to the last (I-32).

use std::collections::HashMap;

use base64::{Engine, prelude::BASE64_STANDARD};
use ed25519_dalek::VerifyingKey;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::{
    chain::{Block, Checkpoint, is_signed},
    records::{self, Record, payload_place},
};
use crate::{
    Database, Error, Handle,
    database::{Read, placeholders, statement},
    keys::{FieldKeys, digest},
};

/// Blocks read at a time.
const PART: i64 = 100;

/// What was found on an institution's trail.
#[derive(Clone, Debug)]
pub struct Proof {
    pub blocks: i64,
    /// Records in these blocks.
    pub records: i64,
    /// Records behind them: committed, and not sealed yet.
    pub unsealed: i64,
    /// The first block that is not as it was sealed, and why.
    pub broken: Option<(i64, String)>,
}

/// Institutions that have a trail.
pub async fn trails(db: &Database) -> Result<Vec<Uuid>, Error> {
    let read = db.read();
    let sql = "SELECT institution_id FROM institutions ORDER BY institution_id";
    let rows = read.query_all_raw(statement(&read, sql, [])).await?;
    rows.iter()
        .map(|row| Ok(row.try_get("", "institution_id")?))
        .collect()
}

/// Proves one institution's trail, against the checkpoint that was kept of it where there is one.
pub async fn verify(
    db: &Database,
    key: &VerifyingKey,
    institution: Uuid,
    checkpoint: Option<&Checkpoint>,
) -> Result<Proof, Error> {
    let read = db.read();
    // An institution that was removed has no keys; then its blocks are gone as well.
    let keys = read.keys_of(domain::id::Id::new(institution)).await.ok();
    let mut proof = Proof {
        blocks: 0,
        records: 0,
        unsealed: 0,
        broken: None,
    };
    let mut previous = vec![0; 32];
    loop {
        let blocks = blocks(&read, institution, proof.blocks).await?;
        let ended = blocks.is_empty();
        for block in blocks {
            let fault = fault(
                &read,
                key,
                keys.as_deref(),
                institution,
                &block,
                &proof,
                &previous,
            );
            let fault = match fault.await? {
                None => checkpoint.and_then(|kept| contradicts(key, kept, &block)),
                found => found,
            };
            if let Some(why) = fault {
                proof.broken = Some((proof.blocks + 1, why));
                return Ok(proof);
            }
            proof.blocks = block.number;
            proof.records = block.last;
            previous = block.digest;
        }
        if ended {
            break;
        }
    }
    let why = match checkpoint {
        Some(kept) if kept.block > proof.blocks => Some(format!(
            "the trail is cut off: a checkpoint names block {}",
            kept.block
        )),
        _ => tail(&read, institution, &mut proof).await?,
    };
    proof.broken = why.map(|why| (proof.blocks + 1, why));
    Ok(proof)
}

async fn blocks(read: &Read, institution: Uuid, after: i64) -> Result<Vec<Block>, Error> {
    let sql = "SELECT number, first_position, last_position, sealed_at, previous, digest, signature \
               FROM audit_blocks WHERE institution_id = ? AND number > ? ORDER BY number LIMIT ?";
    let values = [institution.into(), after.into(), PART.into()];
    let rows = read.query_all_raw(statement(read, sql, values)).await?;
    rows.iter().map(Block::read).collect()
}

/// Why a block is not as it was sealed.
async fn fault(
    read: &Read,
    key: &VerifyingKey,
    keys: Option<&FieldKeys>,
    institution: Uuid,
    block: &Block,
    before: &Proof,
    previous: &[u8],
) -> Result<Option<String>, Error> {
    if block.number != before.blocks + 1 || block.first != before.records + 1 {
        return Ok(Some(
            "it does not follow the one before: blocks are missing or moved".into(),
        ));
    }
    if block.previous != previous {
        return Ok(Some("it does not chain to the one before".into()));
    }
    let records = records::between(read, institution, block.first, block.last).await?;
    let positions = records.iter().filter_map(|record| record.position);
    if !positions.eq(block.first..=block.last) {
        return Ok(Some("records are missing or added".into()));
    }
    if block.digest_of(institution, &records)[..] != block.digest {
        return Ok(Some("a record or the block itself was altered".into()));
    }
    if !is_signed(key, &block.digest, &block.signature) {
        return Ok(Some(
            "it is not signed by the key of this installation".into(),
        ));
    }
    payload_fault(read, keys, institution, &records).await
}

/// Why the payload of a record is not the one that was written with it. Erased ones are in order.
async fn payload_fault(
    read: &Read,
    keys: Option<&FieldKeys>,
    institution: Uuid,
    records: &[Record],
) -> Result<Option<String>, Error> {
    let sql = format!(
        "SELECT id, salt, payload FROM audit_payloads WHERE institution_id = ? AND id IN ({})",
        placeholders(records.len())
    );
    let ids = records.iter().map(|record| record.id.into());
    let values = std::iter::once(institution.into()).chain(ids);
    let mut payloads = HashMap::<Uuid, (Option<Vec<u8>>, Option<Vec<u8>>)>::new();
    for row in read.query_all_raw(statement(read, &sql, values)).await? {
        let payload = (row.try_get("", "salt")?, row.try_get("", "payload")?);
        payloads.insert(row.try_get("", "id")?, payload);
    }
    for record in records {
        let intact = match payloads.get(&record.id) {
            Some((None, None)) => true,
            Some((Some(salt), Some(sealed))) => keys
                .and_then(|keys| keys.open(payload_place(record.id), sealed).ok())
                .is_some_and(|plain| digest(&[salt, &plain])[..] == record.payload_digest),
            _ => false,
        };
        if !intact {
            return Ok(Some(
                "the content of a record was altered or removed".into(),
            ));
        }
    }
    Ok(None)
}

/// Why a block is not the one that a kept checkpoint names.
fn contradicts(key: &VerifyingKey, kept: &Checkpoint, block: &Block) -> Option<String> {
    if kept.block != block.number {
        return None;
    }
    let decoded = |text: &str| BASE64_STANDARD.decode(text).unwrap_or_default();
    let digest = decoded(&kept.digest);
    if !is_signed(key, &digest, &decoded(&kept.signature)) {
        return Some("the checkpoint that was kept of it is not genuine".into());
    }
    (digest != block.digest).then(|| "it is not the one that was kept as a checkpoint".into())
}

/// Why what stands behind the last block can't be all.
async fn tail(read: &Read, institution: Uuid, proof: &mut Proof) -> Result<Option<String>, Error> {
    let sql = "SELECT \
        (SELECT count(*) FROM audit_records WHERE institution_id = ? AND position > ?) AS behind, \
        (SELECT count(*) FROM audit_records WHERE institution_id = ? AND position IS NULL) AS waiting, \
        (SELECT count(*) FROM audit_records WHERE institution_id = ? AND position < 1) AS misplaced, \
        (SELECT last FROM positions WHERE institution_id = ? AND stream = 'audit_records') AS last";
    let own = || institution.into();
    let values = [own(), proof.records.into(), own(), own(), own()];
    let Some(row) = read.query_one_raw(statement(read, sql, values)).await? else {
        return Ok(None);
    };
    let behind: i64 = row.try_get("", "behind")?;
    let waiting: i64 = row.try_get("", "waiting")?;
    let misplaced: i64 = row.try_get("", "misplaced")?;
    let last: Option<i64> = row.try_get("", "last")?;
    proof.unsealed = behind + waiting;
    if misplaced > 0 {
        return Ok(Some("records stand before the first block".into()));
    }
    if last.unwrap_or_default() != proof.records + behind {
        return Ok(Some("records behind the last block are missing".into()));
    }
    Ok(None)
}
