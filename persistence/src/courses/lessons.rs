//! Rows of lessons: reference data without a name.

use domain::{
    courses::{Class, Hours, Lesson},
    id::Id,
    organization::{Campus, Institution, Staff},
    reference::Reference,
};
use jiff::{
    Timestamp,
    civil::{Date, Time},
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition,
    sea_query::{Expr, ExprTrait, Query},
};
use serde_json::{Value, json};

use super::LESSON;
use crate::{
    Error,
    clock::{date, date_column, micros, timestamp, utc_midnight},
    reference::{Events, Kept, among, record, stands_in},
};

mod rows {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "lessons")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub institution_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub class_id: Uuid,
        pub campus_id: Uuid,
        pub held_on: time::Date,
        pub start_time: String,
        pub end_time: String,
        pub time_zone: String,
        pub starts_at: i64,
        pub ends_at: i64,
        pub hours_hundredths: i32,
        pub called_at: Option<i64>,
        pub version: i64,
        pub created_at: i64,
        pub archived_at: Option<i64>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A time of day as it is kept: `18:00`, which sorts as it should.
fn text(time: Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

fn time(text: &str) -> Result<Time, Error> {
    Time::strptime("%H:%M", text).map_err(Error::corrupt)
}

/// Which lessons; a list of ids that is empty is no condition.
#[derive(Clone, Debug, Default)]
pub struct LessonFilter {
    pub classes: Vec<Id<Class>>,
    pub campuses: Vec<Id<Campus>>,
    /// Teachers of their classes.
    pub teachers: Vec<Id<Staff>>,
    pub held_from: Option<Date>,
    pub held_until: Option<Date>,
}

/// Whether the class of a lesson has one of these teachers.
fn taught_by(teachers: &[Id<Staff>]) -> Expr {
    let class = |column: &'static str| Expr::col(("classes", column));
    let mut classes = Query::select();
    classes
        .expr(Expr::val(1))
        .from("classes")
        .and_where(
            class("institution_id").eq(Expr::col((rows::Entity, rows::Column::InstitutionId))),
        )
        .and_where(class("id").eq(Expr::col((rows::Entity, rows::Column::ClassId))))
        .and_where(class("teacher_id").is_in(teachers.iter().map(|id| id.uuid())));
    Expr::exists(classes)
}

impl Kept for Lesson {
    const KIND: &'static str = "lesson";
    const EVENTS: &'static Events = &LESSON;
    stands_in!(rows, LessonFilter, StartsAt);
    const CAMPUS: Option<rows::Column> = Some(rows::Column::CampusId);

    fn campus(&self) -> Option<Id<Campus>> {
        Some(self.campus)
    }

    fn place(record: &Reference<Self>) -> Timestamp {
        record.details.starts_at
    }

    fn condition(filter: &LessonFilter) -> Result<Condition, Error> {
        let from = filter.held_from.map(date_column).transpose()?;
        let until = filter.held_until.map(date_column).transpose()?;
        let taught = (!filter.teachers.is_empty()).then(|| taught_by(&filter.teachers));
        Ok(among(rows::Column::ClassId, &filter.classes)
            .add(among(rows::Column::CampusId, &filter.campuses))
            .add_option(taught)
            .add_option(from.map(|date| rows::Column::HeldOn.gte(date)))
            .add_option(until.map(|date| rows::Column::HeldOn.lt(date)))
            // The order is that of the instants: without bounds on these, all history is walked.
            .add_option(filter.held_from.and_then(|date| {
                let earliest = utc_midnight(date.yesterday().ok()?)?;
                Some(rows::Column::StartsAt.gte(earliest))
            }))
            .add_option(filter.held_until.and_then(|date| {
                let latest = utc_midnight(date.tomorrow().ok()?)?;
                Some(rows::Column::StartsAt.lt(latest))
            })))
    }

    fn read(row: rows::Model) -> Result<Reference<Self>, Error> {
        Ok(record!(
            row,
            Self {
                class: Id::new(row.class_id),
                campus: Id::new(row.campus_id),
                held_on: date(row.held_on)?,
                start_time: time(&row.start_time)?,
                end_time: time(&row.end_time)?,
                time_zone: row.time_zone,
                starts_at: timestamp(row.starts_at)?,
                ends_at: timestamp(row.ends_at)?,
                hours: Hours::new("", row.hours_hundredths)
                    .map_err(|_| Error::corrupt("lesson hours"))?,
                called_at: row.called_at.map(timestamp).transpose()?,
            }
        ))
    }

    fn row(
        institution: Id<Institution>,
        record: &Reference<Self>,
    ) -> Result<rows::ActiveModel, Error> {
        let lesson = &record.details;
        Ok(rows::ActiveModel {
            institution_id: Set(institution.uuid()),
            id: Set(record.id.uuid()),
            class_id: Set(lesson.class.uuid()),
            campus_id: Set(lesson.campus.uuid()),
            held_on: Set(date_column(lesson.held_on)?),
            start_time: Set(text(lesson.start_time)),
            end_time: Set(text(lesson.end_time)),
            time_zone: Set(lesson.time_zone.clone()),
            starts_at: Set(micros(lesson.starts_at)),
            ends_at: Set(micros(lesson.ends_at)),
            hours_hundredths: Set(lesson.hours.hundredths()),
            called_at: Set(lesson.called_at.map(micros)),
            version: Set(record.version),
            created_at: Set(micros(record.created_at)),
            archived_at: Set(record.archived_at.map(micros)),
        })
    }

    fn fields(&self) -> Value {
        json!({
            "class_id": self.class,
            "held_on": self.held_on.to_string(),
            "start_time": text(self.start_time),
            "end_time": text(self.end_time),
            "time_zone": self.time_zone,
            "hours_hundredths": self.hours.hundredths(),
            "called_at": self.called_at.map(|at| at.to_string()),
        })
    }

    fn alters_access(_: Option<&Reference<Self>>, _: &Reference<Self>) -> bool {
        false
    }
}
