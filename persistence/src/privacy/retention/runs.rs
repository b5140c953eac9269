//! The record of what was done by rules of retention, and how far it has come.

use domain::{
    access::PrivacyErase,
    customers::Customer,
    id::Id,
    jobs::{Job, JobKind},
    notices::{NoticeKind, Numbers},
    organization::Institution,
    privacy::{NIGHT_LASTS, RetentionClass, RetentionRun, RetentionRunStatus as Status},
    text_enum::TextEnum,
};
use jiff::Timestamp;
use sea_orm::{ConnectionTrait, QueryResult, Value};
use serde_json::json;
use uuid::Uuid;

use super::{
    columns,
    due::{Household, Judge, Window},
    keep, times,
};
use crate::{
    Error, Handle, Tx,
    access::{Grant, Reads, holders_of},
    clock::{micros, timestamp},
    customers::{merges, store as customers},
    database::{Change, statement},
    jobs::schedule::Schedule,
    notices::store::notify,
    privacy::{
        RETENTION_FINISHED,
        erasure::{self, Cause},
    },
    scope::Page,
};

const COLUMNS: &str = "id, version, class, days, policy_version, status, looked_at, erased, failed, started_at, ended_at";

const TOLD: &str = "privacy:erase";

fn run(row: &QueryResult) -> Result<RetentionRun, Error> {
    let class: String = row.try_get("", "class")?;
    let status: String = row.try_get("", "status")?;
    let ended: Option<i64> = row.try_get("", "ended_at")?;
    Ok(RetentionRun {
        id: Id::new(row.try_get("", "id")?),
        version: row.try_get("", "version")?,
        class: RetentionClass::parse(&class).ok_or_else(|| Error::corrupt(RetentionClass::NAME))?,
        days: row.try_get("", "days")?,
        policy_version: row.try_get("", "policy_version")?,
        status: Status::parse(&status).ok_or_else(|| Error::corrupt(Status::NAME))?,
        looked_at: row.try_get("", "looked_at")?,
        erased: row.try_get("", "erased")?,
        failed: row.try_get("", "failed")?,
        started_at: timestamp(row.try_get("", "started_at")?)?,
        ended_at: ended.map(timestamp).transpose()?,
    })
}

/// One page of what was done in an institution.
pub async fn list(
    handle: &impl Handle,
    grant: &impl Reads<RetentionRun>,
    class: Option<RetentionClass>,
    page: &Page,
) -> Result<Vec<RetentionRun>, Error> {
    let mut values: Vec<Value> = vec![grant.scope().institution().uuid().into()];
    let mut sql = format!("SELECT {COLUMNS} FROM retention_runs WHERE institution_id = ?");
    if let Some(class) = class {
        sql.push_str(" AND class = ?");
        values.push(class.as_str().into());
    }
    sql.push_str(&page.ending(("started_at", "id"), &mut values));
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    rows.iter().map(run).collect()
}

pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<RetentionRun>,
    id: Id<RetentionRun>,
) -> Result<Option<RetentionRun>, Error> {
    find_in(handle, grant.scope().institution(), id).await
}

async fn find_in(
    handle: &impl Handle,
    institution: Id<Institution>,
    id: Id<RetentionRun>,
) -> Result<Option<RetentionRun>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM retention_runs WHERE institution_id = ? AND id = ?");
    let key = [institution.uuid(), id.uuid()].map(Value::from);
    let row = handle.query_one_raw(statement(handle, &sql, key)).await?;
    row.as_ref().map(run).transpose()
}

/// The institution whose turn it is in this night: a rule was in force when it began, nobody has entered it, and
/// it has waited longest. None by day, and as long as the job waits or runs anywhere.
pub async fn next(
    handle: &impl Handle,
    schedule: &Schedule,
    own: Timestamp,
) -> Result<Option<Id<Institution>>, Error> {
    let (earlier, _) = times(handle, own).await?;
    let began = schedule.began(earlier)?;
    if !is_night(schedule, handle, began).await? {
        return Ok(None);
    }
    let in_force: Vec<_> = RetentionClass::ALL
        .iter()
        .map(|class| {
            let [_, from] = columns(*class);
            format!("p.{from} <= ?")
        })
        .collect();
    let sql = format!(
        "SELECT p.institution_id FROM retention_policies p WHERE ({}) AND NOT {} \
         AND NOT EXISTS (SELECT 1 FROM jobs WHERE kind = ? AND finished_at IS NULL) \
         ORDER BY COALESCE((SELECT MAX(r.started_at) FROM retention_runs r \
         WHERE r.institution_id = p.institution_id), 0), p.institution_id LIMIT 1",
        in_force.join(" OR "),
        schedule.entered(handle, "p")
    );
    let values = RetentionClass::ALL
        .iter()
        .map(|_| Value::from(micros(began)))
        .chain(schedule.of_tick())
        .chain([JobKind::ApplyRetention.as_str().into()]);
    let row = handle
        .query_one_raw(statement(handle, &sql, values))
        .await?;
    row.map(|row| Ok(Id::new(row.try_get("", "institution_id")?)))
        .transpose()
}

