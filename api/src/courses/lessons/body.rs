use domain::{courses::Lesson, reference::Reference};
use jiff::{Timestamp, civil::Date};
use persistence::courses::LessonFilter;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use crate::{
    http::{clock_time::ClockTime, list::page},
    reference::{Shown, named},
};

/// A new lesson of a class, by the clocks of its campus.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"held_on": "2026-09-05", "start_time": "18:00", "end_time": "19:30", "hours_hundredths": 200}))]
pub struct CreateLesson {
    /// Day of the lesson, by the clocks of the campus (`time_zone`).
    pub held_on: Date,
    /// When it begins: a time of day, by the clocks of the campus.
    pub start_time: ClockTime,
    /// Later than `start_time`, on the same day.
    pub end_time: ClockTime,
    /// Lesson hours (课时) that a student who is present uses, in hundredths.
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub hours_hundredths: i32,
}

/// Changes to a lesson whose roll was not called: absent leaves a field.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"start_time": "18:30", "end_time": "20:00"}))]
pub struct ChangeLesson {
    /// Day of the lesson, by the clocks of the campus (`time_zone`).
    #[schema(nullable = false)]
    pub held_on: Option<Date>,
    /// When it begins: a time of day, by the clocks of the campus.
    #[schema(nullable = false)]
    pub start_time: Option<ClockTime>,
    /// When it ends, on the same day: later than it begins.
    #[schema(nullable = false)]
    pub end_time: Option<ClockTime>,
    /// Lesson hours that presence uses (课时), in hundredths: 200 are 2 hours.
    #[schema(minimum = 1, maximum = 1_000_000, nullable = false)]
    pub hours_hundredths: Option<i32>,
}

/// A lesson (课次) of a class.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Lesson)]
pub struct LessonBody {
    pub id: Uuid,
    /// Raised with every change, and with every roll call.
    #[schema(minimum = 1)]
    pub version: i64,
    /// The class that is taught.
    pub class_id: Uuid,
    /// Of the class.
    pub campus_id: Uuid,
    /// Day of the lesson, by the clocks of the campus (`time_zone`).
    pub held_on: Date,
    /// When it begins: a time of day, by the clocks of the campus.
    pub start_time: ClockTime,
    /// When it ends, on the same day: later than it begins.
    pub end_time: ClockTime,
    /// Of the campus when the lesson was planned: an IANA name.
    pub time_zone: String,
    /// The instant of `start_time` at the campus.
    pub starts_at: Timestamp,
    /// The instant of `end_time` at the campus.
    pub ends_at: Timestamp,
    /// Lesson hours (课时) that a student who is present uses, in hundredths.
    pub hours_hundredths: i32,
    /// When the roll was called first.
    #[schema(required)]
    pub called_at: Option<Timestamp>,
    pub created_at: Timestamp,
    /// Since when it is cancelled.
    #[schema(required)]
    pub archived_at: Option<Timestamp>,
}

impl From<Reference<Lesson>> for LessonBody {
    fn from(record: Reference<Lesson>) -> Self {
        let lesson = record.details;
        Self {
            id: record.id.uuid(),
            version: record.version,
            class_id: lesson.class.uuid(),
            campus_id: lesson.campus.uuid(),
            held_on: lesson.held_on,
            start_time: ClockTime(lesson.start_time),
            end_time: ClockTime(lesson.end_time),
            time_zone: lesson.time_zone,
            starts_at: lesson.starts_at,
            ends_at: lesson.ends_at,
            hours_hundredths: lesson.hours.hundredths(),
            called_at: lesson.called_at,
            created_at: record.created_at,
            archived_at: record.archived_at,
        }
    }
}

page! {
    /// One page of lessons.
    LessonPage of LessonBody
}

impl Shown for Lesson {
    const PATH: &'static str = "/api/v1/lessons";
    type Body = LessonBody;
    type Page = LessonPage;
}

/// Which lessons, in the order in which they begin.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListLessons {
    /// Whether cancelled lessons are shown too.
    #[param(default = false)]
    pub include_archived: Option<bool>,
    /// At any of these campuses.
    #[param(style = Form, explode = false)]
    pub campus_id: Option<Vec<Uuid>>,
    /// Of any of these classes.
    #[param(style = Form, explode = false)]
    pub class_id: Option<Vec<Uuid>>,
    /// Of classes that any of these teach.
    #[param(style = Form, explode = false)]
    pub teacher_id: Option<Vec<Uuid>>,
    /// Held on this date or after, by the clocks of the campus.
    #[param(rename = "held_on[gte]")]
    #[serde(rename = "held_on[gte]")]
    pub held_from: Option<Date>,
    /// Held before this date, by the clocks of the campus.
    #[param(rename = "held_on[lt]")]
    #[serde(rename = "held_on[lt]")]
    pub held_until: Option<Date>,
}

impl ListLessons {
    pub fn filter(&self) -> LessonFilter {
        LessonFilter {
            campuses: named(self.campus_id.as_ref()),
            classes: named(self.class_id.as_ref()),
            teachers: named(self.teacher_id.as_ref()),
            held_from: self.held_from,
            held_until: self.held_until,
        }
    }
}

/// Which part of the lessons of a class, in the order in which they begin.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListClassLessons {
    /// Whether cancelled lessons are shown too.
    #[param(default = false)]
    pub include_archived: Option<bool>,
    /// Held on this date or after, by the clocks of the campus.
    #[param(rename = "held_on[gte]")]
    #[serde(rename = "held_on[gte]")]
    pub held_from: Option<Date>,
    /// Held before this date, by the clocks of the campus.
    #[param(rename = "held_on[lt]")]
    #[serde(rename = "held_on[lt]")]
    pub held_until: Option<Date>,
}
