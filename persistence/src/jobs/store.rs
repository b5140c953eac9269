//! Jobs as their owners see them.

use domain::{
    approvals::{Approval, ApprovalKind},
    fault::{Fault, Rule},
    id::Id,
    jobs::{JOB_CANCELLED, JOB_FINISHED, JOB_NOT_CANCELLABLE, Job, JobKind, JobStatus},
    organization::Institution,
    text_enum::TextEnum,
};
use sea_orm::{ConnectionTrait, QueryResult, Value};
use serde_json::json;
use uuid::Uuid;

use super::lease::{of_known_kind, place};
use crate::{
    Database, Error, Handle, Tx,
    access::{Reads, Writes},
    approvals::{acts, store as approvals},
    clock::{database_now, micros, timestamp},
    database::{Change, remove_until, statement},
    keys::bytes,
    scope::{Page, own, own_page},
};

const COLUMNS: &str = "id, version, owner_id, kind, status, target_kind, target_id, done, total, \
                       problem, created_at, finished_at";

/// A job that is to run.
pub struct NewJob<'a> {
    pub id: Id<Job>,
    pub kind: JobKind,
    pub target: Option<(&'static str, Uuid)>,
    /// What it is told; sealed, and erased when it ends.
    pub payload: &'a [u8],
}

/// Queues a job with the rights of the operation's actor, as they are bounded now.
pub async fn enqueue(tx: &Tx, job: &NewJob<'_>) -> Result<(), Error> {
    queue(tx, job, tx.operation().actor.recorder()).await
}

/// Queues the removal of what has expired, as the program's own.
pub(crate) async fn enqueue_removal(tx: &Tx) -> Result<(), Error> {
    let job = NewJob {
        id: tx.stamp().id(),
        kind: JobKind::RemoveExpired,
        target: None,
        payload: b"",
    };
    queue(tx, &job, None).await
}

/// Whether such a removal waits to be begun.
pub(crate) async fn is_removal_queued(tx: &Tx) -> Result<bool, Error> {
    let sql = "SELECT 1 AS found FROM jobs WHERE institution_id = ? AND kind = ? AND status = 'queued' LIMIT 1";
    let values: [Value; 2] = [
        tx.operation().institution.uuid().into(),
        JobKind::RemoveExpired.as_str().into(),
    ];
    let row = tx.query_one_raw(statement(tx, sql, values)).await?;
    Ok(row.is_some())
}

async fn queue(tx: &Tx, job: &NewJob<'_>, owner: Option<Uuid>) -> Result<(), Error> {
    let operation = tx.operation();
    let payload = tx.keys().await?.seal(place(job.id.uuid()), job.payload)?;
    let bearer = operation.authority.as_ref().map(|a| a.bearer());
    let scope = bearer.and_then(|bearer| bearer.scope.as_deref());
    tx.execute_raw(statement(
        tx,
        &format!(
            "INSERT INTO jobs (institution_id, id, version, owner_id, kind, status, target_kind, \
             target_id, payload, scope, done, attempt, due_at, cancel_requested, request_id, trace_id, \
             created_at) VALUES (?, ?, 1, ?, ?, 'queued', ?, ?, ?, ?, 0, 0, {}, ?, ?, ?, ?)",
            database_now(tx)
        ),
        [
            operation.institution.uuid().into(),
            job.id.uuid().into(),
            owner.into(),
            job.kind.as_str().into(),
            job.target.map(|(kind, _)| kind).into(),
            job.target.map(|(_, id)| id).into(),
            bytes(payload),
            scope.map(|codes| json!(codes)).into(),
            false.into(),
            operation.request.into(),
            operation.trace.into(),
            micros(tx.now()).into(),
        ],
    ))
    .await?;
    Ok(())
}

/// Keeps a job that was just queued from beginning until it is released.
pub(crate) async fn hold(tx: &Tx, id: Id<Job>) -> Result<(), Error> {
    let sql =
        "UPDATE jobs SET due_at = ? WHERE institution_id = ? AND id = ? AND status = 'queued'";
    let institution = tx.operation().institution.uuid();
    let values = [i64::MAX.into(), institution.into(), id.uuid().into()];
    tx.execute_raw(statement(tx, sql, values)).await?;
    Ok(())
}

