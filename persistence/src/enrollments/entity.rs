#![expect(unreachable_pub, reason = "what the ORM derives is public")]

use domain::{
    courses::Hours,
    enrollments::{Enrollment, Status, WithdrawalReason},
    id::Id,
    money::Money,
    organization::Institution,
    text_enum::TextEnum,
};
use sea_orm::{ActiveValue::Set, entity::prelude::*};
use serde_json::{Value, json};

use crate::{
    Error,
    clock::{date, date_column, micros, timestamp},
    scope::Scoped,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "enrollments")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub institution_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i64,
    pub customer_id: Uuid,
    pub holder_id: Uuid,
    pub customer_campus_id: Uuid,
    pub class_id: Uuid,
    pub course_id: Uuid,
    pub campus_id: Uuid,
    pub payer_id: Uuid,
    pub price_minor: i64,
    pub currency: String,
    pub hours_hundredths: i32,
    pub status: String,
    pub enrolled_on: time::Date,
    pub ended_on: Option<time::Date>,
    pub reason: Option<String>,
    pub note: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Scoped for Entity {
    type Record = Enrollment;
    const INSTITUTION: Column = Column::InstitutionId;
    const ID: Column = Column::Id;
    const CUSTOMER: Column = Column::CustomerId;
    const HOLDER: Column = Column::HolderId;
    const CAMPUS: Column = Column::CustomerCampusId;
    const CREATED: Column = Column::CreatedAt;
    const DELETED: Option<Column> = None;
    const CLASS: Option<Column> = Some(Column::ClassId);
}

impl Model {
    pub(super) fn read(self) -> Result<Enrollment, Error> {
        let currency = self
            .currency
            .parse()
            .map_err(|_| Error::corrupt("currency"))?;
        let reason = self.reason.as_deref().map(|reason| {
            WithdrawalReason::parse(reason).ok_or_else(|| Error::corrupt(WithdrawalReason::NAME))
        });
        Ok(Enrollment {
            id: Id::new(self.id),
            version: self.version,
            student: Id::new(self.customer_id),
            holder: Id::new(self.holder_id),
            student_campus: Id::new(self.customer_campus_id),
            class: Id::new(self.class_id),
            course: Id::new(self.course_id),
            campus: Id::new(self.campus_id),
            payer: Id::new(self.payer_id),
            price: Money::new(self.price_minor, currency).map_err(Error::corrupt)?,
            hours: Hours::new("", self.hours_hundredths)
                .map_err(|_| Error::corrupt("lesson hours"))?,
            status: Status::parse(&self.status).ok_or_else(|| Error::corrupt(Status::NAME))?,
            enrolled_on: date(self.enrolled_on)?,
            ended_on: self.ended_on.map(date).transpose()?,
            reason: reason.transpose()?,
            note: self.note,
            created_at: timestamp(self.created_at)?,
            updated_at: timestamp(self.updated_at)?,
        })
    }
}

/// The whole row of a new enrollment.
pub(super) fn row(
    institution: Id<Institution>,
    enrollment: &Enrollment,
) -> Result<ActiveModel, Error> {
    Ok(ActiveModel {
        institution_id: Set(institution.uuid()),
        id: Set(enrollment.id.uuid()),
        customer_id: Set(enrollment.student.uuid()),
        holder_id: Set(enrollment.holder.uuid()),
        customer_campus_id: Set(enrollment.student_campus.uuid()),
        class_id: Set(enrollment.class.uuid()),
        course_id: Set(enrollment.course.uuid()),
        campus_id: Set(enrollment.campus.uuid()),
        payer_id: Set(enrollment.payer.uuid()),
        price_minor: Set(enrollment.price.minor()),
        currency: Set(enrollment.price.currency().code().into()),
        hours_hundredths: Set(enrollment.hours.hundredths()),
        enrolled_on: Set(date_column(enrollment.enrolled_on)?),
        note: Set(enrollment.note.clone()),
        created_at: Set(micros(enrollment.created_at)),
        ..changed(enrollment)?
    })
}

/// The columns that may change.
pub(super) fn changed(enrollment: &Enrollment) -> Result<ActiveModel, Error> {
    Ok(ActiveModel {
        version: Set(enrollment.version),
        status: Set(enrollment.status.as_str().into()),
        ended_on: Set(enrollment.ended_on.map(date_column).transpose()?),
        reason: Set(enrollment.reason.map(|reason| reason.as_str().into())),
        updated_at: Set(micros(enrollment.updated_at)),
        ..Default::default()
    })
}

/// The fields of an enrollment as the audit trail compares them, in the words of the contract.
pub(super) fn fields(enrollment: &Enrollment) -> Value {
    json!({
        "customer_id": enrollment.student,
        "class_id": enrollment.class,
        "campus_id": enrollment.campus,
        "payer_id": enrollment.payer,
        "price": { "amount_minor": enrollment.price.minor(), "currency": enrollment.price.currency().code() },
        "hours_hundredths": enrollment.hours.hundredths(),
        "status": enrollment.status.as_str(),
        "enrolled_on": enrollment.enrolled_on.to_string(),
        "ended_on": enrollment.ended_on.map(|d| d.to_string()),
        "withdrawal_reason": enrollment.reason.map(TextEnum::as_str),
        "note": enrollment.note,
    })
}

/// Fields whose values never go on the trail in the clear.
pub(super) const PERSONAL: &[&str] = &["note"];
