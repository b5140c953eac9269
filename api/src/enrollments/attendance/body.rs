use domain::enrollments::Attendance;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::{access::fields::Shown, http::wire::Wire};

pub type AttendanceStatus = Wire<Attendance>;

/// Who was there (点名). Students who are left out stay as they are; those who are named again are
/// corrected, and get back, or use, the hours of the lesson.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"students": [{"enrollment_id": "0192f0c1-9999-7000-8000-000000000000", "status": "present"}]}))]
pub struct CallRoll {
    /// Those who are named; others stay as they were.
    #[schema(min_items = 1, max_items = 1000, value_type = Vec<StudentMark>)]
    pub students: Vec<StudentMark>,
}

/// What is said of a student.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StudentMark {
    /// Of the lesson's class.
    pub enrollment_id: Uuid,
    /// What the roll says of the student.
    pub status: AttendanceStatus,
}

/// The roll of a lesson after a call.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RollCall {
    /// The lesson it is of.
    pub lesson_id: Uuid,
    /// Of the lesson.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When the roll was called first.
    pub called_at: Timestamp,
    /// The students who were named, in their order.
    pub students: Vec<StudentMarked>,
}

/// A student whose attendance is marked.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StudentMarked {
    /// The seat of the student.
    pub enrollment_id: Uuid,
    /// What the roll says of the student.
    pub status: AttendanceStatus,
    /// Lesson hours left, in hundredths.
    pub hours_left_hundredths: i32,
}

/// The roll of a lesson as it stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct Roll {
    /// The lesson it is of.
    pub lesson_id: Uuid,
    /// Of the lesson.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When the roll was called first; null where it was not.
    #[schema(required)]
    pub called_at: Option<Timestamp>,
    /// The students within reach who were marked, in the order in which they were enrolled.
    #[schema(value_type = Vec<RollEntry>)]
    pub students: Vec<Shown<RollEntry>>,
}

/// A student on the roll of a lesson.
#[derive(Debug, Serialize, ToSchema)]
pub struct RollEntry {
    /// The seat of the student.
    pub enrollment_id: Uuid,
    /// The student.
    pub customer_id: Uuid,
    /// Null where a field rule hides it.
    #[schema(required)]
    pub student_name: Option<String>,
    /// What the roll says of the student.
    pub status: AttendanceStatus,
    /// Lesson hours that were used, in hundredths.
    pub hours_used_hundredths: i32,
    /// When the student was marked last.
    pub marked_at: Timestamp,
    /// The member of staff or API client who did.
    pub marked_by: Uuid,
}
