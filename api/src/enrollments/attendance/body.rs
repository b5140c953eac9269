use domain::enrollments::Attendance;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::http::wire::Wire;

pub type AttendanceStatus = Wire<Attendance>;

/// Who was there (点名). Students who are left out stay as they are; those who are named again are
/// corrected, and get back, or use, the hours of the lesson.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"students": [{"enrollment_id": "0192f0c1-9999-7000-8000-000000000000", "status": "present"}]}))]
pub struct CallRoll {
    #[schema(max_items = 1000, value_type = Vec<StudentMark>)]
    pub students: Vec<StudentMark>,
}

/// What is said of a student.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StudentMark {
    /// Of the lesson's class.
    pub enrollment_id: Uuid,
    pub status: AttendanceStatus,
}

/// The roll of a lesson after a call.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RollCall {
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
    pub enrollment_id: Uuid,
    pub status: AttendanceStatus,
    /// Lesson hours left, in hundredths.
    pub hours_left_hundredths: i32,
}