/// Lets a job begin that was held.
pub(crate) async fn release(tx: &Tx, id: Id<Job>) -> Result<(), Error> {
    let sql = format!(
        "UPDATE jobs SET due_at = {}, version = version + 1 \
         WHERE institution_id = ? AND id = ? AND status = 'queued'",
        database_now(tx)
    );
    let key = [tx.operation().institution.uuid(), id.uuid()];
    tx.execute_raw(statement(tx, &sql, key.map(Into::into)))
        .await?;
    Ok(())
}

/// Ends a job that was held, and says why.
pub(crate) async fn drop_held(tx: &Tx, id: Id<Job>, why: &'static Rule) -> Result<(), Error> {
    let sql = format!(
        "UPDATE jobs SET status = 'cancelled', problem = ?, payload = NULL, version = version + 1, \
         finished_at = {} WHERE institution_id = ? AND id = ? AND status = 'queued'",
        database_now(tx)
    );
    let institution = tx.operation().institution.uuid();
    let values = [why.code.into(), institution.into(), id.uuid().into()];
    tx.execute_raw(statement(tx, &sql, values)).await?;
    Ok(())
}

/// Jobs of the whole installation that somebody should hear of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Backlog {
    pub queued: i64,
    pub running: i64,
    /// Those that failed in the last 24 hours.
    pub failed: i64,
}

/// How much is to be done, and what has failed, over all institutions.
pub async fn backlog(db: &Database) -> Result<Backlog, Error> {
    let read = db.read();
    let sql = format!(
        "SELECT status, count(*) AS jobs FROM jobs WHERE finished_at IS NULL GROUP BY status \
         UNION ALL SELECT status, count(*) FROM jobs \
         WHERE finished_at > {} - 86400000000 AND status = 'failed' GROUP BY status",
        database_now(&read)
    );
    let mut backlog = Backlog::default();
    for row in read.query_all_raw(statement(&read, &sql, [])).await? {
        let jobs = row.try_get("", "jobs")?;
        match JobStatus::parse(&row.try_get::<String>("", "status")?) {
            Some(JobStatus::Queued) => backlog.queued = jobs,
            Some(JobStatus::Running) => backlog.running = jobs,
            Some(JobStatus::Failed) => backlog.failed = jobs,
            _ => {}
        }
    }
    Ok(backlog)
}

/// A job of the bearer of the grant.
pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<Job>,
    id: Id<Job>,
) -> Result<Option<Job>, Error> {
    let row = own(handle, grant.scope(), ("jobs", COLUMNS), id.uuid()).await?;
    row.map(|row| read(&row)).transpose()
}

/// One page of the jobs of the bearer of the grant.
pub async fn list(
    handle: &impl Handle,
    grant: &impl Reads<Job>,
    page: &Page,
) -> Result<Vec<Job>, Error> {
    let rows = own_page(handle, grant.scope(), ("jobs", COLUMNS), page).await?;
    rows.iter().map(read).collect()
}

/// Ends a job that waits at once, and one that runs before its next step.
///
/// # Errors
/// 409 where it has ended already, or must not end half-way.
pub async fn cancel(tx: &Tx, grant: &impl Writes<Job>, id: Id<Job>) -> Result<Option<Job>, Error> {
    let found = find(tx, grant, id).await?;
    if found.is_some_and(|job| job.kind == JobKind::UndoImport && job.finished_at.is_none()) {
        return Err(Fault::new(&JOB_NOT_CANCELLABLE).into());
    }
    let approval = awaited(tx, grant, id).await?;
    let rows = tx
        .query_all_raw(statement(
            tx,
            &format!(
                "UPDATE jobs SET version = version + 1, cancel_requested = ?, \
                 status = CASE WHEN status = 'queued' THEN 'cancelled' ELSE status END, \
                 problem = CASE WHEN status = 'queued' THEN ? END, \
                 payload = CASE WHEN status = 'queued' THEN NULL ELSE payload END, \
                 finished_at = CASE WHEN status = 'queued' THEN {} END \
                 WHERE institution_id = ? AND id = ? AND owner_id = ? AND finished_at IS NULL \
                 RETURNING {COLUMNS}",
                database_now(tx)
            ),
            [
                true.into(),
                JOB_CANCELLED.code.into(),
                grant.scope().institution().uuid().into(),
                id.uuid().into(),
                grant.scope().principal().into(),
            ],
        ))
        .await?;
    let Some(row) = rows.first() else {
        return match find(tx, grant, id).await? {
            Some(_) => Err(Fault::new(&JOB_FINISHED).into()),
            None => Ok(None),
        };
    };
    let job = read(row)?;
    if job.finished_at.is_some() {
        let institution = grant.scope().institution();
        end_task(tx, institution, id, job.status).await?;
    }
    if let Some(before) = approval {
        let (after, deed) = before.recall(before.asker, &tx.stamp())?;
        acts::update(tx, &before, &after, &deed).await?;
    }
    let after = json!({ "cancel_requested": true });
    tx.record(Change::new("job", id.uuid(), job.version, after));
    Ok(Some(job))
}

