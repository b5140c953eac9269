use domain::{id::Id, organization::Institution, payments::Charge};
use sea_orm::{ActiveValue::Set, entity::prelude::*};
use serde_json::{Value, json};

use super::{currency, money};
use crate::{
    Error,
    clock::{date, date_column, micros, timestamp},
    scope::of_customers,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "charges")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub institution_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i64,
    pub customer_id: Uuid,
    pub holder_id: Uuid,
    pub customer_campus_id: Uuid,
    pub payer_id: Uuid,
    pub campus_id: Uuid,
    pub enrollment_id: Option<Uuid>,
    pub currency: String,
    pub amount_minor: i64,
    pub credited_minor: i64,
    pub paid_minor: i64,
    pub outstanding_minor: i64,
    pub description: String,
    pub due_on: time::Date,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

of_customers!(Charge);

impl Model {
    pub(in crate::payments) fn read(self) -> Result<Charge, Error> {
        let currency = currency(&self.currency)?;
        Ok(Charge {
            id: Id::new(self.id),
            version: self.version,
            customer: Id::new(self.customer_id),
            holder: Id::new(self.holder_id),
            customer_campus: Id::new(self.customer_campus_id),
            payer: Id::new(self.payer_id),
            campus: Id::new(self.campus_id),
            enrollment: self.enrollment_id,
            amount: money(self.amount_minor, currency)?,
            credited: money(self.credited_minor, currency)?,
            paid: money(self.paid_minor, currency)?,
            outstanding: money(self.outstanding_minor, currency)?,
            description: self.description,
            due_on: date(self.due_on)?,
            created_at: timestamp(self.created_at)?,
            updated_at: timestamp(self.updated_at)?,
        })
    }
}

pub(in crate::payments) fn row(
    institution: Id<Institution>,
    charge: &Charge,
) -> Result<ActiveModel, Error> {
    Ok(ActiveModel {
        institution_id: Set(institution.uuid()),
        id: Set(charge.id.uuid()),
        version: Set(charge.version),
        customer_id: Set(charge.customer.uuid()),
        holder_id: Set(charge.holder.uuid()),
        customer_campus_id: Set(charge.customer_campus.uuid()),
        payer_id: Set(charge.payer.uuid()),
        campus_id: Set(charge.campus.uuid()),
        enrollment_id: Set(charge.enrollment),
        currency: Set(charge.amount.currency().code().into()),
        amount_minor: Set(charge.amount.minor()),
        credited_minor: Set(charge.credited.minor()),
        paid_minor: Set(charge.paid.minor()),
        outstanding_minor: Set(charge.outstanding.minor()),
        description: Set(charge.description.clone()),
        due_on: Set(date_column(charge.due_on)?),
        created_at: Set(micros(charge.created_at)),
        updated_at: Set(micros(charge.updated_at)),
    })
}

/// What can differ between two states of a charge.
pub(in crate::payments) fn changed(charge: &Charge) -> ActiveModel {
    ActiveModel {
        version: Set(charge.version),
        credited_minor: Set(charge.credited.minor()),
        paid_minor: Set(charge.paid.minor()),
        outstanding_minor: Set(charge.outstanding.minor()),
        updated_at: Set(micros(charge.updated_at)),
        ..Default::default()
    }
}

/// The fields of a charge as the audit trail compares them, in the words of the contract.
pub(in crate::payments) fn fields(charge: &Charge) -> Value {
    json!({
        "customer_id": charge.customer,
        "payer_id": charge.payer,
        "campus_id": charge.campus,
        "enrollment_id": charge.enrollment,
        "currency": charge.amount.currency().code(),
        "amount_minor": charge.amount.minor(),
        "credited_minor": charge.credited.minor(),
        "paid_minor": charge.paid.minor(),
        "outstanding_minor": charge.outstanding.minor(),
        "description": charge.description,
        "due_on": charge.due_on.to_string(),
    })
}
