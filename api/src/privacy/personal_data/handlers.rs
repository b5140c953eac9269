use actix_web::{HttpResponse, get, http::header, post};
use domain::{
    access::PrivacyManage,
    id::Id,
    privacy::{PersonalDataExport, PrivacyRequest},
};
use jiff::SignedDuration;
use persistence::{
    Error, Handle,
    clock::micros,
    privacy::personal_data::{
        document,
        store::{self, Filter},
    },
    scope::Direction,
};

use super::{
    ExportPersonalData, ListPersonalDataExports, PersonalDataExportBody, PersonalDataExportPage,
    commands::{self, Begun, Written},
};
use crate::{
    access::{Granted, IdempotencyKey},
    files::{FileContent, Output, commands::disposition, upload},
    http::{
        Json, Problem, Reply,
        list::{List, Paging},
        path::PathId,
    },
    privacy::TAG,
};

/// Put all that is known of a person into one document
///
/// For a granted request to see the data, to have a copy, or to transfer it. The document is JSON: rows by
/// table, with everything in the clear, also of ids that were merged into the customer; what is withheld is
/// named by table and column, each with its ground. What is of other people is withheld, also of relatives
/// and staff. Files are listed; their contents are handed over beside it. It counts as a reveal of the
/// customer: who made it and why is on the audit trail, as is each download. Refused where a field rule
/// hides or masks anything from the caller. Its file goes at `expires_at`, or with the erasure of the person.
#[utoipa::path(tag = TAG, params(("request_id" = Uuid, Path)), request_body = ExportPersonalData,
    responses((status = 201, body = PersonalDataExportBody)), security(("bearer" = ["privacy:manage"])),
    extensions(("x-problem-codes" = json!(["request_asks_for_no_data", "request_not_granted", "field_not_readable", "person_changed",
        "temporary_files_full"]))))]
#[post("/privacy-requests/{request_id}/exports")]
pub(super) async fn export_personal_data(
    ctx: Granted<PrivacyManage>,
    id: PathId<PrivacyRequest>,
    key: IdempotencyKey,
    body: Json<ExportPersonalData>,
) -> Result<Reply, Problem> {
    let settings = &ctx.app().settings;
    let room = &settings.temporary_room();
    let lasts = SignedDuration::from_hours(settings.export_hours.0.into());
    let begun = ctx
        .transaction(|tx, grant| async move { commands::begin(&tx, &grant, id.0, room).await })
        .await?;
    let reply = match write(&ctx, begun).await {
        Ok(written) => {
            let made = (written, body.value.reason.as_str());
            ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
                let export = commands::keep(&tx, &grant, id.0, made, lasts).await?;
                let address = format!("/api/v1/personal-data-exports/{}", export.id);
                Reply::created(address, 1, &PersonalDataExportBody::from(export))
            })
            .await
        }
        Err(error) => Err(error.into()),
    };
    if reply.as_ref().map_or(true, Reply::is_replay) {
        upload::discard(&ctx, begun.file).await;
    }
    reply
}

/// Writes the document; nobody knows of it yet.
async fn write(ctx: &Granted<PrivacyManage>, begun: Begun) -> Result<Written, Error> {
    let now = ctx.stamp().now();
    let told = document(&ctx.read(), &ctx.grant, begun.customer, now).await?;
    let bytes = serde_json::to_vec_pretty(&told).map_err(Error::internal)?;
    let institution = ctx.authority().institution();
    let mut output = Output::begin(ctx.app(), institution, begun.file).await?;
    output.push(&bytes).await?;
    let (size, sha256) = output.finish().await?;
    Ok(Written {
        begun,
        size,
        sha256,
    })
}

/// List documents with all that is known of a person, newest first
///
/// Of the whole institution; also those whose file has gone.
#[utoipa::path(tag = TAG, params(Paging, ListPersonalDataExports),
    responses((status = 200, body = PersonalDataExportPage)), security(("bearer" = ["privacy:manage"])))]
#[get("/personal-data-exports")]
pub(super) async fn list_personal_data_exports(
    ctx: Granted<PrivacyManage>,
    asked: List<ListPersonalDataExports>,
) -> Result<Reply, Problem> {
    let List { query, part } = asked;
    let page = part.page(Direction::NewestFirst)?;
    let filter = Filter {
        customer: query.customer_id.map(Id::new),
        request: query.request_id.map(Id::new),
    };
    let rows = store::list(&ctx.read(), &ctx.grant, &filter, &page).await?;
    let (rows, next) = part.cut(rows, |row| (micros(row.created_at), row.id.uuid()));
    let items = rows.into_iter().map(PersonalDataExportBody::from);
    Ok(next.answer::<PersonalDataExportPage>(items)?)
}

/// Read what is known of a document about a person
///
/// Whom it is about, who had it made, and until when it can be downloaded.
#[utoipa::path(tag = TAG, params(("export_id" = Uuid, Path)), responses((status = 200, body = PersonalDataExportBody)),
    security(("bearer" = ["privacy:manage"])))]
#[get("/personal-data-exports/{export_id}")]
pub(super) async fn get_personal_data_export(
    ctx: Granted<PrivacyManage>,
    id: PathId<PersonalDataExport>,
) -> Result<Reply, Problem> {
    let export = commands::get(&ctx.read(), &ctx.grant, id.0).await?;
    Ok(Reply::record(1, &PersonalDataExportBody::from(export))?)
}

/// Download a document about a person
///
/// JSON, to be saved. Each download is on the audit trail.
#[utoipa::path(tag = TAG, params(("export_id" = Uuid, Path)), security(("bearer" = ["privacy:manage"])),
    responses((status = 200, body = FileContent, content_type = "application/octet-stream",
        description = "The document, to be saved.", headers(("Content-Disposition")))),
    extensions(("x-problem-codes" = json!(["export_expired", "field_not_readable"]))))]
#[get("/personal-data-exports/{export_id}/content")]
pub(super) async fn download_personal_data(
    ctx: Granted<PrivacyManage>,
    id: PathId<PersonalDataExport>,
) -> Result<HttpResponse, Problem> {
    let file = ctx
        .transaction(|tx, grant| async move { commands::download(&tx, &grant, id.0).await })
        .await?;
    let institution = ctx.authority().institution();
    let keys = ctx.read().keys_of(institution).await?;
    let content = ctx.app().contents.read(keys, institution, &file).await?;
    Ok(HttpResponse::Ok()
        .content_type("application/octet-stream")
        .insert_header((header::CONTENT_DISPOSITION, disposition(&file.name)))
        .no_chunking(u64::try_from(file.size).unwrap_or_default())
        .streaming(content))
}
