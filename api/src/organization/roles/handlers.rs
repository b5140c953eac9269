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
///
/// In a fixed order, with the reaches that a role can give each.
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
///
/// Nobody makes a role that can do more than they can.
#[utoipa::path(tag = TAG, request_body = CreateRole, responses((status = 201, body = RoleBody)),
    security(("bearer" = ["roles:write"])),
    extensions(("x-problem-codes" = json!(["name_taken", "role_beyond_own", "sales_purchasing_wall"]))))]
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
///
/// The oldest first; archived ones only with `include_archived`.
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
///
/// An archived one is found, too.
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
///
/// What its holders may do changes at once. A built-in role changes in `requires_agreement` only: copy
/// it instead. Nobody adds what they do not hold; with `roles:assign` one may, to a role that governs
/// nobody and that neither the caller nor an API client holds.
#[utoipa::path(tag = TAG, params(("role_id" = Uuid, Path)), request_body = ChangeRole,
    responses((status = 200, body = RoleBody)), security(("bearer" = ["roles:write"])),
    extensions(("x-problem-codes" = json!(["role_built_in", "archived", "name_taken",
        "role_beyond_own", "sales_purchasing_wall", "agreement_unsigned", "staff_beyond_own"]))))]
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
///
/// With its permissions and its field rules; later changes of the original do not follow. Refused where
/// the caller could not make such a role.
#[utoipa::path(tag = TAG, params(("role_id" = Uuid, Path)), request_body = CopyRole,
    responses((status = 201, body = RoleBody)), security(("bearer" = ["roles:write"])),
    extensions(("x-problem-codes" = json!(["name_taken", "role_beyond_own"]))))]
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
///
/// Refused while somebody holds it, or a rule gives it, and for built-in roles.
#[utoipa::path(tag = TAG, params(("role_id" = Uuid, Path)), responses((status = 200, body = RoleBody)),
    security(("bearer" = ["roles:write"])),
    extensions(("x-problem-codes" = json!(["role_built_in", "archived", "in_use"]))))]
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
///
/// It can be chosen again. Refused where its name was given to another meanwhile.
#[utoipa::path(tag = TAG, params(("role_id" = Uuid, Path)), responses((status = 200, body = RoleBody)),
    security(("bearer" = ["roles:write"])),
    extensions(("x-problem-codes" = json!(["not_archived", "name_taken"]))))]
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
