use actix_web::{
    HttpRequest, HttpResponse, get,
    http::{
        StatusCode,
        header::{self, Header},
    },
    post,
};
use bytes::Bytes;
use domain::{
    access::{ExportsRun, Oneself},
    exports::{Export, ExportFormat},
};
use futures_util::{StreamExt, stream};
use persistence::{
    Error, Handle, access::Grant, clock::micros, exports::store, jobs, scope::Direction,
};

use super::{CreateExport, DownloadExport, ExportBody, ExportPage, commands, csv::MARK};
use crate::{
    access::{Granted, IdempotencyKey},
    files::{FileContent, commands::disposition},
    http::{
        Json, List, Parameters, Problem, Reply,
        context::RequestContext,
        list::{Paging, Unfiltered},
        path::PathId,
        problem::RANGE_NOT_SATISFIABLE,
    },
    jobs::JobBody,
};

const TAG: &str = "exports";

/// The caller's grant over what is the caller's own.
fn own(ctx: &Granted<ExportsRun>) -> Result<Grant<Oneself>, Problem> {
    Grant::of(ctx.authority(), ctx.stamp().now()).ok_or_else(|| Problem::permission_missing("self"))
}

/// Begin an export
///
/// The file holds what the list of customers shows the caller by the same filters, or a search by the same
/// view: no other rows, no hidden columns, masks as they are. The last column of each row says who exported
/// it and when. Custom fields have columns where `custom_fields` asks for them: numbers with their decimals, choices by
/// their names; imports are told of them by code. Leads are exported by `stage`, students by `kind`. Contact values
/// are in the clear for those customers that the caller may reveal, and in their safe form for all
/// others. Headings and labels are in the language of the request; imports understand those of all other columns. Answers at
/// once with the job: watch it by its address, or wait for the notice. Needs `customers:read` as well.
/// One has two exports under way at most, those that wait for an approval among them: where a policy
/// (`GET /approval-policies`) asks for one from so many rows upward, the job does not begin before others
/// have agreed, and is cancelled with `approval_refused`, `approval_recalled` or `approval_expired` where
/// they do not. A cell of a CSV that a program could take for a formula begins
/// with an apostrophe, also `+86…`; cells of a workbook are typed as text. The job
/// fails with `export_too_large` where a workbook has no room for the rows, and with
/// `export_rights_changed` where the caller may do or see something else before it ends, with
/// `export_view_changed` where the view does not stay as it was, with `export_fields_changed` where a custom
/// field of it was archived meanwhile, and with `export_grew` where it has come to
/// have so many rows that others must agree.
#[utoipa::path(tag = TAG, request_body = CreateExport, responses((status = 202, body = JobBody)),
    security(("bearer" = ["exports:run"])),
    extensions(("x-problem-codes" = json!(["too_many_exports", "temporary_files_full", "view_outdated"]))))]
#[post("/exports")]
pub(super) async fn create_export(
    ctx: Granted<ExportsRun>,
    request: HttpRequest,
    key: IdempotencyKey,
    body: Json<CreateExport>,
) -> Result<Reply, Problem> {
    let language = RequestContext::of(&request).language;
    let (new, own) = (&body.value, &own(&ctx)?);
    let room = &ctx.app().settings.temporary_room();
    let asked = (new, commands::counted(&ctx, new).await);
    let reply = ctx
        .once(Some(key.of(body.fingerprint)), |tx, grant| async move {
            let export = commands::create(&tx, &grant, own, room, asked, language.into()).await?;
            let job = jobs::store::find(&tx, own, export.job).await?;
            let job = job.ok_or_else(|| Error::internal("a job is missing"))?;
            let location = format!("/api/v1/jobs/{}", job.id);
            Reply::accepted(location, &JobBody::new(job, language))
        })
        .await?;
    ctx.app().jobs.wake();
    Ok(reply)
}

/// List one's own exports
///
/// The newest first; also those whose file has gone.
#[utoipa::path(tag = TAG, params(Paging), responses((status = 200, body = ExportPage)),
    security(("bearer" = ["exports:run"])))]
#[get("/exports")]
pub(super) async fn list_exports(
    ctx: Granted<ExportsRun>,
    asked: List<Unfiltered>,
) -> Result<Reply, Problem> {
    let part = asked.part;
    let page = part.page(Direction::NewestFirst)?;
    let found = store::list(&ctx.read(), &ctx.grant, &page).await?;
    let (found, next) = part.cut(found, |export| {
        (micros(export.created_at), export.id.uuid())
    });
    let items: Result<Vec<_>, Error> = found.into_iter().map(ExportBody::try_from).collect();
    Ok(next.answer::<ExportPage>(items?)?)
}

