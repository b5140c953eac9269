use domain::enrollments::Status;
use jiff::{Timestamp, civil::Date};
use persistence::enrollments::{hours::PostedHours, store::Filter};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use crate::{
    access::fields,
    http::{
        list::{CreationOrder, page},
        money::MoneyBody,
        wire::Wire,
    },
};

pub type EnrollmentStatus = Wire<Status>;
pub type WithdrawalReason = Wire<domain::enrollments::WithdrawalReason>;
pub type HourEntryKind = Wire<domain::enrollments::HourEntryKind>;
pub type PurchaseMode = Wire<domain::enrollments::PurchaseMode>;

/// A new enrollment (报名). Price and lesson hours are those of the class.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"customer_id": "0192f0c1-2222-7000-8000-000000000000",
    "class_id": "0192f0c1-8888-7000-8000-000000000000"}))]
pub struct CreateEnrollment {
    /// The student.
    pub customer_id: Uuid,
    /// The class with the seat.
    pub class_id: Uuid,
    /// The customer who pays; the student, when absent.
    #[schema(nullable = false)]
    pub payer_id: Option<Uuid>,
    /// How it was bought; `on_site` when absent.
    #[schema(nullable = false)]
    pub purchase_mode: Option<PurchaseMode>,
    /// For colleagues.
    #[schema(max_length = 2000, nullable = false)]
    pub note: Option<String>,
}

/// Why a student leaves a class.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "schedule"}))]
pub struct WithdrawEnrollment {
    /// Why the student leaves.
    pub reason: WithdrawalReason,
}

/// An enrollment (报名): a student's seat in a class, and the lesson hours that come with it. It is
/// `active` until it is `completed` or `withdrawn`; both are final, and both free the seat.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Enrollment, example = json!({"id": "0192f0c1-9999-7000-8000-000000000000", "version": 1,
    "customer_id": "0192f0c1-2222-7000-8000-000000000000", "class_id": "0192f0c1-8888-7000-8000-000000000000",
    "course_id": "0192f0c1-7777-7000-8000-000000000000", "campus_id": "0192f0c1-1111-7000-8000-000000000000",
    "payer_id": "0192f0c1-2222-7000-8000-000000000000", "status": "active", "purchase_mode": "on_site",
    "price": {"amount_minor": 480_000, "currency": "CNY"}, "hours_hundredths": 4800,
    "hours_left_hundredths": 4800, "enrolled_on": "2026-11-21", "ended_on": null, "withdrawal_reason": null,
    "note": null, "created_at": "2026-11-21T02:00:00Z", "updated_at": "2026-11-21T02:00:00Z"}))]
