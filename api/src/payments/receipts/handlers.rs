use actix_web::{HttpRequest, HttpResponse, get, http::header, post};
use domain::{
    access::PaymentsRead,
    fault::{Fault, NOT_FOUND},
    payments::{Payment, Receipt},
};
use persistence::{
    Error,
    access::Authority,
    payments::receipts::{self, Issued},
};

use super::{PrintReceipt, ReceiptBody, ReceiptPageParts, page};
use crate::{
    access::{
        Granted, OptionalIdempotencyKey,
        fields::{show_as, show_text},
    },
    http::{Json, Parameters, Problem, Reply, context::RequestContext, path::PathId},
    payments::handlers::TAG,
};

/// Fields of the payer that stand under other names here.
const NAMES: &[(&str, &str)] = &[("payer_name", "name")];

/// A receipt as somebody may see it.
fn shown(reader: Option<&Authority>, issued: &Issued) -> Result<Reply, Error> {
    let body = show_as(reader, "customers", NAMES, ReceiptBody::from(issued))?;
    Reply::record(issued.receipt.version, &body)
}

fn absent() -> Error {
    Fault::new(&NOT_FOUND).into()
}

/// Read the receipt of a payment
///
/// Its lines say what the payment was put to when it was taken; what became of it later does not change
/// them.
#[utoipa::path(tag = TAG, params(("payment_id" = Uuid, Path)), responses((status = 200, body = ReceiptBody)),
    security(("bearer" = ["payments:read"])))]
#[get("/payments/{payment_id}/receipt")]
pub(in crate::payments) async fn get_payment_receipt(
    ctx: Granted<PaymentsRead>,
    id: PathId<Payment>,
) -> Result<Reply, Problem> {
    let issued = receipts::of_payment(&ctx.read(), &ctx.grant, id.0)
        .await?
        .ok_or_else(absent)?;
    Ok(shown(Some(ctx.authority()), &issued)?)
}

/// Count a printing of a receipt
///
/// Counts one more. The page of a receipt that was printed before says so.
#[utoipa::path(tag = TAG, params(("receipt_id" = Uuid, Path)), request_body = PrintReceipt,
    responses((status = 200, body = ReceiptBody)), security(("bearer" = ["payments:read"])))]
#[post("/receipts/{receipt_id}/print")]
pub(in crate::payments) async fn print_receipt(
    ctx: Granted<PaymentsRead>,
    id: PathId<Receipt>,
    key: OptionalIdempotencyKey,
    body: Json<PrintReceipt>,
) -> Result<Reply, Problem> {
    let parts = body.value.parts;
    ctx.once(key.of(body.fingerprint), |tx, grant| async move {
        let issued = receipts::print(&tx, &grant, id.0, parts).await?;
        shown(tx.operation().authority.as_deref(), &issued)
    })
    .await
}

/// Show a receipt as a page to print
///
/// HTML without scripts, sized for the paper; open it in a window and print it. Reading it counts no
/// printing: say that by `printReceipt`.
#[utoipa::path(tag = TAG, params(("receipt_id" = Uuid, Path), ReceiptPageParts),
    responses((status = 200, body = String, content_type = "text/html")),
    security(("bearer" = ["payments:read"])))]
#[get("/receipts/{receipt_id}/page")]
pub(in crate::payments) async fn get_receipt_page(
    ctx: Granted<PaymentsRead>,
    request: HttpRequest,
    id: PathId<Receipt>,
    query: Parameters<ReceiptPageParts>,
) -> Result<HttpResponse, Problem> {
    let issued = receipts::find(&ctx.read(), &ctx.grant, id.0)
        .await?
        .ok_or_else(absent)?;
    let payer = issued.payer.clone();
    let payer = show_text(Some(ctx.authority()), "customers", "name", payer);
    let parts = query.0.parts.unwrap_or(2);
    let language = RequestContext::of(&request).language;
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, page::policy()))
        .body(page::page(&issued, payer, parts, language)))
}
