use actix_web::{HttpRequest, get, post};
use domain::{
    access::Oneself,
    fault::{Fault, NOT_FOUND},
    jobs::Job,
};
use persistence::{clock::micros, jobs::store, scope::Direction};

use super::{JobBody, JobPage};
use crate::{
    access::{Granted, OptionalIdempotencyKey},
    http::{
        List, Problem, Reply,
        context::RequestContext,
        list::{Paging, Unfiltered},
        path::PathId,
    },
};

const TAG: &str = "jobs";

/// List one's own jobs
///
/// The newest first. Jobs that have ended are kept for thirty days.
#[utoipa::path(tag = TAG, params(Paging), responses((status = 200, body = JobPage)),
    security(("bearer" = ["self"])))]
#[get("/jobs")]
pub(super) async fn list_jobs(
    ctx: Granted<Oneself>,
    request: HttpRequest,
    asked: List<Unfiltered>,
) -> Result<Reply, Problem> {
    let language = RequestContext::of(&request).language;
    let part = asked.part;
    let page = part.page(Direction::NewestFirst)?;
    let rows = store::list(&ctx.read(), &ctx.grant, &page).await?;
    let (jobs, next) = part.cut(rows, |job| (micros(job.created_at), job.id.uuid()));
    let items = jobs.into_iter().map(|job| JobBody::new(job, language));
    Ok(next.answer::<JobPage>(items)?)
}

/// Read a job of one's own
///
/// Ask again after `Retry-After` seconds; send the ETag in `If-None-Match`, so that what has not
/// changed costs little.
#[utoipa::path(tag = TAG, params(("job_id" = Uuid, Path)), responses((status = 200, body = JobBody)),
    security(("bearer" = ["self"])))]
#[get("/jobs/{job_id}")]
pub(super) async fn get_job(
    ctx: Granted<Oneself>,
    request: HttpRequest,
    id: PathId<Job>,
) -> Result<Reply, Problem> {
    let language = RequestContext::of(&request).language;
    let job = store::find(&ctx.read(), &ctx.grant, id.0).await?;
    let job = job.ok_or_else(|| Fault::new(&NOT_FOUND))?;
    Ok(Reply::record(job.version, &JobBody::new(job, language))?)
}

/// Cancel a job of one's own
///
/// One that waits ends at once; one that runs stops at its next step, and says `running` until then.
/// What it has done until then stays. The undoing of an import can't be cancelled.
#[utoipa::path(tag = TAG, params(("job_id" = Uuid, Path)), responses((status = 200, body = JobBody)),
    security(("bearer" = ["self"])),
    extensions(("x-problem-codes" = json!(["job_finished", "job_not_cancellable"]))))]
#[post("/jobs/{job_id}/cancel")]
pub(super) async fn cancel_job(
    ctx: Granted<Oneself>,
    request: HttpRequest,
    id: PathId<Job>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    let language = RequestContext::of(&request).language;
    ctx.once(key.bare(), |tx, grant| async move {
        let job = store::cancel(&tx, &grant, id.0).await?;
        let job = job.ok_or_else(|| Fault::new(&NOT_FOUND))?;
        Reply::record(job.version, &JobBody::new(job, language))
    })
    .await
}
