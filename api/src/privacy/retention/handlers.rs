use actix_web::{get, patch};
use domain::{
    access::PrivacyErase,
    fault::{Fault, NOT_FOUND},
    privacy::RetentionRun,
};
use persistence::{
    Error,
    clock::micros,
    privacy::retention::{self as store, runs},
    scope::Direction,
};

use super::{
    ChangeRetentionPolicy, ListRetentionRuns, RetentionPolicyBody, RetentionPreview,
    RetentionRunBody, RetentionRunPage, TryRetention, commands,
};
use crate::{
    access::Granted,
    http::{
        IfMatch, Json, Parameters, Problem, Reply,
        list::{List, Paging},
        path::PathId,
    },
    privacy::TAG,
};

/// Read after how many days who goes
///
/// Nobody goes by a rule that nobody made. Files of exports go after a day, what came of imports after a month,
/// sessions and notices after half a year, whatever is said here.
#[utoipa::path(tag = TAG, responses((status = 200, body = RetentionPolicyBody)),
    security(("bearer" = ["privacy:erase"])))]
#[get("/retention-policy")]
pub(super) async fn get_retention_policy(ctx: Granted<PrivacyErase>) -> Result<Reply, Problem> {
    let policy = store::find(&ctx.read(), &ctx.grant).await?;
    let version = policy.version;
    Ok(Reply::record(version, &RetentionPolicyBody::from(policy))?)
}

/// Change after how many days who goes
///
/// A new rule, and one with fewer days, is in force a day later and from the next night on; a rule is ended or
/// lengthened at once, also for what is under way. Look at `previewRetention` before. People are erased as by
/// `eraseCustomer`, with a certificate each (`purpose_fulfilled`), at most 1,000 by each rule in a night. Nobody goes
/// on whom a legal hold stands, who is or was related to somebody held, or of whom one record of the trail tells
/// together with somebody held.
#[utoipa::path(tag = TAG, request_body = ChangeRetentionPolicy, responses((status = 200, body = RetentionPolicyBody)),
    security(("bearer" = ["privacy:erase"])))]
#[patch("/retention-policy")]
pub(super) async fn change_retention_policy(
    ctx: Granted<PrivacyErase>,
    condition: IfMatch,
    body: Json<ChangeRetentionPolicy>,
) -> Result<Reply, Problem> {
    let change = &body.value;
    ctx.transaction(|tx, grant| async move {
        let policy = commands::change(&tx, &grant, condition, change).await?;
        let version = policy.version;
        Reply::record(version, &RetentionPolicyBody::from(policy))
    })
    .await
}

/// See who would go if the policy were applied now
///
/// How many of each class of the oldest 5,000 records, and the first of them; also by days that are tried, which
/// change nothing.
#[utoipa::path(tag = TAG, params(TryRetention), responses((status = 200, body = RetentionPreview)),
    security(("bearer" = ["privacy:erase"])))]
#[get("/retention-preview")]
pub(super) async fn preview_retention(
    ctx: Granted<PrivacyErase>,
    asked: Parameters<TryRetention>,
) -> Result<Reply, Problem> {
    let now = ctx.stamp().now();
    let found = commands::preview(&ctx.report(), &ctx.grant, &asked.0, now).await?;
    Ok(Reply::record(found.policy_version, &found)?)
}

/// List what was done by rules of retention, newest first
///
/// One entry for each rule and night.
#[utoipa::path(tag = TAG, params(Paging, ListRetentionRuns), responses((status = 200, body = RetentionRunPage)),
    security(("bearer" = ["privacy:erase"])))]
#[get("/retention-runs")]
pub(super) async fn list_retention_runs(
    ctx: Granted<PrivacyErase>,
    asked: List<ListRetentionRuns>,
) -> Result<Reply, Problem> {
    let List { query, part } = asked;
    let page = part.page(Direction::NewestFirst)?;
    let class = query.class.map(|class| class.0);
    let found = runs::list(&ctx.read(), &ctx.grant, class, &page).await?;
    let (found, next) = part.cut(found, |run| (micros(run.started_at), run.id.uuid()));
    Ok(next.answer::<RetentionRunPage>(found.into_iter().map(RetentionRunBody::from))?)
}

/// Read what was done by a rule of retention in one night
///
/// How many records were looked at, how many people were erased, and how it ended.
#[utoipa::path(tag = TAG, params(("run_id" = Uuid, Path)), responses((status = 200, body = RetentionRunBody)),
    security(("bearer" = ["privacy:erase"])))]
#[get("/retention-runs/{run_id}")]
pub(super) async fn get_retention_run(
    ctx: Granted<PrivacyErase>,
    id: PathId<RetentionRun>,
) -> Result<Reply, Problem> {
    let run = runs::find(&ctx.read(), &ctx.grant, id.0).await?;
    let run = run.ok_or_else(|| Error::from(Fault::new(&NOT_FOUND)))?;
    Ok(Reply::record(run.version, &RetentionRunBody::from(run))?)
}
