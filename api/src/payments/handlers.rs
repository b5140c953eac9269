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
    customers::merges,
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
///
/// For what no enrollment charges, such as books. It is owed at once; what is due is never collected by
/// itself.
#[utoipa::path(tag = TAG, request_body = CreateCharge, responses((status = 201, body = ChargeBody)),
    security(("bearer" = ["payments:write"])),
    extensions(("x-problem-codes" = json!(["amount_out_of_range"]))))]
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
///
/// The newest first, unless `sort` says otherwise.
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
///
/// With what was taken off it and paid since.
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
///
/// At most what is left of the amount. Where more is paid than remains, the rest becomes the payer's
/// credit. It is never undone; charge anew instead. The reason is on the audit trail.
#[utoipa::path(tag = TAG, params(("charge_id" = Uuid, Path)), request_body = CreditCharge,
    responses((status = 200, body = ChargeBody)), security(("bearer" = ["payments:void"])),
    extensions(("x-problem-codes" = json!(["credit_exceeds_charge", "amount_out_of_range",
        "currency_mismatch"])), ("x-moves-value" = json!(true))))]
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
///
/// Puts the amount to charges, the oldest first, unless `allocations` says which; what is left is the
/// payer's credit. Issues a receipt with the next number of the campus. The books count it on the day
/// on which it is taken here, whatever `paid_on` says. Never repeat it with another key: that takes the
/// money twice.
#[utoipa::path(tag = TAG, request_body = CreatePayment, responses((status = 201, body = PaymentBody)),
    security(("bearer" = ["payments:write"])),
    extensions(("x-problem-codes" = json!(["charge_overpaid", "payment_spread_out",
        "amount_out_of_range", "currency_mismatch"]))))]
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
///
/// The newest first, unless `sort` says otherwise; voided ones, too.
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
    let mut filter = query.filter();
    let institution = Reads::<Payment>::scope(&ctx.grant).institution();
    filter.payers = merges::resolved(&read, institution, filter.payers).await?;
    let rows = store::list(&read, &ctx.grant, &filter, &page).await?;
    let (rows, next) = part.cut(rows, |payment| {
        (micros(payment.created_at), payment.id.uuid())
    });
    let items = commands::show(&read, &ctx.grant, rows).await?;
    let seen = |item| show(Some(ctx.authority()), RECORD, item);
    let items: Result<Vec<_>, _> = items.into_iter().map(seen).collect();
    Ok(next.answer::<PaymentPage>(items?)?)
}

/// Read a payment
///
/// A voided one is found, too. `allocations` shows the charges within reach only.
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
///
/// From the payer's credit to charges: those that `allocations` names, or the open ones, the oldest
/// first. Refused where nothing is left, or there is nothing open.
#[utoipa::path(tag = TAG, params(("payment_id" = Uuid, Path)), request_body = AllocatePayment,
    responses((status = 200, body = PaymentBody)), security(("bearer" = ["payments:write"])),
    extensions(("x-problem-codes" = json!(["payment_voided", "nothing_to_allocate", "charge_overpaid",
        "payment_spread_out", "currency_mismatch"])), ("x-moves-value" = json!(true))))]
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
///
/// Reverses it in the books of today. What it was put to is owed again, and the receipt is voided and
/// keeps its number. Works once, and is never undone. The reason is shown with the payment.
#[utoipa::path(tag = TAG, params(("payment_id" = Uuid, Path)), request_body = VoidPayment,
    responses((status = 200, body = PaymentBody)), security(("bearer" = ["payments:void"])),
    extensions(("x-problem-codes" = json!(["payment_voided"])), ("x-moves-value" = json!(true))))]
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
///
/// In the currency of the institution. Payments of others for this customer's charges are counted in
/// `paid`.
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
///
/// Whose account was opened last comes first. Whoever owes nothing is left out.
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
///
/// Worked out anew for each request, and asked for again with `If-None-Match` at no cost but that.
#[utoipa::path(tag = TAG, responses((status = 200, body = ReceivablesTotal)),
    security(("bearer" = ["payments:read"])))]
#[get("/receivables/total")]
pub(super) async fn get_receivables_total(ctx: Granted<PaymentsRead>) -> Result<Reply, Problem> {
    let (currency, totals) = balances::total_owing(&ctx.report(), &ctx.grant).await?;
    let now = ctx.stamp().now();
    let body = ReceivablesTotal::new(currency, &totals, now);
    Ok(Reply::evaluated(&body)?)
}
