use actix_web::{HttpRequest, get, post};
use domain::{
    access::{PaymentsRead, PaymentsVoid, PaymentsWrite},
    customers::Customer,
    payments::{Charge, Payment},
};
use persistence::{
    Error, Handle,
    access::Reads,
    clock::micros,
    payments::{balances, charges, store},
    scope::Direction,
};

use super::{
    AllocatePayment, BalanceBody, ChargeBody, ChargePage, CreateCharge, CreatePayment,
    CreditCharge, ListCharges, ListPayments, ListReceivables, PaymentBody, PaymentPage,
    ReceivablePage, ReceivablesTotal, VoidPayment, commands,
};
use crate::{
    access::{
        Granted, IdempotencyKey,
        fields::{listable, show, show_in, writable},
    },
    http::{Json, List, Problem, Reply, list::Paging, path::PathId},
};

pub(super) const TAG: &str = "payments";

/// The charge as it is shown, with its version.
async fn charge(
    handle: &impl Handle,
    grant: &impl Reads<Charge>,
    charge: Charge,
) -> Result<(i64, ChargeBody), Error> {
    let version = charge.version;
    let body = commands::show_charges(handle, grant, vec![charge])
        .await?
        .pop();
    let body = body.ok_or_else(|| Error::internal("a charge was not shown"))?;
    Ok((version, body))
}

/// The record in field rules.
const RECORD: &str = "payments";

/// The payment as it is shown, with its version.
async fn shown<G>(
    handle: &impl Handle,
    grant: &G,
    payment: Payment,
) -> Result<(i64, PaymentBody), Error>
where
    G: Reads<Payment> + Reads<Charge>,
{
    let version = payment.version;
    let body = commands::show(handle, grant, vec![payment]).await?.pop();
    let body = body.ok_or_else(|| Error::internal("a payment was not shown"))?;
    Ok((version, body))
}

/// Charge a customer by hand
#[utoipa::path(tag = TAG, request_body = CreateCharge, responses((status = 201, body = ChargeBody)),
    security(("bearer" = ["payments:write"])))]
#[post("/charges")]
pub(super) async fn create_charge(
    ctx: Granted<PaymentsWrite>,
    key: IdempotencyKey,
    body: Json<CreateCharge>,
) -> Result<Reply, Problem> {
    let new = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        let made = commands::create_charge(&tx, &grant, new.clone()).await?;
        let (version, body) = charge(&tx, &grant, made).await?;
        Reply::created(format!("/api/v1/charges/{}", body.id), version, &body)
    })
    .await
}

/// List the charges within reach
#[utoipa::path(tag = TAG, params(Paging, ListCharges), responses((status = 200, body = ChargePage)),
    security(("bearer" = ["payments:read"])))]
#[get("/charges")]
pub(super) async fn list_charges(
    ctx: Granted<PaymentsRead>,
    asked: List<ListCharges>,
) -> Result<Reply, Problem> {
    let List { query, part } = asked;
    let page = part.page(query.sort.unwrap_or_default())?;
    let read = ctx.read();
    let filter = commands::filter(&read, &ctx.grant, &query).await?;
    let rows = charges::list(&read, &ctx.grant, &filter, &page).await?;
    let (rows, next) = part.cut(rows, |charge| (micros(charge.created_at), charge.id.uuid()));
    Ok(next.answer::<ChargePage>(commands::show_charges(&read, &ctx.grant, rows).await?)?)
}

/// Read a charge
#[utoipa::path(tag = TAG, params(("charge_id" = Uuid, Path)), responses((status = 200, body = ChargeBody)),
    security(("bearer" = ["payments:read"])))]
#[get("/charges/{charge_id}")]
pub(super) async fn get_charge(
    ctx: Granted<PaymentsRead>,
    id: PathId<Charge>,
) -> Result<Reply, Problem> {
    let read = ctx.read();
    let found = commands::get_charge(&read, &ctx.grant, id.0).await?;
    let (version, body) = charge(&read, &ctx.grant, found).await?;
    Ok(Reply::record(version, &body)?)
}

/// Take an amount off a charge that is not owed any longer
#[utoipa::path(tag = TAG, params(("charge_id" = Uuid, Path)), request_body = CreditCharge,
    responses((status = 200, body = ChargeBody)), security(("bearer" = ["payments:void"])),
    extensions(("x-moves-value" = json!(true))))]
#[post("/charges/{charge_id}/credit")]
pub(super) async fn credit_charge(
    ctx: Granted<PaymentsVoid>,
    id: PathId<Charge>,
    key: IdempotencyKey,
    body: Json<CreditCharge>,
) -> Result<Reply, Problem> {
    let credit = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        let credited = commands::credit_charge(&tx, &grant, id.0, credit.clone()).await?;
        let (version, body) = charge(&tx, &grant, credited).await?;
        Reply::record(version, &body)
    })
    .await
}

/// Take a payment
#[utoipa::path(tag = TAG, request_body = CreatePayment, responses((status = 201, body = PaymentBody)),
    security(("bearer" = ["payments:write"])))]
#[post("/payments")]
pub(super) async fn create_payment(
    ctx: Granted<PaymentsWrite>,
    key: IdempotencyKey,
    body: Json<CreatePayment>,
) -> Result<Reply, Problem> {
    let (new, sent) = (&body.value, body.names.as_slice());
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        writable(&tx, RECORD, sent, &[])?;
        let payment = commands::create_payment(&tx, &grant, new.clone()).await?;
        let (version, body) = shown(&tx, &grant, payment).await?;
        let address = format!("/api/v1/payments/{}", body.id);
        Reply::created(address, version, &show_in(&tx, RECORD, body)?)
    })
    .await
}

