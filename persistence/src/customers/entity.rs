#![expect(unreachable_pub, reason = "what the ORM derives is public")]

use std::{borrow::Cow, collections::BTreeMap, sync::OnceLock};

use domain::{
    custom_fields::CustomValues,
    customers::{
        ChannelCode, ContactKind, ContactPoint, Customer, DETAIL_FIELDS, Details, Evidence, Gender,
        Kind, Profile, Provenance, Stage,
    },
    id::Id,
    organization::Institution,
    stamp::Stamp,
    text,
    text_enum::TextEnum,
};
use sea_orm::{ActiveValue::Set, Iterable, entity::prelude::*};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::details;
use crate::{
    Error,
    clock::{date, date_column, micros, timestamp},
    keys::{FieldKeys, SealedAt},
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
    pub region: Option<String>,
    pub education: Option<String>,
    pub occupation: Option<String>,
    pub school: Option<String>,
    pub grade: Option<String>,
    pub note: Option<String>,
    pub region_fold: Option<String>,
    pub school_fold: Option<String>,
    pub grade_fold: Option<String>,
    pub note_fold: Option<String>,
    pub contacts: Option<Vec<u8>>,
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
    const DELETED: Option<Column> = Some(Column::DeletedAt);
}

fn known<E: TextEnum>(text: &str) -> Result<E, Error> {
    E::parse(text).ok_or_else(|| Error::corrupt(E::NAME))
}

impl Model {
    /// The customer of this row, its contact points opened.
    pub(super) fn open(self, keys: &FieldKeys) -> Result<Customer, Error> {
        Ok(Customer {
            contacts: contacts(keys, self.id, self.contacts.as_deref())?,
            details: Details::default(),
            custom: CustomValues::default(),
            id: Id::new(self.id),
            version: self.version,
            profile: Profile {
                kind: known::<Kind>(&self.kind)?,
                name: self.name,
                gender: known::<Gender>(&self.gender)?,
                birth_date: self.birth_date.map(date).transpose()?,
                intent: self.intent,
                stage: known::<Stage>(&self.stage)?,
                region: self.region,
                education: self.education.as_deref().map(known).transpose()?,
                occupation: self.occupation.as_deref().map(known).transpose()?,
                school: self.school,
                grade: self.grade,
                note: self.note,
            },
            holder: Id::new(self.holder_id),
            campus: Id::new(self.campus_id),
            provenance: Provenance {
                channel: ChannelCode::parse(&self.channel)
                    .ok_or_else(|| Error::corrupt("channel"))?,
                collected_at: timestamp(self.collected_at)?,
                collector: self.collector_id.map(Id::new),
                evidence: Evidence::default(),
            },
            created_at: timestamp(self.created_at)?,
            updated_at: timestamp(self.updated_at)?,
            deleted_at: self.deleted_at.map(timestamp).transpose()?,
        })
    }
}

/// A contact point as it is sealed.
#[derive(Serialize, Deserialize)]
struct Sealed<'a> {
    id: Uuid,
    kind: Cow<'a, str>,
    value: Cow<'a, str>,
    label: Option<Cow<'a, str>>,
    is_preferred: bool,
    #[serde(default)]
    verified_at: Option<i64>,
    #[serde(default)]
    do_not_contact: bool,
}

fn place(customer: Uuid) -> SealedAt {
    SealedAt {
        table: "customers",
        column: "contacts",
        row: customer,
    }
}

fn contacts(
    keys: &FieldKeys,
    customer: Uuid,
    sealed: Option<&[u8]>,
) -> Result<Vec<ContactPoint>, Error> {
    let Some(sealed) = sealed else {
        return Ok(Vec::new());
    };
    let plain = Zeroizing::new(keys.open(place(customer), sealed)?);
    let points: Vec<Sealed<'_>> =
        serde_json::from_slice(&plain).map_err(|_| Error::corrupt("contacts"))?;
    points
        .into_iter()
        .map(|point| {
            Ok(ContactPoint::stored(
                Id::new(point.id),
                known::<ContactKind>(&point.kind)?,
                point.value.into_owned(),
                point.label.map(Cow::into_owned),
                point.is_preferred,
                point.verified_at.map(timestamp).transpose()?,
                point.do_not_contact,
            ))
        })
        .collect()
}

/// The contact points of a customer, sealed; nothing where there are none.
fn seal(keys: &FieldKeys, customer: &Customer) -> Result<Option<Vec<u8>>, Error> {
    if customer.contacts.is_empty() {
        return Ok(None);
    }
    let points: Vec<Sealed<'_>> = customer
        .contacts
        .iter()
        .map(|point| Sealed {
            id: point.id.uuid(),
            kind: point.kind.as_str().into(),
            value: point.clear().into(),
            label: point.label.as_deref().map(Cow::from),
            is_preferred: point.is_preferred,
            verified_at: point.verified_at.map(micros),
            do_not_contact: point.do_not_contact,
        })
        .collect();
    let plain = Zeroizing::new(serde_json::to_vec(&points).map_err(Error::internal)?);
    keys.seal(place(customer.id.uuid()), &plain).map(Some)
}

