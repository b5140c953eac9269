use actix_web::{get, post};
use domain::{
    access::{CustomersRead, CustomersScreen},
    customers::{Customer, Screening},
};
use persistence::{access::Reads, clock::micros, customers::screenings::store, scope::Direction};

use super::{
    CustomerScreening, ScreenCustomer, ScreenCustomers, ScreeningBody, ScreeningPage, Screenings,
    commands,
};
use crate::{
    access::{Granted, IdempotencyKey},
    customers::commands::get as get_customer,
    http::{
        Json, List, Problem, Reply,
        list::{Paging, Unfiltered},
        path::{PathId, PathIds},
    },
};

const TAG: &str = "customers";
/// It is never changed.
const VERSION: i64 = 1;

/// Say of a record whether it is valid
///
/// By hand, also of one that was screened before: each screening is kept, the last one counts. It says what
/// the record is worth, not how far its customer has come (`stage`). The customer itself stays as it is, in
/// its version too; a record that stands in the archive and is found `invalid` is marked as `changed` there, and an
/// invalid one can't be filed (`record_invalid`).
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path)), request_body = ScreenCustomer,
    responses((status = 201, body = ScreeningBody)), security(("bearer" = ["customers:screen"])))]
#[post("/customers/{customer_id}/screen")]
pub(super) async fn screen_customer(
    ctx: Granted<CustomersScreen>,
    id: PathId<Customer>,
    key: IdempotencyKey,
    body: Json<ScreenCustomer>,
) -> Result<Reply, Problem> {
    let verdict = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        let said = ScreeningBody::from(commands::screen(&tx, &grant, id.0, verdict).await?);
        let (customer, id) = (said.customer_id, said.id);
        let address = format!("/api/v1/customers/{customer}/screenings/{id}");
        Reply::created(address, VERSION, &said)
    })
    .await
}

/// Say of several records whether they are valid
///
/// As `screenCustomer` does of one; of all that are named, or of none where one is out of reach.
#[utoipa::path(tag = TAG, request_body = ScreenCustomers, responses((status = 200, body = Screenings)),
    security(("bearer" = ["customers:screen"])), extensions(("x-creates" = json!(true))))]
#[post("/customers/screen")]
pub(super) async fn screen_customers(
    ctx: Granted<CustomersScreen>,
    key: IdempotencyKey,
    body: Json<ScreenCustomers>,
) -> Result<Reply, Problem> {
    let verdict = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        let said = commands::screen_all(&tx, &grant, verdict).await?;
        let items = said.into_iter().map(ScreeningBody::from).collect();
        Reply::ok(&Screenings { items })
    })
    .await
}

/// List what was said of a record
///
/// The newest first; of customers that were merged into this one too. Nothing where a field rule hides
/// `screening`.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path), Paging), responses((status = 200, body = ScreeningPage)),
    security(("bearer" = ["customers:read"])))]
#[get("/customers/{customer_id}/screenings")]
pub(super) async fn list_screenings(
    ctx: Granted<CustomersRead>,
    id: PathId<Customer>,
    asked: List<Unfiltered>,
) -> Result<Reply, Problem> {
    let part = asked.part;
    let page = part.page(Direction::NewestFirst)?;
    let said = commands::list(&ctx.read(), &ctx.grant, ctx.authority(), id.0, &page).await?;
    let (said, next) = part.cut(said, |said| (micros(said.at), said.id.uuid()));
    let items = said.into_iter().map(ScreeningBody::from);
    Ok(next.answer::<ScreeningPage>(items)?)
}

/// Read what was said of a record
///
/// As it was said.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path), ("screening_id" = Uuid, Path)),
    responses((status = 200, body = ScreeningBody)), security(("bearer" = ["customers:read"])))]
#[get("/customers/{customer_id}/screenings/{screening_id}")]
pub(super) async fn get_screening(
    ctx: Granted<CustomersRead>,
    ids: PathIds<Customer, Screening>,
) -> Result<Reply, Problem> {
    let ids = (ids.0, ids.1);
    let found = commands::find(&ctx.read(), &ctx.grant, ctx.authority(), ids).await?;
    Ok(Reply::record(VERSION, &ScreeningBody::from(found))?)
}

/// Tell whether a record is valid
///
/// What was last said of it, as lists, searches and conditions go by it (`screening`); `unscreened` where
/// nothing was. A rule that marked it is told with its version (`getScreeningRuleHistory`).
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path)), responses((status = 200, body = CustomerScreening)),
    security(("bearer" = ["customers:read"])))]
#[get("/customers/{customer_id}/screening-standing")]
pub(super) async fn get_screening_standing(
    ctx: Granted<CustomersRead>,
    id: PathId<Customer>,
) -> Result<Reply, Problem> {
    let customer = get_customer(&ctx.read(), &ctx.grant, id.0).await?;
    let institution = Reads::<Customer>::scope(&ctx.grant).institution();
    let last = store::last(&ctx.read(), institution, customer.id).await?;
    let is_shown = commands::is_shown(ctx.authority());
    let body = CustomerScreening::new(last, is_shown);
    Ok(Reply::record(customer.version, &body)?)
}
