use actix_web::{get, patch, post};
use domain::{
    access::{CustomersConfigure, DirectoryRead},
    custom_fields::CustomField,
};
use persistence::{access::Reads, custom_fields::definitions};

use super::{
    ChangeCustomField, CreateCustomField, CustomFieldBody, CustomFieldHistory, CustomFieldPage,
    commands,
};
use crate::{
    access::{Granted, IdempotencyKey, OptionalIdempotencyKey},
    http::{IfMatch, Json, List, Problem, Reply, list::Paging, path::PathId},
    reference::{self, ListReference, created, get as read, list, shown},
};

const TAG: &str = "customers";

/// Add a custom field
///
/// From then on records of its entity can have a value. Its name must be free among those that are not
/// archived, its code among all. There are at most 100 that are not archived.
#[utoipa::path(tag = TAG, request_body = CreateCustomField, responses((status = 201, body = CustomFieldBody)),
    security(("bearer" = ["customers:configure"])),
    extensions(("x-problem-codes" = json!(["name_taken", "custom_field_code_taken", "custom_field_limit"]))))]
#[post("/custom-fields")]
pub(super) async fn create_custom_field(
    ctx: Granted<CustomersConfigure>,
    key: IdempotencyKey,
    body: Json<CreateCustomField>,
) -> Result<Reply, Problem> {
    let new = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        created(commands::create(&tx, &grant, new.clone()).await?)
    })
    .await
}

/// List custom fields
///
/// The oldest first, since they are paged; `position` says in which order to show them. Archived ones only with
/// `include_archived`.
#[utoipa::path(tag = TAG, params(Paging, ListReference), responses((status = 200, body = CustomFieldPage, headers(("ETag")))),
    security(("bearer" = ["directory:read"])))]
#[get("/custom-fields")]
pub(super) async fn list_custom_fields(
    ctx: Granted<DirectoryRead>,
    asked: List<ListReference>,
) -> Result<Reply, Problem> {
    list::<CustomField, _>(&ctx, asked).await
}

/// Read a custom field
///
/// An archived one is found, too.
#[utoipa::path(tag = TAG, params(("custom_field_id" = Uuid, Path)), responses((status = 200, body = CustomFieldBody)),
    security(("bearer" = ["directory:read"])))]
#[get("/custom-fields/{custom_field_id}")]
pub(super) async fn get_custom_field(
    ctx: Granted<DirectoryRead>,
    id: PathId<CustomField>,
) -> Result<Reply, Problem> {
    Ok(shown(read(&ctx.read(), &ctx.grant, id.0).await?)?)
}

/// Read what a custom field said before
///
/// Every change of it is a version, kept for good.
#[utoipa::path(tag = TAG, params(("custom_field_id" = Uuid, Path)),
    responses((status = 200, body = CustomFieldHistory, headers(("ETag")))),
    security(("bearer" = ["directory:read"])))]
#[get("/custom-fields/{custom_field_id}/history")]
pub(super) async fn get_custom_field_history(
    ctx: Granted<DirectoryRead>,
    id: PathId<CustomField>,
) -> Result<Reply, Problem> {
    let field = read(&ctx.read(), &ctx.grant, id.0).await?;
    let institution = Reads::<CustomField>::scope(&ctx.grant).institution();
    let versions = definitions::versions(&ctx.read(), institution, &field).await?;
    Ok(Reply::list(&CustomFieldHistory::from(versions))?)
}

/// Change a custom field
///
/// Values that records have stay as they are. What is archived can't be changed.
#[utoipa::path(tag = TAG, params(("custom_field_id" = Uuid, Path)), request_body = ChangeCustomField,
    responses((status = 200, body = CustomFieldBody)), security(("bearer" = ["customers:configure"])),
    extensions(("x-problem-codes" = json!(["archived", "name_taken"]))))]
#[patch("/custom-fields/{custom_field_id}")]
pub(super) async fn change_custom_field(
    ctx: Granted<CustomersConfigure>,
    id: PathId<CustomField>,
    condition: IfMatch,
    body: Json<ChangeCustomField>,
) -> Result<Reply, Problem> {
    let change = &body.value;
    ctx.transaction(|tx, grant| async move {
        shown(commands::change(&tx, &grant, id.0, condition, change.clone()).await?)
    })
    .await
}

/// Archive a custom field
///
/// Nobody is given a value any more; records that have one keep it until it is cleared.
#[utoipa::path(tag = TAG, params(("custom_field_id" = Uuid, Path)), responses((status = 200, body = CustomFieldBody)),
    security(("bearer" = ["customers:configure"])),
    extensions(("x-problem-codes" = json!(["archived"]))))]
#[post("/custom-fields/{custom_field_id}/archive")]
pub(super) async fn archive_custom_field(
    ctx: Granted<CustomersConfigure>,
    id: PathId<CustomField>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        shown(reference::archive(&tx, &grant, id.0).await?)
    })
    .await
}

/// Take a custom field out of the archive
///
/// Values can be given again. Refused where its name was given to another meanwhile.
#[utoipa::path(tag = TAG, params(("custom_field_id" = Uuid, Path)), responses((status = 200, body = CustomFieldBody)),
    security(("bearer" = ["customers:configure"])),
    extensions(("x-problem-codes" = json!(["not_archived", "name_taken", "custom_field_limit"]))))]
#[post("/custom-fields/{custom_field_id}/unarchive")]
pub(super) async fn unarchive_custom_field(
    ctx: Granted<CustomersConfigure>,
    id: PathId<CustomField>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        shown(commands::unarchive(&tx, &grant, id.0).await?)
    })
    .await
}
