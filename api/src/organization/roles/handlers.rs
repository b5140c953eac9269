use actix_web::{HttpRequest, get, patch, post};
use domain::access::{DirectoryRead, PERMISSIONS, Role, RolesWrite};

use super::{
    ChangeRole, CopyRole, CreateRole, PermissionBody, Permissions, RoleBody, RolePage, commands,
};
use crate::{
    access::{Granted, IdempotencyKey, OptionalIdempotencyKey},
    http::{
        IfMatch, Json, List, Problem, Reply, context::RequestContext, list::Paging, path::PathId,
    },
    reference::{self, ListReference, created, get as read, list, shown},
};

const TAG: &str = "roles";

/// List every permission that a role can give
#[utoipa::path(tag = TAG, responses((status = 200, body = Permissions)),
    security(("bearer" = ["directory:read"])))]
#[get("/permissions")]
pub(super) async fn list_permissions(
    _ctx: Granted<DirectoryRead>,
    request: HttpRequest,
) -> Result<Reply, Problem> {
    let language = RequestContext::of(&request).language;
    // What everyone has by being here is not for roles to give.
    let offered = PERMISSIONS.iter().filter(|p| !p.reaches.is_empty());
    let items = offered.map(|p| PermissionBody::new(p, language)).collect();
    Ok(Reply::list(&Permissions { items })?)
}

/// Make a role
#[utoipa::path(tag = TAG, request_body = CreateRole, responses((status = 201, body = RoleBody)),
    security(("bearer" = ["roles:write"])))]
#[post("/roles")]
pub(super) async fn create_role(
    ctx: Granted<RolesWrite>,
    key: IdempotencyKey,
    body: Json<CreateRole>,
) -> Result<Reply, Problem> {
    let new = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        created(commands::create(&tx, &grant, new.clone()).await?)
    })
    .await
}

/// List roles
#[utoipa::path(tag = TAG, params(Paging, ListReference), responses((status = 200, body = RolePage, headers(("ETag")))),
    security(("bearer" = ["directory:read"])))]
#[get("/roles")]
pub(super) async fn list_roles(
    ctx: Granted<DirectoryRead>,
    asked: List<ListReference>,
) -> Result<Reply, Problem> {
    list::<Role, _>(&ctx, asked).await
}

/// Read a role
#[utoipa::path(tag = TAG, params(("role_id" = Uuid, Path)), responses((status = 200, body = RoleBody)),
    security(("bearer" = ["directory:read"])))]
#[get("/roles/{role_id}")]
pub(super) async fn get_role(
    ctx: Granted<DirectoryRead>,
    id: PathId<Role>,
) -> Result<Reply, Problem> {
    Ok(shown(read(&ctx.read(), &ctx.grant, id.0).await?)?)
}

/// Change a role
#[utoipa::path(tag = TAG, params(("role_id" = Uuid, Path)), request_body = ChangeRole,
    responses((status = 200, body = RoleBody)), security(("bearer" = ["roles:write"])))]
#[patch("/roles/{role_id}")]
pub(super) async fn change_role(
    ctx: Granted<RolesWrite>,
    id: PathId<Role>,
    condition: IfMatch,
    body: Json<ChangeRole>,
) -> Result<Reply, Problem> {
    let change = &body.value;
    ctx.transaction(|tx, grant| async move {
        shown(commands::change(&tx, &grant, id.0, condition, change.clone()).await?)
    })
    .await
}

/// Copy a role
#[utoipa::path(tag = TAG, params(("role_id" = Uuid, Path)), request_body = CopyRole,
    responses((status = 201, body = RoleBody)), security(("bearer" = ["roles:write"])))]
#[post("/roles/{role_id}/copy")]
pub(super) async fn copy_role(
    ctx: Granted<RolesWrite>,
    id: PathId<Role>,
    key: IdempotencyKey,
    body: Json<CopyRole>,
) -> Result<Reply, Problem> {
    let copy = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        created(commands::copy(&tx, &grant, id.0, copy.clone()).await?)
    })
    .await
}

/// Archive a role
#[utoipa::path(tag = TAG, params(("role_id" = Uuid, Path)), responses((status = 200, body = RoleBody)),
    security(("bearer" = ["roles:write"])))]
#[post("/roles/{role_id}/archive")]
pub(super) async fn archive_role(
    ctx: Granted<RolesWrite>,
    id: PathId<Role>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        shown(commands::put_away(&tx, &grant, id.0).await?)
    })
    .await
}

/// Take a role out of the archive
#[utoipa::path(tag = TAG, params(("role_id" = Uuid, Path)), responses((status = 200, body = RoleBody)),
    security(("bearer" = ["roles:write"])))]
#[post("/roles/{role_id}/unarchive")]
pub(super) async fn unarchive_role(
    ctx: Granted<RolesWrite>,
    id: PathId<Role>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        shown(reference::unarchive::<Role>(&tx, &grant, id.0).await?)
    })
    .await
}
