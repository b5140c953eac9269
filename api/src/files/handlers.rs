use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse, get, http::header, post};
use domain::{
    access::Oneself,
    files::{FilePurpose, StoredFile},
};
use persistence::{Handle, files::store};

use super::{
    DownloadLink, DownloadParameters, FileBody, FileContent, UploadFile, UploadParameters,
    commands, link, upload,
};
use crate::{
    access::{Granted, IdempotencyKey},
    http::{Parameters, Problem, Reply, path::PathId},
};

const TAG: &str = "files";

/// Upload a file
///
/// What it is, is told by its bytes, never by its name; what is not on the list of types is refused.
/// Until it is named by a record it is seen by its uploader only, and removed after a while
/// (`expires_at`). Lists to be imported need `imports:run`, and may be larger. Where the installation
/// has a virus scanner, it is asked before anything is kept.
#[utoipa::path(tag = TAG, params(UploadParameters), responses((status = 201, body = FileBody)),
    request_body(content = UploadFile, content_type = "multipart/form-data"), security(("bearer" = ["self"])),
    extensions(("x-problem-codes" = json!(["permission_missing", "temporary_files_full",
        "file_infected", "scan_unavailable"]))))]
#[post("/files")]
pub(super) async fn upload_file(
    ctx: Granted<Oneself>,
    request: HttpRequest,
    key: IdempotencyKey,
    query: Parameters<UploadParameters>,
    form: Multipart,
) -> Result<Reply, Problem> {
    let purpose = query.0.purpose.map_or(FilePurpose::Record, |v| v.0);
    upload::check(&ctx, &request, purpose)?;
    let received = upload::receive(&ctx, purpose, form).await?;
    let file = &received.file;
    let reply = ctx
        .once(Some(key.of(received.fingerprint)), |tx, grant| async move {
            store::keep(&tx, &grant, file).await?;
            let location = format!("/api/v1/files/{}", file.id);
            Reply::created(location, file.version, &FileBody::from(file.clone()))
        })
        .await;
    if reply.as_ref().map_or(true, Reply::is_replay) {
        upload::discard(&ctx, file.id).await;
    }
    reply
}

/// Read what is known of a file
///
/// One's own uploads, files of customers within reach, and signed agreements: one's own, and with
/// `staff:write` those of everybody.
#[utoipa::path(tag = TAG, params(("file_id" = Uuid, Path)), responses((status = 200, body = FileBody)),
    security(("bearer" = ["self"])),
    extensions(("x-problem-codes" = json!(["permission_missing"]))))]
#[get("/files/{file_id}")]
pub(super) async fn get_file(
    ctx: Granted<Oneself>,
    id: PathId<StoredFile>,
) -> Result<Reply, Problem> {
    let file = commands::get(
        &ctx.read(),
        ctx.authority(),
        &ctx.grant,
        id.0,
        ctx.stamp().now(),
    )
    .await?;
    Ok(Reply::record(file.version, &FileBody::from(file))?)
}

/// Get an address at which a browser can save a file
///
/// For a link that a browser follows, which sends no `Authorization`. Good for five minutes, as long as
/// the log-in lasts.
#[utoipa::path(tag = TAG, params(("file_id" = Uuid, Path)), responses((status = 200, body = DownloadLink)),
    security(("bearer" = ["self"])),
    extensions(("x-problem-codes" = json!(["permission_missing"])), ("x-read-only" = json!(true))))]
#[post("/files/{file_id}/download-link")]
pub(super) async fn create_download_link(
    ctx: Granted<Oneself>,
    id: PathId<StoredFile>,
) -> Result<Reply, Problem> {
    let now = ctx.stamp().now();
    let file = commands::get(&ctx.read(), ctx.authority(), &ctx.grant, id.0, now).await?;
    let path = format!("/api/v1/files/{}/content", file.id);
    let (query, expires_at) = link::make(ctx.app(), ctx.authority(), &path, now);
    Ok(Reply::ok(&DownloadLink {
        url: format!("{}{path}?{query}", ctx.app().settings.public_url),
        expires_at,
    })?)
}

/// Download a file
///
/// Each download is on the audit trail. The answer is always to be saved, never shown: what it is
/// stands in `type` of the file.
#[utoipa::path(tag = TAG, params(("file_id" = Uuid, Path), DownloadParameters), security(("bearer" = ["self"])),
    responses((status = 200, body = FileContent, content_type = "application/octet-stream",
        description = "The content, to be saved.", headers(("Content-Disposition")))),
    extensions(("x-problem-codes" = json!(["permission_missing"]))))]
#[get("/files/{file_id}/content")]
pub(super) async fn download_file(
    ctx: Granted<Oneself>,
    id: PathId<StoredFile>,
    _query: Parameters<DownloadParameters>,
) -> Result<HttpResponse, Problem> {
    let file = ctx
        .transaction(|tx, grant| async move { commands::download(&tx, &grant, id.0).await })
        .await?;
    let institution = ctx.authority().institution();
    let keys = ctx.read().keys_of(institution).await?;
    let content = ctx.app().contents.read(keys, institution, &file).await?;
    Ok(HttpResponse::Ok()
        .content_type("application/octet-stream")
        .insert_header((
            header::CONTENT_DISPOSITION,
            commands::disposition(&file.name),
        ))
        .no_chunking(u64::try_from(file.size).unwrap_or_default())
        .streaming(content))
}
