use domain::{id::Id, organization::Agreement};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

/// The version of the confidentiality agreement that counts.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = AgreementText)]
pub struct AgreementTextBody {
    /// Who holds a role that demands the agreement must have signed this version or a later one.
    #[schema(minimum = 1)]
    pub version: i64,
}

/// Another version of the confidentiality agreement, which counts from now on.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"version": 2}))]
pub struct SetAgreementText {
    /// Not below the one that counts.
    #[schema(minimum = 1, maximum = 10000)]
    pub version: i64,
}

/// A signature under the confidentiality agreement.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"version": 1, "signed_on": "2025-09-01"}))]
pub struct RecordAgreement {
    /// Of the text that was signed. One that does not count yet may be signed ahead.
    #[schema(minimum = 1, maximum = 10000)]
    pub version: i64,
    /// Not after today in the institution's zone.
    pub signed_on: Date,
    /// The signed paper: a file of the caller's own, kept with the agreement from then on. Whoever has
    /// signed, and whoever may read agreements, can open it then.
    #[schema(nullable = false)]
    pub file_id: Option<Uuid>,
}

/// A confidentiality agreement (保密协议) that a person of staff has signed. It never changes.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = StaffAgreement)]
pub struct AgreementBody {
    pub id: Uuid,
    /// Who signed.
    pub staff_id: Uuid,
    /// Of the text that was signed.
    #[schema(minimum = 1)]
    pub version: i64,
    /// Day of the signature.
    pub signed_on: Date,
    /// The signed text as a file; null where none was added.
    #[schema(required)]
    pub file_id: Option<Uuid>,
    /// Who recorded it.
    pub recorded_by: Uuid,
    /// When it was recorded.
    pub recorded_at: Timestamp,
}

impl From<Agreement> for AgreementBody {
    fn from(agreement: Agreement) -> Self {
        Self {
            id: agreement.id.uuid(),
            staff_id: agreement.staff.uuid(),
            version: agreement.version,
            signed_on: agreement.signed_on,
            file_id: agreement.file.map(Id::uuid),
            recorded_by: agreement.recorded_by.uuid(),
            recorded_at: agreement.recorded_at,
        }
    }
}

/// What a person of staff has signed, newest first; at most 200.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StaffAgreements {
    /// The version that must be signed before the person can log in; null where nothing is missing.
    #[schema(required, minimum = 1)]
    pub missing_version: Option<i64>,
    #[schema(value_type = Vec<AgreementBody>)]
    pub items: Vec<AgreementBody>,
}
