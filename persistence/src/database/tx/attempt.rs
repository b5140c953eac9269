//! A part of a transaction that may be refused while the rest goes on.
//!
//! Traps, each with a test (tests/database/attempts.rs):
//! - PostgreSQL accepts nothing after a failed statement but the way back to a savepoint;
//! - what was recorded in memory has no savepoint: it is cut to what it was before;
//! - going back lets go of the locks that were taken since: who changes several rows takes the locks
//!   before the first attempt, or two of them can wait for each other;
//! - an interrupted statement can roll back the whole transaction on SQLite. The savepoint is gone with
//!   it, so that going back to it fails, and with it the transaction.

use std::{future::Future, sync::atomic::Ordering};

use domain::fault::Fault;
use sea_orm::ConnectionTrait;

use super::{BROKEN, OPEN, Tx};
use crate::Error;

impl Tx {
    /// Runs `work`, all or nothing of it: what it has written and recorded is undone where it is refused,
    /// and the transaction goes on as if it had not been tried. Attempts may be made within an attempt.
    ///
    /// # Errors
    /// What is no refusal ends the whole transaction: no connection or lock in time, a deadlock, a fault
    /// of ours.
    pub async fn attempt<T, F, Fut>(&self, work: F) -> Result<Result<T, Fault>, Error>
    where
        F: FnOnce(Tx) -> Fut,
        Fut: Future<Output = Result<T, Error>>,
    {
        self.execute_unprepared("SAVEPOINT attempt").await?;
        let recorded = self.changes().len();
        let number = self.inner.attempts.fetch_add(1, Ordering::AcqRel) + 1;
        self.inner.attempt.store(number, Ordering::Release);
        let tx = Self {
            inner: self.inner.clone(),
            attempt: number,
        };
        let outcome = match work(tx.clone()).await {
            Ok(value) => {
                tx.execute_unprepared("RELEASE attempt").await?;
                Ok(value)
            }
            Err(Error::Fault(fault)) => {
                tx.reopen();
                tx.execute_unprepared("ROLLBACK TO attempt; RELEASE attempt")
                    .await?;
                self.changes().truncate(recorded);
                Err(fault)
            }
            Err(error) => return Err(error),
        };
        self.inner.attempt.store(self.attempt, Ordering::Release);
        Ok(outcome)
    }

    /// Accepts statements again after one that failed.
    fn reopen(&self) {
        let state = &self.inner.state;
        let _ = state.compare_exchange(BROKEN, OPEN, Ordering::AcqRel, Ordering::Acquire);
    }
}
