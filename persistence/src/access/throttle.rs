//! How often somebody may guess a password (reliability.md 5.3).
//!
//! An attempt is counted before it is evaluated, so that guesses at the same time are bounded too;
//! a success takes its count back. Per account and network the ladder climbs; per account over all
//! networks a fixed number an hour is evaluated, which a known device passes by: an attacker can't
//! lock the real user out.

use jiff::Timestamp;
use sea_orm::ConnectionTrait;

use crate::{Database, Error, Operation, Tx, clock::micros, database::statement, keys::bytes};

const MINUTE: i64 = 60 * 1_000_000;
/// The longest that a count matters after it was begun.
const COUNTED: i64 = 24 * 60 * MINUTE;
/// Counts that one step forgets.
const BATCH: i64 = 500;
/// Tries before the ladder begins.
const FREE: i32 = 5;
/// Waits after each further try.
const LADDER: [i64; 5] = [
    MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    60 * MINUTE,
    24 * 60 * MINUTE,
];
/// Tries an hour on one account from everywhere.
const HOURLY: i32 = 60;

/// Which count.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// One account from one network.
    Ladder,
    /// One account from everywhere.
    Hourly,
}

/// Counts an attempt; `Some` microseconds to wait where it may not be evaluated.
pub async fn attempt(tx: &Tx, key: &[u8; 32], rule: Rule) -> Result<Option<i64>, Error> {
    let now = micros(tx.now());
    let window = match rule {
        Rule::Ladder => COUNTED,
        Rule::Hourly => 60 * MINUTE,
    };
    // Makes the row and takes its lock in one statement; an old count starts anew.
    let row = tx
        .query_one_raw(statement(
            tx,
            "INSERT INTO login_failures (key_digest, failures, counted_from, blocked_until) \
             VALUES (?, 0, ?, 0) ON CONFLICT (key_digest) DO UPDATE SET \
             failures = CASE WHEN login_failures.counted_from < ? THEN 0 ELSE login_failures.failures END, \
             counted_from = CASE WHEN login_failures.counted_from < ? THEN excluded.counted_from \
                 ELSE login_failures.counted_from END \
             RETURNING failures, counted_from, blocked_until",
            [
                bytes(key),
                now.into(),
                (now - window).into(),
                (now - window).into(),
            ],
        ))
        .await?
        .ok_or_else(|| Error::internal("no count of log-ins"))?;
    let failures: i32 = row.try_get("", "failures")?;
    let counted_from: i64 = row.try_get("", "counted_from")?;
    let blocked_until: i64 = row.try_get("", "blocked_until")?;
    if blocked_until > now {
        return Ok(Some(blocked_until - now));
    }
    if matches!(rule, Rule::Hourly) && failures >= HOURLY {
        return Ok(Some(counted_from + window - now));
    }
    let failures = failures + 1;
    let wait = match rule {
        Rule::Hourly => 0,
        Rule::Ladder => usize::try_from(failures - FREE)
            .ok()
            .and_then(|over| LADDER.get(over.min(LADDER.len() - 1)).copied())
            .unwrap_or(0),
    };
    tx.execute_raw(statement(
        tx,
        "UPDATE login_failures SET failures = ?, blocked_until = ? WHERE key_digest = ?",
        [failures.into(), (now + wait).into(), bytes(key)],
    ))
    .await?;
    Ok(None)
}

/// Takes the count of a success back: the ladder starts anew, the hour loses one.
pub async fn succeeded(tx: &Tx, key: &[u8; 32], rule: Rule) -> Result<(), Error> {
    let sql = match rule {
        Rule::Ladder => "DELETE FROM login_failures WHERE key_digest = ?",
        Rule::Hourly => {
            "UPDATE login_failures SET failures = failures - 1 WHERE key_digest = ? AND failures > 0"
        }
    };
    tx.execute_raw(statement(tx, sql, [bytes(key)])).await?;
    Ok(())
}

/// Forgets counts that no longer matter. They belong to no institution.
pub async fn forget_old(db: &Database, now: Timestamp) -> Result<(), Error> {
    let now = micros(now);
    let old = "SELECT key_digest FROM login_failures WHERE counted_from < ? AND blocked_until <= ?";
    let values = || [(now - COUNTED).into(), now.into()];
    loop {
        let read = db.read();
        let found = statement(&read, &format!("{old} LIMIT 1"), values());
        if read.query_one_raw(found).await?.is_none() {
            return Ok(());
        }
        let sql = format!(
            "DELETE FROM login_failures WHERE key_digest IN ({old} LIMIT {BATCH}) \
             AND counted_from < ? AND blocked_until <= ?"
        );
        let operation = Operation::upkeep("forget_login_failures");
        db.transaction(&operation, |tx| {
            let deletion = statement(&tx, &sql, values().into_iter().chain(values()));
            async move { Ok(tx.execute_raw(deletion).await?) }
        })
        .await?;
    }
}
