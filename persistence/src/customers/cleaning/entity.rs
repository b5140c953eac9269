#![expect(unreachable_pub, reason = "what the ORM derives is public")]

use domain::{
    customers::{CleaningEntry, CleaningReason, CleaningState, Customer, Finding, Keeping},
    id::Id,
    text_enum::TextEnum,
};
use sea_orm::entity::prelude::*;

use crate::{
    Error,
    clock::timestamp,
    keys::{FieldKeys, SealedAt},
    scope::Scoped,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cleaning_entries")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub institution_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i64,
    pub customer_id: Uuid,
    pub holder_id: Uuid,
    pub customer_campus_id: Uuid,
    pub reason: String,
    pub missing: Option<String>,
    pub twin_id: Option<Uuid>,
    pub state: String,
    pub kept_until: Option<i64>,
    pub kept_reason: Option<Vec<u8>>,
    pub kept_by: Option<Uuid>,
    pub kept_at: Option<i64>,
    pub job_id: Option<Uuid>,
    pub created_at: i64,
    pub cleaned_at: Option<i64>,
    pub deleted_at: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Whoever sees a customer sees what is to be cleaned of it.
impl Scoped for Entity {
    type Record = Customer;
    const INSTITUTION: Column = Column::InstitutionId;
    const ID: Column = Column::Id;
    const CUSTOMER: Column = Column::CustomerId;
    const HOLDER: Column = Column::HolderId;
    const CAMPUS: Column = Column::CustomerCampusId;
    const CREATED: Column = Column::CreatedAt;
    const DELETED: Option<Column> = Some(Column::DeletedAt);
}

pub(super) fn place(entry: Uuid) -> SealedAt {
    SealedAt {
        table: "cleaning_entries",
        column: "kept_reason",
        row: entry,
    }
}

/// Fields as a column holds them, each between line breaks.
pub(super) fn listed(fields: &[String]) -> Option<String> {
    (!fields.is_empty()).then(|| format!("\n{}\n", fields.join("\n")))
}

impl Model {
    /// The entry of this row, the reason of its decision opened.
    pub(super) fn open(self, keys: &FieldKeys) -> Result<CleaningEntry, Error> {
        let keeping = match (self.kept_until, self.kept_at, &self.kept_reason) {
            (Some(until), Some(at), Some(sealed)) => Some(Keeping {
                until: timestamp(until)?,
                reason: String::from_utf8(keys.open(place(self.id), sealed)?)
                    .map_err(Error::corrupt)?,
                by: self.kept_by.map(Id::new),
                at: timestamp(at)?,
            }),
            _ => None,
        };
        let missing = self.missing.as_deref().unwrap_or_default().split('\n');
        Ok(CleaningEntry {
            id: Id::new(self.id),
            version: self.version,
            customer: Id::new(self.customer_id),
            holder: Id::new(self.holder_id),
            campus: Id::new(self.customer_campus_id),
            found: Finding {
                reason: CleaningReason::parse(&self.reason)
                    .ok_or_else(|| Error::corrupt(CleaningReason::NAME))?,
                missing: missing
                    .filter(|f| !f.is_empty())
                    .map(str::to_owned)
                    .collect(),
                twin: self.twin_id.map(Id::new),
            },
            state: CleaningState::parse(&self.state)
                .ok_or_else(|| Error::corrupt(CleaningState::NAME))?,
            keeping,
            created_at: timestamp(self.created_at)?,
            cleaned_at: self.cleaned_at.map(timestamp).transpose()?,
        })
    }
}
