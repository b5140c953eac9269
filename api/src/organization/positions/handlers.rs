use actix_web::{get, patch, post};
use domain::{
    access::{DirectoryRead, OrganizationWrite},
    organization::Position,
};

use super::{ChangePosition, CreatePosition, PositionBody, PositionPage};
use crate::{
    access::{Granted, IdempotencyKey, OptionalIdempotencyKey},
    http::{IfMatch, Json, List, Problem, Reply, list::Paging, path::PathId},
    reference::{self, ListReference, as_read, create, created, get as read, list, save, shown},
};

const TAG: &str = "organization";

/// Add a position
///
/// Its name must be free among those that are not archived.
#[utoipa::path(tag = TAG, request_body = CreatePosition, responses((status = 201, body = PositionBody)),
    security(("bearer" = ["organization:write"])),
    extensions(("x-problem-codes" = json!(["name_taken"]))))]
#[post("/positions")]
pub(super) async fn create_position(
    ctx: Granted<OrganizationWrite>,
    key: IdempotencyKey,
    body: Json<CreatePosition>,
) -> Result<Reply, Problem> {
    let name = &body.value.name;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        let position = Position { name: name.clone() };
        created(create(&tx, &grant, position).await?)
    })
    .await
}

/// List positions
///
/// The oldest first; archived ones only with `include_archived`.
#[utoipa::path(tag = TAG, params(Paging, ListReference), responses((status = 200, body = PositionPage, headers(("ETag")))),
    security(("bearer" = ["directory:read"])))]
#[get("/positions")]
pub(super) async fn list_positions(
    ctx: Granted<DirectoryRead>,
    asked: List<ListReference>,
) -> Result<Reply, Problem> {
    list::<Position, _>(&ctx, asked).await
}

/// Read a position
///
/// An archived one is found, too.
#[utoipa::path(tag = TAG, params(("position_id" = Uuid, Path)), responses((status = 200, body = PositionBody)),
    security(("bearer" = ["directory:read"])))]
#[get("/positions/{position_id}")]
pub(super) async fn get_position(
    ctx: Granted<DirectoryRead>,
    id: PathId<Position>,
) -> Result<Reply, Problem> {
    Ok(shown(read(&ctx.read(), &ctx.grant, id.0).await?)?)
}

/// Change a position
///
/// What is archived can't be changed.
#[utoipa::path(tag = TAG, params(("position_id" = Uuid, Path)), request_body = ChangePosition,
    responses((status = 200, body = PositionBody)), security(("bearer" = ["organization:write"])),
    extensions(("x-problem-codes" = json!(["archived", "name_taken"]))))]
#[patch("/positions/{position_id}")]
pub(super) async fn change_position(
    ctx: Granted<OrganizationWrite>,
    id: PathId<Position>,
    condition: IfMatch,
    body: Json<ChangePosition>,
) -> Result<Reply, Problem> {
    let change = &body.value;
    ctx.transaction(|tx, grant| async move {
        let before = as_read(&tx, &grant, id.0, condition).await?;
        let after = before.change(change.clone().apply(before.details.clone()))?;
        shown(save(&tx, &grant, &before, after).await?)
    })
    .await
}

/// Archive a position
///
/// It can't be chosen any more; what names it already keeps it. Refused while something open still uses
/// it (`in_use`).
#[utoipa::path(tag = TAG, params(("position_id" = Uuid, Path)), responses((status = 200, body = PositionBody)),
    security(("bearer" = ["organization:write"])),
    extensions(("x-problem-codes" = json!(["archived", "in_use"]))))]
#[post("/positions/{position_id}/archive")]
pub(super) async fn archive_position(
    ctx: Granted<OrganizationWrite>,
    id: PathId<Position>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        shown(reference::archive(&tx, &grant, id.0).await?)
    })
    .await
}

/// Take a position out of the archive
///
/// It can be chosen again. Refused where its name was given to another meanwhile.
#[utoipa::path(tag = TAG, params(("position_id" = Uuid, Path)), responses((status = 200, body = PositionBody)),
    security(("bearer" = ["organization:write"])),
    extensions(("x-problem-codes" = json!(["not_archived", "name_taken"]))))]
#[post("/positions/{position_id}/unarchive")]
pub(super) async fn unarchive_position(
    ctx: Granted<OrganizationWrite>,
    id: PathId<Position>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        shown(reference::unarchive::<Position>(&tx, &grant, id.0).await?)
    })
    .await
}
