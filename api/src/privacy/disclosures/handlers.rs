use actix_web::{get, post};
use domain::{
    access::{CustomersRead, CustomersWrite},
    customers::Customer,
    privacy::Disclosure,
};
use persistence::{clock::micros, scope::Direction};

use super::{DisclosureBody, DisclosurePage, RecordDisclosure, commands};
use crate::{
    access::{Granted, IdempotencyKey},
    http::{
        Json, Problem, Reply,
        list::{List, Paging, Unfiltered},
        path::{PathId, PathIds},
    },
    privacy::TAG,
};

/// What was shared stays shared.
const VERSION: i64 = 1;

/// Record that data of a customer is shared with a recipient
///
/// Record it before anything leaves: it is refused where the recipient's entry does not hold on that day
/// (`recipient_not_valid`) or does not name what is shared (`category_not_registered`), and where the person
/// has to agree to sharing and does not (`sharing_not_agreed`): that is so where consent is the basis, and
/// where the recipient is outside `CN`. It stands on the timeline of the customer, and in the document that
/// the person itself may ask for. It is never changed.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path)), request_body = RecordDisclosure,
    responses((status = 201, body = DisclosureBody)), security(("bearer" = ["customers:write"])),
    extensions(("x-problem-codes" = json!(["sharing_not_agreed"]))))]
#[post("/customers/{customer_id}/disclosures")]
pub(super) async fn record_disclosure(
    ctx: Granted<CustomersWrite>,
    id: PathId<Customer>,
    key: IdempotencyKey,
    body: Json<RecordDisclosure>,
) -> Result<Reply, Problem> {
    let new = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        let made = commands::record(&tx, &grant, id.0, new.clone()).await?;
        let address = format!("/api/v1/customers/{}/disclosures/{}", id.0, made.id);
        Reply::created(address, VERSION, &DisclosureBody::from(made))
    })
    .await
}

/// List what was shared of a customer, latest first
///
/// Who reaches the customer as a student of own classes only sees none.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path), Paging), responses((status = 200, body = DisclosurePage)),
    security(("bearer" = ["customers:read"])))]
#[get("/customers/{customer_id}/disclosures")]
pub(super) async fn list_disclosures(
    ctx: Granted<CustomersRead>,
    id: PathId<Customer>,
    asked: List<Unfiltered>,
) -> Result<Reply, Problem> {
    let part = asked.part;
    let page = part.page(Direction::NewestFirst)?;
    let rows = commands::list(&ctx.read(), &ctx.grant, id.0, &page).await?;
    let (rows, next) = part.cut(rows, |row| (micros(row.disclosed_at), row.id.uuid()));
    Ok(next.answer::<DisclosurePage>(rows.into_iter().map(DisclosureBody::from))?)
}

/// Read what was shared of a customer
///
/// As it was recorded.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path), ("disclosure_id" = Uuid, Path)),
    responses((status = 200, body = DisclosureBody)), security(("bearer" = ["customers:read"])))]
#[get("/customers/{customer_id}/disclosures/{disclosure_id}")]
pub(super) async fn get_disclosure(
    ctx: Granted<CustomersRead>,
    ids: PathIds<Customer, Disclosure>,
) -> Result<Reply, Problem> {
    let found = commands::find(&ctx.read(), &ctx.grant, ids.0, ids.1).await?;
    Ok(Reply::record(VERSION, &DisclosureBody::from(found))?)
}
