//! The fact that something was bought, written with the enrollment that bought it.

use std::collections::BTreeMap;

use domain::{
    enrollments::{Enrollment, Purchase, PurchaseMode},
    id::Id,
    money::Money,
    organization::Institution,
    text_enum::TextEnum,
};
use sea_orm::{
    ConnectionTrait, Value,
    sea_query::{Expr, ExprTrait, Query as Sql},
};
use uuid::Uuid;

use crate::{
    Error, Handle, Tx,
    clock::{date_column, micros},
    database::statement,
    payments::journal::Desk,
};

/// Writes what an enrollment bought.
pub async fn insert(
    tx: &Tx,
    institution: Id<Institution>,
    enrollment: Id<Enrollment>,
    purchase: &Purchase,
    place: &Desk,
) -> Result<(), Error> {
    let values: [Value; 14] = [
        institution.uuid().into(),
        tx.stamp().id::<Purchase>().uuid().into(),
        enrollment.uuid().into(),
        purchase.beneficiary.uuid().into(),
        purchase.payer.uuid().into(),
        place.campus.uuid().into(),
        place.legal_entity.as_str().into(),
        date_column(purchase.date)?.into(),
        micros(tx.now()).into(),
        purchase.product.uuid().into(),
        purchase.quantity.hundredths().into(),
        purchase.amount.minor().into(),
        purchase.amount.currency().code().into(),
        purchase.mode.as_str().into(),
    ];
    tx.execute_raw(statement(
        tx,
        "INSERT INTO purchases (institution_id, id, enrollment_id, beneficiary_id, payer_id, campus_id, \
         legal_entity, occurred_on, posted_at, product_id, quantity_hundredths, amount_minor, currency, \
         mode) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        values,
    ))
    .await?;
    Ok(())
}

/// How enrollments were bought.
pub async fn modes(
    handle: &impl Handle,
    institution: Id<Institution>,
    enrollments: impl IntoIterator<Item = Id<Enrollment>>,
) -> Result<BTreeMap<Id<Enrollment>, PurchaseMode>, Error> {
    let mut select = Sql::select();
    select
        .columns(["enrollment_id", "mode"])
        .from("purchases")
        .and_where(Expr::col("institution_id").eq(institution.uuid()))
        .and_where(Expr::col("enrollment_id").is_in(enrollments.into_iter().map(Id::uuid)))
        .and_where(Expr::col("reversal_of").is_null());
    handle
        .query_all(&select)
        .await?
        .iter()
        .map(|row| {
            let mode: String = row.try_get("", "mode")?;
            let mode = PurchaseMode::parse(&mode);
            let mode = mode.ok_or_else(|| Error::corrupt(PurchaseMode::NAME))?;
            Ok((Id::new(row.try_get("", "enrollment_id")?), mode))
        })
        .collect()
}

/// Takes back the part of what an enrollment bought that was not used.
pub async fn reverse(
    tx: &Tx,
    institution: Id<Institution>,
    enrollment: Id<Enrollment>,
    left_hundredths: i32,
    amount: Money,
    place: &Desk,
) -> Result<(), Error> {
    let id: Uuid = tx.stamp().id::<Purchase>().uuid();
    let values: [Value; 7] = [
        id.into(),
        date_column(place.today(tx))?.into(),
        micros(tx.now()).into(),
        (-left_hundredths).into(),
        amount.negated()?.minor().into(),
        institution.uuid().into(),
        enrollment.uuid().into(),
    ];
    tx.execute_raw(statement(
        tx,
        "INSERT INTO purchases (institution_id, id, enrollment_id, beneficiary_id, payer_id, campus_id, \
         legal_entity, occurred_on, posted_at, product_id, quantity_hundredths, amount_minor, currency, \
         mode, reversal_of) \
         SELECT institution_id, ?, enrollment_id, beneficiary_id, payer_id, campus_id, \
         legal_entity, ?, ?, product_id, ?, ?, currency, mode, id \
         FROM purchases WHERE institution_id = ? AND enrollment_id = ? AND reversal_of IS NULL",
        values,
    ))
    .await?;
    Ok(())
}
