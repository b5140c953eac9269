use domain::{
    courses::{Class, Course, Hours, Subject},
    fault::{Fault, FieldFault},
    id::Id,
    reference::Reference,
};
use jiff::{Timestamp, civil::Date};
use persistence::courses::ClassFilter;
use serde::{Deserialize, Serialize};
use serde_with::rust::double_option;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use crate::{
    http::{
        list::page,
        money::{MoneyBody, MoneyInput},
    },
    reference::{Shown, named},
};

/// A new subject.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "语文"}))]
pub struct CreateSubject {
    /// Unique among those that are not archived.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
}

/// Changes to a subject: absent leaves a field.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "语文"}))]
pub struct ChangeSubject {
    /// Name that people see, unique as at its creation.
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    pub name: Option<String>,
}

impl ChangeSubject {
    /// The subject with these changes.
    pub fn apply(self, subject: Subject) -> Subject {
        Subject {
            name: self.name.unwrap_or(subject.name),
        }
    }
}

/// A subject (学科): a field of teaching, which contains courses.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Subject)]
pub struct SubjectBody {
    pub id: Uuid,
    /// Raised with every change; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    pub name: String,
    pub created_at: Timestamp,
    /// Since when it can't be chosen any more.
    #[schema(required)]
    pub archived_at: Option<Timestamp>,
}

impl From<Reference<Subject>> for SubjectBody {
    fn from(record: Reference<Subject>) -> Self {
        Self {
            id: record.id.uuid(),
            version: record.version,
            name: record.details.name,
            created_at: record.created_at,
            archived_at: record.archived_at,
        }
    }
}

page! {
    /// One page of subjects.
    SubjectPage of SubjectBody
}

impl Shown for Subject {
    const PATH: &'static str = "/api/v1/subjects";
    type Body = SubjectBody;
    type Page = SubjectPage;
}

/// A new course.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "一年级语文", "subject_id": "0192f0c1-6666-7000-8000-000000000000", "level": "一年级",
    "hours_hundredths": 4800, "price": {"amount_minor": 480_000, "currency": "CNY"}}))]
pub struct CreateCourse {
    /// Unique among those that are not archived.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// What the course teaches.
    pub subject_id: Uuid,
    /// For whom it is, such as 一年级.
    #[schema(min_length = 1, max_length = 50, nullable = false)]
    pub level: Option<String>,
    /// Lesson hours of an enrollment (课时), in hundredths.
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub hours_hundredths: i32,
    /// What an enrollment costs.
    #[schema(value_type = MoneyInput)]
    pub price: MoneyInput,
}

/// Changes to a course: absent leaves a field, null clears it. Classes keep what they have.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"level": "二年级"}))]
pub struct ChangeCourse {
    /// Name that people see, unique as at its creation.
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    pub name: Option<String>,
    /// What the course teaches.
    #[schema(nullable = false)]
    pub subject_id: Option<Uuid>,
    /// For whom it is, such as 一年级. Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 50)]
    pub level: Option<Option<String>>,
    /// Lesson hours of new enrollments (课时), in hundredths: 4800 are 48 hours.
    #[schema(minimum = 1, maximum = 1_000_000, nullable = false)]
    pub hours_hundredths: Option<i32>,
    /// What new enrollments cost.
    #[schema(nullable = false, value_type = Option<MoneyInput>)]
    pub price: Option<MoneyInput>,
}

impl ChangeCourse {
    /// The course with these changes.
    pub fn apply(self, course: Course) -> Result<Course, Fault> {
        let terms = Terms::read(self.hours_hundredths, self.price.as_ref())?;
        Ok(Course {
            name: self.name.unwrap_or(course.name),
            subject: self.subject_id.map_or(course.subject, Id::new),
            level: self.level.unwrap_or(course.level),
            hours: terms.hours.unwrap_or(course.hours),
            price: terms.price.unwrap_or(course.price),
        })
    }
}

/// Hours and price as they were sent.
pub(super) struct Terms {
    pub(super) hours: Option<Hours>,
    pub(super) price: Option<domain::money::Money>,
}

impl Terms {
    pub(super) fn read(hours: Option<i32>, price: Option<&MoneyInput>) -> Result<Self, Fault> {
        let mut faults: Vec<FieldFault> = Vec::new();
        let hours = hours.map(|h| Hours::new("/hours_hundredths", h));
        let price = price.map(|p| p.read("/price"));
        let terms = Self {
            hours: hours.and_then(|h| h.map_err(|fault| faults.push(fault)).ok()),
            price: price.and_then(|p| p.map_err(|fault| faults.push(fault)).ok()),
        };
        Fault::unless_empty(faults)?;
        Ok(terms)
    }
}

