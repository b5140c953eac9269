use actix_web::{get, patch, post};
use domain::{
    access::{DirectoryRead, TagsManage, TagsRead, TagsWrite},
    customers::Customer,
    tags::{Tag, TagCategory, Tagging},
};

use super::{
    ChangeTag, ChangeTagCategory, CreateTag, CreateTagCategory, CustomerTagBody, CustomerTags,
    ListCustomerTags, ListTags, PutTagOn, TagBody, TagCategoryBody, TagCategoryPage, TagPage,
    TakeTagOff, commands,
};
use crate::{
    access::{Granted, IdempotencyKey, OptionalIdempotencyKey},
    http::{
        IfMatch, Json, List, Parameters, Problem, Reply,
        list::Paging,
        path::{PathId, PathIds},
    },
    reference::{self, ListReference, created, get as read, list, list_where, named, shown},
};

const TAG: &str = "tags";

/// Add a category of tags
///
/// Its name must be free among those that are not archived.
#[utoipa::path(tag = TAG, request_body = CreateTagCategory, responses((status = 201, body = TagCategoryBody)),
    security(("bearer" = ["tags:manage"])),
    extensions(("x-problem-codes" = json!(["name_taken"]))))]
#[post("/tag-categories")]
pub(super) async fn create_tag_category(
    ctx: Granted<TagsManage>,
    key: IdempotencyKey,
    body: Json<CreateTagCategory>,
) -> Result<Reply, Problem> {
    let new = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        created(commands::create_tag_category(&tx, &grant, new.clone()).await?)
    })
    .await
}

/// List categories of tags
///
/// The oldest first; archived ones only with `include_archived`.
#[utoipa::path(tag = TAG, params(Paging, ListReference), responses((status = 200, body = TagCategoryPage, headers(("ETag")))),
    security(("bearer" = ["directory:read"])))]
#[get("/tag-categories")]
pub(super) async fn list_tag_categories(
    ctx: Granted<DirectoryRead>,
    asked: List<ListReference>,
) -> Result<Reply, Problem> {
    list::<TagCategory, _>(&ctx, asked).await
}

/// Read a category of tags
///
/// An archived one is found, too.
#[utoipa::path(tag = TAG, params(("tag_category_id" = Uuid, Path)), responses((status = 200, body = TagCategoryBody)),
    security(("bearer" = ["directory:read"])))]
#[get("/tag-categories/{tag_category_id}")]
pub(super) async fn get_tag_category(
    ctx: Granted<DirectoryRead>,
    id: PathId<TagCategory>,
) -> Result<Reply, Problem> {
    Ok(shown(read(&ctx.read(), &ctx.grant, id.0).await?)?)
}

/// Change a category of tags
///
/// What is archived can't be changed.
#[utoipa::path(tag = TAG, params(("tag_category_id" = Uuid, Path)), request_body = ChangeTagCategory,
    responses((status = 200, body = TagCategoryBody)), security(("bearer" = ["tags:manage"])),
    extensions(("x-problem-codes" = json!(["archived", "name_taken"]))))]
#[patch("/tag-categories/{tag_category_id}")]
pub(super) async fn change_tag_category(
    ctx: Granted<TagsManage>,
    id: PathId<TagCategory>,
    condition: IfMatch,
    body: Json<ChangeTagCategory>,
) -> Result<Reply, Problem> {
    let change = &body.value;
    ctx.transaction(|tx, grant| async move {
        shown(commands::change_tag_category(&tx, &grant, id.0, condition, change.clone()).await?)
    })
    .await
}

/// Archive a category of tags
///
/// It can't be chosen any more; what names it already keeps it. Refused while something open still uses
/// it (`in_use`).
#[utoipa::path(tag = TAG, params(("tag_category_id" = Uuid, Path)), responses((status = 200, body = TagCategoryBody)),
    security(("bearer" = ["tags:manage"])),
    extensions(("x-problem-codes" = json!(["archived", "in_use"]))))]
#[post("/tag-categories/{tag_category_id}/archive")]
pub(super) async fn archive_tag_category(
    ctx: Granted<TagsManage>,
    id: PathId<TagCategory>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        shown(reference::archive(&tx, &grant, id.0).await?)
    })
    .await
}

/// Take a category of tags out of the archive
///
/// It can be chosen again. Refused where its name was given to another meanwhile.
#[utoipa::path(tag = TAG, params(("tag_category_id" = Uuid, Path)), responses((status = 200, body = TagCategoryBody)),
    security(("bearer" = ["tags:manage"])),
    extensions(("x-problem-codes" = json!(["not_archived", "name_taken"]))))]
#[post("/tag-categories/{tag_category_id}/unarchive")]
pub(super) async fn unarchive_tag_category(
    ctx: Granted<TagsManage>,
    id: PathId<TagCategory>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        shown(reference::unarchive(&tx, &grant, id.0).await?)
    })
    .await
}

/// Add a tag
///
/// Its name must be free among those that are not archived.
#[utoipa::path(tag = TAG, request_body = CreateTag, responses((status = 201, body = TagBody)),
    security(("bearer" = ["tags:manage"])),
    extensions(("x-problem-codes" = json!(["name_taken"]))))]
#[post("/tags")]
pub(super) async fn create_tag(
    ctx: Granted<TagsManage>,
    key: IdempotencyKey,
    body: Json<CreateTag>,
) -> Result<Reply, Problem> {
    let new = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        created(commands::create_tag(&tx, &grant, new.clone()).await?)
    })
    .await
}

