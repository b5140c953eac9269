use actix_web::{get, patch, post};
use domain::{
    access::{CustomersConfigure, DirectoryRead},
    customers::SourceChannel,
};

use super::{
    ChangeSourceChannel, CreateSourceChannel, SourceChannelBody, SourceChannelPage, commands,
};
use crate::{
    access::{Granted, IdempotencyKey, OptionalIdempotencyKey},
    customers::handlers::TAG,
    http::{IfMatch, Json, List, Problem, Reply, list::Paging, path::PathId},
    reference::{self, ListReference, created, get as read, list, shown},
};

/// Add a source channel
///
/// Its name must be free among those that are not archived, its code among all.
#[utoipa::path(tag = TAG, request_body = CreateSourceChannel, responses((status = 201, body = SourceChannelBody)),
    security(("bearer" = ["customers:configure"])),
    extensions(("x-problem-codes" = json!(["name_taken", "channel_code_taken"]))))]
#[post("/source-channels")]
pub(super) async fn create_source_channel(
    ctx: Granted<CustomersConfigure>,
    key: IdempotencyKey,
    body: Json<CreateSourceChannel>,
) -> Result<Reply, Problem> {
    let new = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        created(commands::create(&tx, &grant, new.clone()).await?)
    })
    .await
}

/// List source channels
///
/// The oldest first; archived ones only with `include_archived`.
#[utoipa::path(tag = TAG, params(Paging, ListReference), responses((status = 200, body = SourceChannelPage, headers(("ETag")))),
    security(("bearer" = ["directory:read"])))]
#[get("/source-channels")]
pub(super) async fn list_source_channels(
    ctx: Granted<DirectoryRead>,
    asked: List<ListReference>,
) -> Result<Reply, Problem> {
    list::<SourceChannel, _>(&ctx, asked).await
}

/// Read a source channel
///
/// An archived one is found, too.
#[utoipa::path(tag = TAG, params(("source_channel_id" = Uuid, Path)), responses((status = 200, body = SourceChannelBody)),
    security(("bearer" = ["directory:read"])))]
#[get("/source-channels/{source_channel_id}")]
pub(super) async fn get_source_channel(
    ctx: Granted<DirectoryRead>,
    id: PathId<SourceChannel>,
) -> Result<Reply, Problem> {
    Ok(shown(read(&ctx.read(), &ctx.grant, id.0).await?)?)
}

/// Change a source channel
///
/// What is archived can't be changed.
#[utoipa::path(tag = TAG, params(("source_channel_id" = Uuid, Path)), request_body = ChangeSourceChannel,
    responses((status = 200, body = SourceChannelBody)), security(("bearer" = ["customers:configure"])),
    extensions(("x-problem-codes" = json!(["archived", "name_taken"]))))]
#[patch("/source-channels/{source_channel_id}")]
pub(super) async fn change_source_channel(
    ctx: Granted<CustomersConfigure>,
    id: PathId<SourceChannel>,
    condition: IfMatch,
    body: Json<ChangeSourceChannel>,
) -> Result<Reply, Problem> {
    let change = &body.value;
    ctx.transaction(|tx, grant| async move {
        shown(commands::change(&tx, &grant, id.0, condition, change.clone()).await?)
    })
    .await
}

/// Archive a source channel
///
/// It can't be chosen any more; customers who have it keep it. `other` stays (`in_use`): lists that name
/// no channel come in by it.
#[utoipa::path(tag = TAG, params(("source_channel_id" = Uuid, Path)), responses((status = 200, body = SourceChannelBody)),
    security(("bearer" = ["customers:configure"])),
    extensions(("x-problem-codes" = json!(["archived", "in_use"]))))]
#[post("/source-channels/{source_channel_id}/archive")]
pub(super) async fn archive_source_channel(
    ctx: Granted<CustomersConfigure>,
    id: PathId<SourceChannel>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        shown(reference::archive(&tx, &grant, id.0).await?)
    })
    .await
}

/// Take a source channel out of the archive
///
/// It can be chosen again. Refused where its name was given to another meanwhile.
#[utoipa::path(tag = TAG, params(("source_channel_id" = Uuid, Path)), responses((status = 200, body = SourceChannelBody)),
    security(("bearer" = ["customers:configure"])),
    extensions(("x-problem-codes" = json!(["not_archived", "name_taken"]))))]
#[post("/source-channels/{source_channel_id}/unarchive")]
pub(super) async fn unarchive_source_channel(
    ctx: Granted<CustomersConfigure>,
    id: PathId<SourceChannel>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        shown(reference::unarchive(&tx, &grant, id.0).await?)
    })
    .await
}
