use actix_web::{get, post};
use domain::{access::CustomersMerge, customers::Customer, id::Id};
use persistence::{
    clock::micros,
    customers::merges::{self as store, Merge},
    scope::Direction,
};

use super::{
    CustomerMerge, CustomerMergePage, MergeCustomers, MergePreview, PreviewMerge, commands,
};
use crate::{
    access::{Granted, IdempotencyKey, OptionalIdempotencyKey},
    customers::{commands::get, handlers::TAG},
    http::{
        Json, List, Problem, Reply,
        list::{Paging, Unfiltered},
        path::PathId,
    },
};

/// See what a merge of two customers would do
///
/// Every field in which they differ, what would move, and what stands in the way. Both must be within
/// reach.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path)), request_body = PreviewMerge,
    responses((status = 200, body = MergePreview)), security(("bearer" = ["customers:merge"])),
    extensions(("x-read-only" = json!(true))))]
#[post("/customers/{customer_id}/merge-preview")]
pub(super) async fn preview_merge(
    ctx: Granted<CustomersMerge>,
    id: PathId<Customer>,
    body: Json<PreviewMerge>,
) -> Result<Reply, Problem> {
    let pair = (id.0, Id::new(body.value.duplicate_id));
    let found = commands::preview(
        &ctx.read(),
        &ctx.grant,
        ctx.authority(),
        pair,
        ctx.stamp().now(),
    )
    .await?;
    Ok(Reply::ok(&found)?)
}

/// Merge a customer into another
///
/// The one in the path stays, under its id; the duplicate's id stands for it from then on, wherever it is
/// sent. Follow-ups, enrollments, charges, payments, tags, relations and files go to it, ways to reach them
/// are put together, shares of the duplicate end. What was posted stays under the id that it was posted
/// under, and the books of the survivor include it. What stands in the way is named (`merge_obstructed`).
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path)), request_body = MergeCustomers,
    responses((status = 201, body = CustomerMerge)), security(("bearer" = ["customers:merge"])),
    extensions(("x-problem-codes" = json!(["merge_obstructed", "version_stale"]))))]
#[post("/customers/{customer_id}/merge")]
pub(super) async fn merge_customers(
    ctx: Granted<CustomersMerge>,
    id: PathId<Customer>,
    key: IdempotencyKey,
    body: Json<MergeCustomers>,
) -> Result<Reply, Problem> {
    let asked = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        let merge = commands::merge(&tx, &grant, id.0, asked).await?;
        let address = format!("/api/v1/customer-merges/{}", merge.id);
        let body = CustomerMerge::from(merge);
        Reply::created(address, body.version, &body)
    })
    .await
}

/// List the merges into a customer
///
/// The newest first, those that were undone too.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path), Paging), responses((status = 200, body = CustomerMergePage)),
    security(("bearer" = ["customers:merge"])))]
#[get("/customers/{customer_id}/merges")]
pub(super) async fn list_merges(
    ctx: Granted<CustomersMerge>,
    id: PathId<Customer>,
    asked: List<Unfiltered>,
) -> Result<Reply, Problem> {
    let part = asked.part;
    let page = part.page(Direction::NewestFirst)?;
    let customer = get(&ctx.read(), &ctx.grant, id.0).await?;
    let rows = store::of(&ctx.read(), &ctx.grant, customer.id, &page).await?;
    let (rows, next) = part.cut(rows, |row| (micros(row.merged_at), row.id.uuid()));
    Ok(next.answer::<CustomerMergePage>(rows.into_iter().map(Into::into))?)
}

/// Read a merge
///
/// Of a customer within reach.
#[utoipa::path(tag = TAG, params(("merge_id" = Uuid, Path)), responses((status = 200, body = CustomerMerge)),
    security(("bearer" = ["customers:merge"])))]
#[get("/customer-merges/{merge_id}")]
pub(super) async fn get_merge(
    ctx: Granted<CustomersMerge>,
    id: PathId<Merge>,
) -> Result<Reply, Problem> {
    let body = CustomerMerge::from(commands::find(&ctx.read(), &ctx.grant, id.0).await?);
    Ok(Reply::record(body.version, &body)?)
}

/// Undo a merge
///
/// Both customers are what they were, and have what they had. Refused where something was built on it
/// since, naming what (`merge_obstructed`).
#[utoipa::path(tag = TAG, params(("merge_id" = Uuid, Path)), responses((status = 200, body = CustomerMerge)),
    security(("bearer" = ["customers:merge"])),
    extensions(("x-problem-codes" = json!(["merge_obstructed", "merge_undone"]))))]
#[post("/customer-merges/{merge_id}/undo")]
pub(super) async fn undo_merge(
    ctx: Granted<CustomersMerge>,
    id: PathId<Merge>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        let body = CustomerMerge::from(commands::undo(&tx, &grant, id.0).await?);
        Reply::record(body.version, &body)
    })
    .await
}