/// List tags
///
/// The oldest first; archived ones only with `include_archived`.
#[utoipa::path(tag = TAG, params(Paging, ListTags), responses((status = 200, body = TagPage, headers(("ETag")))),
    security(("bearer" = ["directory:read"])))]
#[get("/tags")]
pub(super) async fn list_tags(
    ctx: Granted<DirectoryRead>,
    asked: List<ListTags>,
) -> Result<Reply, Problem> {
    let List { query, part } = asked;
    let filter = named(query.category_id.as_ref());
    list_where::<Tag, _>(&ctx, part, query.include_archived, &filter).await
}

/// Read a tag
///
/// An archived one is found, too.
#[utoipa::path(tag = TAG, params(("tag_id" = Uuid, Path)), responses((status = 200, body = TagBody)),
    security(("bearer" = ["directory:read"])))]
#[get("/tags/{tag_id}")]
pub(super) async fn get_tag(
    ctx: Granted<DirectoryRead>,
    id: PathId<Tag>,
) -> Result<Reply, Problem> {
    Ok(shown(read(&ctx.read(), &ctx.grant, id.0).await?)?)
}

/// Change a tag
///
/// What is archived can't be changed.
#[utoipa::path(tag = TAG, params(("tag_id" = Uuid, Path)), request_body = ChangeTag,
    responses((status = 200, body = TagBody)), security(("bearer" = ["tags:manage"])),
    extensions(("x-problem-codes" = json!(["archived", "name_taken"]))))]
#[patch("/tags/{tag_id}")]
pub(super) async fn change_tag(
    ctx: Granted<TagsManage>,
    id: PathId<Tag>,
    condition: IfMatch,
    body: Json<ChangeTag>,
) -> Result<Reply, Problem> {
    let change = &body.value;
    ctx.transaction(|tx, grant| async move {
        shown(commands::change_tag(&tx, &grant, id.0, condition, change.clone()).await?)
    })
    .await
}

/// Archive a tag
///
/// It can't be chosen any more; what names it already keeps it.
#[utoipa::path(tag = TAG, params(("tag_id" = Uuid, Path)), responses((status = 200, body = TagBody)),
    security(("bearer" = ["tags:manage"])),
    extensions(("x-problem-codes" = json!(["archived"]))))]
#[post("/tags/{tag_id}/archive")]
pub(super) async fn archive_tag(
    ctx: Granted<TagsManage>,
    id: PathId<Tag>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        shown(reference::archive(&tx, &grant, id.0).await?)
    })
    .await
}

/// Take a tag out of the archive
///
/// It can be chosen again. Refused where its name was given to another meanwhile.
#[utoipa::path(tag = TAG, params(("tag_id" = Uuid, Path)), responses((status = 200, body = TagBody)),
    security(("bearer" = ["tags:manage"])),
    extensions(("x-problem-codes" = json!(["not_archived", "name_taken"]))))]
#[post("/tags/{tag_id}/unarchive")]
pub(super) async fn unarchive_tag(
    ctx: Granted<TagsManage>,
    id: PathId<Tag>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        shown(commands::unarchive_tag(&tx, &grant, id.0).await?)
    })
    .await
}

/// List the tags of a customer
///
/// In the order in which they were put on; those that were taken off only if asked for.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path), ListCustomerTags),
    responses((status = 200, body = CustomerTags)), security(("bearer" = ["tags:read"])))]
#[get("/customers/{customer_id}/tags")]
pub(super) async fn list_customer_tags(
    ctx: Granted<TagsRead>,
    id: PathId<Customer>,
    query: Parameters<ListCustomerTags>,
) -> Result<Reply, Problem> {
    let ended = query.0.include_taken_off.unwrap_or(false);
    let taggings = commands::of(&ctx.read(), &ctx.grant, id.0, ended).await?;
    let items = taggings.into_iter().map(CustomerTagBody::from).collect();
    Ok(Reply::list(&CustomerTags { items })?)
}

/// Put a tag on a customer
///
/// Who, when and why is kept. An archived tag can't be put on.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path)), request_body = PutTagOn,
    responses((status = 201, body = CustomerTagBody)), security(("bearer" = ["tags:write"])),
    extensions(("x-problem-codes" = json!(["tag_on_already"]))))]
#[post("/customers/{customer_id}/tags")]
pub(super) async fn put_tag_on(
    ctx: Granted<TagsWrite>,
    id: PathId<Customer>,
    key: IdempotencyKey,
    body: Json<PutTagOn>,
) -> Result<Reply, Problem> {
    let new = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        let tagging = commands::put_on(&tx, &grant, id.0, new.clone()).await?;
        let address = format!("/api/v1/customers/{}/tags", id.0);
        Reply::created(address, 1, &CustomerTagBody::from(tagging))
    })
    .await
}

/// Take a tag off a customer
///
/// The tag stays in the history of the customer, with who took it off and why.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path), ("tag_id" = Uuid, Path)), request_body = TakeTagOff,
    responses((status = 200, body = CustomerTagBody)), security(("bearer" = ["tags:write"])))]
#[post("/customers/{customer_id}/tags/{tag_id}/take-off")]
pub(super) async fn take_tag_off(
    ctx: Granted<TagsWrite>,
    ids: PathIds<Customer, Tag>,
    key: OptionalIdempotencyKey,
    body: Json<TakeTagOff>,
) -> Result<Reply, Problem> {
    let off = &body.value;
    ctx.once(key.of(body.fingerprint), |tx, grant| async move {
        let tagging: Tagging = commands::take_off(&tx, &grant, ids.0, ids.1, off.clone()).await?;
        Reply::ok(&CustomerTagBody::from(tagging))
    })
    .await
}