/// Read an export of one's own
///
/// Cancel it by its job.
#[utoipa::path(tag = TAG, params(("export_id" = Uuid, Path)), responses((status = 200, body = ExportBody)),
    security(("bearer" = ["exports:run"])))]
#[get("/exports/{export_id}")]
pub(super) async fn get_export(
    ctx: Granted<ExportsRun>,
    id: PathId<Export>,
) -> Result<Reply, Problem> {
    let export = commands::get(&ctx.read(), &ctx.grant, id.0).await?;
    Ok(Reply::record(
        export.version,
        &ExportBody::try_from(export)?,
    )?)
}

/// Download the file of an export
///
/// Each download is on the audit trail. Refused once what the caller may do or see is no more what it
/// was when the file was made, and once it has expired. One range of bytes can be asked for; where
/// several are, or `If-Range` is sent, the whole file is the answer.
#[utoipa::path(tag = TAG, security(("bearer" = ["exports:run"])),
    params(("export_id" = Uuid, Path), DownloadExport,
        ("Range" = Option<String>, Header, description = "The bytes that are wanted: `bytes=0-1023`.", max_length = 200)),
    responses(
        (status = 200, description = "The file, to be saved.", headers(("Content-Disposition"), ("Accept-Ranges")),
            content((FileContent = "text/csv"),
                (FileContent = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
        (status = 206, description = "The bytes that were asked for.",
            headers(("Content-Disposition"), ("Accept-Ranges"), ("Content-Range")),
            content((FileContent = "text/csv"),
                (FileContent = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))),
    extensions(("x-problem-codes" = json!(["export_not_ready", "export_expired", "export_rights_changed", "range_not_satisfiable"]))))]
#[get("/exports/{export_id}/content")]
pub(super) async fn download_export(
    ctx: Granted<ExportsRun>,
    request: HttpRequest,
    id: PathId<Export>,
    query: Parameters<DownloadExport>,
) -> Result<HttpResponse, Problem> {
    let own = &own(&ctx)?;
    let (export, file) = ctx
        .transaction(|tx, grant| async move { commands::download(&tx, &grant, own, id.0).await })
        .await?;
    let mark: &[u8] = match (export.format, query.0.bom) {
        (ExportFormat::Csv, Some(true)) => MARK,
        _ => &[],
    };
    let marked = mark.len() as u64;
    let size = u64::try_from(file.size).map_err(Error::corrupt)? + marked;
    let asked = asked(&request, size)?;
    let (from, until) = asked.unwrap_or((0, size));
    let bytes = |at: u64| usize::try_from(at.min(marked)).unwrap_or_default();
    let begun = mark.get(bytes(from)..bytes(until)).unwrap_or_default();
    let rest = from.saturating_sub(marked)..until.saturating_sub(marked);
    let institution = ctx.authority().institution();
    let keys = ctx.read().keys_of(institution).await?;
    let contents = &ctx.app().contents;
    let content = match rest.is_empty() {
        true => stream::empty().boxed(),
        false => contents
            .read_part(keys, institution, &file, rest)
            .await?
            .boxed(),
    };
    let begun = stream::once(async move { Ok::<_, Error>(Bytes::from_static(begun)) });
    let media = match export.format {
        ExportFormat::Csv => "text/csv; charset=utf-8",
        ExportFormat::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    };
    let mut response = HttpResponse::Ok();
    if asked.is_some() {
        response.status(StatusCode::PARTIAL_CONTENT).insert_header((
            header::CONTENT_RANGE,
            format!("bytes {from}-{}/{size}", until - 1),
        ));
    }
    Ok(response
        .content_type(media)
        .insert_header((header::ACCEPT_RANGES, "bytes"))
        .insert_header((header::CONTENT_DISPOSITION, disposition(&file.name)))
        .no_chunking(until - from)
        .streaming(begun.chain(content)))
}

/// The bytes that are asked for of so many, the end excluded; none where all are.
///
/// # Errors
/// 416 where none of them is there.
fn asked(request: &HttpRequest, size: u64) -> Result<Option<(u64, u64)>, Problem> {
    let lines = request.headers().get_all(header::RANGE).count();
    if lines > 1 || request.headers().contains_key(header::IF_RANGE) {
        return Ok(None);
    }
    let Ok(header::Range::Bytes(ranges)) = header::Range::parse(request) else {
        return Ok(None);
    };
    let [range] = ranges.as_slice() else {
        return Ok(None);
    };
    match range.to_satisfiable_range(size) {
        Some((first, last)) => Ok(Some((first, last + 1))),
        None => Err(
            Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, &RANGE_NOT_SATISFIABLE)
                .with("size", size)
                .header(header::CONTENT_RANGE, format!("bytes */{size}")),
        ),
    }
}
