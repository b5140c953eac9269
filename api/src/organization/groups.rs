use actix_web::{get, patch, post};
use domain::{
    access::{DirectoryRead, OrganizationWrite},
    organization::Group,
};

use super::{ChangeGroup, CreateGroup, GroupBody, GroupPage, commands, handlers::TAG};
use crate::{
    access::{Granted, IdempotencyKey, OptionalIdempotencyKey},
    http::{IfMatch, Json, List, Problem, Reply, list::Paging, path::PathId},
    reference::{self, ListReference, created, get as read, list, shown},
};

/// Form a group of users
///
/// Its name must be free among those that are not archived.
#[utoipa::path(tag = TAG, request_body = CreateGroup, responses((status = 201, body = GroupBody)),
    security(("bearer" = ["organization:write"])),
    extensions(("x-problem-codes" = json!(["name_taken", "own_standing"]))))]
#[post("/groups")]
pub(super) async fn create_group(
    ctx: Granted<OrganizationWrite>,
    key: IdempotencyKey,
    body: Json<CreateGroup>,
) -> Result<Reply, Problem> {
    let new = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        created(commands::create_group(&tx, &grant, new.clone()).await?)
    })
    .await
}

/// List groups of users
///
/// The oldest first; archived ones only with `include_archived`.
#[utoipa::path(tag = TAG, params(Paging, ListReference), responses((status = 200, body = GroupPage, headers(("ETag")))),
    security(("bearer" = ["directory:read"])))]
#[get("/groups")]
pub(super) async fn list_groups(
    ctx: Granted<DirectoryRead>,
    asked: List<ListReference>,
) -> Result<Reply, Problem> {
    list::<Group, _>(&ctx, asked).await
}

/// Read a group of users
///
/// An archived one is found, too.
#[utoipa::path(tag = TAG, params(("group_id" = Uuid, Path)), responses((status = 200, body = GroupBody)),
    security(("bearer" = ["directory:read"])))]
#[get("/groups/{group_id}")]
pub(super) async fn get_group(
    ctx: Granted<DirectoryRead>,
    id: PathId<Group>,
) -> Result<Reply, Problem> {
    Ok(shown(read(&ctx.read(), &ctx.grant, id.0).await?)?)
}

/// Change a group of users
///
/// What is archived can't be changed.
#[utoipa::path(tag = TAG, params(("group_id" = Uuid, Path)), request_body = ChangeGroup,
    responses((status = 200, body = GroupBody)), security(("bearer" = ["organization:write"])),
    extensions(("x-problem-codes" = json!(["archived", "name_taken", "own_standing"]))))]
#[patch("/groups/{group_id}")]
pub(super) async fn change_group(
    ctx: Granted<OrganizationWrite>,
    id: PathId<Group>,
    condition: IfMatch,
    body: Json<ChangeGroup>,
) -> Result<Reply, Problem> {
    let change = &body.value;
    ctx.transaction(|tx, grant| async move {
        shown(commands::change_group(&tx, &grant, id.0, condition, change.clone()).await?)
    })
    .await
}

/// Archive a group of users
///
/// It can't be chosen any more; what names it already keeps it.
#[utoipa::path(tag = TAG, params(("group_id" = Uuid, Path)), responses((status = 200, body = GroupBody)),
    security(("bearer" = ["organization:write"])),
    extensions(("x-problem-codes" = json!(["archived"]))))]
#[post("/groups/{group_id}/archive")]
pub(super) async fn archive_group(
    ctx: Granted<OrganizationWrite>,
    id: PathId<Group>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        shown(reference::archive(&tx, &grant, id.0).await?)
    })
    .await
}

/// Take a group of users out of the archive
///
/// It can be chosen again. Refused where its name was given to another meanwhile.
#[utoipa::path(tag = TAG, params(("group_id" = Uuid, Path)), responses((status = 200, body = GroupBody)),
    security(("bearer" = ["organization:write"])),
    extensions(("x-problem-codes" = json!(["not_archived", "name_taken", "own_standing"]))))]
#[post("/groups/{group_id}/unarchive")]
pub(super) async fn unarchive_group(
    ctx: Granted<OrganizationWrite>,
    id: PathId<Group>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        shown(commands::unarchive_group(&tx, &grant, id.0).await?)
    })
    .await
}
