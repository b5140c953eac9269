use domain::{
    id::Id,
    tags::{Act, Tagging},
};
use sea_orm::entity::prelude::*;

use crate::{Error, clock::timestamp, scope::Scoped};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "taggings")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub institution_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub customer_id: Uuid,
    pub holder_id: Uuid,
    pub customer_campus_id: Uuid,
    pub customer_created_at: i64,
    pub tag_id: Uuid,
    pub put_on_at: i64,
    pub put_on_by: Uuid,
    pub put_on_reason: Option<String>,
    pub taken_off_at: Option<i64>,
    pub taken_off_by: Option<Uuid>,
    pub taken_off_reason: Option<String>,
    pub deleted_at: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Scoped for Entity {
    type Record = Tagging;
    const INSTITUTION: Column = Column::InstitutionId;
    const ID: Column = Column::Id;
    const CUSTOMER: Column = Column::CustomerId;
    const HOLDER: Column = Column::HolderId;
    const CAMPUS: Column = Column::CustomerCampusId;
    /// Of the customer: a list by tag is a list of customers.
    const CREATED: Column = Column::CustomerCreatedAt;
    const DELETED: Option<Column> = Some(Column::DeletedAt);
}

impl TryFrom<Model> for Tagging {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self, Error> {
        let taken_off = match (row.taken_off_at, row.taken_off_by) {
            (Some(at), Some(by)) => Some(Act {
                at: timestamp(at)?,
                by,
                reason: row.taken_off_reason,
            }),
            _ => None,
        };
        Ok(Self {
            id: Id::new(row.id),
            customer: Id::new(row.customer_id),
            holder: Id::new(row.holder_id),
            campus: Id::new(row.customer_campus_id),
            tag: Id::new(row.tag_id),
            put_on: Act {
                at: timestamp(row.put_on_at)?,
                by: row.put_on_by,
                reason: row.put_on_reason,
            },
            taken_off,
        })
    }
}
