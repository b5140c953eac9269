//! Leases: who may go on with a job.
//!
//! A worker claims a job by a guarded update that gives it a fresh token. Every transaction with an
//! effect begins by [`Lease::confirm`], which fails once another worker holds the job: one that was
//! frozen and wakes can't write. All times are the database's own.

use std::{collections::BTreeSet, sync::Arc};

use domain::{
    fault::Fault,
    id::Id,
    jobs::{JOB_CANCELLED, JOB_TAKEN_OVER, Job, JobKind, JobStatus},
    organization::Institution,
    text_enum::TextEnum,
};
use jiff::SignedDuration;
use sea_orm::{ConnectionTrait, Value};
use uuid::Uuid;

use super::store::end_task;
use crate::{Error, Handle, Tx, clock::database_now, database::statement, keys::SealedAt};

/// The right to go on with a job.
#[derive(Clone, Copy, Debug)]
pub struct Lease {
    pub institution: Id<Institution>,
    pub job: Id<Job>,
    token: Uuid,
    lasts: SignedDuration,
}

/// A job that was claimed.
pub struct Claimed {
    pub lease: Lease,
    pub kind: JobKind,
    /// None for the program's own jobs.
    pub owner: Option<Uuid>,
    /// The permissions within which its owner asked for it.
    pub scope: Option<Arc<BTreeSet<String>>>,
    /// Kind and id of the record that it works on.
    pub target: Option<(String, Uuid)>,
    pub attempt: i32,
    pub request: Uuid,
    pub trace: Uuid,
    payload: Vec<u8>,
}

pub(super) fn place(job: Uuid) -> SealedAt {
    SealedAt {
        table: "jobs",
        column: "payload",
        row: job,
    }
}

impl Claimed {
    /// What the job was told.
    pub async fn payload(&self, handle: &impl Handle) -> Result<Vec<u8>, Error> {
        let keys = handle.keys_of(self.lease.institution).await?;
        keys.open(place(self.lease.job.uuid()), &self.payload)
    }
}

/// Claims the job that is due first: one that waits, or one whose worker has not been heard of for
/// longer than its lease. Kinds that only a newer program knows are left to it.
pub async fn claim(tx: &Tx, lasts: SignedDuration) -> Result<Option<Claimed>, Error> {
    let now = database_now(tx);
    let known = of_known_kind();
    let token = tx.stamp().id::<Lease>().uuid();
    // Rows that another worker is just claiming are passed over.
    let passing = if tx.is_postgres() {
        "FOR UPDATE SKIP LOCKED"
    } else {
        ""
    };
    let row = tx
        .query_one_raw(statement(
            tx,
            &format!(
                "UPDATE jobs SET status = 'running', lease_token = ?, due_at = {now} + ?, \
                 attempt = attempt + 1, version = version + 1 \
                 WHERE (institution_id, id) = (SELECT institution_id, id FROM jobs \
                 WHERE finished_at IS NULL AND due_at <= {now} AND {known} \
                 ORDER BY due_at LIMIT 1 {passing}) \
                 RETURNING institution_id, id, kind, owner_id, scope, target_kind, target_id, attempt, \
                 payload, request_id, trace_id"
            ),
            [token.into(), length(lasts).into()],
        ))
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let kind: String = row.try_get("", "kind")?;
    let scope: Option<serde_json::Value> = row.try_get("", "scope")?;
    let scope = scope.map(serde_json::from_value).transpose();
    let target_kind: Option<String> = row.try_get("", "target_kind")?;
    let target: Option<Uuid> = row.try_get("", "target_id")?;
    Ok(Some(Claimed {
        lease: Lease {
            institution: Id::new(row.try_get("", "institution_id")?),
            job: Id::new(row.try_get("", "id")?),
            token,
            lasts,
        },
        kind: JobKind::parse(&kind).ok_or_else(|| Error::corrupt("job kind"))?,
        owner: row.try_get("", "owner_id")?,
        scope: scope.map_err(Error::corrupt)?,
        target: target_kind.zip(target),
        attempt: row.try_get("", "attempt")?,
        request: row.try_get("", "request_id")?,
        trace: row.try_get("", "trace_id")?,
        // A job without one fails when it is read: here it would keep all others waiting.
        payload: row.try_get::<Option<_>>("", "payload")?.unwrap_or_default(),
    }))
}

