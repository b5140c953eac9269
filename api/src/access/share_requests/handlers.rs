use actix_web::{get, post};
use domain::{
    access::{CustomersRead, Oneself, ShareRequest, ShareRequestsDecide},
    fault::{Fault, NOT_FOUND},
};
use persistence::{access::share_requests as store, clock::micros, scope::Direction};

use super::{
    AskForShare, GrantShareRequest, ListReceivedShareRequests, ReceivedShareRequest,
    ReceivedShareRequestPage, RefuseShareRequest, ShareRequestBody, ShareRequestPage, commands,
};
use crate::{
    access::{Granted, IdempotencyKey, OptionalIdempotencyKey},
    http::{
        Json, List, Problem, Reply,
        list::{Paging, Unfiltered},
        path::PathId,
    },
};

const TAG: &str = "customers";

/// Ask for a share of a customer beyond reach
///
/// Of the customer that a duplicate check or a look-up told of, by its token, or in words. Whoever holds
/// the customer gets a notice; of a pool's, and of a request in words, whoever may decide for the whole
/// institution. At most 50 a day (`allowance_spent`, with `Retry-After`).
#[utoipa::path(tag = TAG, request_body = AskForShare, responses((status = 201, body = ShareRequestBody)),
    security(("bearer" = ["customers:read"])),
    extensions(("x-problem-codes" = json!(["allowance_spent", "share_for_staff_only", "share_request_unclear"]))))]
#[post("/share-requests")]
pub(super) async fn ask_for_share(
    ctx: Granted<CustomersRead>,
    key: IdempotencyKey,
    body: Json<AskForShare>,
) -> Result<Reply, Problem> {
    let new = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, _| async move {
        let made = commands::ask(&tx, new.clone()).await?;
        let address = format!("/api/v1/share-requests/{}", made.id);
        Reply::created(address, made.version, &ShareRequestBody::from(made))
    })
    .await
}

/// List one's own requests for shares
///
/// The newest first.
#[utoipa::path(tag = TAG, params(Paging), responses((status = 200, body = ShareRequestPage)),
    security(("bearer" = ["self"])))]
#[get("/share-requests")]
pub(super) async fn list_share_requests(
    ctx: Granted<Oneself>,
    asked: List<Unfiltered>,
) -> Result<Reply, Problem> {
    let page = asked.part.page(Direction::NewestFirst)?;
    let rows = store::list_own(&ctx.read(), &ctx.grant, &page).await?;
    let (rows, next) = asked
        .part
        .cut(rows, |row| (micros(row.created_at), row.id.uuid()));
    Ok(next.answer::<ShareRequestPage>(rows.into_iter().map(Into::into))?)
}

/// Read a request of one's own for a share
///
/// The customer is named once it is granted.
#[utoipa::path(tag = TAG, params(("share_request_id" = Uuid, Path)), responses((status = 200, body = ShareRequestBody)),
    security(("bearer" = ["self"])))]
#[get("/share-requests/{share_request_id}")]
pub(super) async fn get_share_request(
    ctx: Granted<Oneself>,
    id: PathId<ShareRequest>,
) -> Result<Reply, Problem> {
    let found = store::find_own(&ctx.read(), &ctx.grant, id.0).await?;
    let found = found.ok_or_else(|| Fault::new(&NOT_FOUND))?;
    Ok(Reply::record(
        found.version,
        &ShareRequestBody::from(found),
    )?)
}

/// Take a request of one's own back
///
/// While it waits.
#[utoipa::path(tag = TAG, params(("share_request_id" = Uuid, Path)), responses((status = 200, body = ShareRequestBody)),
    security(("bearer" = ["self"])), extensions(("x-problem-codes" = json!(["share_request_decided"]))))]
#[post("/share-requests/{share_request_id}/take-back")]
pub(super) async fn take_back_share_request(
    ctx: Granted<Oneself>,
    id: PathId<ShareRequest>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        let after = commands::take_back(&tx, &grant, id.0).await?;
        Reply::record(after.version, &ShareRequestBody::from(after))
    })
    .await
}

