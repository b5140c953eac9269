use actix_web::{HttpRequest, get, post};
use domain::{
    access::{CustomersScreen, Oneself},
    customers::ScreeningRun,
    fault::{Fault, NOT_FOUND},
};
use persistence::{
    Error, access::Grant, clock::micros, customers::screenings::runs as store, jobs,
    scope::Direction,
};

use super::{
    PreviewScreening, RunScreening, ScreeningPreview, ScreeningRunBody, ScreeningRunPage, commands,
};
use crate::{
    access::{Granted, IdempotencyKey},
    http::{
        Json, List, Problem, Reply,
        context::RequestContext,
        list::{Paging, Unfiltered},
        path::PathId,
    },
    jobs::JobBody,
};

const TAG: &str = "customers";

/// Tell what the rules of screening would do
///
/// To records within reach that nobody has screened: how many each rule would mark, and the first of them.
/// Nothing is changed. Of very many, or where it takes long, the newest are looked at (`is_capped`). Facts that a rule
/// goes by count as far as the caller reaches them, here and in the run. Needs `customers:read` as well; refused
/// where a rule goes by what field rules hide from the caller (`field_not_readable`).
#[utoipa::path(tag = TAG, request_body = PreviewScreening, responses((status = 200, body = ScreeningPreview)),
    security(("bearer" = ["customers:screen"])),
    extensions(("x-read-only" = json!(true)), ("x-problem-codes" = json!(["screening_rule_outdated", "view_outdated", "field_not_readable", "permission_missing"]))))]
#[post("/screening-preview")]
pub(super) async fn preview_screening(
    ctx: Granted<CustomersScreen>,
    body: Json<PreviewScreening>,
) -> Result<Reply, Problem> {
    let (reader, now) = (ctx.authority(), ctx.stamp().now());
    let grants = commands::Grants::of(ctx.grant.clone(), reader, now)?;
    let handle = ctx.app().db.search();
    let found: ScreeningPreview =
        commands::preview(&handle, &grants, (reader, now), &body.value).await?;
    Ok(Reply::ok(&found)?)
}

/// Apply the rules of screening
///
/// Those in force, in the versions that they are in now, to records within reach that nobody has screened: the
/// first rule that is met decides, inside the transaction that marks the record; what no rule is about stays
/// unscreened. Answers at once with the job, which can be cancelled: what is marked by then stays. The run tells how
/// many each rule has marked. Needs `customers:read` as well. The job fails with `screening_changed` where
/// the view does not stay as it was, and with `field_not_readable` once a field rule hides what a rule goes by.
#[utoipa::path(tag = TAG, request_body = RunScreening, responses((status = 202, body = JobBody)),
    security(("bearer" = ["customers:screen"])),
    extensions(("x-problem-codes" = json!(["screening_changed", "screening_rule_outdated", "view_outdated", "field_not_readable", "field_read_only", "permission_missing"]))))]
#[post("/screening-runs")]
pub(super) async fn run_screening(
    ctx: Granted<CustomersScreen>,
    request: HttpRequest,
    key: IdempotencyKey,
    body: Json<RunScreening>,
) -> Result<Reply, Problem> {
    let language = RequestContext::of(&request).language;
    let own = Grant::<Oneself>::of(ctx.authority(), ctx.stamp().now())
        .ok_or_else(|| Problem::permission_missing("self"))?;
    let (asked, own) = (&body.value, &own);
    let reply = ctx
        .once(Some(key.of(body.fingerprint)), |tx, grant| async move {
            let run = commands::begin(&tx, &grant, own, asked).await?;
            let job = jobs::store::find(&tx, own, run.job).await?;
            let job = job.ok_or_else(|| Error::internal("a job is missing"))?;
            let location = format!("/api/v1/jobs/{}", job.id);
            Reply::accepted(location, &JobBody::new(job, language))
        })
        .await?;
    ctx.app().jobs.wake();
    Ok(reply)
}

/// List one's own runs of the rules of screening
///
/// The newest first.
#[utoipa::path(tag = TAG, params(Paging), responses((status = 200, body = ScreeningRunPage)),
    security(("bearer" = ["customers:screen"])))]
#[get("/screening-runs")]
pub(super) async fn list_screening_runs(
    ctx: Granted<CustomersScreen>,
    asked: List<Unfiltered>,
) -> Result<Reply, Problem> {
    let part = asked.part;
    let page = part.page(Direction::NewestFirst)?;
    let runs = store::list(&ctx.read(), &ctx.grant, &page).await?;
    let (runs, next) = part.cut(runs, |run| (micros(run.created_at), run.id.uuid()));
    let items = runs.into_iter().map(ScreeningRunBody::from);
    Ok(next.answer::<ScreeningRunPage>(items)?)
}

/// Read a run of the rules of screening of one's own
///
/// Cancel it by its job.
#[utoipa::path(tag = TAG, params(("screening_run_id" = Uuid, Path)), responses((status = 200, body = ScreeningRunBody)),
    security(("bearer" = ["customers:screen"])))]
#[get("/screening-runs/{screening_run_id}")]
pub(super) async fn get_screening_run(
    ctx: Granted<CustomersScreen>,
    id: PathId<ScreeningRun>,
) -> Result<Reply, Problem> {
    let run = store::find(&ctx.read(), &ctx.grant, id.0).await?;
    let run = run.ok_or_else(|| Fault::new(&NOT_FOUND))?;
    let version = run.version;
    Ok(Reply::record(version, &ScreeningRunBody::from(run))?)
}
