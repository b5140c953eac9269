use actix_web::{HttpRequest, get, post};
use domain::{
    access::{ImportsRun, Oneself},
    fault::Fault,
    id::Id,
    imports::{header::propose, outcome::Import},
};
use persistence::{
    access::Grant,
    clock::micros,
    imports::{rows, store},
    jobs,
    scope::Direction,
};
use uuid::Uuid;

use super::{
    CreateImport, ImportBody, ImportPage, ImportRow, ImportRowPage, ImportUndoPreview,
    ListImportRows, ProposeMapping, ProposedColumn, ProposedMapping, commands, run,
};
use crate::{
    access::{Granted, IdempotencyKey},
    http::{
        Json, List, Problem, Reply,
        context::RequestContext,
        list::{Paging, Unfiltered},
        path::PathId,
        wire::Wire,
    },
    jobs::JobBody,
};

const TAG: &str = "imports";

/// The caller's grant over what is the caller's own.
fn own(ctx: &Granted<ImportsRun>) -> Result<Grant<Oneself>, Problem> {
    Grant::of(ctx.authority(), ctx.stamp().now()).ok_or_else(|| Problem::permission_missing("self"))
}

/// See which fields the columns of a file seem to hold
///
/// Goes by the headings of the first sheet, in Chinese or English. Nothing is taken in: correct it and
/// send it as `mapping` of an import.
#[utoipa::path(tag = TAG, request_body = ProposeMapping, responses((status = 200, body = ProposedMapping)),
    security(("bearer" = ["imports:run"])), extensions(("x-problem-codes" = json!(["import_file_unreadable", "import_too_large"])), ("x-read-only" = json!(true))))]
#[post("/imports/propose-mapping")]
pub(super) async fn propose_mapping(
    ctx: Granted<ImportsRun>,
    body: Json<ProposeMapping>,
) -> Result<Reply, Problem> {
    let id = Id::new(body.value.file_id);
    let file = commands::file(&ctx.read(), &own(&ctx)?, id, ctx.stamp().now()).await?;
    let file = file.map_err(Fault::from)?;
    let institution = ctx.authority().institution();
    let headers = run::header(ctx.app(), institution, &file).await?;
    let names: Vec<&str> = headers.iter().map(String::as_str).collect();
    let columns = propose(&names).into_iter().zip(&headers).enumerate();
    Ok(Reply::ok(&ProposedMapping {
        columns: columns
            .map(|(column, (field, header))| ProposedColumn {
                column,
                header: header.chars().take(200).collect(),
                field: field.map(Wire),
            })
            .collect(),
    })?)
}

/// Begin an import
///
/// Upload the file with the purpose `import` first. Answers at once with the job: watch it by its
/// address, or wait for the notice. `validate` says of each row what would become of it; `commit` takes
/// rows in one by one, so that rows that are refused hold up no other, and what was taken in stays when
/// it is cancelled. A row is a duplicate where a child of its name is known by one of its phones, or
/// by birth date and guardian: it changes nothing, and `differences` names what it says otherwise.
/// Tags that are there are put on the new customer, and its next follow-up is planned, where the importer
/// may do so by hand; what else their columns say goes into the note, and `unread` names it.
/// Without `mapping` the columns are guessed by their headings.
///
/// `action` says what becomes of rows whose customer is there: `update` and `upsert` change whom the `key` finds
/// among those that the importer may change by hand (`customers:write`), with the same rules. What a row doesn't
/// tell stays; guardians, source, campus and next dates of who is there stay in any case. One row changes a
/// customer: those that follow are duplicates. By `phone`, `email` and `id` only who is within that reach is found,
/// by `phone` and `email` only by what is its own: a guardian's phone tells no child from its siblings.
#[utoipa::path(tag = TAG, request_body = CreateImport, responses((status = 202, body = JobBody)),
    security(("bearer" = ["imports:run"])), extensions(("x-problem-codes" = json!(["permission_missing"]))))]
#[post("/imports")]
pub(super) async fn create_import(
    ctx: Granted<ImportsRun>,
    request: HttpRequest,
    key: IdempotencyKey,
    body: Json<CreateImport>,
) -> Result<Reply, Problem> {
    let language = RequestContext::of(&request).language;
    let (new, own) = (&body.value, &own(&ctx)?);
    let reply = ctx
        .once(Some(key.of(body.fingerprint)), |tx, grant| async move {
            let import = commands::create(&tx, &grant, own, new.clone()).await?;
            let job = jobs::store::find(&tx, own, import.job).await?;
            let job = job.ok_or_else(|| persistence::Error::internal("a job is missing"))?;
            let location = format!("/api/v1/jobs/{}", job.id);
            Reply::accepted(location, &JobBody::new(job, language))
        })
        .await?;
    ctx.app().jobs.wake();
    Ok(reply)
}

/// List one's own imports
///
/// The newest first.
#[utoipa::path(tag = TAG, params(Paging), responses((status = 200, body = ImportPage)),
    security(("bearer" = ["imports:run"])))]
