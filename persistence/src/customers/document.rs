//! What a search looks through: each customer's place in the order, and whose it is.

use domain::customers::Customer;
use sea_orm::entity::prelude::*;

use super::{Child, OnTimeline};
use crate::scope::Scoped;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "search_documents")]
pub(super) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub institution_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub customer_id: Uuid,
    /// Later documents have higher numbers.
    pub doc_id: i64,
    pub holder_id: Uuid,
    pub customer_campus_id: Uuid,
    pub deleted_at: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(super) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Scoped for Entity {
    type Record = Customer;
    const INSTITUTION: Column = Column::InstitutionId;
    const ID: Column = Column::CustomerId;
    const CUSTOMER: Column = Column::CustomerId;
    const HOLDER: Column = Column::HolderId;
    const CAMPUS: Column = Column::CustomerCampusId;
    const CREATED: Column = Column::DocId;
    const DELETED: Option<Column> = Some(Column::DeletedAt);
}

pub(super) static CHILD: Child = Child {
    table: "search_documents",
    keeps: None,
    hides: true,
    shown: OnTimeline::Elsewhere,
};