/// A course (课程): what is taught.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Course)]
pub struct CourseBody {
    pub id: Uuid,
    /// Raised with every change; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    pub name: String,
    /// What the course teaches.
    pub subject_id: Uuid,
    /// For whom it is, such as 一年级; null where nobody said.
    #[schema(required)]
    pub level: Option<String>,
    /// Lesson hours of an enrollment (课时), in hundredths, unless the class says otherwise.
    pub hours_hundredths: i32,
    /// What an enrollment costs, unless the class says otherwise.
    #[schema(value_type = MoneyBody)]
    pub price: MoneyBody,
    pub created_at: Timestamp,
    /// Since when it can't be chosen any more.
    #[schema(required)]
    pub archived_at: Option<Timestamp>,
}

impl From<Reference<Course>> for CourseBody {
    fn from(record: Reference<Course>) -> Self {
        let details = record.details;
        Self {
            id: record.id.uuid(),
            version: record.version,
            name: details.name,
            subject_id: details.subject.uuid(),
            level: details.level,
            hours_hundredths: details.hours.hundredths(),
            price: details.price.into(),
            created_at: record.created_at,
            archived_at: record.archived_at,
        }
    }
}

page! {
    /// One page of courses.
    CoursePage of CourseBody
}

impl Shown for Course {
    const PATH: &'static str = "/api/v1/courses";
    type Body = CourseBody;
    type Page = CoursePage;
}

/// Which courses, oldest first.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListCourses {
    /// Whether archived courses are shown too.
    #[param(default = false)]
    pub include_archived: Option<bool>,
    /// In any of these subjects.
    #[param(style = Form, explode = false)]
    pub subject_id: Option<Vec<Uuid>>,
}

/// A new class.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "2026年秋季一年级语文1班", "number": "2026A-CH1-01",
    "course_id": "0192f0c1-7777-7000-8000-000000000000", "campus_id": "0192f0c1-1111-7000-8000-000000000000",
    "room": "201", "capacity": 20, "starts_on": "2026-09-05"}))]
pub struct CreateClass {
    /// Unique among those of the campus that are not archived.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// The school's own number; unique among those that are not archived.
    #[schema(min_length = 1, max_length = 50, nullable = false)]
    pub number: Option<String>,
    /// What is taught. It never changes.
    pub course_id: Uuid,
    /// Where it is taught. It never changes.
    pub campus_id: Uuid,
    /// Active staff of the campus.
    #[schema(nullable = false)]
    pub teacher_id: Option<Uuid>,
    /// Where it is taught, such as 201.
    #[schema(min_length = 1, max_length = 50, nullable = false)]
    pub room: Option<String>,
    /// Seats.
    #[schema(minimum = 1, maximum = 1000)]
    pub capacity: i32,
    /// Lesson hours of an enrollment (课时), in hundredths; those of the course, when absent.
    #[schema(minimum = 1, maximum = 1_000_000, nullable = false)]
    pub hours_hundredths: Option<i32>,
    /// What an enrollment costs; the price of the course, when absent.
    #[schema(nullable = false, value_type = Option<MoneyInput>)]
    pub price: Option<MoneyInput>,
    /// First day of teaching, at the campus.
    pub starts_on: Date,
    /// Last day of teaching, at the campus: not before the first. Open, when absent.
    #[schema(nullable = false)]
    pub ends_on: Option<Date>,
}

/// Changes to a class: absent leaves a field, null clears it. Enrollments keep the hours and the
/// price that they were made with.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"room": "202"}))]
pub struct ChangeClass {
    /// Name that people see, unique as at its creation.
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    pub name: Option<String>,
    /// The school's own number; unique among those that are not archived. Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 50)]
    pub number: Option<Option<String>>,
    /// Who teaches it: active staff of the campus. Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<Uuid>)]
    pub teacher_id: Option<Option<Uuid>>,
    /// Where it is taught, such as 201. Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 50)]
    pub room: Option<Option<String>>,
    /// No fewer than are taken.
    #[schema(minimum = 1, maximum = 1000, nullable = false)]
    pub capacity: Option<i32>,
    /// Lesson hours of new enrollments (课时), in hundredths: 4800 are 48 hours.
    #[schema(minimum = 1, maximum = 1_000_000, nullable = false)]
    pub hours_hundredths: Option<i32>,
    /// What new enrollments cost.
    #[schema(nullable = false, value_type = Option<MoneyInput>)]
    pub price: Option<MoneyInput>,
    /// First day of teaching, at the campus.
    #[schema(nullable = false)]
    pub starts_on: Option<Date>,
    /// Last day of teaching, at the campus: not before the first. Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<Date>)]
    pub ends_on: Option<Option<Date>>,
}