/// List the payments within reach
#[utoipa::path(tag = TAG, params(Paging, ListPayments), responses((status = 200, body = PaymentPage)),
    security(("bearer" = ["payments:read"])))]
#[get("/payments")]
pub(super) async fn list_payments(
    ctx: Granted<PaymentsRead>,
    request: HttpRequest,
    asked: List<ListPayments>,
) -> Result<Reply, Problem> {
    let List { query, part } = asked;
    listable(ctx.authority(), RECORD, &request)?;
    let page = part.page(query.sort.unwrap_or_default())?;
    let read = ctx.read();
    let rows = store::list(&read, &ctx.grant, &query.filter(), &page).await?;
    let (rows, next) = part.cut(rows, |payment| {
        (micros(payment.created_at), payment.id.uuid())
    });
    let items = commands::show(&read, &ctx.grant, rows).await?;
    let seen = |item| show(Some(ctx.authority()), RECORD, item);
    let items: Result<Vec<_>, _> = items.into_iter().map(seen).collect();
    Ok(next.answer::<PaymentPage>(items?)?)
}

/// Read a payment
#[utoipa::path(tag = TAG, params(("payment_id" = Uuid, Path)), responses((status = 200, body = PaymentBody)),
    security(("bearer" = ["payments:read"])))]
#[get("/payments/{payment_id}")]
pub(super) async fn get_payment(
    ctx: Granted<PaymentsRead>,
    id: PathId<Payment>,
) -> Result<Reply, Problem> {
    let read = ctx.read();
    let payment = commands::get_payment(&read, &ctx.grant, id.0).await?;
    let (version, body) = shown(&read, &ctx.grant, payment).await?;
    let body = show(Some(ctx.authority()), RECORD, body)?;
    Ok(Reply::record(version, &body)?)
}

/// Put what is left of a payment to charges
#[utoipa::path(tag = TAG, params(("payment_id" = Uuid, Path)), request_body = AllocatePayment,
    responses((status = 200, body = PaymentBody)), security(("bearer" = ["payments:write"])),
    extensions(("x-moves-value" = json!(true))))]
#[post("/payments/{payment_id}/allocate")]
pub(super) async fn allocate_payment(
    ctx: Granted<PaymentsWrite>,
    id: PathId<Payment>,
    key: IdempotencyKey,
    body: Json<AllocatePayment>,
) -> Result<Reply, Problem> {
    let wanted = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        let payment = commands::allocate_payment(&tx, &grant, id.0, wanted.clone()).await?;
        let (version, body) = shown(&tx, &grant, payment).await?;
        Reply::record(version, &show_in(&tx, RECORD, body)?)
    })
    .await
}

/// Take a payment back; its receipt is voided and keeps its number
#[utoipa::path(tag = TAG, params(("payment_id" = Uuid, Path)), request_body = VoidPayment,
    responses((status = 200, body = PaymentBody)), security(("bearer" = ["payments:void"])),
    extensions(("x-moves-value" = json!(true))))]
#[post("/payments/{payment_id}/void")]
pub(super) async fn void_payment(
    ctx: Granted<PaymentsVoid>,
    id: PathId<Payment>,
    key: IdempotencyKey,
    body: Json<VoidPayment>,
) -> Result<Reply, Problem> {
    let reason = body.value.reason.as_str();
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        let payment = store::void(&tx, &grant, id.0, reason).await?;
        let (version, body) = shown(&tx, &grant, payment).await?;
        Reply::record(version, &show_in(&tx, RECORD, body)?)
    })
    .await
}

/// Read what a customer owes and has to its credit
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path)), responses((status = 200, body = BalanceBody)),
    security(("bearer" = ["payments:read"])))]
#[get("/customers/{customer_id}/balance")]
pub(super) async fn get_balance(
    ctx: Granted<PaymentsRead>,
    id: PathId<Customer>,
) -> Result<Reply, Problem> {
    let (version, body) = commands::balance(&ctx.read(), &ctx.grant, id.0).await?;
    Ok(Reply::record(version, &body)?)
}

/// List the customers within reach who owe something
#[utoipa::path(tag = TAG, params(Paging, ListReceivables), responses((status = 200, body = ReceivablePage)),
    security(("bearer" = ["payments:read"])))]
#[get("/receivables")]
pub(super) async fn list_receivables(
    ctx: Granted<PaymentsRead>,
    asked: List<ListReceivables>,
) -> Result<Reply, Problem> {
    let List { query, part } = asked;
    let page = part.page(Direction::NewestFirst)?;
    let campuses = query.campus_id.unwrap_or_default();
    let rows = balances::list_owing(&ctx.read(), &ctx.grant, &campuses, &page).await?;
    let (rows, next) = part.cut(rows, |balance| {
        (micros(balance.created_at), balance.customer.uuid())
    });
    Ok(next.answer::<ReceivablePage>(rows.into_iter().map(BalanceBody::from))?)
}

/// Read what all customers within reach owe, by campus
#[utoipa::path(tag = TAG, responses((status = 200, body = ReceivablesTotal)),
    security(("bearer" = ["payments:read"])))]
#[get("/receivables/total")]
pub(super) async fn get_receivables_total(ctx: Granted<PaymentsRead>) -> Result<Reply, Problem> {
    let (currency, totals) = balances::total_owing(&ctx.read(), &ctx.grant).await?;
    let now = ctx.stamp().now();
    let body = ReceivablesTotal::new(currency, &totals, now);
    Ok(Reply::record(1, &body)?)
}
