//! Rows of subjects, courses and classes.

use domain::{
    courses::{Class, Course, Hours, Subject},
    id::Id,
    money::Money,
    organization::{Campus, Institution, Staff},
    reference::Reference,
};
use sea_orm::{ActiveValue::NotSet, Condition};
use serde_json::{Value, json};

use super::{CLASS, COURSE, SUBJECT};
use crate::{
    Error, Tx,
    clock::{date, date_column},
    reference::{Events, Kept, among, any, record, row, stands_in, table},
};

table!(subjects, "subjects" {});
table!(courses, "courses" {
    subject_id: Uuid,
    level: Option<String>,
    hours_hundredths: i32,
    price_minor: i64,
    currency: String,
});
table!(classes, "classes" {
    course_id: Uuid,
    campus_id: Uuid,
    teacher_id: Option<Uuid>,
    number: Option<String>,
    room: Option<String>,
    capacity: i32,
    seats_taken: i32,
    hours_hundredths: i32,
    price_minor: i64,
    currency: String,
    starts_on: time::Date,
    ends_on: Option<time::Date>,
});

fn hours(hundredths: i32) -> Result<Hours, Error> {
    Hours::new("", hundredths).map_err(|_| Error::corrupt("lesson hours"))
}

fn money(minor: i64, currency: &str) -> Result<Money, Error> {
    let currency = currency.parse().map_err(|_| Error::corrupt("currency"))?;
    Money::new(minor, currency).map_err(Error::corrupt)
}

fn amount(money: Money) -> Value {
    json!({ "amount_minor": money.minor(), "currency": money.currency().code() })
}

impl Kept for Subject {
    const KIND: &'static str = "subject";
    const EVENTS: &'static Events = &SUBJECT;
    stands_in!(subjects);

    fn read(row: subjects::Model) -> Result<Reference<Self>, Error> {
        Ok(record!(row, Self { name: row.name }))
    }

    fn row(
        institution: Id<Institution>,
        record: &Reference<Self>,
    ) -> Result<subjects::ActiveModel, Error> {
        Ok(row!(subjects, institution, record, {}))
    }

    fn fields(&self) -> Value {
        json!({ "name": self.name })
    }

    fn alters_access(_: Option<&Reference<Self>>, _: &Reference<Self>) -> bool {
        false
    }

    async fn in_use(tx: &Tx, institution: Id<Institution>, id: Id<Self>) -> Result<bool, Error> {
        any(
            tx,
            "SELECT 1 AS found FROM courses \
             WHERE institution_id = ? AND subject_id = ? AND archived_at IS NULL LIMIT 1",
            institution,
            id.uuid(),
        )
        .await
    }
}

impl Kept for Course {
    const KIND: &'static str = "course";
    const EVENTS: &'static Events = &COURSE;
    stands_in!(courses, Vec<Id<Subject>>);

    fn condition(subjects: &Vec<Id<Subject>>) -> Result<Condition, Error> {
        Ok(among(courses::Column::SubjectId, subjects))
    }

    fn read(row: courses::Model) -> Result<Reference<Self>, Error> {
        Ok(record!(
            row,
            Self {
                price: money(row.price_minor, &row.currency)?,
                hours: hours(row.hours_hundredths)?,
                name: row.name,
                subject: Id::new(row.subject_id),
                level: row.level,
            }
        ))
    }

    fn row(
        institution: Id<Institution>,
        record: &Reference<Self>,
    ) -> Result<courses::ActiveModel, Error> {
        let course = &record.details;
        Ok(row!(courses, institution, record, {
            subject_id: course.subject.uuid(),
            level: course.level.clone(),
            hours_hundredths: course.hours.hundredths(),
            price_minor: course.price.minor(),
            currency: course.price.currency().code().into(),
        }))
    }

    fn fields(&self) -> Value {
        json!({
            "name": self.name,
            "subject_id": self.subject,
            "level": self.level,
            "hours_hundredths": self.hours.hundredths(),
            "price": amount(self.price),
        })
    }