/// Whether the night that began at a time is not over, by the database's time.
async fn is_night(
    schedule: &Schedule,
    handle: &impl Handle,
    began: Timestamp,
) -> Result<bool, Error> {
    let now = crate::jobs::schedule::now(handle).await?;
    Ok(schedule.began(now)? == began && now.duration_since(began) < NIGHT_LASTS)
}

/// A run that is under way, and the last record that it has looked at.
#[derive(Debug)]
pub struct Progress {
    pub run: RetentionRun,
    pub behind: Uuid,
}

impl Progress {
    pub fn judge(&self, institution: Id<Institution>) -> Judge {
        Judge {
            institution,
            class: self.run.class,
            cutoff: self.run.cutoff(),
        }
    }
}

/// Begins to apply a rule that was in force when the night began, behind where the night before came to its end; or goes on with what
/// the job has begun.
pub async fn begin(
    tx: &Tx,
    schedule: &Schedule,
    job: Id<Job>,
    class: RetentionClass,
) -> Result<Option<Progress>, Error> {
    let institution = tx.operation().institution.uuid();
    let own = "institution_id = ? AND class = ?";
    let named: [Value; 2] = [institution.into(), class.as_str().into()];
    let sql = format!("SELECT {COLUMNS}, seen_id FROM retention_runs WHERE {own} AND job_id = ?");
    let of_job = named.clone().into_iter().chain([job.uuid().into()]);
    if let Some(row) = tx.query_one_raw(statement(tx, &sql, of_job)).await? {
        let found = run(&row)?;
        let behind = row.try_get("", "seen_id")?;
        let is_under_way = found.status == Status::Running;
        return Ok(is_under_way.then_some(Progress { run: found, behind }));
    }
    let sql = format!("SELECT id FROM retention_runs WHERE {own} AND status = 'running'");
    for left in tx.query_all_raw(statement(tx, &sql, named.clone())).await? {
        end(tx, Id::new(left.try_get("", "id")?), Status::Failed).await?;
    }
    let policy = keep(tx).await?;
    let (now, _) = times(tx, tx.now()).await?;
    let Some(days) = policy.days_at(class, schedule.began(now)?) else {
        return Ok(None);
    };
    let sql = format!(
        "SELECT status, seen_id FROM retention_runs WHERE {own} ORDER BY started_at DESC, id DESC LIMIT 1"
    );
    let last = tx.query_one_raw(statement(tx, &sql, named)).await?;
    let behind = match last {
        Some(row) => {
            let status: String = row.try_get("", "status")?;
            let came_to_end = matches!(Status::parse(&status), Some(Status::Finished) | None);
            if came_to_end {
                Uuid::nil()
            } else {
                row.try_get("", "seen_id")?
            }
        }
        None => Uuid::nil(),
    };
    let begun = RetentionRun {
        id: tx.stamp().id(),
        version: 1,
        class,
        days,
        policy_version: policy.version,
        status: Status::Running,
        looked_at: 0,
        erased: 0,
        failed: 0,
        started_at: now,
        ended_at: None,
    };
    let sql = "INSERT INTO retention_runs (institution_id, id, version, job_id, class, days, policy_version, status, \
               looked_at, erased, failed, seen_id, started_at) VALUES (?, ?, 1, ?, ?, ?, ?, ?, 0, 0, 0, ?, ?)";
    let values: [Value; 9] = [
        institution.into(),
        begun.id.uuid().into(),
        job.uuid().into(),
        class.as_str().into(),
        days.into(),
        begun.policy_version.into(),
        begun.status.as_str().into(),
        behind.into(),
        micros(now).into(),
    ];
    tx.execute_raw(statement(tx, sql, values)).await?;
    Ok(Some(Progress { run: begun, behind }))
}

/// Why a run goes no further, if it does not: its rule is another by now, or not in force; the night is over;
/// or enough was done in it. The rule stays as it is until the transaction ends.
async fn over(
    tx: &Tx,
    schedule: &Schedule,
    id: Id<RetentionRun>,
) -> Result<Result<RetentionRun, Status>, Error> {
    let run = find_in(tx, tx.operation().institution, id).await?;
    let run = run.ok_or_else(|| Error::corrupt("a run that is gone"))?;
    let policy = keep(tx).await?;
    let (now, _) = times(tx, tx.now()).await?;
    if policy.days_at(run.class, now) != Some(run.days) {
        return Ok(Err(Status::Stopped));
    }
    if run.is_spent() || !is_night(schedule, tx, schedule.began(run.started_at)?).await? {
        return Ok(Err(Status::Unfinished));
    }
    Ok(Ok(run))
}

