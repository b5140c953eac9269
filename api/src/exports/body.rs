use std::collections::BTreeSet;

use domain::{exports::Export, id::Id};
use jiff::Timestamp;
use persistence::Error;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use crate::{
    custom_fields::CustomFieldCode,
    customers::CustomerFilters,
    http::{list::page, wire::Wire},
};

pub type ExportEntity = Wire<domain::exports::ExportEntity>;
pub type ExportExpansion = Wire<domain::exports::ExportExpansion>;
pub type ExportFormat = Wire<domain::exports::ExportFormat>;
pub type ExportStatus = Wire<domain::exports::ExportStatus>;

/// A list to be exported (导出).
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"entity": "customers", "format": "csv", "filters": {"stage": ["lead"]},
    "reason": "月度线索盘点"}))]
pub struct CreateExport {
    /// What the rows are.
    pub entity: ExportEntity,
    /// Form of the file.
    pub format: ExportFormat,
    /// Which rows: the filters of the list, by the same names. All within reach, when absent.
    #[serde(default)]
    #[schema(required = false)]
    pub filters: CustomerFilters,
    /// A view that they must be in too; its order does not count. Where it has filters, none can be given.
    #[schema(nullable = false)]
    pub view_id: Option<Uuid>,
    /// What is shown beside the list, in columns of its own.
    #[schema(max_items = 5, nullable = false)]
    pub expand: Option<Vec<ExportExpansion>>,
    /// Custom fields that have columns of their own, after all others and in this order: what is known of each
    /// customer, as the list shows it, so that sensitive ones are `***`.
    #[schema(max_items = 100, nullable = false)]
    pub custom_fields: Option<Vec<CustomFieldCode>>,
    /// Kept on the audit trail.
    #[schema(min_length = 2, max_length = 200)]
    pub reason: String,
}

impl CreateExport {
    /// What is shown beside the list, each once.
    pub fn expand(&self) -> Vec<domain::exports::ExportExpansion> {
        let asked: BTreeSet<_> = self.expand.iter().flatten().map(|part| part.0).collect();
        asked.into_iter().collect()
    }
}

/// An export (导出), as it stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Export)]
pub struct ExportBody {
    pub id: Uuid,
    /// Raised with every change.
    #[schema(minimum = 1)]
    pub version: i64,
    /// What the rows are.
    pub entity: ExportEntity,
    /// Form of the file.
    pub format: ExportFormat,
    /// Which rows were asked for.
    pub filters: CustomerFilters,
    /// The view that they had to be in; null where there was none.
    #[schema(required)]
    pub view_id: Option<Uuid>,
    /// What is shown beside the list.
    pub expand: Vec<ExportExpansion>,
    /// Custom fields with columns of their own, in this order.
    pub custom_fields: Vec<CustomFieldCode>,
    /// The job that makes the file; it says why an export failed.
    pub job_id: Uuid,
    /// Where it stands.
    pub status: ExportStatus,
    /// The approval that it waits or waited for; null where none was needed.
    #[schema(required)]
    pub approval_id: Option<Uuid>,
    /// Without the header; null until it is done.
    #[schema(required, minimum = 0)]
    pub rows: Option<i64>,
    /// Rows with contact values in the clear; null until it is done.
    #[schema(required, minimum = 0)]
    pub revealed_rows: Option<i64>,
    pub created_at: Timestamp,
    /// When all of it had ended; null until then.
    #[schema(required)]
    pub finished_at: Option<Timestamp>,
    /// When its file goes; null until there is one.
    #[schema(required)]
    pub expires_at: Option<Timestamp>,
}

impl TryFrom<Export> for ExportBody {
    type Error = Error;

    fn try_from(export: Export) -> Result<Self, Error> {
        let made = export.result.as_ref();
        Ok(Self {
            filters: serde_json::from_str(&export.filters).map_err(Error::corrupt)?,
            view_id: export.view.map(|(view, _)| view.uuid()),
            expand: export.expand.iter().copied().map(Wire).collect(),
            custom_fields: export.custom_fields.iter().map(Into::into).collect(),
            id: export.id.uuid(),
            version: export.version,
            entity: Wire(export.entity),
            format: Wire(export.format),
            job_id: Id::uuid(export.job),
            status: Wire(export.status),
            approval_id: export.approval.map(Id::uuid),
            rows: made.map(|made| made.rows),
            revealed_rows: made.map(|made| made.revealed_rows),
            created_at: export.created_at,
            finished_at: export.finished_at,
            expires_at: made.map(|made| made.expires_at),
        })
    }
}

page! {
    /// One page of exports.
    ExportPage of ExportBody
}

/// How the file is wanted.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct DownloadExport {
    /// Whether a CSV begins with a byte order mark, by which spreadsheets know UTF-8; it counts among
    /// the bytes of `Range`.
    pub bom: Option<bool>,
}
