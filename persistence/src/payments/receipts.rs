//! Receipts: one a payment, under a number without gaps; voided ones keep it, reprints too (I-05).

use domain::{
    fault::{Fault, NOT_FOUND},
    id::Id,
    numbers::{Number, Series},
    organization::Institution,
    payments::{Payment, Receipt},
};
use sea_orm::{ConnectionTrait, QueryResult, Value};
use serde_json::json;

use super::{RECEIPT_ISSUED, RECEIPT_PRINTED, RECEIPT_VOIDED, journal::Place, store};
use crate::{
    Error, Handle, Tx,
    access::Reads,
    clock::{micros, timestamp},
    database::{Change, statement},
    events::{Event, EventType},
    numbers,
};

const COLUMNS: &str = "id, version, payment_id, campus_id, year, campus_number, number, print_count, \
    issued_at, voided_at";

/// Issues the receipt of a new payment. Its number is the last lock that the transaction takes.
pub(super) async fn issue(
    tx: &Tx,
    institution: Id<Institution>,
    place: &Place,
    payment: &Payment,
) -> Result<(), Error> {
    let year = payment.business_date.year();
    let number = numbers::take(tx, institution, place.campus, Series::Receipt, year).await?;
    let id = tx.stamp().id::<Receipt>();
    tx.execute_raw(statement(
        tx,
        "INSERT INTO receipts (institution_id, id, version, payment_id, campus_id, year, \
         campus_number, number, print_count, issued_at) VALUES (?, ?, 1, ?, ?, ?, ?, ?, 0, ?)",
        [
            institution.uuid().into(),
            id.uuid().into(),
            payment.id.uuid().into(),
            place.campus.uuid().into(),
            year.into(),
            number.campus.into(),
            number.value.into(),
            micros(tx.now()).into(),
        ],
    ))
    .await?;
    record(
        tx,
        id,
        1,
        &RECEIPT_ISSUED,
        json!({ "number": number.to_string() }),
    );
    Ok(())
}

/// Voids the receipt of a payment; it keeps its number.
pub(super) async fn void(
    tx: &Tx,
    institution: Id<Institution>,
    payment: Id<Payment>,
) -> Result<(), Error> {
    let row = tx
        .query_one_raw(statement(
            tx,
            "UPDATE receipts SET voided_at = ?, version = version + 1 \
             WHERE institution_id = ? AND payment_id = ? AND voided_at IS NULL RETURNING id, version",
            [
                micros(tx.now()).into(),
                institution.uuid().into(),
                payment.uuid().into(),
            ],
        ))
        .await?
        .ok_or_else(|| Error::corrupt("the payment's receipt is gone"))?;
    let id = Id::new(row.try_get("", "id")?);
    let version = row.try_get("", "version")?;
    record(tx, id, version, &RECEIPT_VOIDED, json!({ "voided": true }));
    Ok(())
}

/// The receipt of a payment within reach.
pub async fn of_payment(
    handle: &impl Handle,
    grant: &impl Reads<Payment>,
    payment: Id<Payment>,
) -> Result<Option<(Receipt, Payment)>, Error> {
    found(handle, grant, "payment_id", payment.uuid().into()).await
}

/// Counts a printing of a receipt within reach, and gives the receipt as it is printed.
///
/// # Errors
/// 404 out of reach.
pub async fn print(
    tx: &Tx,
    grant: &impl Reads<Payment>,
    id: Id<Receipt>,
    parts: u16,
) -> Result<(Receipt, Payment), Error> {
    let (receipt, payment) = found(tx, grant, "id", id.uuid().into())
        .await?
        .ok_or_else(|| Fault::new(&NOT_FOUND))?;
    let row = tx
        .query_one_raw(statement(
            tx,
            "UPDATE receipts SET print_count = print_count + 1, version = version + 1 \
             WHERE institution_id = ? AND id = ? RETURNING version, print_count",
            [grant.scope().institution().uuid().into(), id.uuid().into()],
        ))
        .await?
        .ok_or_else(|| Error::corrupt("a receipt is gone"))?;
    let receipt = Receipt {
        version: row.try_get("", "version")?,
        print_count: row.try_get("", "print_count")?,
        ..receipt
    };
    let after = json!({ "print_count": receipt.print_count, "parts": parts });
    record(tx, id, receipt.version, &RECEIPT_PRINTED, after);
    Ok((receipt, payment))
}

async fn found(
    handle: &impl Handle,
    grant: &impl Reads<Payment>,
    column: &str,
    value: Value,
) -> Result<Option<(Receipt, Payment)>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM receipts WHERE institution_id = ? AND {column} = ?");
    let institution = grant.scope().institution().uuid().into();
    let row = handle
        .query_one_raw(statement(handle, &sql, [institution, value]))
        .await?;
    let Some(receipt) = row.map(|row| read(&row)).transpose()? else {
        return Ok(None);
    };
    // A receipt is as far within reach as its payment.
    let payment = store::find(handle, grant, receipt.payment).await?;
    Ok(payment.map(|payment| (receipt, payment)))
}

fn read(row: &QueryResult) -> Result<Receipt, Error> {
    Ok(Receipt {
        id: Id::new(row.try_get("", "id")?),
        version: row.try_get("", "version")?,
        payment: Id::new(row.try_get("", "payment_id")?),
        campus: Id::new(row.try_get("", "campus_id")?),
        number: Number {
            series: Series::Receipt,
            campus: row.try_get("", "campus_number")?,
            year: row.try_get("", "year")?,
            value: row.try_get("", "number")?,
        },
        print_count: row.try_get("", "print_count")?,
        issued_at: timestamp(row.try_get("", "issued_at")?)?,
        voided_at: row
            .try_get::<Option<i64>>("", "voided_at")?
            .map(timestamp)
            .transpose()?,
    })
}

fn record(
    tx: &Tx,
    id: Id<Receipt>,
    version: i64,
    event: &'static EventType,
    after: serde_json::Value,
) {
    tx.record(Change {
        kind: "receipt",
        id: id.uuid(),
        version,
        before: json!(null),
        after,
        event: Some(Event {
            kind: event,
            data: json!({}),
        }),
    });
}