/// The whole row of a customer.
pub(super) fn row(
    institution: Id<Institution>,
    keys: &FieldKeys,
    customer: &Customer,
) -> Result<ActiveModel, Error> {
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
        region: Set(profile.region.clone()),
        education: Set(profile.education.map(|v| v.as_str().into())),
        occupation: Set(profile.occupation.map(|v| v.as_str().into())),
        school: Set(profile.school.clone()),
        grade: Set(profile.grade.clone()),
        note: Set(profile.note.clone()),
        region_fold: Set(profile.region.as_deref().map(text::fold)),
        school_fold: Set(profile.school.as_deref().map(text::fold)),
        grade_fold: Set(profile.grade.as_deref().map(text::fold)),
        note_fold: Set(profile.note.as_deref().map(text::fold)),
        contacts: Set(seal(keys, customer)?),
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

/// The columns that differ. Sealed contact points differ each time they are sealed.
pub(super) fn changes(before: ActiveModel, mut after: ActiveModel, contacts: bool) -> ActiveModel {
    for column in Column::iter() {
        if before.get(column) == after.get(column) {
            after.not_set(column);
        }
    }
    if !contacts {
        after.not_set(Column::Contacts);
    }
    after
}

/// The fields of a customer as the audit trail compares them, in the words of the contract.
pub(super) fn fields(customer: &Customer) -> Value {
    let profile = &customer.profile;
    let mut all = json!({
        "kind": profile.kind.as_str(),
        "name": profile.name,
        "gender": profile.gender.as_str(),
        "birth_date": profile.birth_date.map(|d| d.to_string()),
        "intent": profile.intent,
        "stage": profile.stage.as_str(),
        "region": profile.region,
        "education": profile.education.map(|v| v.as_str()),
        "occupation": profile.occupation.map(|v| v.as_str()),
        "school": profile.school,
        "grade": profile.grade,
        "note": profile.note,
        "contact_points": customer
            .contacts
            .iter()
            .map(|point| json!({
                "id": point.id, "kind": point.kind.as_str(), "value": point.safe(),
                "label": point.label, "is_preferred": point.is_preferred,
                "verified_at": point.verified_at.map(|at| at.to_string()),
                "do_not_contact": point.do_not_contact,
            }))
            .collect::<Vec<_>>(),
        "holder_id": customer.holder,
        "campus_id": customer.campus,
        "source_channel": customer.provenance.channel.as_str(),
        "collected_at": customer.provenance.collected_at.to_string(),
        "collector_id": customer.provenance.collector,
        "deleted_at": customer.deleted_at.map(|at| at.to_string()),
    });
    if let Some(all) = all.as_object_mut() {
        all.extend(details::fields(&customer.details));
    }
    all
}

/// Fields whose values never go on the trail in the clear.
pub(super) fn personal() -> &'static [&'static str] {
    static PERSONAL: OnceLock<Vec<&str>> = OnceLock::new();
    PERSONAL.get_or_init(|| {
        let details = DETAIL_FIELDS.iter().filter(|field| field.is_personal);
        let details = details.map(|field| field.path);
        PROFILE.iter().copied().chain(details).collect()
    })
}

/// Those of the profile.
const PROFILE: &[&str] = &[
    "name",
    "birth_date",
    "region",
    "education",
    "occupation",
    "school",
    "grade",
    "note",
];

/// What a merge or an import changes of a customer, as it was; sealed where it is kept.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Snapshot {
    name: String,
    gender: String,
    birth_date: Option<jiff::civil::Date>,
    intent: Option<i16>,
    stage: String,
    region: Option<String>,
    education: Option<String>,
    occupation: Option<String>,
    school: Option<String>,
    grade: Option<String>,
    note: Option<String>,
    contacts: Option<Vec<u8>>,
    /// By the names of their columns.
    #[serde(default)]
    details: BTreeMap<String, String>,
}

impl Snapshot {
    pub(crate) fn birth_date(&self) -> Option<jiff::civil::Date> {
        self.birth_date
    }

    pub(crate) fn of(keys: &FieldKeys, customer: &Customer) -> Result<Self, Error> {
        let profile = customer.profile.clone();
        Ok(Self {
            name: profile.name,
            gender: profile.gender.as_str().into(),
            birth_date: profile.birth_date,
            intent: profile.intent,
            stage: profile.stage.as_str().into(),
            region: profile.region,
            education: profile.education.map(|v| v.as_str().into()),
            occupation: profile.occupation.map(|v| v.as_str().into()),
            school: profile.school,
            grade: profile.grade,
            note: profile.note,
            contacts: seal(keys, customer)?,
            details: {
                let stored = customer.details.stored().into_iter();
                let known = stored.filter_map(|(field, value)| Some((field.name.into(), value?)));
                known.collect()
            },
        })
    }

    /// It, with the contact points of the customer open: for the person itself.
    pub(crate) fn told(&self, keys: &FieldKeys, customer: Uuid) -> Result<Value, Error> {
        let mut told = serde_json::to_value(self).map_err(Error::internal)?;
        if let (Some(sealed), Some(told)) = (&self.contacts, told.as_object_mut()) {
            let plain = Zeroizing::new(keys.open(place(customer), sealed)?);
            let points = serde_json::from_slice(&plain).map_err(Error::corrupt)?;
            told.insert("contacts".into(), points);
        }
        Ok(told)
    }

    /// The customer with what it was then.
    pub(crate) fn restore(
        &self,
        keys: &FieldKeys,
        customer: &Customer,
        stamp: &Stamp,
    ) -> Result<Customer, Error> {
        Ok(Customer {
            profile: Profile {
                kind: customer.profile.kind,
                name: self.name.clone(),
                gender: known::<Gender>(&self.gender)?,
                birth_date: self.birth_date,
                intent: self.intent,
                stage: known::<Stage>(&self.stage)?,
                region: self.region.clone(),
                education: self.education.as_deref().map(known).transpose()?,
                occupation: self.occupation.as_deref().map(known).transpose()?,
                school: self.school.clone(),
                grade: self.grade.clone(),
                note: self.note.clone(),
            },
            contacts: contacts(keys, customer.id.uuid(), self.contacts.as_deref())?,
            details: Details::read(|name| self.details.get(name).cloned())
                .ok_or_else(|| Error::corrupt("details"))?,
            ..customer.touched(stamp)
        })
    }
}