/// The approval that a job of the bearer's waits for. It is locked before the job is, as by who decides it.
async fn awaited(
    tx: &Tx,
    grant: &impl Writes<Job>,
    id: Id<Job>,
) -> Result<Option<Approval>, Error> {
    let job = find(tx, grant, id).await?;
    match job.and_then(|job| job.target) {
        Some((kind, export)) if kind == "export" => {
            approvals::awaited(tx, ApprovalKind::Export, export.uuid()).await
        }
        _ => Ok(None),
    }
}

/// Microseconds until the next job of a kind that this program knows is due, by the database's own
/// time; `None` where none waits.
pub async fn next_due(handle: &impl Handle) -> Result<Option<i64>, Error> {
    let row = handle
        .query_one_raw(statement(
            handle,
            &format!(
                "SELECT min(due_at) - {} AS wait FROM jobs WHERE finished_at IS NULL AND {}",
                database_now(handle),
                of_known_kind()
            ),
            [],
        ))
        .await?;
    match row {
        Some(row) => Ok(row.try_get("", "wait")?),
        None => Ok(None),
    }
}

/// Forgets jobs that ended before `until`.
pub async fn remove_finished(tx: &Tx, until: jiff::Timestamp, limit: i64) -> Result<u64, Error> {
    remove_until(tx, ("jobs", "id", "finished_at"), until, limit).await
}

fn read(row: &QueryResult) -> Result<Job, Error> {
    let kind: String = row.try_get("", "kind")?;
    let status: String = row.try_get("", "status")?;
    let target_kind: Option<String> = row.try_get("", "target_kind")?;
    let target: Option<Uuid> = row.try_get("", "target_id")?;
    let owner: Option<Uuid> = row.try_get("", "owner_id")?;
    Ok(Job {
        id: Id::new(row.try_get("", "id")?),
        version: row.try_get("", "version")?,
        owner: Id::new(owner.unwrap_or_default()),
        kind: JobKind::parse(&kind).ok_or_else(|| Error::corrupt("job kind"))?,
        status: JobStatus::parse(&status).ok_or_else(|| Error::corrupt("job status"))?,
        target: target_kind.zip(target.map(Id::new)),
        done: row.try_get("", "done")?,
        total: row.try_get("", "total")?,
        problem: row.try_get("", "problem")?,
        created_at: timestamp(row.try_get("", "created_at")?)?,
        finished_at: row
            .try_get::<Option<i64>>("", "finished_at")?
            .map(timestamp)
            .transpose()?,
    })
}

/// Ends the import or export that a job did, if any, as the job has ended.
pub(crate) async fn end_task(
    tx: &Tx,
    institution: Id<Institution>,
    job: Id<Job>,
    status: JobStatus,
) -> Result<(), Error> {
    let status = match status {
        JobStatus::Queued => JobStatus::Running,
        status => status,
    };
    for table in ["imports", "exports", "screening_runs"] {
        let sql = format!(
            "UPDATE {table} SET version = version + 1, status = ?, finished_at = ? \
             WHERE institution_id = ? AND job_id = ? AND finished_at IS NULL"
        );
        let values = [
            status.as_str().into(),
            micros(tx.now()).into(),
            institution.uuid().into(),
            job.uuid().into(),
        ];
        tx.execute_raw(statement(tx, &sql, values)).await?;
    }
    // One of which nothing is undone is as it was; one that is undone in part says so until the rest is.
    let sql = "UPDATE imports SET version = version + 1, undo_job_id = NULL \
         WHERE institution_id = ? AND undo_job_id = ? AND undone_at IS NULL AND NOT EXISTS ( \
         SELECT 1 FROM import_customers m WHERE m.institution_id = imports.institution_id \
         AND m.import_id = imports.id AND m.undone_at IS NOT NULL)";
    let key = [institution.uuid(), job.uuid()].map(Into::into);
    tx.execute_raw(statement(tx, sql, key)).await?;
    Ok(())
}
