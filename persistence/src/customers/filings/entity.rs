#![expect(unreachable_pub, reason = "what the ORM derives is public")]

use domain::{
    customers::{Customer, Filing, FilingGroup, Kind, RegionCode, TakenOut},
    id::Id,
    organization::Institution,
    text_enum::TextEnum,
};
use sea_orm::{ActiveValue::Set, entity::prelude::*};

use crate::{
    Error,
    clock::{micros, timestamp},
    keys::{FieldKeys, SealedAt},
    scope::Scoped,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customer_filings")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub institution_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i64,
    pub customer_id: Uuid,
    pub holder_id: Uuid,
    pub customer_campus_id: Uuid,
    pub kind: String,
    pub business_scope: Option<String>,
    pub region_code: Option<String>,
    pub state: String,
    pub customer_version: i64,
    pub created_at: i64,
    pub filed_at: i64,
    pub filed_by: Option<Uuid>,
    pub changed_at: Option<i64>,
    pub taken_out_at: Option<i64>,
    pub taken_out_by: Option<Uuid>,
    pub taken_out_reason: Option<Vec<u8>>,
    pub deleted_at: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Whoever sees a customer sees how it is filed.
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

fn place(filing: Uuid) -> SealedAt {
    SealedAt {
        table: "customer_filings",
        column: "taken_out_reason",
        row: filing,
    }
}

pub(super) fn kind(text: &str) -> Result<Kind, Error> {
    Kind::parse(text).ok_or_else(|| Error::corrupt(Kind::NAME))
}

impl Model {
    /// The filing of this row, its reason opened.
    pub(super) fn open(self, keys: &FieldKeys) -> Result<Filing, Error> {
        let taken_out = match (self.taken_out_at, &self.taken_out_reason) {
            (Some(at), Some(sealed)) => Some(TakenOut {
                at: timestamp(at)?,
                by: self.taken_out_by.map(Id::new),
                reason: String::from_utf8(keys.open(place(self.id), sealed)?)
                    .map_err(Error::corrupt)?,
            }),
            _ => None,
        };
        Ok(Filing {
            id: Id::new(self.id),
            version: self.version,
            customer: Id::new(self.customer_id),
            holder: Id::new(self.holder_id),
            campus: Id::new(self.customer_campus_id),
            group: FilingGroup {
                kind: kind(&self.kind)?,
                business_scope: self.business_scope,
                region: self.region_code.as_deref().and_then(RegionCode::parse),
            },
            customer_version: self.customer_version,
            created_at: timestamp(self.created_at)?,
            filed_at: timestamp(self.filed_at)?,
            filed_by: self.filed_by.map(Id::new),
            changed_at: self.changed_at.map(timestamp).transpose()?,
            taken_out,
        })
    }
}

/// Why a record was taken out, sealed.
pub(super) fn reason(keys: &FieldKeys, filing: &Filing) -> Result<Option<Vec<u8>>, Error> {
    let out = filing.taken_out.as_ref();
    let sealed = out.map(|out| keys.seal(place(filing.id.uuid()), out.reason.as_bytes()));
    sealed.transpose()
}

/// The whole row of a filing.
pub(super) fn row(
    institution: Id<Institution>,
    keys: &FieldKeys,
    filing: &Filing,
) -> Result<ActiveModel, Error> {
    let out = filing.taken_out.as_ref();
    let group = &filing.group;
    Ok(ActiveModel {
        institution_id: Set(institution.uuid()),
        id: Set(filing.id.uuid()),
        version: Set(filing.version),
        customer_id: Set(filing.customer.uuid()),
        holder_id: Set(filing.holder.uuid()),
        customer_campus_id: Set(filing.campus.uuid()),
        kind: Set(group.kind.as_str().into()),
        business_scope: Set(group.business_scope.clone()),
        region_code: Set(group.region.as_ref().map(|code| code.as_str().to_owned())),
        state: Set(filing.state().as_str().into()),
        customer_version: Set(filing.customer_version),
        created_at: Set(micros(filing.created_at)),
        filed_at: Set(micros(filing.filed_at)),
        filed_by: Set(filing.filed_by.map(Id::uuid)),
        changed_at: Set(filing.changed_at.map(micros)),
        taken_out_at: Set(out.map(|out| micros(out.at))),
        taken_out_by: Set(out.and_then(|out| out.by).map(Id::uuid)),
        taken_out_reason: Set(reason(keys, filing)?),
        deleted_at: Set(None),
    })
}
