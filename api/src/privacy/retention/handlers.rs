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

/// Read after how many days what goes
///
/// Nothing goes by a rule that nobody made. Files of exports go after a day, what came of imports after a month,
/// sessions after half a year, whatever is said here.
#[utoipa::path(tag = TAG, responses((status = 200, body = RetentionPolicyBody)),
    security(("bearer" = ["privacy:erase"])))]
#[get("/retention-policy")]
pub(super) async fn get_retention_policy(ctx: Granted<PrivacyErase>) -> Result<Reply, Problem> {
    let policy = store::find(&ctx.read(), &ctx.grant).await?;
    let version = policy.version;
    Ok(Reply::record(version, &RetentionPolicyBody::from(policy))?)
}

/// Change after how many days what goes
///
/// It is applied once a day, at night: look at `previewRetention` before. People are erased as by `eraseCustomer`,
/// with a certificate each (`purpose_fulfilled`), unless a legal hold stands or something else is in the way; books
/// stay as they do there.
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

/// See what would go if the policy were applied now
///
/// How many of each class, and the first of them; also by days that are tried, which change nothing.
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

/// List what went by rules of retention, newest first
///
/// One entry each time that a rule was applied.
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

/// Read what went by a rule of retention at one time
///
/// What class, how many, when.
#[utoipa::path(tag = TAG, params(("run_id" = Uuid, Path)), responses((status = 200, body = RetentionRunBody)),
    security(("bearer" = ["privacy:erase"])))]
#[get("/retention-runs/{run_id}")]
pub(super) async fn get_retention_run(
    ctx: Granted<PrivacyErase>,
    id: PathId<RetentionRun>,
) -> Result<Reply, Problem> {
    let run = runs::find(&ctx.read(), &ctx.grant, id.0).await?;
    let run = run.ok_or_else(|| Error::from(Fault::new(&NOT_FOUND)))?;
    Ok(Reply::record(1, &RetentionRunBody::from(run))?)
}
