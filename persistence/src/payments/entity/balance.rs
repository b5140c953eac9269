use domain::{id::Id, payments::Balance};
use sea_orm::entity::prelude::*;

use super::{currency, money};
use crate::{Error, clock::timestamp, scope::Scoped};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customer_balances")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub institution_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub customer_id: Uuid,
    pub holder_id: Uuid,
    pub customer_campus_id: Uuid,
    pub currency: String,
    pub charged_minor: i64,
    pub credited_minor: i64,
    pub paid_minor: i64,
    pub outstanding_minor: i64,
    pub credit_minor: i64,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Scoped for Entity {
    type Record = Balance;
    const INSTITUTION: Column = Column::InstitutionId;
    const ID: Column = Column::CustomerId;
    const CUSTOMER: Column = Column::CustomerId;
    const HOLDER: Column = Column::HolderId;
    const CAMPUS: Column = Column::CustomerCampusId;
    const CREATED: Column = Column::CreatedAt;
    const DELETED: Option<Column> = None;
}

impl Model {
    pub(in crate::payments) fn read(self) -> Result<Balance, Error> {
        let currency = currency(&self.currency)?;
        Ok(Balance {
            customer: Id::new(self.customer_id),
            customer_campus: Id::new(self.customer_campus_id),
            charged: money(self.charged_minor, currency)?,
            credited: money(self.credited_minor, currency)?,
            paid: money(self.paid_minor, currency)?,
            outstanding: money(self.outstanding_minor, currency)?,
            credit: money(self.credit_minor, currency)?,
            created_at: timestamp(self.created_at)?,
            updated_at: timestamp(self.updated_at)?,
        })
    }
}