impl ChangeClass {
    /// The class with these changes.
    pub fn apply(self, class: Class) -> Result<Class, Fault> {
        let terms = Terms::read(self.hours_hundredths, self.price.as_ref())?;
        Ok(Class {
            name: self.name.unwrap_or(class.name),
            number: self.number.unwrap_or(class.number),
            teacher: self.teacher_id.map_or(class.teacher, |id| id.map(Id::new)),
            room: self.room.unwrap_or(class.room),
            capacity: self.capacity.unwrap_or(class.capacity),
            hours: terms.hours.unwrap_or(class.hours),
            price: terms.price.unwrap_or(class.price),
            starts_on: self.starts_on.unwrap_or(class.starts_on),
            ends_on: self.ends_on.unwrap_or(class.ends_on),
            course: class.course,
            campus: class.campus,
            seats_taken: class.seats_taken,
        })
    }
}

/// A class (班级): a course as it is taught at a campus.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Class)]
pub struct ClassBody {
    pub id: Uuid,
    /// Raised with every change to the class itself; enrollments leave it alone.
    #[schema(minimum = 1)]
    pub version: i64,
    pub name: String,
    /// The school's own number.
    #[schema(required)]
    pub number: Option<String>,
    /// What is taught. It never changes.
    pub course_id: Uuid,
    /// Where it is taught. It never changes.
    pub campus_id: Uuid,
    /// Who teaches it; null where nobody is named.
    #[schema(required)]
    pub teacher_id: Option<Uuid>,
    /// Where it is taught, such as 201; null where nobody said.
    #[schema(required)]
    pub room: Option<String>,
    /// Seats.
    pub capacity: i32,
    /// Seats taken by active enrollments.
    pub seats_taken: i32,
    /// Lesson hours of an enrollment (课时), in hundredths.
    pub hours_hundredths: i32,
    /// What an enrollment costs.
    #[schema(value_type = MoneyBody)]
    pub price: MoneyBody,
    /// First day of teaching, at the campus.
    pub starts_on: Date,
    /// Last day of teaching, at the campus; null where it is open.
    #[schema(required)]
    pub ends_on: Option<Date>,
    pub created_at: Timestamp,
    /// Since when it can't be chosen any more.
    #[schema(required)]
    pub archived_at: Option<Timestamp>,
}

impl From<Reference<Class>> for ClassBody {
    fn from(record: Reference<Class>) -> Self {
        let details = record.details;
        Self {
            id: record.id.uuid(),
            version: record.version,
            name: details.name,
            number: details.number,
            course_id: details.course.uuid(),
            campus_id: details.campus.uuid(),
            teacher_id: details.teacher.map(Id::uuid),
            room: details.room,
            capacity: details.capacity,
            seats_taken: details.seats_taken,
            hours_hundredths: details.hours.hundredths(),
            price: details.price.into(),
            starts_on: details.starts_on,
            ends_on: details.ends_on,
            created_at: record.created_at,
            archived_at: record.archived_at,
        }
    }
}

page! {
    /// One page of classes.
    ClassPage of ClassBody
}

impl Shown for Class {
    const PATH: &'static str = "/api/v1/classes";
    type Body = ClassBody;
    type Page = ClassPage;
}

/// Which classes, oldest first.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListClasses {
    /// Whether archived classes are shown too.
    #[param(default = false)]
    pub include_archived: Option<bool>,
    /// Of any of these campuses.
    #[param(style = Form, explode = false)]
    pub campus_id: Option<Vec<Uuid>>,
    /// Of any of these courses.
    #[param(style = Form, explode = false)]
    pub course_id: Option<Vec<Uuid>>,
    /// Taught by any of these.
    #[param(style = Form, explode = false)]
    pub teacher_id: Option<Vec<Uuid>>,
}

impl ListClasses {
    pub fn filter(&self) -> ClassFilter {
        ClassFilter {
            campuses: named(self.campus_id.as_ref()),
            courses: named(self.course_id.as_ref()),
            teachers: named(self.teacher_id.as_ref()),
        }
    }
}