pub struct EnrollmentBody {
    pub id: Uuid,
    /// Raised with every change of state; roll calls leave it alone.
    #[schema(minimum = 1)]
    pub version: i64,
    /// The student.
    pub customer_id: Uuid,
    /// The class with the seat.
    pub class_id: Uuid,
    /// The course of the class.
    pub course_id: Uuid,
    /// Of the class.
    pub campus_id: Uuid,
    /// The customer who pays; null where the caller does not reach that customer.
    #[schema(required)]
    pub payer_id: Option<Uuid>,
    /// Where it stands.
    pub status: EnrollmentStatus,
    /// How it was bought.
    pub purchase_mode: PurchaseMode,
    /// As it was when the student was enrolled.
    #[schema(required, value_type = Option<MoneyBody>)]
    pub price: Option<MoneyBody>,
    /// Lesson hours (课时) granted, in hundredths.
    pub hours_hundredths: i32,
    /// Those that are left.
    pub hours_left_hundredths: i32,
    /// In the zone of the campus, as is `ended_on`.
    pub enrolled_on: Date,
    /// Day of the end, in the zone of the campus; null while it is active.
    #[schema(required)]
    pub ended_on: Option<Date>,
    /// Of a withdrawn enrollment.
    #[schema(required)]
    pub withdrawal_reason: Option<WithdrawalReason>,
    /// For colleagues; null where there is none.
    #[schema(required)]
    pub note: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// An enrollment with what is shown beside it.
#[derive(Clone, Debug)]
pub struct Shown {
    pub enrollment: domain::enrollments::Enrollment,
    pub left_hundredths: i32,
    pub mode: domain::enrollments::PurchaseMode,
    /// Whether the caller reaches the payer.
    pub shows_payer: bool,
}

impl From<Shown> for EnrollmentBody {
    fn from(shown: Shown) -> Self {
        let enrollment = shown.enrollment;
        Self {
            id: enrollment.id.uuid(),
            version: enrollment.version,
            customer_id: enrollment.student.uuid(),
            class_id: enrollment.class.uuid(),
            course_id: enrollment.course.uuid(),
            campus_id: enrollment.campus.uuid(),
            payer_id: shown.shows_payer.then(|| enrollment.payer.uuid()),
            status: Wire(enrollment.status),
            purchase_mode: Wire(shown.mode),
            price: Some(enrollment.price.into()),
            hours_hundredths: enrollment.hours.hundredths(),
            hours_left_hundredths: shown.left_hundredths,
            enrolled_on: enrollment.enrolled_on,
            ended_on: enrollment.ended_on,
            withdrawal_reason: enrollment.reason.map(Wire),
            note: enrollment.note,
            created_at: enrollment.created_at,
            updated_at: enrollment.updated_at,
        }
    }
}

page! {
    /// One page of enrollments.
    EnrollmentPage of EnrollmentBody as fields::Shown<EnrollmentBody>
}

/// An entry of the ledger of lesson hours (课时流水). It never changes; what a correction gives back is another
/// entry.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = HourEntry)]
pub struct HourEntryBody {
    pub id: Uuid,
    /// Why it was posted.
    pub kind: HourEntryKind,
    /// Lesson hours that it moved, in hundredths: above zero what the student got, below what was taken.
    pub hours_hundredths: i32,
    /// Those that were left after it; after the newest, as the enrollment says.
    pub hours_left_hundredths: i32,
    /// The lesson that used them, or gave them back; null where none did.
    #[schema(required)]
    pub lesson_id: Option<Uuid>,
    /// When that lesson begins.
    #[schema(required)]
    pub lesson_starts_at: Option<Timestamp>,
    /// The entry that it takes back, in whole or in part; null where it takes back none.
    #[schema(required)]
    pub reversal_of: Option<Uuid>,
    /// Where it happened.
    pub campus_id: Uuid,
    /// The day of the books: the campus's date when it was posted.
    pub business_date: Date,
    /// When it was posted: entries are in this order, the newest first.
    pub posted_at: Timestamp,
}

impl From<PostedHours> for HourEntryBody {
    fn from(entry: PostedHours) -> Self {
        Self {
            id: entry.id.uuid(),
            kind: Wire(entry.kind),
            hours_hundredths: entry.hundredths,
            hours_left_hundredths: entry.left_hundredths,
            lesson_id: entry.lesson.map(|id| id.uuid()),
            lesson_starts_at: entry.lesson_starts_at,
            reversal_of: entry.reversal_of.map(|id| id.uuid()),
            campus_id: entry.campus.uuid(),
            business_date: entry.business_date,
            posted_at: entry.posted_at,
        }
    }
}

page! {
    /// One page of a ledger of lesson hours.
    HourEntryPage of HourEntryBody
}

/// A student on the roster of a class.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RosterEntry {
    /// The seat of the student.
    pub enrollment_id: Uuid,
    /// The student.
    pub customer_id: Uuid,
    /// Null where a field rule hides it.
    #[schema(required)]
    pub student_name: Option<String>,
    /// Lesson hours left, in hundredths.
    pub hours_left_hundredths: i32,
    /// Day of the enrollment, in the zone of the campus.
    pub enrolled_on: Date,
}

page! {
    /// One page of the roster (花名册) of a class.
    RosterPage of RosterEntry as fields::Shown<RosterEntry>
}

/// Which enrollments, in which order.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListEnrollments {
    #[param(inline = false)]
    pub sort: Option<CreationOrder>,
    /// Of any of these students.
    #[param(style = Form, explode = false)]
    pub customer_id: Option<Vec<Uuid>>,
    /// In any of these classes.
    #[param(style = Form, explode = false)]
    pub class_id: Option<Vec<Uuid>>,
    /// In classes of any of these campuses.
    #[param(style = Form, explode = false)]
    pub campus_id: Option<Vec<Uuid>>,
    /// In any of these states.
    #[param(style = Form, explode = false)]
    pub status: Option<Vec<EnrollmentStatus>>,
    /// Enrolled at or after.
    #[param(rename = "created_at[gte]")]
    #[serde(rename = "created_at[gte]")]
    pub created_from: Option<Timestamp>,
    /// Enrolled before.
    #[param(rename = "created_at[lt]")]
    #[serde(rename = "created_at[lt]")]
    pub created_until: Option<Timestamp>,
}

impl ListEnrollments {
    pub fn filter(&self) -> Filter {
        Filter {
            customers: self.customer_id.clone().unwrap_or_default(),
            classes: self.class_id.clone().unwrap_or_default(),
            campuses: self.campus_id.clone().unwrap_or_default(),
            statuses: self.status.iter().flatten().map(|v| v.0).collect(),
            created_from: self.created_from,
            created_until: self.created_until,
        }
    }
}
