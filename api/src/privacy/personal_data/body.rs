use domain::privacy::PersonalDataExport;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use crate::http::list::page;

/// Why all that is known of a person is put together (导出个人信息).
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "家长要求复制孩子的全部资料"}))]
pub struct ExportPersonalData {
    /// Kept on the audit trail.
    #[schema(min_length = 2, max_length = 200)]
    pub reason: String,
}

/// A document with all that is known of a person (个人信息副本).
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PersonalDataExport)]
pub struct PersonalDataExportBody {
    pub id: Uuid,
    /// The first part of the ETag: it stays as it is.
    #[schema(minimum = 1)]
    pub version: i64,
    /// Whom it is about.
    pub customer_id: Uuid,
    /// The request that it answers.
    pub request_id: Uuid,
    /// Who had it made.
    pub made_by: Uuid,
    pub created_at: Timestamp,
    /// When its file goes.
    pub expires_at: Timestamp,
}

impl From<PersonalDataExport> for PersonalDataExportBody {
    fn from(export: PersonalDataExport) -> Self {
        Self {
            id: export.id.uuid(),
            version: 1,
            customer_id: export.customer.uuid(),
            request_id: export.request.uuid(),
            made_by: export.owner.uuid(),
            created_at: export.created_at,
            expires_at: export.expires_at,
        }
    }
}

page! {
    /// One page of documents.
    PersonalDataExportPage of PersonalDataExportBody
}

/// Which documents.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListPersonalDataExports {
    /// About this customer.
    pub customer_id: Option<Uuid>,
    /// That answer this request.
    pub request_id: Option<Uuid>,
}
