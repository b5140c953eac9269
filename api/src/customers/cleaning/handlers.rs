use actix_web::{HttpRequest, get, post};
use domain::{
    access::{CustomersConfigure, CustomersRead, CustomersWrite, Oneself},
    customers::CleaningEntry,
    fault::{Fault, NOT_FOUND},
};
use persistence::{
    Error,
    access::{Authority, Grant},
    clock::micros,
    customers::cleaning::store,
    jobs,
};

use super::{
    CleaningEntryBody, CleaningEntryPage, KeepCleaningEntry, ListCleaningEntries, commands,
};
use crate::{
    access::{Granted, IdempotencyKey, OptionalIdempotencyKey},
    customers::quality::Sees,
    http::{Json, List, Problem, Reply, context::RequestContext, list::Paging, path::PathId},
    jobs::JobBody,
};

const TAG: &str = "customers";

/// What somebody may know of the entries that he or she sees.
fn sees(reader: Option<&Authority>) -> Sees<'_> {
    Sees {
        fields: reader.map(Authority::fields),
        follow_ups: true,
    }
}

/// List the records that somebody should look after
///
/// Of customers within reach, the newest first unless `sort` says otherwise: what is incomplete, stale,
/// reached by a contact point that was found wrong, or likely the same as another. A sweep finds them each
/// night. What is missing counts where the quality policy requires it. An entry is `cleaned` with the change
/// that mends its record, where that tells so by itself, else by the next sweep. What is missing is told as
/// far as no rule hides the field; `stale` and `contact_invalid` to who may read the follow-ups and know of
/// contact points, `duplicate` to who reaches both and may read names, birth dates, schools and contact points.
#[utoipa::path(tag = TAG, params(Paging, ListCleaningEntries), responses((status = 200, body = CleaningEntryPage)),
    security(("bearer" = ["customers:read"])))]
#[get("/cleaning-entries")]
pub(super) async fn list_cleaning_entries(
    ctx: Granted<CustomersRead>,
    asked: List<ListCleaningEntries>,
) -> Result<Reply, Problem> {
    let List { query, part } = asked;
    let page = part.page(query.sort.unwrap_or_default())?;
    let (reader, now) = (ctx.authority(), ctx.stamp().now());
    let filter = query.filter();
    let entries = store::list(&ctx.read(), &ctx.grant, reader, &filter, &page, now).await?;
    let (entries, next) = part.cut(entries, |entry| (micros(entry.created_at), entry.id.uuid()));
    let sees = sees(Some(reader));
    let items = entries.into_iter();
    Ok(next.answer::<CleaningEntryPage>(items.map(|entry| CleaningEntryBody::new(entry, sees)))?)
}

/// Read an entry of the cleaning list
///
/// Also one that was cleaned.
#[utoipa::path(tag = TAG, params(("cleaning_entry_id" = Uuid, Path)), responses((status = 200, body = CleaningEntryBody)),
    security(("bearer" = ["customers:read"])))]
#[get("/cleaning-entries/{cleaning_entry_id}")]
pub(super) async fn get_cleaning_entry(
    ctx: Granted<CustomersRead>,
    id: PathId<CleaningEntry>,
) -> Result<Reply, Problem> {
    let (reader, now) = (ctx.authority(), ctx.stamp().now());
    let found = store::find(&ctx.read(), &ctx.grant, reader, id.0, now).await?;
    let found = found.ok_or_else(|| Fault::new(&NOT_FOUND))?;
    let body = CleaningEntryBody::new(found, sees(Some(reader)));
    Ok(Reply::record(body.version, &body)?)
}

/// Leave a record as it is for some days
///
/// By days of the customer's campus. The entry is `kept`, and is open again by the first sweep after them, or
/// once something else is found, unless its cause has gone. One that was cleaned is not found.
#[utoipa::path(tag = TAG, params(("cleaning_entry_id" = Uuid, Path)), request_body = KeepCleaningEntry,
    responses((status = 200, body = CleaningEntryBody)), security(("bearer" = ["customers:write"])))]
#[post("/cleaning-entries/{cleaning_entry_id}/keep")]
pub(super) async fn keep_cleaning_entry(
    ctx: Granted<CustomersWrite>,
    id: PathId<CleaningEntry>,
    key: OptionalIdempotencyKey,
    body: Json<KeepCleaningEntry>,
) -> Result<Reply, Problem> {
    let decision = &body.value;
    ctx.once(key.of(body.fingerprint), |tx, grant| async move {
        let entry = commands::keep(&tx, &grant, id.0, decision).await?;
        let reader = tx.operation().authority.as_deref();
        let body = CleaningEntryBody::new(entry, sees(reader));
        Reply::record(body.version, &body)
    })
    .await
}

/// Look through all records now
///
/// As each night: what is found comes on the cleaning list, what was mended goes. Whoever holds any of what
/// came gets one notice with their number; of what is in pools, whoever has this permission does. Answers
/// at once with the job.
#[utoipa::path(tag = TAG, responses((status = 202, body = JobBody)), security(("bearer" = ["customers:configure"])))]
#[post("/record-sweeps")]
pub(super) async fn sweep_records(
    ctx: Granted<CustomersConfigure>,
    request: HttpRequest,
    key: IdempotencyKey,
) -> Result<Reply, Problem> {
    let language = RequestContext::of(&request).language;
    let own = Grant::<Oneself>::of(ctx.authority(), ctx.stamp().now())
        .ok_or_else(|| Problem::permission_missing("self"))?;
    let own = &own;
    let reply = ctx
        .once(Some(key.of([0; 32])), |tx, _| async move {
            let id = commands::sweep(&tx).await?;
            let job = jobs::store::find(&tx, own, id).await?;
            let job = job.ok_or_else(|| Error::internal("a job is missing"))?;
            let location = format!("/api/v1/jobs/{}", job.id);
            Reply::accepted(location, &JobBody::new(job, language))
        })
        .await?;
    ctx.app().jobs.wake();
    Ok(reply)
}
