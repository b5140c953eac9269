//! The record of what went by rules of retention, and how far it has come.

use domain::{
    id::Id,
    jobs::Job,
    organization::Institution,
    privacy::{RetentionClass, RetentionPolicy, RetentionRun},
    text_enum::TextEnum,
};
use sea_orm::{ConnectionTrait, QueryResult, Value};
use serde_json::json;

use super::{
    columns,
    due::{Due, FIRST, Sieve, remove},
};
use crate::{
    Error, Handle, Tx,
    access::Reads,
    clock::{micros, timestamp},
    database::{Change, statement},
    jobs::schedule::Schedule,
    privacy::RETENTION_FINISHED,
    scope::Page,
};

const COLUMNS: &str = "id, class, days, policy_version, removed, skipped, started_at, finished_at";

fn run(row: &QueryResult) -> Result<RetentionRun, Error> {
    let class: String = row.try_get("", "class")?;
    let finished: Option<i64> = row.try_get("", "finished_at")?;
    Ok(RetentionRun {
        id: Id::new(row.try_get("", "id")?),
        class: RetentionClass::parse(&class).ok_or_else(|| Error::corrupt(RetentionClass::NAME))?,
        days: row.try_get("", "days")?,
        policy_version: row.try_get("", "policy_version")?,
        removed: row.try_get("", "removed")?,
        skipped: row.try_get("", "skipped")?,
        started_at: timestamp(row.try_get("", "started_at")?)?,
        finished_at: finished.map(timestamp).transpose()?,
    })
}

/// One page of what went in an institution.
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
    let sql = format!("SELECT {COLUMNS} FROM retention_runs WHERE institution_id = ? AND id = ?");
    let key = [grant.scope().institution().uuid(), id.uuid()].map(Value::from);
    let row = handle.query_one_raw(statement(handle, &sql, key)).await?;
    row.as_ref().map(run).transpose()
}

/// Institutions with a rule whose present tick nobody has entered.
pub async fn due(handle: &impl Handle, schedule: &Schedule) -> Result<Vec<Id<Institution>>, Error> {
    let sql = format!(
        "SELECT institution_id FROM retention_policies p WHERE COALESCE({}) IS NOT NULL AND NOT {}",
        columns(),
        schedule.entered(handle, "p")
    );
    let rows = handle
        .query_all_raw(statement(handle, &sql, schedule.of_tick()))
        .await?;
    rows.iter()
        .map(|row| Ok(Id::new(row.try_get("", "institution_id")?)))
        .collect()
}

/// Begins to apply a rule in a job, or goes on with what the job has begun: how far it has come.
pub async fn begin(
    tx: &Tx,
    job: Id<Job>,
    class: RetentionClass,
    policy: &RetentionPolicy,
) -> Result<Option<(RetentionRun, Due)>, Error> {
    let institution = tx.operation().institution.uuid();
    if let Some(days) = policy.days.get(&class) {
        let sql = "INSERT INTO retention_runs (institution_id, id, job_id, class, days, policy_version, removed, \
                   skipped, seen_at, seen_id, started_at) VALUES (?, ?, ?, ?, ?, ?, 0, 0, ?, ?, ?) ON CONFLICT DO NOTHING";
        let values: [Value; 9] = [
            institution.into(),
            tx.stamp().id::<RetentionRun>().uuid().into(),
            job.uuid().into(),
            class.as_str().into(),
            (*days).into(),
            policy.version.into(),
            FIRST.0.into(),
            FIRST.1.into(),
            micros(tx.now()).into(),
        ];
        tx.execute_raw(statement(tx, sql, values)).await?;
    }
    let sql = format!(
        "SELECT {COLUMNS}, seen_at, seen_id FROM retention_runs \
         WHERE institution_id = ? AND job_id = ? AND class = ? AND finished_at IS NULL"
    );
    let key: [Value; 3] = [institution.into(), job.uuid().into(), class.as_str().into()];
    let row = tx.query_one_raw(statement(tx, &sql, key)).await?;
    row.map(|row| {
        let seen = (row.try_get("", "seen_at")?, row.try_get("", "seen_id")?);
        Ok((run(&row)?, seen))
    })
    .transpose()
}

/// What of a run is due, as things are now.
pub async fn sieve(
    handle: &impl Handle,
    institution: Id<Institution>,
    run: &RetentionRun,
    now: jiff::Timestamp,
) -> Result<Sieve, Error> {
    Sieve::new(handle, institution, run.class, (run.cutoff(), now)).await
}

/// Writes how far a run has come: how many went, and how many did not since something stood in their way.
pub async fn advance(
    tx: &Tx,
    id: Id<RetentionRun>,
    seen: Due,
    (removed, skipped): (i64, i64),
) -> Result<(), Error> {
    let sql = "UPDATE retention_runs SET removed = removed + ?, skipped = skipped + ?, seen_at = ?, seen_id = ? \
               WHERE institution_id = ? AND id = ?";
    let values: [Value; 6] = [
        removed.into(),
        skipped.into(),
        seen.0.into(),
        seen.1.into(),
        tx.operation().institution.uuid().into(),
        id.uuid().into(),
    ];
    tx.execute_raw(statement(tx, sql, values)).await?;
    Ok(())
}

/// Removes the next rows of a class that is not of people; the last of them, as long as there were any.
pub async fn remove_next(
    tx: &Tx,
    run: &RetentionRun,
    seen: Due,
    limit: i64,
) -> Result<Option<Due>, Error> {
    let sieve = sieve(tx, tx.operation().institution, run, tx.now()).await?;
    let due = sieve.next(tx, seen, limit).await?;
    let Some(last) = due.last().copied() else {
        return Ok(None);
    };
    remove(tx, run.class, &due).await?;
    let removed = i64::try_from(due.len()).map_err(Error::internal)?;
    advance(tx, run.id, last, (removed, 0)).await?;
    Ok(Some(last))
}

/// Writes that a run has come to its end.
pub async fn finish(tx: &Tx, id: Id<RetentionRun>) -> Result<(), Error> {
    let institution = tx.operation().institution.uuid();
    let sql = format!(
        "UPDATE retention_runs SET finished_at = ? WHERE institution_id = ? AND id = ? RETURNING {COLUMNS}"
    );
    let values: [Value; 3] = [
        micros(tx.now()).into(),
        institution.into(),
        id.uuid().into(),
    ];
    let row = tx.query_one_raw(statement(tx, &sql, values)).await?;
    let row = row.ok_or_else(|| Error::corrupt("a run that is gone"))?;
    let run = run(&row)?;
    let data = json!({
        "class": run.class.as_str(),
        "days": run.days,
        "removed": run.removed,
        "skipped": run.skipped,
    });
    let change = Change::new("retention_run", id.uuid(), 1, data.clone());
    tx.record(change.event(&RETENTION_FINISHED, data));
    Ok(())
}
