use actix_web::{get, post};
use domain::{
    access::PrivacyManage,
    fault::{Fault, NOT_FOUND},
    id::Id,
    privacy::LegalHold,
};
use persistence::{
    Error,
    clock::micros,
    privacy::legal_holds::{self as store, Filter},
    scope::Direction,
};

use super::{
    LegalHoldBody, LegalHoldPage, ListLegalHolds, PlaceLegalHold, ReleaseLegalHold, commands,
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

fn shown(hold: LegalHold) -> Result<Reply, Error> {
    let version = hold.version;
    Reply::record(version, &LegalHoldBody::from(hold))
}

/// Place a legal hold on a customer
///
/// While it stands the person is not erased: `eraseCustomer` answers `erasure_obstructed`, with the obstacle
/// `legal_hold`, and no rule of retention takes the person or anybody related to it. What is written of several
/// people goes with whoever of them is erased by hand. A merge carries it to the survivor, and is not undone once
/// one was placed since. It keeps nobody from working with the customer. Several may stand at once.
#[utoipa::path(tag = TAG, request_body = PlaceLegalHold, responses((status = 201, body = LegalHoldBody)),
    security(("bearer" = ["privacy:manage"])))]
#[post("/legal-holds")]
pub(super) async fn place_legal_hold(
    ctx: Granted<PrivacyManage>,
    key: IdempotencyKey,
    body: Json<PlaceLegalHold>,
) -> Result<Reply, Problem> {
    let new = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        let hold = commands::place(&tx, &grant, new.clone()).await?;
        let address = format!("/api/v1/legal-holds/{}", hold.id);
        Reply::created(address, hold.version, &LegalHoldBody::from(hold))
    })
    .await
}

/// List legal holds, newest first
///
/// Of the whole institution, with those that are over.
#[utoipa::path(tag = TAG, params(Paging, ListLegalHolds), responses((status = 200, body = LegalHoldPage)),
    security(("bearer" = ["privacy:manage"])))]
#[get("/legal-holds")]
pub(super) async fn list_legal_holds(
    ctx: Granted<PrivacyManage>,
    asked: List<ListLegalHolds>,
) -> Result<Reply, Problem> {
    let List { query, part } = asked;
    let page = part.page(Direction::NewestFirst)?;
    let filter = Filter {
        customer: query.customer_id.map(Id::new),
        is_standing: query.is_standing,
    };
    let holds = store::list(&ctx.read(), &ctx.grant, filter, &page).await?;
    let (holds, next) = part.cut(holds, |hold| (micros(hold.placed_at), hold.id.uuid()));
    Ok(next.answer::<LegalHoldPage>(holds.into_iter().map(LegalHoldBody::from))?)
}

/// Read a legal hold
///
/// Why it was placed, and whether it was released.
#[utoipa::path(tag = TAG, params(("hold_id" = Uuid, Path)), responses((status = 200, body = LegalHoldBody)),
    security(("bearer" = ["privacy:manage"])))]
#[get("/legal-holds/{hold_id}")]
pub(super) async fn get_legal_hold(
    ctx: Granted<PrivacyManage>,
    id: PathId<LegalHold>,
) -> Result<Reply, Problem> {
    let hold = store::find(&ctx.read(), &ctx.grant, id.0).await?;
    Ok(shown(
        hold.ok_or_else(|| Error::from(Fault::new(&NOT_FOUND)))?,
    )?)
}

/// Release a legal hold
///
/// It stays on record. Refused once it is over (`hold_over`).
#[utoipa::path(tag = TAG, params(("hold_id" = Uuid, Path)), request_body = ReleaseLegalHold,
    responses((status = 200, body = LegalHoldBody)), security(("bearer" = ["privacy:manage"])),
    extensions(("x-problem-codes" = json!(["hold_over"]))))]
#[post("/legal-holds/{hold_id}/release")]
pub(super) async fn release_legal_hold(
    ctx: Granted<PrivacyManage>,
    id: PathId<LegalHold>,
    key: OptionalIdempotencyKey,
    body: Json<ReleaseLegalHold>,
) -> Result<Reply, Problem> {
    let said = &body.value;
    ctx.once(key.of(body.fingerprint), |tx, grant| async move {
        shown(commands::release(&tx, &grant, id.0, said.clone()).await?)
    })
    .await
}
