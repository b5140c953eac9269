//! Receipts: one a payment, under a number without gaps; voided ones keep it, reprints too (I-05).

use std::collections::BTreeMap;

use domain::{
    fault::{Fault, NOT_FOUND},
    id::Id,
    money::Money,
    numbers::{Number, Series},
    organization::Institution,
    payments::{Payment, Receipt},
};
use sea_orm::{ConnectionTrait, QueryResult, Value};
use serde_json::json;

use super::{RECEIPT_ISSUED, RECEIPT_PRINTED, RECEIPT_VOIDED, allocations, journal::Desk, store};
use crate::{
    Error, Handle, Tx,
    access::Reads,
    clock::{micros, timestamp},
    database::{Change, placeholders, statement},
    events::EventType,
    numbers,
};

const COLUMNS: &str = "id, version, payment_id, campus_id, year, campus_number, number, print_count, \
    issued_at, voided_at";

/// Issues the receipt of a new payment. Its number is the last lock that the transaction takes.
pub(super) async fn issue(
    tx: &Tx,
    institution: Id<Institution>,
    place: &Desk,
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

/// A receipt with everything that stands on it.
#[derive(Clone)]
pub struct Issued {
    pub receipt: Receipt,
    pub payment: Payment,
    pub campus: String,
    /// As it was stamped on the entry.
    pub legal_entity: String,
    pub payer: String,
    /// Who took the money, where that was a person of staff.
    pub receiver: Option<String>,
    /// What the payment was put to when it was taken: descriptions and amounts.
    pub lines: Vec<(String, Money)>,
}

/// The receipt of a payment within reach.
pub async fn of_payment(
    handle: &impl Handle,
    grant: &impl Reads<Payment>,
    payment: Id<Payment>,
) -> Result<Option<Issued>, Error> {
    found(handle, grant, "payment_id", payment.uuid().into()).await
}

/// A receipt within reach.
pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<Payment>,
    id: Id<Receipt>,
) -> Result<Option<Issued>, Error> {
    found(handle, grant, "id", id.uuid().into()).await
}

/// The receipts of payments that were read within reach.
pub async fn of_payments(
    handle: &impl Handle,
    grant: &impl Reads<Payment>,
    payments: &[Payment],
) -> Result<BTreeMap<Id<Payment>, Receipt>, Error> {
    if payments.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut values = vec![grant.scope().institution().uuid().into()];
    values.extend(payments.iter().map(|payment| payment.id.uuid().into()));
    let sql = format!(
        "SELECT {COLUMNS} FROM receipts WHERE institution_id = ? AND payment_id IN ({})",
        placeholders(payments.len())
    );
    handle
        .query_all_raw(statement(handle, &sql, values))
        .await?
        .iter()
        .map(|row| read(row).map(|receipt| (receipt.payment, receipt)))
        .collect()
}

/// Counts a printing of a receipt within reach.
///
/// # Errors
/// 404 out of reach.
pub async fn print(
    tx: &Tx,
    grant: &impl Reads<Payment>,
    id: Id<Receipt>,
    parts: i16,
) -> Result<Issued, Error> {
    let issued = find(tx, grant, id)
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
        ..issued.receipt
    };
    let after = json!({ "print_count": receipt.print_count, "parts": parts });
    record(tx, id, receipt.version, &RECEIPT_PRINTED, after);
    Ok(Issued { receipt, ..issued })
}

async fn found(
    handle: &impl Handle,
    grant: &impl Reads<Payment>,
    column: &str,
    value: Value,
) -> Result<Option<Issued>, Error> {
    let institution = grant.scope().institution().uuid();
    let sql = format!("SELECT {COLUMNS} FROM receipts WHERE institution_id = ? AND {column} = ?");
    let row = handle
        .query_one_raw(statement(handle, &sql, [institution.into(), value]))
        .await?;
    let Some(receipt) = row.map(|row| read(&row)).transpose()? else {
        return Ok(None);
    };
    // A receipt is as far within reach as its payment.
    let Some(payment) = store::find(handle, grant, receipt.payment).await? else {
        return Ok(None);
    };
    let row = handle
        .query_one_raw(statement(
            handle,
            "SELECT c.name AS campus, e.legal_entity, p.name AS payer, s.name AS receiver \
             FROM journal_entries e \
             JOIN campuses c ON c.institution_id = e.institution_id AND c.id = e.campus_id \
             JOIN customers p ON p.institution_id = e.institution_id AND p.id = e.customer_id \
             LEFT JOIN staff s ON s.institution_id = e.institution_id AND s.id = ? \
             WHERE e.institution_id = ? AND e.id = ?",
            [
                payment.received_by.uuid().into(),
                institution.into(),
                payment.entry.uuid().into(),
            ],
        ))
        .await?
        .ok_or_else(|| Error::corrupt("the entry of a payment is gone"))?;
    Ok(Some(Issued {
        campus: row.try_get("", "campus")?,
        legal_entity: row.try_get("", "legal_entity")?,
        payer: row.try_get("", "payer")?,
        receiver: row.try_get("", "receiver")?,
        lines: allocations::with_entry(handle, grant, &payment).await?,
        receipt,
        payment,
    }))
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
    tx.record(Change::new("receipt", id.uuid(), version, after).event(event, json!({})));
}
