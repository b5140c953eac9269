//! Runs of the rules, and how far each has come.

use domain::{
    customers::{Applied, ScreeningOutcome, ScreeningReason, ScreeningRun},
    id::Id,
    jobs::{JobKind, JobStatus},
    text_enum::TextEnum,
};
use sea_orm::{ConnectionTrait, QueryResult, Value};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::{
    Error, Handle, Tx,
    access::{Reads, Writes},
    clock::{micros, timestamp},
    database::{Change, statement, unless_stale},
    jobs::store::{NewJob, enqueue},
    scope::{Page, own, own_page},
};

const COLUMNS: &str = "id, version, owner_id, job_id, view_id, view_version, rules, status, looked_at, behind_at, \
                       behind_id, created_at, finished_at";

/// A rule as the column holds it.
#[derive(Serialize, Deserialize)]
struct Row {
    rule_id: Uuid,
    version: i64,
    outcome: String,
    reason: String,
    marked: i64,
}

fn rows(run: &ScreeningRun) -> Result<serde_json::Value, Error> {
    let rows = run.rules.iter().map(|applied| Row {
        rule_id: applied.rule.uuid(),
        version: applied.version,
        outcome: applied.outcome.as_str().into(),
        reason: applied.reason.as_str().into(),
        marked: applied.marked,
    });
    serde_json::to_value(rows.collect::<Vec<_>>()).map_err(Error::internal)
}

fn applied(row: Row) -> Result<Applied, Error> {
    let corrupt = || Error::corrupt("a run of screening");
    Ok(Applied {
        rule: Id::new(row.rule_id),
        version: row.version,
        outcome: ScreeningOutcome::parse(&row.outcome).ok_or_else(corrupt)?,
        reason: ScreeningReason::parse(&row.reason).ok_or_else(corrupt)?,
        marked: row.marked,
    })
}

fn run(row: &QueryResult) -> Result<ScreeningRun, Error> {
    let named = |column: &str| -> Result<Option<Uuid>, Error> { Ok(row.try_get("", column)?) };
    let number = |column: &str| -> Result<Option<i64>, Error> { Ok(row.try_get("", column)?) };
    let rules: serde_json::Value = row.try_get("", "rules")?;
    let rules: Vec<Row> = serde_json::from_value(rules).map_err(Error::corrupt)?;
    let status: String = row.try_get("", "status")?;
    let finished = number("finished_at")?;
    Ok(ScreeningRun {
        id: Id::new(row.try_get("", "id")?),
        version: row.try_get("", "version")?,
        owner: Id::new(row.try_get("", "owner_id")?),
        job: Id::new(row.try_get("", "job_id")?),
        view: named("view_id")?.map(Id::new).zip(number("view_version")?),
        rules: rules.into_iter().map(applied).collect::<Result<_, _>>()?,
        status: JobStatus::parse(&status).ok_or_else(|| Error::corrupt(JobStatus::NAME))?,
        looked_at: row.try_get("", "looked_at")?,
        behind: number("behind_at")?.zip(named("behind_id")?.map(Id::new)),
        created_at: timestamp(row.try_get("", "created_at")?)?,
        finished_at: finished.map(timestamp).transpose()?,
    })
}

/// A run of the bearer of the grant.
pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<ScreeningRun>,
    id: Id<ScreeningRun>,
) -> Result<Option<ScreeningRun>, Error> {
    let table = ("screening_runs", COLUMNS);
    let row = own(handle, grant.scope(), table, id.uuid()).await?;
    row.map(|row| run(&row)).transpose()
}

/// One page of the runs of the bearer of the grant.
pub async fn list(
    handle: &impl Handle,
    grant: &impl Reads<ScreeningRun>,
    page: &Page,
) -> Result<Vec<ScreeningRun>, Error> {
    let table = ("screening_runs", COLUMNS);
    let rows = own_page(handle, grant.scope(), table, page).await?;
    rows.iter().map(run).collect()
}

/// Writes a new run, and queues its job, which is told what confines it.
pub async fn begin(
    tx: &Tx,
    grant: &impl Writes<ScreeningRun>,
    run: &ScreeningRun,
    payload: &[u8],
) -> Result<(), Error> {
    let rules = rows(run)?;
    let sql = "INSERT INTO screening_runs (institution_id, id, version, owner_id, job_id, view_id, view_version, rules, \
               status, looked_at, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)";
    let values: [Value; 10] = [
        grant.scope().institution().uuid().into(),
        run.id.uuid().into(),
        run.version.into(),
        run.owner.uuid().into(),
        run.job.uuid().into(),
        run.view.map(|(view, _)| view.uuid()).into(),
        run.view.map(|(_, version)| version).into(),
        rules.clone().into(),
        run.status.as_str().into(),
        micros(run.created_at).into(),
    ];
    tx.execute_raw(statement(tx, sql, values)).await?;
    let job = NewJob {
        id: run.job,
        kind: JobKind::ScreenRecords,
        target: Some(("screening_run", run.id.uuid())),
        payload,
    };
    enqueue(tx, &job).await?;
    let told = json!({ "rules": rules, "view_id": run.view.map(|(view, _)| view) });
    tx.record(Change::new("screening_run", run.id.uuid(), 1, told));
    Ok(())
}

/// Writes how far a run has come, and at its end what it has done.
pub async fn come(
    tx: &Tx,
    grant: &impl Writes<ScreeningRun>,
    before: &ScreeningRun,
    after: &ScreeningRun,
) -> Result<(), Error> {
    let sql = "UPDATE screening_runs SET version = ?, rules = ?, looked_at = ?, behind_at = ?, behind_id = ? \
               WHERE institution_id = ? AND id = ? AND version = ?";
    let values: [Value; 8] = [
        after.version.into(),
        rows(after)?.into(),
        after.looked_at.into(),
        after.behind.map(|(at, _)| at).into(),
        after.behind.map(|(_, id)| id.uuid()).into(),
        grant.scope().institution().uuid().into(),
        after.id.uuid().into(),
        before.version.into(),
    ];
    let updated = tx.execute_raw(statement(tx, sql, values)).await?;
    unless_stale(updated.rows_affected())?;
    if after.behind.is_none() {
        let marked: i64 = after.rules.iter().map(|rule| rule.marked).sum();
        let told = json!({ "looked_at": after.looked_at, "marked": marked });
        tx.record(Change::new(
            "screening_run",
            after.id.uuid(),
            after.version,
            told,
        ));
    }
    Ok(())
}