/// List the requests for shares of customers within reach
///
/// The newest first, those that were decided too. Requests in words are there for whoever decides for
/// the whole institution.
#[utoipa::path(tag = TAG, params(Paging, ListReceivedShareRequests),
    responses((status = 200, body = ReceivedShareRequestPage)), security(("bearer" = ["share_requests:decide"])))]
#[get("/received-share-requests")]
pub(super) async fn list_received_share_requests(
    ctx: Granted<ShareRequestsDecide>,
    asked: List<ListReceivedShareRequests>,
) -> Result<Reply, Problem> {
    let List { query, part } = asked;
    let page = part.page(Direction::NewestFirst)?;
    let states: Vec<_> = query.state.iter().flatten().map(|state| state.0).collect();
    let rows = store::list(&ctx.read(), &ctx.grant, &states, &page).await?;
    let (rows, next) = part.cut(rows, |row| (micros(row.created_at), row.id.uuid()));
    Ok(next.answer::<ReceivedShareRequestPage>(rows.into_iter().map(Into::into))?)
}

/// Read a request for a share of a customer within reach
///
/// With what it is needed for.
#[utoipa::path(tag = TAG, params(("share_request_id" = Uuid, Path)),
    responses((status = 200, body = ReceivedShareRequest)), security(("bearer" = ["share_requests:decide"])))]
#[get("/received-share-requests/{share_request_id}")]
pub(super) async fn get_received_share_request(
    ctx: Granted<ShareRequestsDecide>,
    id: PathId<ShareRequest>,
) -> Result<Reply, Problem> {
    let found = store::find(&ctx.read(), &ctx.grant, id.0).await?;
    let found = found.ok_or_else(|| Fault::new(&NOT_FOUND))?;
    Ok(Reply::record(
        found.version,
        &ReceivedShareRequest::from(found),
    )?)
}

/// Grant a request for a share
///
/// Whoever asked gets an ordinary share of the customer, which ends by itself, and a notice. Nobody
/// shares further than they reach themselves (`share_beyond_own`).
#[utoipa::path(tag = TAG, params(("share_request_id" = Uuid, Path)), request_body = GrantShareRequest,
    responses((status = 200, body = ReceivedShareRequest)), security(("bearer" = ["share_requests:decide"])),
    extensions(("x-problem-codes" = json!(["share_beyond_own", "share_request_decided"]))))]
#[post("/received-share-requests/{share_request_id}/grant")]
pub(super) async fn grant_share_request(
    ctx: Granted<ShareRequestsDecide>,
    id: PathId<ShareRequest>,
    key: OptionalIdempotencyKey,
    body: Json<GrantShareRequest>,
) -> Result<Reply, Problem> {
    let asked = &body.value;
    ctx.once(key.of(body.fingerprint), |tx, grant| async move {
        let after = commands::grant(&tx, &grant, id.0, asked.clone()).await?;
        Reply::record(after.version, &ReceivedShareRequest::from(after))
    })
    .await
}

/// Refuse a request for a share
///
/// Whoever asked gets a notice, and the reason.
#[utoipa::path(tag = TAG, params(("share_request_id" = Uuid, Path)), request_body = RefuseShareRequest,
    responses((status = 200, body = ReceivedShareRequest)), security(("bearer" = ["share_requests:decide"])),
    extensions(("x-problem-codes" = json!(["share_request_decided"]))))]
#[post("/received-share-requests/{share_request_id}/refuse")]
pub(super) async fn refuse_share_request(
    ctx: Granted<ShareRequestsDecide>,
    id: PathId<ShareRequest>,
    key: OptionalIdempotencyKey,
    body: Json<RefuseShareRequest>,
) -> Result<Reply, Problem> {
    let asked = &body.value;
    ctx.once(key.of(body.fingerprint), |tx, grant| async move {
        let after = commands::refuse(&tx, &grant, id.0, &asked.reason).await?;
        Reply::record(after.version, &ReceivedShareRequest::from(after))
    })
    .await
}