/// A condition on jobs that this program can run. While instances are brought up to date one by one,
/// there may be others.
pub(super) fn of_known_kind() -> String {
    let kinds = JobKind::ALL
        .iter()
        .map(|kind| format!("'{}'", kind.as_str()));
    format!("kind IN ({})", kinds.collect::<Vec<_>>().join(", "))
}

fn length(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

impl Lease {
    /// Makes sure, within a transaction, that the job is still this worker's, and renews the lease.
    /// Until the transaction ends nobody else can claim it.
    ///
    /// # Errors
    /// `job_taken_over`, or `job_cancelled`: nothing may be written then.
    pub async fn confirm(&self, tx: &Tx) -> Result<(), Error> {
        self.step(tx, "", []).await
    }

    /// The same, and how far the job has come.
    pub async fn advance(&self, tx: &Tx, done: i64, total: Option<i64>) -> Result<(), Error> {
        self.step(tx, ", done = ?, total = ?", [done.into(), total.into()])
            .await
    }

    async fn step(
        &self,
        tx: &Tx,
        set: &str,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<(), Error> {
        let now = database_now(tx);
        let mut all: Vec<Value> = vec![length(self.lasts).into()];
        all.extend(values);
        all.extend(self.key());
        let row = tx
            .query_one_raw(statement(
                tx,
                &format!(
                    "UPDATE jobs SET due_at = {now} + ?, version = version + 1{set} \
                     WHERE institution_id = ? AND id = ? AND lease_token = ? \
                     RETURNING cancel_requested"
                ),
                all,
            ))
            .await?;
        match row {
            None => Err(Fault::new(&JOB_TAKEN_OVER).into()),
            Some(row) if row.try_get("", "cancel_requested")? => {
                Err(Fault::new(&JOB_CANCELLED).into())
            }
            Some(_) => Ok(()),
        }
    }

    /// Ends the job. Nothing happens where it is no longer this worker's.
    pub async fn finish(
        &self,
        tx: &Tx,
        status: JobStatus,
        problem: Option<&str>,
    ) -> Result<bool, Error> {
        let now = database_now(tx);
        let mut values: Vec<Value> = vec![status.as_str().into(), problem.into()];
        values.extend(self.key());
        let ended = tx
            .execute_raw(statement(
                tx,
                &format!(
                    "UPDATE jobs SET status = ?, problem = ?, lease_token = NULL, payload = NULL, \
                     version = version + 1, finished_at = {now} \
                     WHERE institution_id = ? AND id = ? AND lease_token = ?"
                ),
                values,
            ))
            .await?;
        let ended = ended.rows_affected() == 1;
        if ended {
            end_task(tx, self.institution, self.job, status).await?;
        }
        Ok(ended)
    }

    /// Gives the job back, to be run again after `wait`; `counts` says whether this try counts.
    pub async fn give_back(
        &self,
        tx: &Tx,
        wait: SignedDuration,
        counts: bool,
    ) -> Result<(), Error> {
        let now = database_now(tx);
        let mut values: Vec<Value> = vec![length(wait).into(), i32::from(!counts).into()];
        values.extend(self.key());
        tx.execute_raw(statement(
            tx,
            &format!(
                "UPDATE jobs SET status = 'queued', lease_token = NULL, due_at = {now} + ?, \
                 attempt = attempt - ?, version = version + 1 \
                 WHERE institution_id = ? AND id = ? AND lease_token = ?"
            ),
            values,
        ))
        .await?;
        Ok(())
    }

    fn key(&self) -> [Value; 3] {
        [
            self.institution.uuid().into(),
            self.job.uuid().into(),
            self.token.into(),
        ]
    }
}
