use domain::{
    id::Id,
    organization::Institution,
    payments::{Method, Payment, Voided},
    text_enum::TextEnum,
};
use sea_orm::{ActiveValue::Set, entity::prelude::*};
use serde_json::{Value, json};

use super::{currency, money};
use crate::{
    Error,
    clock::{date, date_column, micros, timestamp},
    scope::of_customers,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payments")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub institution_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i64,
    pub customer_id: Uuid,
    pub holder_id: Uuid,
    pub customer_campus_id: Uuid,
    pub campus_id: Uuid,
    pub method: String,
    pub currency: String,
    pub amount_minor: i64,
    pub unallocated_minor: i64,
    pub paid_on: time::Date,
    pub business_date: time::Date,
    pub note: Option<String>,
    pub entry_id: Uuid,
    pub received_by: Uuid,
    pub voided_at: Option<i64>,
    pub voided_on: Option<time::Date>,
    pub voided_by: Option<Uuid>,
    pub void_reason: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

of_customers!(Payment);

impl Model {
    pub(in crate::payments) fn read(self) -> Result<Payment, Error> {
        let currency = currency(&self.currency)?;
        let voided = match (
            self.voided_at,
            self.voided_on,
            self.voided_by,
            self.void_reason,
        ) {
            (Some(at), Some(on), Some(by), Some(reason)) => Some(Voided {
                at: timestamp(at)?,
                on: date(on)?,
                by: Id::new(by),
                reason,
            }),
            _ => None,
        };
        Ok(Payment {
            id: Id::new(self.id),
            version: self.version,
            customer: Id::new(self.customer_id),
            holder: Id::new(self.holder_id),
            customer_campus: Id::new(self.customer_campus_id),
            campus: Id::new(self.campus_id),
            method: Method::parse(&self.method).ok_or_else(|| Error::corrupt(Method::NAME))?,
            amount: money(self.amount_minor, currency)?,
            unallocated: money(self.unallocated_minor, currency)?,
            paid_on: date(self.paid_on)?,
            business_date: date(self.business_date)?,
            note: self.note,
            entry: Id::new(self.entry_id),
            received_by: Id::new(self.received_by),
            voided,
            created_at: timestamp(self.created_at)?,
            updated_at: timestamp(self.updated_at)?,
        })
    }
}

pub(in crate::payments) fn row(
    institution: Id<Institution>,
    payment: &Payment,
) -> Result<ActiveModel, Error> {
    Ok(ActiveModel {
        institution_id: Set(institution.uuid()),
        id: Set(payment.id.uuid()),
        customer_id: Set(payment.customer.uuid()),
        holder_id: Set(payment.holder.uuid()),
        customer_campus_id: Set(payment.customer_campus.uuid()),
        campus_id: Set(payment.campus.uuid()),
        method: Set(payment.method.as_str().into()),
        currency: Set(payment.amount.currency().code().into()),
        amount_minor: Set(payment.amount.minor()),
        paid_on: Set(date_column(payment.paid_on)?),
        business_date: Set(date_column(payment.business_date)?),
        note: Set(payment.note.clone()),
        entry_id: Set(payment.entry.uuid()),
        received_by: Set(payment.received_by.uuid()),
        created_at: Set(micros(payment.created_at)),
        ..changed(payment)?
    })
}

/// What can differ between two states of a payment.
pub(in crate::payments) fn changed(payment: &Payment) -> Result<ActiveModel, Error> {
    let voided = payment.voided.as_ref();
    Ok(ActiveModel {
        version: Set(payment.version),
        unallocated_minor: Set(payment.unallocated.minor()),
        voided_at: Set(voided.map(|v| micros(v.at))),
        voided_on: Set(voided.map(|v| date_column(v.on)).transpose()?),
        voided_by: Set(voided.map(|v| v.by.uuid())),
        void_reason: Set(voided.map(|v| v.reason.clone())),
        updated_at: Set(micros(payment.updated_at)),
        ..Default::default()
    })
}

/// The fields of a payment as the audit trail compares them, in the words of the contract.
pub(in crate::payments) fn fields(payment: &Payment) -> Value {
    let voided = payment.voided.as_ref();
    json!({
        "payer_id": payment.customer,
        "campus_id": payment.campus,
        "method": payment.method.as_str(),
        "currency": payment.amount.currency().code(),
        "amount_minor": payment.amount.minor(),
        "unallocated_minor": payment.unallocated.minor(),
        "paid_on": payment.paid_on.to_string(),
        "business_date": payment.business_date.to_string(),
        "note": payment.note,
        "voided_at": voided.map(|v| v.at.to_string()),
        "void_reason": voided.map(|v| v.reason.clone()),
    })
}

/// Fields whose values never go on the trail in the clear.
pub(in crate::payments) const PERSONAL: &[&str] = &["note"];
