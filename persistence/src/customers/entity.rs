use domain::{
    customers::{Channel, Customer, Gender, Kind, Profile, Provenance, Stage},
    id::Id,
    organization::Institution,
    text,
    text_enum::TextEnum,
};
use sea_orm::{ActiveValue::Set, entity::prelude::*};
use serde_json::{Value, json};

use crate::{
    Error,
    clock::{date, date_column, micros, timestamp},
    scope::Scoped,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "customers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub institution_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i64,
    pub kind: String,
    pub name: String,
    pub name_fold: String,
    pub gender: String,
    pub birth_date: Option<time::Date>,
    pub intent: Option<i16>,
    pub stage: String,
    pub note: Option<String>,
    pub holder_id: Uuid,
    pub campus_id: Uuid,
    pub channel: String,
    pub collected_at: i64,
    pub collector_id: Option<Uuid>,
    pub created_at: i64,
    pub updated_at: i64,
    pub deleted_at: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Scoped for Entity {
    type Record = Customer;
    const INSTITUTION: Column = Column::InstitutionId;
    const ID: Column = Column::Id;
    const CUSTOMER: Column = Column::Id;
    const HOLDER: Column = Column::HolderId;
    const CAMPUS: Column = Column::CampusId;
    const CREATED: Column = Column::CreatedAt;
    const DELETED: Column = Column::DeletedAt;
}

fn known<E: TextEnum>(text: &str) -> Result<E, Error> {
    E::parse(text).ok_or_else(|| Error::corrupt(E::NAME))
}

impl TryFrom<Model> for Customer {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self, Error> {
        Ok(Self {
            id: Id::new(row.id),
            version: row.version,
            profile: Profile {
                kind: known::<Kind>(&row.kind)?,
                name: row.name,
                gender: known::<Gender>(&row.gender)?,
                birth_date: row.birth_date.map(date).transpose()?,
                intent: row.intent,
                stage: known::<Stage>(&row.stage)?,
                note: row.note,
            },
            holder: Id::new(row.holder_id),
            campus: Id::new(row.campus_id),
            provenance: Provenance {
                channel: known::<Channel>(&row.channel)?,
                collected_at: timestamp(row.collected_at)?,
                collector: row.collector_id.map(Id::new),
            },
            created_at: timestamp(row.created_at)?,
            updated_at: timestamp(row.updated_at)?,
            deleted_at: row.deleted_at.map(timestamp).transpose()?,
        })
    }
}

/// The whole row of a customer.
pub(super) fn row(institution: Id<Institution>, customer: &Customer) -> Result<ActiveModel, Error> {
    let profile = &customer.profile;
    Ok(ActiveModel {
        institution_id: Set(institution.uuid()),
        id: Set(customer.id.uuid()),
        version: Set(customer.version),
        kind: Set(profile.kind.as_str().into()),
        name: Set(profile.name.clone()),
        name_fold: Set(text::fold(&profile.name)),
        gender: Set(profile.gender.as_str().into()),
        birth_date: Set(profile.birth_date.map(date_column).transpose()?),
        intent: Set(profile.intent),
        stage: Set(profile.stage.as_str().into()),
        note: Set(profile.note.clone()),
        holder_id: Set(customer.holder.uuid()),
        campus_id: Set(customer.campus.uuid()),
        channel: Set(customer.provenance.channel.as_str().into()),
        collected_at: Set(micros(customer.provenance.collected_at)),
        collector_id: Set(customer.provenance.collector.map(Id::uuid)),
        created_at: Set(micros(customer.created_at)),
        updated_at: Set(micros(customer.updated_at)),
        deleted_at: Set(customer.deleted_at.map(micros)),
    })
}

/// The fields of a customer as the audit trail compares them, in the words of the contract.
pub(super) fn fields(customer: &Customer) -> Value {
    let profile = &customer.profile;
    json!({
        "kind": profile.kind.as_str(),
        "name": profile.name,
        "gender": profile.gender.as_str(),
        "birth_date": profile.birth_date.map(|d| d.to_string()),
        "intent": profile.intent,
        "stage": profile.stage.as_str(),
        "note": profile.note,
        "holder_id": customer.holder,
        "campus_id": customer.campus,
        "source_channel": customer.provenance.channel.as_str(),
        "collected_at": customer.provenance.collected_at.to_string(),
        "collector_id": customer.provenance.collector,
        "deleted_at": customer.deleted_at.map(|at| at.to_string()),
    })
}

/// Fields whose values never go on the trail in the clear.
pub(super) const PERSONAL: &[&str] = &["note"];
