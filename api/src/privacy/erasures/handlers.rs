use actix_web::{get, post};
use domain::{
    access::PrivacyErase,
    customers::Customer,
    fault::{Fault, NOT_FOUND},
    privacy::Erasure,
};
use persistence::{Error, clock::micros, privacy::erasure as store, scope::Direction};

use super::{EraseCustomer, ErasureBody, ErasurePage, ErasurePreview, commands};
use crate::{
    access::{Granted, IdempotencyKey},
    http::{
        Json, List, Problem, Reply,
        list::{Paging, Unfiltered},
        path::PathId,
    },
    privacy::TAG,
};

/// See what the erasure of a customer would do
///
/// What would go, what would stay under a pseudonym and why, and what stands in the way.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path)), responses((status = 200, body = ErasurePreview)),
    security(("bearer" = ["privacy:erase"])))]
#[get("/customers/{customer_id}/erasure")]
pub(super) async fn preview_erasure(
    ctx: Granted<PrivacyErase>,
    id: PathId<Customer>,
) -> Result<Reply, Problem> {
    let found = commands::preview(&ctx.read(), &ctx.grant, id.0).await?;
    Ok(Reply::record(found.version, &found)?)
}

/// Erase a customer
///
/// For good, deleted or not, with every id that was merged into it: what tells of the person goes, files as well, and what the
/// audit trail says of it. Books stay, and name a pseudonym. Nobody finds the customer any more; lists of leads
/// do not bring it back. Copies of lists (`GET /exports`) end, and the lists by which it was taken in. What
/// stands in the way is named (`erasure_obstructed`).
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path)), request_body = EraseCustomer,
    responses((status = 201, body = ErasureBody)), security(("bearer" = ["privacy:erase"])),
    extensions(("x-problem-codes" = json!(["erasure_obstructed", "request_not_granted", "version_stale"]))))]
#[post("/customers/{customer_id}/erasure")]
pub(super) async fn erase_customer(
    ctx: Granted<PrivacyErase>,
    id: PathId<Customer>,
    key: IdempotencyKey,
    body: Json<EraseCustomer>,
) -> Result<Reply, Problem> {
    let asked = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        let erasure = commands::erase(&tx, &grant, id.0, asked.clone()).await?;
        let address = format!("/api/v1/erasures/{}", erasure.id);
        Reply::created(address, 1, &ErasureBody::from(erasure))
    })
    .await
}

/// List the certificates of erasures, newest first
///
/// Of the whole institution.
#[utoipa::path(tag = TAG, params(Paging), responses((status = 200, body = ErasurePage)),
    security(("bearer" = ["privacy:erase"])))]
#[get("/erasures")]
pub(super) async fn list_erasures(
    ctx: Granted<PrivacyErase>,
    asked: List<Unfiltered>,
) -> Result<Reply, Problem> {
    let part = asked.part;
    let page = part.page(Direction::NewestFirst)?;
    let rows = store::list(&ctx.read(), &ctx.grant, &page).await?;
    let (rows, next) = part.cut(rows, |row| (micros(row.erased_at), row.id.uuid()));
    Ok(next.answer::<ErasurePage>(rows.into_iter().map(ErasureBody::from))?)
}

/// Read the certificate of an erasure
///
/// When, by whom, why, and what became of everything.
#[utoipa::path(tag = TAG, params(("erasure_id" = Uuid, Path)), responses((status = 200, body = ErasureBody)),
    security(("bearer" = ["privacy:erase"])))]
#[get("/erasures/{erasure_id}")]
pub(super) async fn get_erasure(
    ctx: Granted<PrivacyErase>,
    id: PathId<Erasure>,
) -> Result<Reply, Problem> {
    let found = store::find(&ctx.read(), &ctx.grant, id.0).await?;
    let found = found.ok_or_else(|| Error::from(Fault::new(&NOT_FOUND)))?;
    Ok(Reply::record(1, &ErasureBody::from(found))?)
}
