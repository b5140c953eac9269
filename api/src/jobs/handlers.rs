use actix_web::{HttpRequest, get, post};
use domain::{
    access::Oneself,
    fault::{Fault, NOT_FOUND},
    jobs::Job,
};
use persistence::{
    clock::micros,
    jobs::store,
    scope::{Direction, Page},
};

use super::{JobBody, JobPage, ListJobs};
use crate::{
    access::{Granted, OptionalIdempotencyKey},
    http::{Parameters, Problem, Reply, context::RequestContext, cursor, path::PathId},
};

const TAG: &str = "jobs";

/// List one's own jobs
#[utoipa::path(tag = TAG, params(ListJobs), responses((status = 200, body = JobPage)),
    security(("bearer" = ["self"])))]
#[get("/jobs")]
pub(super) async fn list_jobs(
    ctx: Granted<Oneself>,
    request: HttpRequest,
    query: Parameters<ListJobs>,
) -> Result<Reply, Problem> {
    let language = RequestContext::of(&request).language;
    let part = cursor::part(
        ctx.app(),
        &request,
        query.0.limit,
        query.0.cursor.as_deref(),
    )?;
    let page = Page {
        order: Direction::NewestFirst,
        after: part.after,
        limit: part.limit + 1,
    };
    let rows = store::list(&ctx.read(), &ctx.grant, &page).await?;
    let shown = part.cut(rows, |job| (micros(job.created_at), job.id.uuid()));
    let items = shown.items.into_iter();
    Ok(Reply::ok(&JobPage {
        items: items.map(|job| JobBody::new(job, language)).collect(),
        next_cursor: shown.next_cursor,
    })?
    .with_next(shown.next_address))
}

/// Read a job of one's own
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
#[utoipa::path(tag = TAG, params(("job_id" = Uuid, Path)), responses((status = 200, body = JobBody)),
    security(("bearer" = ["self"])))]
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
