//! Positions: the order in which others learn of what happened.
//!
//! Ids say when a transaction began, not when it was committed; whoever follows the highest id
//! misses what was begun early and committed late. So rows get their position afterwards, from the
//! one instance that holds the lease, in the order in which it sees them committed: gapless in an
//! institution, and never given twice. Events and audit records are ordered alike.

use std::{collections::BTreeMap, time::Duration};

use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::{Database, Error, Operation, Tx, database::statement, lease};

const LEASE: &str = "sequencer";
/// A holder that does not renew its lease loses it after this.
const LASTS: Duration = Duration::from_secs(10);
/// Rows of one stream that one transaction orders.
const BATCH: u32 = 500;

/// Tables whose rows get positions.
const STREAMS: [&str; 2] = ["events", "audit_records"];

/// Gives positions, while it holds the lease.
pub struct Sequencer {
    db: Database,
    token: Uuid,
    /// One pass at a time in a process.
    passing: tokio::sync::Mutex<()>,
}

/// What a pass has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Another instance holds the lease.
    NotHeld,
    /// So many rows have got their position; none were left.
    Ordered(usize),
}

impl Sequencer {
    /// `token` is this process's own.
    pub fn new(db: Database, token: Uuid) -> Self {
        Self {
            db,
            token,
            passing: tokio::sync::Mutex::default(),
        }
    }

    /// Waits until something has been recorded by this process.
    pub async fn woken(&self) {
        self.db.recorded().notified().await;
    }

    /// Orders what has been committed, until nothing is left. Asks before it writes: a pass over
    /// nothing costs one read.
    pub async fn pass(&self) -> Result<Pass, Error> {
        let _alone = self.passing.lock().await;
        let mut ordered = 0;
        while self.pending().await? {
            let operation = Operation::upkeep("give_positions");
            let batch = self
                .db
                .transaction(&operation, |tx| async move {
                    if !lease::hold(&tx, LEASE, self.token, LASTS).await? {
                        return Ok(None);
                    }
                    let mut given = 0;
                    for stream in STREAMS {
                        given += give(&tx, stream).await?;
                    }
                    Ok(Some(given))
                })
                .await?;
            match batch {
                None => return Ok(Pass::NotHeld),
                // Committed between the question and the transaction's own look.
                Some(0) => break,
                Some(given) => ordered += given,
            }
        }
        Ok(Pass::Ordered(ordered))
    }

    /// Rows of all streams that wait for their position.
    pub async fn waiting(&self) -> Result<i64, Error> {
        let read = self.db.read();
        let sql = "SELECT (SELECT count(*) FROM events WHERE position IS NULL) \
                   + (SELECT count(*) FROM audit_records WHERE position IS NULL) AS waiting";
        match read.query_one_raw(statement(&read, sql, [])).await? {
            Some(row) => Ok(row.try_get("", "waiting")?),
            None => Ok(0),
        }
    }

    /// Gives the lease back.
    pub async fn stop(&self) -> Result<(), Error> {
        let _alone = self.passing.lock().await;
        let operation = Operation::upkeep("stop_giving_positions");
        self.db
            .transaction(&operation, |tx| async move {
                lease::release(&tx, self.token).await
            })
            .await
    }

    async fn pending(&self) -> Result<bool, Error> {
        let read = self.db.read();
        let sql = "SELECT 1 AS found WHERE EXISTS (SELECT 1 FROM events WHERE position IS NULL) \
                   OR EXISTS (SELECT 1 FROM audit_records WHERE position IS NULL)";
        Ok(read
            .query_one_raw(statement(&read, sql, []))
            .await?
            .is_some())
    }
}

/// Gives the next positions of a stream.
async fn give(tx: &Tx, stream: &str) -> Result<usize, Error> {
    // `WHERE` tells SQLite that `ON` begins no join.
    let begun = format!(
        "INSERT INTO positions (institution_id, stream, last, purged_to) \
         SELECT DISTINCT institution_id, '{stream}', 0, 0 FROM {stream} WHERE position IS NULL \
         ON CONFLICT (institution_id, stream) DO NOTHING"
    );
    tx.execute_raw(statement(tx, &begun, [])).await?;
    let ordered = format!(
        "UPDATE {stream} SET position = fresh.position FROM ( \
         SELECT w.institution_id, w.id, p.last + row_number() \
         OVER (PARTITION BY w.institution_id ORDER BY w.id) AS position \
         FROM (SELECT institution_id, id FROM {stream} WHERE position IS NULL \
         ORDER BY institution_id, id LIMIT {BATCH}) w \
         JOIN positions p ON p.institution_id = w.institution_id AND p.stream = '{stream}') fresh \
         WHERE {stream}.institution_id = fresh.institution_id AND {stream}.id = fresh.id \
         RETURNING {stream}.institution_id, {stream}.position"
    );
    let rows = tx.query_all_raw(statement(tx, &ordered, [])).await?;
    let mut last = BTreeMap::<Uuid, i64>::new();
    for row in &rows {
        let position: i64 = row.try_get("", "position")?;
        let highest = last.entry(row.try_get("", "institution_id")?).or_default();
        *highest = position.max(*highest);
    }
    for (institution, position) in last {
        tx.execute_raw(statement(
            tx,
            "UPDATE positions SET last = ? WHERE institution_id = ? AND stream = ?",
            [position.into(), institution.into(), stream.into()],
        ))
        .await?;
    }
    Ok(rows.len())
}
