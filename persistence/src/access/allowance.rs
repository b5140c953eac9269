//! What one principal may ask only so often, counted in the database over all instances.
//!
//! Such questions tell something of what is beyond reach: a few a day serve those who work here, and
//! many would tell a stolen list apart.

use domain::{access::ALLOWANCE_SPENT, fault::Fault};
use sea_orm::ConnectionTrait;

use crate::{Error, Tx, clock::micros, database::statement};

const SECOND: i64 = 1_000_000;

/// The parameter of a refusal that says how many seconds to wait.
pub const WAIT: &str = "retry_after_seconds";

/// So much of something within so many seconds.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    pub of: &'static str,
    pub most: u32,
    pub seconds: i64,
}

impl Allowance {
    /// Takes some of it, counted before it is known what comes of it.
    ///
    /// # Errors
    /// 429 where that is more than is left.
    pub async fn take(&self, tx: &Tx, some: u32) -> Result<(), Error> {
        let (taken, wait) = self.count(tx, some).await?;
        self.unless(taken > i64::from(self.most), wait)
    }

    /// Makes sure that some is left, whatever will come of it.
    ///
    /// # Errors
    /// 429 where nothing is.
    pub async fn is_left(&self, tx: &Tx) -> Result<(), Error> {
        let (taken, wait) = self.count(tx, 0).await?;
        self.unless(taken >= i64::from(self.most), wait)
    }

    /// Notes what came of it, be it more than was left.
    pub async fn note(&self, tx: &Tx, some: u32) -> Result<(), Error> {
        self.count(tx, some).await.map(drop)
    }

    fn unless(&self, is_spent: bool, wait: i64) -> Result<(), Error> {
        if is_spent {
            return Err(Fault::new(&ALLOWANCE_SPENT).with(WAIT, wait).into());
        }
        Ok(())
    }

    /// How much was taken, this included, and for how many seconds more that counts. Whoever asks at
    /// the same time waits for the row.
    async fn count(&self, tx: &Tx, some: u32) -> Result<(i64, i64), Error> {
        let now = micros(tx.now());
        let over = now - self.seconds * SECOND;
        let row = tx
            .query_one_raw(statement(
                tx,
                "INSERT INTO allowances (institution_id, principal_id, kind, taken, counted_from) \
                 VALUES (?, ?, ?, ?, ?) ON CONFLICT (institution_id, principal_id, kind) DO UPDATE SET \
                 taken = excluded.taken + CASE WHEN allowances.counted_from <= ? THEN 0 ELSE allowances.taken END, \
                 counted_from = CASE WHEN allowances.counted_from <= ? THEN excluded.counted_from \
                     ELSE allowances.counted_from END \
                 RETURNING taken, counted_from",
                [
                    tx.operation().institution.uuid().into(),
                    tx.operation().actor.principal.into(),
                    self.of.into(),
                    i64::from(some).into(),
                    now.into(),
                    over.into(),
                    over.into(),
                ],
            ))
            .await?
            .ok_or_else(|| Error::internal("an allowance was not counted"))?;
        let from: i64 = row.try_get("", "counted_from")?;
        let wait = (from - over).max(0) / SECOND + 1;
        Ok((row.try_get("", "taken")?, wait))
    }
}
