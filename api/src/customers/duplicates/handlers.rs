use actix_web::{get, post};
use domain::{
    access::{CustomersRead, CustomersWrite},
    customers::Customer,
};

use super::{
    CallerLookUp, CheckDuplicates, DuplicateCheck, Duplicates, LookUpCaller,
    commands::{self, Allowances},
};
use crate::{
    access::Granted,
    customers::handlers::TAG,
    http::{Json, Problem, Reply, path::PathId},
};

/// Ask whether somebody is there already, before taking them in
///
/// Within reach (`customers:read`) the candidates are told with their reasons. Beyond it the phones,
/// WeChat, QQ and e-mail of all customers are compared, and of whoever has one only that there is
/// somebody, by which key and with which team. How many keys were asked and found is on the trail, never
/// the keys; a principal asks for so many a day (`allowance_spent`, with `Retry-After`). Nothing is looked
/// for by what field rules hide or mask for the caller (`field_not_readable`).
#[utoipa::path(tag = TAG, request_body = CheckDuplicates, responses((status = 200, body = DuplicateCheck)),
    security(("bearer" = ["customers:write"])),
    extensions(("x-problem-codes" = json!(["allowance_spent", "duplicate_key_missing"]))))]
#[post("/customers/duplicate-check")]
pub(super) async fn check_duplicates(
    ctx: Granted<CustomersWrite>,
    body: Json<CheckDuplicates>,
) -> Result<Reply, Problem> {
    let (asked, allowances) = (&body.value, Allowances::of_checks(&ctx.app().settings));
    ctx.transaction(|tx, _| async move {
        let found = commands::check(&tx, asked, allowances).await?;
        Reply::ok(&found)
    })
    .await
}

/// Look up who calls (来电弹屏)
///
/// By a telephone number. Whoever has it within reach is shown with holder, household and the last
/// contact; beyond reach only that there is somebody, and with which team. That somebody looked is on the
/// trail, without the number; a principal looks up so many an hour (`allowance_spent`, with
/// `Retry-After`). Refused where field rules hide or mask `contact_points` (`field_not_readable`).
#[utoipa::path(tag = TAG, request_body = LookUpCaller, responses((status = 200, body = CallerLookUp)),
    security(("bearer" = ["customers:read"])), extensions(("x-problem-codes" = json!(["allowance_spent"]))))]
#[post("/customers/lookup")]
pub(super) async fn look_up_caller(
    ctx: Granted<CustomersRead>,
    body: Json<LookUpCaller>,
) -> Result<Reply, Problem> {
    let (asked, allowances) = (&body.value, Allowances::of_look_ups(&ctx.app().settings));
    ctx.transaction(|tx, _| async move {
        let found = commands::look_up(&tx, asked, allowances).await?;
        Reply::ok(&found)
    })
    .await
}

/// List who may be the same as a customer
///
/// Customers within reach, with what speaks for it. What field rules hide from the caller is no reason.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path)), responses((status = 200, body = Duplicates)),
    security(("bearer" = ["customers:read"])))]
#[get("/customers/{customer_id}/duplicates")]
pub(super) async fn list_duplicates(
    ctx: Granted<CustomersRead>,
    id: PathId<Customer>,
) -> Result<Reply, Problem> {
    let reader = (ctx.authority(), ctx.stamp().now());
    let (customer, items) = commands::of_customer(&ctx.read(), &ctx.grant, reader, id.0).await?;
    Ok(Reply::record(customer.version, &Duplicates { items })?)
}
