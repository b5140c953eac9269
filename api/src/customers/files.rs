//! The files of a customer: whoever reaches it reaches them.

use actix_multipart::Multipart;
use actix_web::{HttpRequest, delete, get, post};
use domain::{
    access::{CustomersRead, CustomersWrite},
    customers::{Customer, GUARDIAN_CONSENT_MISSING},
    fault::{Fault, NOT_FOUND},
    files::{FilePurpose, OF_CUSTOMER, StoredFile},
};
use persistence::{clock::micros, files::store, scope::Direction};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    commands::{get, present},
    consents::commands::may_keep_more,
};
use crate::{
    access::{Granted, IdempotencyKey},
    files::{FileBody, FilePage, UploadFile, upload},
    http::{
        IfMatch, List, Problem, Reply,
        list::{Paging, Unfiltered},
        path::{PathId, PathIds},
    },
};

const TAG: &str = "files";

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(upload_customer_file)
        .service(list_customer_files)
        .service(remove_customer_file);
}

/// Upload a file that belongs to a customer
///
/// As `uploadFile`, and the file stays with the customer: whoever reaches the customer may read it. Files of
/// a child under 14 are kept only once a guardian has agreed (`recordConsent`, purpose `child_data`).
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path)), responses((status = 201, body = FileBody)),
    request_body(content = UploadFile, content_type = "multipart/form-data"), security(("bearer" = ["customers:write"])),
    extensions(("x-problem-codes" = json!(["temporary_files_full", "file_infected",
        "scan_unavailable", "guardian_consent_missing"]))))]
#[post("/customers/{customer_id}/files")]
pub(super) async fn upload_customer_file(
    ctx: Granted<CustomersWrite>,
    request: HttpRequest,
    id: PathId<Customer>,
    key: IdempotencyKey,
    form: Multipart,
) -> Result<Reply, Problem> {
    upload::check(&ctx, &request, FilePurpose::Record)?;
    // Nothing is received for a customer that is out of reach.
    let customer = get(&ctx.read(), &ctx.grant, id.0).await?;
    let mut received = upload::receive(&ctx, FilePurpose::Record, form).await?;
    received.file.attached_to = Some((OF_CUSTOMER.into(), customer.id.cast()));
    received.file.expires_at = None;
    let file = &received.file;
    let reply = ctx
        .once(Some(key.of(received.fingerprint)), |tx, grant| async move {
            let present = present(&tx, &grant, id.0).await?;
            // Merged into another meanwhile, it has no file of its own.
            if present.id != customer.id {
                return Err(Fault::new(&NOT_FOUND).into());
            }
            if !may_keep_more(&tx, &grant, &present).await? {
                return Err(Fault::new(&GUARDIAN_CONSENT_MISSING).into());
            }
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

/// List the files of a customer
///
/// The newest first. Who reaches the customer as a student of own classes only sees none.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path), Paging),
    responses((status = 200, body = FilePage)), security(("bearer" = ["customers:read"])))]
#[get("/customers/{customer_id}/files")]
pub(super) async fn list_customer_files(
    ctx: Granted<CustomersRead>,
    id: PathId<Customer>,
    asked: List<Unfiltered>,
) -> Result<Reply, Problem> {
    let part = asked.part;
    let page = part.page(Direction::NewestFirst)?;
    let read = ctx.read();
    let customer = get(&read, &ctx.grant, id.0).await?;
    let rows = store::of_customer(&read, &ctx.grant, customer.id, &page).await?;
    let (files, next) = part.cut(rows, |file| (micros(file.created_at), file.id.uuid()));
    Ok(next.answer::<FilePage>(files.into_iter().map(FileBody::from))?)
}

/// Remove a file from a customer
///
/// Nobody sees it any more; its content is destroyed a while later.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path), ("file_id" = Uuid, Path)),
    responses((status = 204)), security(("bearer" = ["customers:write"])))]
#[delete("/customers/{customer_id}/files/{file_id}")]
pub(super) async fn remove_customer_file(
    ctx: Granted<CustomersWrite>,
    ids: PathIds<Customer, StoredFile>,
    condition: IfMatch,
) -> Result<Reply, Problem> {
    ctx.transaction(|tx, grant| async move {
        let customer = present(&tx, &grant, ids.0).await?;
        let file = store::find_of_customer(&tx, &grant, ids.1)
            .await?
            .filter(|file| file.customer() == Some(customer.id))
            .ok_or_else(|| Fault::new(&NOT_FOUND))?;
        condition.check(file.version)?;
        store::take_away(&tx, &grant, &file).await?;
        Ok(Reply::no_content())
    })
    .await
}