/// Erases people together, if they are due still; why the run goes no further, if it does not.
pub async fn erase(
    tx: &Tx,
    schedule: &Schedule,
    progress: &Progress,
    household: &Household,
) -> Result<Option<Status>, Error> {
    let run = match over(tx, schedule, progress.run.id).await? {
        Ok(run) => run,
        Err(status) => return Ok(Some(status)),
    };
    let institution = tx.operation().institution;
    let grant = Grant::<PrivacyErase>::system(institution, tx.now(), "retention");
    let ids = household.members.iter().copied().collect();
    let ids = merges::with_former(tx, institution, ids).await?;
    let locked = customers::lock_each(tx, &grant, &ids).await?;
    if !progress.judge(institution).is_due(tx, household).await? {
        return Ok(None);
    }
    let members = locked
        .iter()
        .filter(|customer| household.members.contains(&customer.id.uuid()));
    let members: Vec<&Customer> = members.collect();
    for customer in &members {
        erasure::erase(tx, &grant, customer, Cause::Rule(run.id)).await?;
    }
    let erased = i64::try_from(members.len()).map_err(Error::internal)?;
    raise(tx, run.id, ("erased = erased + ?", vec![erased.into()])).await?;
    Ok(None)
}

/// Counts people whom the run could not erase.
pub async fn pass_over(tx: &Tx, id: Id<RetentionRun>, household: &Household) -> Result<(), Error> {
    let people = i64::try_from(household.members.len()).map_err(Error::internal)?;
    raise(tx, id, ("failed = failed + ?", vec![people.into()])).await
}

/// Keeps how far a run has come; why it goes no further, if it does not.
pub async fn advance(
    tx: &Tx,
    schedule: &Schedule,
    id: Id<RetentionRun>,
    window: &Window,
) -> Result<Option<Status>, Error> {
    let values = vec![window.last.into(), window.looked_at.into()];
    raise(tx, id, ("seen_id = ?, looked_at = looked_at + ?", values)).await?;
    Ok(over(tx, schedule, id).await?.err())
}

async fn raise(
    tx: &Tx,
    id: Id<RetentionRun>,
    (set, values): (&str, Vec<Value>),
) -> Result<(), Error> {
    let sql = format!(
        "UPDATE retention_runs SET version = version + 1, {set} WHERE institution_id = ? AND id = ?"
    );
    let key = [tx.operation().institution.uuid(), id.uuid()].map(Value::from);
    let values = values.into_iter().chain(key);
    tx.execute_raw(statement(tx, &sql, values)).await?;
    Ok(())
}

/// Ends a run, and tells who may erase where people were left who should have gone.
pub async fn end(tx: &Tx, id: Id<RetentionRun>, status: Status) -> Result<(), Error> {
    let (now, _) = times(tx, tx.now()).await?;
    let values = vec![status.as_str().into(), micros(now).into()];
    raise(tx, id, ("status = ?, ended_at = ?", values)).await?;
    let run = find_in(tx, tx.operation().institution, id).await?;
    let run = run.ok_or_else(|| Error::corrupt("a run that is gone"))?;
    let data = json!({
        "class": run.class.as_str(),
        "days": run.days,
        "status": run.status.as_str(),
        "erased": run.erased,
        "failed": run.failed,
    });
    let change = Change::new("retention_run", id.uuid(), run.version, data.clone());
    tx.record(change.event(&RETENTION_FINISHED, data));
    if run.failed > 0 || status == Status::Failed {
        tell(tx, Some(&run)).await?;
    }
    Ok(())
}

/// Tells whoever may erase people that a rule could not be applied.
pub async fn tell(tx: &Tx, run: Option<&RetentionRun>) -> Result<(), Error> {
    let failed = run.map_or(0, |run| run.failed);
    let numbers = Numbers::from([("failed".into(), failed)]);
    let target = run.map(|run| ("retention_run", run.id.uuid()));
    for person in holders_of(tx, TOLD).await? {
        notify(tx, person, NoticeKind::RetentionFailed, &numbers, target).await?;
    }
    Ok(())
}

/// Ends what a job has begun and does not go on with; how much that was.
pub async fn leave(tx: &Tx, job: Id<Job>, status: Status) -> Result<usize, Error> {
    let sql = "SELECT id FROM retention_runs WHERE institution_id = ? AND job_id = ? AND status = 'running'";
    let key = [tx.operation().institution.uuid(), job.uuid()].map(Value::from);
    let left = tx.query_all_raw(statement(tx, sql, key)).await?;
    for run in &left {
        end(tx, Id::new(run.try_get("", "id")?), status).await?;
    }
    Ok(left.len())
}