#[get("/imports")]
pub(super) async fn list_imports(
    ctx: Granted<ImportsRun>,
    asked: List<Unfiltered>,
) -> Result<Reply, Problem> {
    let part = asked.part;
    let page = part.page(Direction::NewestFirst)?;
    let found = store::list(&ctx.read(), &ctx.grant, &page).await?;
    let (found, next) = part.cut(found, |import| {
        (micros(import.created_at), import.id.uuid())
    });
    Ok(next.answer::<ImportPage>(found.into_iter().map(ImportBody::from))?)
}

/// Read an import of one's own
///
/// `counts` grows while it runs. Cancel it by its job.
#[utoipa::path(tag = TAG, params(("import_id" = Uuid, Path)), responses((status = 200, body = ImportBody)),
    security(("bearer" = ["imports:run"])))]
#[get("/imports/{import_id}")]
pub(super) async fn get_import(
    ctx: Granted<ImportsRun>,
    id: PathId<Import>,
) -> Result<Reply, Problem> {
    let import = commands::get(&ctx.read(), &ctx.grant, id.0).await?;
    Ok(Reply::record(import.version, &ImportBody::from(import))?)
}

/// See what became of each row
///
/// In the order of the file. Values are in their safe form here; the result file has them in the clear, but
/// for those of sensitive custom fields.
#[utoipa::path(tag = TAG, params(("import_id" = Uuid, Path), Paging, ListImportRows),
    responses((status = 200, body = ImportRowPage)), security(("bearer" = ["imports:run"])))]
#[get("/imports/{import_id}/rows")]
pub(super) async fn list_import_rows(
    ctx: Granted<ImportsRun>,
    id: PathId<Import>,
    asked: List<ListImportRows>,
) -> Result<Reply, Problem> {
    let List { query, part } = asked;
    let page = part.page(Direction::OldestFirst)?;
    let import = commands::get(&ctx.read(), &ctx.grant, id.0).await?;
    let wanted: Vec<_> = query.outcome.iter().flatten().map(|o| o.0).collect();
    let (read, after) = (ctx.read(), page.after.map_or(0, |(row, _)| row));
    let found = rows::list(&read, &ctx.grant, import.id, &wanted, after, page.limit).await?;
    let (found, next) = part.cut(found, |result| (result.row, Uuid::nil()));
    Ok(next.answer::<ImportRowPage>(found.into_iter().map(ImportRow::from))?)
}

/// See what undoing an import would do
///
/// All customers that it made would go, and those that it changed would be what they were, unless one of them was used since: changed, followed up, tagged,
/// related, shared, merged, enrolled, charged …, or, where the import changed it, changed again. Those are named. Only what was done, has ended, and is not older
/// than 30 days can be undone.
#[utoipa::path(tag = TAG, params(("import_id" = Uuid, Path)), responses((status = 200, body = ImportUndoPreview)),
    security(("bearer" = ["imports:run"])),
    extensions(("x-problem-codes" = json!(["import_not_done", "import_undone", "import_too_old"]))))]
#[get("/imports/{import_id}/undo-preview")]
pub(super) async fn preview_import_undo(
    ctx: Granted<ImportsRun>,
    id: PathId<Import>,
) -> Result<Reply, Problem> {
    let (read, now) = (ctx.read(), ctx.stamp().now());
    let undoer = commands::undoer(&ctx.grant, Some(ctx.authority()), now);
    let found = commands::preview_undo(&read, &undoer, id.0, now).await?;
    Ok(Reply::list(&found)?)
}

/// Undo an import
///
/// Hides all customers that it made, as deleting them does, and restores those that it changed, or none: where one of them was used since, nothing is
/// undone (`import_built_on`), and `GET /imports/{import_id}/undo-preview` names it. Answers at once with the job,
/// which can't be cancelled. Where a job of this kind fails in between, the import stays `undoing`: undo it again,
/// and the rest is undone too. The file can be imported again afterwards.
#[utoipa::path(tag = TAG, params(("import_id" = Uuid, Path)), responses((status = 202, body = JobBody)),
    security(("bearer" = ["imports:run"])),
    extensions(("x-problem-codes" = json!(["import_built_on", "import_not_done", "import_undone", "import_too_old"]))))]
#[post("/imports/{import_id}/undo")]
pub(super) async fn undo_import(
    ctx: Granted<ImportsRun>,
    request: HttpRequest,
    id: PathId<Import>,
    key: IdempotencyKey,
) -> Result<Reply, Problem> {
    let language = RequestContext::of(&request).language;
    let own = &own(&ctx)?;
    let reply = ctx
        .once(Some(key.of([0; 32])), |tx, grant| async move {
            let undoer = commands::undoer(&grant, tx.operation().authority.as_deref(), tx.now());
            commands::unless_built_on(&tx, &undoer, id.0, tx.now()).await?;
            let job = commands::undo(&tx, &grant, id.0).await?;
            let job = jobs::store::find(&tx, own, job).await?;
            let job = job.ok_or_else(|| persistence::Error::internal("a job is missing"))?;
            let location = format!("/api/v1/jobs/{}", job.id);
            Reply::accepted(location, &JobBody::new(job, language))
        })
        .await?;
    ctx.app().jobs.wake();
    Ok(reply)
}
