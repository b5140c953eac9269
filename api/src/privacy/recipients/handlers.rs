use actix_web::{get, patch, post};
use domain::{
    access::{DirectoryRead, PrivacyManage},
    privacy::Recipient,
};

use super::{ChangeRecipient, CreateRecipient, RecipientBody, RecipientPage, commands};
use crate::{
    access::{Granted, IdempotencyKey, OptionalIdempotencyKey},
    http::{IfMatch, Json, List, Problem, Reply, list::Paging, path::PathId},
    privacy::TAG,
    reference::{self, ListReference, created, get as read, list, shown},
};

/// Register a recipient of personal data
///
/// Without an entry that holds nothing is shared with anybody (`recordDisclosure`). Its name must be free
/// among those that are not archived.
#[utoipa::path(tag = TAG, request_body = CreateRecipient, responses((status = 201, body = RecipientBody)),
    security(("bearer" = ["privacy:manage"])),
    extensions(("x-problem-codes" = json!(["name_taken"]))))]
#[post("/recipients")]
pub(super) async fn create_recipient(
    ctx: Granted<PrivacyManage>,
    key: IdempotencyKey,
    body: Json<CreateRecipient>,
) -> Result<Reply, Problem> {
    let new = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        created(commands::create(&tx, &grant, new.clone()).await?)
    })
    .await
}

/// List recipients of personal data
///
/// The oldest first; archived ones only with `include_archived`.
#[utoipa::path(tag = TAG, params(Paging, ListReference), responses((status = 200, body = RecipientPage, headers(("ETag")))),
    security(("bearer" = ["directory:read"])))]
#[get("/recipients")]
pub(super) async fn list_recipients(
    ctx: Granted<DirectoryRead>,
    asked: List<ListReference>,
) -> Result<Reply, Problem> {
    list::<Recipient, _>(&ctx, asked).await
}

/// Read a recipient of personal data
///
/// An archived one is found, too.
#[utoipa::path(tag = TAG, params(("recipient_id" = Uuid, Path)), responses((status = 200, body = RecipientBody)),
    security(("bearer" = ["directory:read"])))]
#[get("/recipients/{recipient_id}")]
pub(super) async fn get_recipient(
    ctx: Granted<DirectoryRead>,
    id: PathId<Recipient>,
) -> Result<Reply, Problem> {
    Ok(shown(read(&ctx.read(), &ctx.grant, id.0).await?)?)
}

/// Change a recipient of personal data
///
/// What is archived can't be changed. What was shared before names the version by which it was allowed.
#[utoipa::path(tag = TAG, params(("recipient_id" = Uuid, Path)), request_body = ChangeRecipient,
    responses((status = 200, body = RecipientBody)), security(("bearer" = ["privacy:manage"])),
    extensions(("x-problem-codes" = json!(["archived", "name_taken"]))))]
#[patch("/recipients/{recipient_id}")]
pub(super) async fn change_recipient(
    ctx: Granted<PrivacyManage>,
    id: PathId<Recipient>,
    condition: IfMatch,
    body: Json<ChangeRecipient>,
) -> Result<Reply, Problem> {
    let change = &body.value;
    ctx.transaction(|tx, grant| async move {
        shown(commands::change(&tx, &grant, id.0, condition, change.clone()).await?)
    })
    .await
}

/// Archive a recipient of personal data
///
/// Nothing is shared with it any more; what was shared stays on record.
#[utoipa::path(tag = TAG, params(("recipient_id" = Uuid, Path)), responses((status = 200, body = RecipientBody)),
    security(("bearer" = ["privacy:manage"])),
    extensions(("x-problem-codes" = json!(["archived"]))))]
#[post("/recipients/{recipient_id}/archive")]
pub(super) async fn archive_recipient(
    ctx: Granted<PrivacyManage>,
    id: PathId<Recipient>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        shown(reference::archive(&tx, &grant, id.0).await?)
    })
    .await
}

/// Take a recipient of personal data out of the archive
///
/// It holds again. Refused where its name was given to another meanwhile.
#[utoipa::path(tag = TAG, params(("recipient_id" = Uuid, Path)), responses((status = 200, body = RecipientBody)),
    security(("bearer" = ["privacy:manage"])),
    extensions(("x-problem-codes" = json!(["not_archived", "name_taken"]))))]
#[post("/recipients/{recipient_id}/unarchive")]
pub(super) async fn unarchive_recipient(
    ctx: Granted<PrivacyManage>,
    id: PathId<Recipient>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        shown(reference::unarchive(&tx, &grant, id.0).await?)
    })
    .await
}