    fn alters_access(_: Option<&Reference<Self>>, _: &Reference<Self>) -> bool {
        false
    }

    async fn in_use(tx: &Tx, institution: Id<Institution>, id: Id<Self>) -> Result<bool, Error> {
        any(
            tx,
            "SELECT 1 AS found FROM classes \
             WHERE institution_id = ? AND course_id = ? AND archived_at IS NULL LIMIT 1",
            institution,
            id.uuid(),
        )
        .await
    }
}

/// Which classes a list shows.
#[derive(Clone, Debug, Default)]
pub struct ClassFilter {
    pub campuses: Vec<Id<Campus>>,
    pub courses: Vec<Id<Course>>,
    pub teachers: Vec<Id<Staff>>,
}

impl Kept for Class {
    const KIND: &'static str = "class";
    const EVENTS: &'static Events = &CLASS;
    stands_in!(classes, ClassFilter);
    const CAMPUS: Option<classes::Column> = Some(classes::Column::CampusId);

    fn campus(&self) -> Option<Id<Campus>> {
        Some(self.campus)
    }

    fn condition(filter: &ClassFilter) -> Result<Condition, Error> {
        Ok(among(classes::Column::CampusId, &filter.campuses)
            .add(among(classes::Column::CourseId, &filter.courses))
            .add(among(classes::Column::TeacherId, &filter.teachers)))
    }

    fn read(row: classes::Model) -> Result<Reference<Self>, Error> {
        Ok(record!(
            row,
            Self {
                price: money(row.price_minor, &row.currency)?,
                hours: hours(row.hours_hundredths)?,
                name: row.name,
                number: row.number,
                course: Id::new(row.course_id),
                campus: Id::new(row.campus_id),
                teacher: row.teacher_id.map(Id::new),
                room: row.room,
                capacity: row.capacity,
                seats_taken: row.seats_taken,
                starts_on: date(row.starts_on)?,
                ends_on: row.ends_on.map(date).transpose()?,
            }
        ))
    }

    fn row(
        institution: Id<Institution>,
        record: &Reference<Self>,
    ) -> Result<classes::ActiveModel, Error> {
        let class = &record.details;
        let row = row!(classes, institution, record, {
            course_id: class.course.uuid(),
            campus_id: class.campus.uuid(),
            teacher_id: class.teacher.map(Id::uuid),
            number: class.number.clone(),
            room: class.room.clone(),
            capacity: class.capacity,
            seats_taken: class.seats_taken,
            hours_hundredths: class.hours.hundredths(),
            price_minor: class.price.minor(),
            currency: class.price.currency().code().into(),
            starts_on: date_column(class.starts_on)?,
            ends_on: class.ends_on.map(date_column).transpose()?,
        });
        // Only enrollments write it.
        Ok(classes::ActiveModel {
            seats_taken: NotSet,
            ..row
        })
    }

    fn fields(&self) -> Value {
        json!({
            "name": self.name,
            "number": self.number,
            "course_id": self.course,
            "campus_id": self.campus,
            "teacher_id": self.teacher,
            "room": self.room,
            "capacity": self.capacity,
            "hours_hundredths": self.hours.hundredths(),
            "price": amount(self.price),
            "starts_on": self.starts_on.to_string(),
            "ends_on": self.ends_on.map(|d| d.to_string()),
        })
    }

    /// Reach `taught` goes by the teacher; an archived class has none.
    fn alters_access(before: Option<&Reference<Self>>, after: &Reference<Self>) -> bool {
        let teacher = |r: &Reference<Self>| r.details.teacher.filter(|_| r.is_open());
        before.and_then(teacher) != teacher(after)
    }

    /// A class is in use while somebody has a seat in it.
    async fn in_use(tx: &Tx, institution: Id<Institution>, id: Id<Self>) -> Result<bool, Error> {
        any(
            tx,
            "SELECT 1 AS found FROM classes WHERE institution_id = ? AND id = ? AND seats_taken > 0",
            institution,
            id.uuid(),
        )
        .await
    }
}
