use actix_web::{get, post};
use domain::{
    access::{CustomersWrite, PrivacyManage},
    fault::{Fault, NOT_FOUND},
    id::Id,
    privacy::PrivacyRequest,
};
use persistence::{
    Error,
    clock::micros,
    privacy::requests::{self as store, Filter},
    scope::Direction,
};

use super::{
    CompletePrivacyRequest, DecidePrivacyRequest, ListPrivacyRequests, PrivacyRequestBody,
    PrivacyRequestPage, RecordPrivacyRequest, commands,
};
use crate::{
    access::{Granted, IdempotencyKey, OptionalIdempotencyKey},
    http::{
        Json, Problem, Reply,
        list::{List, Paging},
        path::PathId,
    },
    privacy::TAG,
};

fn shown(request: PrivacyRequest) -> Result<Reply, Error> {
    let version = request.version;
    Reply::record(version, &PrivacyRequestBody::from(request))
}

/// Record what somebody asks about its own data
///
/// By whoever may change the customer; decided by whoever manages data protection. It is to be answered by
/// `due_on`.
#[utoipa::path(tag = TAG, request_body = RecordPrivacyRequest, responses((status = 201, body = PrivacyRequestBody)),
    security(("bearer" = ["customers:write"])))]
#[post("/privacy-requests")]
pub(super) async fn record_privacy_request(
    ctx: Granted<CustomersWrite>,
    key: IdempotencyKey,
    body: Json<RecordPrivacyRequest>,
) -> Result<Reply, Problem> {
    let new = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        let request = commands::record(&tx, &grant, new.clone()).await?;
        let address = format!("/api/v1/privacy-requests/{}", request.id);
        Reply::created(address, request.version, &PrivacyRequestBody::from(request))
    })
    .await
}

/// List what people ask about their own data, newest first
///
/// Of the whole institution.
#[utoipa::path(tag = TAG, params(Paging, ListPrivacyRequests), responses((status = 200, body = PrivacyRequestPage)),
    security(("bearer" = ["privacy:manage"])))]
#[get("/privacy-requests")]
pub(super) async fn list_privacy_requests(
    ctx: Granted<PrivacyManage>,
    asked: List<ListPrivacyRequests>,
) -> Result<Reply, Problem> {
    let List { query, part } = asked;
    let page = part.page(Direction::NewestFirst)?;
    let filter = Filter {
        statuses: query.status.iter().flatten().map(|v| v.0).collect(),
        kinds: query.kind.iter().flatten().map(|v| v.0).collect(),
        customer: query.customer_id.map(Id::new),
        due_before: query.due_before,
    };
    let requests = store::list(&ctx.read(), &ctx.grant, &filter, &page).await?;
    let (requests, next) = part.cut(requests, |request| {
        (micros(request.created_at), request.id.uuid())
    });
    let items = requests.into_iter().map(PrivacyRequestBody::from);
    Ok(next.answer::<PrivacyRequestPage>(items)?)
}

/// Read what somebody asks about its own data
///
/// With what was answered.
#[utoipa::path(tag = TAG, params(("request_id" = Uuid, Path)), responses((status = 200, body = PrivacyRequestBody)),
    security(("bearer" = ["privacy:manage"])))]
#[get("/privacy-requests/{request_id}")]
pub(super) async fn get_privacy_request(
    ctx: Granted<PrivacyManage>,
    id: PathId<PrivacyRequest>,
) -> Result<Reply, Problem> {
    let request = store::find(&ctx.read(), &ctx.grant, id.0).await?;
    Ok(shown(
        request.ok_or_else(|| Error::from(Fault::new(&NOT_FOUND)))?,
    )?)
}

/// Grant or refuse what somebody asks about its own data
///
/// Once a correction or deletion is granted, whoever works with the customer gets a notice: its holder, who
/// will speak to it next, who teaches it.
#[utoipa::path(tag = TAG, params(("request_id" = Uuid, Path)), request_body = DecidePrivacyRequest,
    responses((status = 200, body = PrivacyRequestBody)), security(("bearer" = ["privacy:manage"])),
    extensions(("x-problem-codes" = json!(["request_not_open"]))))]
#[post("/privacy-requests/{request_id}/decide")]
pub(super) async fn decide_privacy_request(
    ctx: Granted<PrivacyManage>,
    id: PathId<PrivacyRequest>,
    key: OptionalIdempotencyKey,
    body: Json<DecidePrivacyRequest>,
) -> Result<Reply, Problem> {
    let decision = &body.value;
    ctx.once(key.of(body.fingerprint), |tx, grant| async move {
        shown(commands::decide(&tx, &grant, id.0, decision.clone()).await?)
    })
    .await
}

/// Close a request once what was granted has been done
///
/// What was done stays with it.
#[utoipa::path(tag = TAG, params(("request_id" = Uuid, Path)), request_body = CompletePrivacyRequest,
    responses((status = 200, body = PrivacyRequestBody)), security(("bearer" = ["privacy:manage"])),
    extensions(("x-problem-codes" = json!(["request_not_granted"]))))]
#[post("/privacy-requests/{request_id}/complete")]
pub(super) async fn complete_privacy_request(
    ctx: Granted<PrivacyManage>,
    id: PathId<PrivacyRequest>,
    key: OptionalIdempotencyKey,
    body: Json<CompletePrivacyRequest>,
) -> Result<Reply, Problem> {
    let outcome = &body.value;
    ctx.once(key.of(body.fingerprint), |tx, grant| async move {
        shown(commands::complete(&tx, &grant, id.0, outcome.clone()).await?)
    })
    .await
}
