use domain::{
    id::Id,
    imports::{
        custom::CustomColumn,
        header::LeadField,
        outcome::{Import, RowResult},
        undo::InTheWay,
    },
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use crate::{
    custom_fields::CustomFieldCode,
    http::{list::page, wire::Wire},
};

pub type ImportField = Wire<LeadField>;
pub type ImportEntity = Wire<domain::imports::outcome::ImportEntity>;
pub type ImportMode = Wire<domain::imports::outcome::ImportMode>;
pub type ImportStatus = Wire<domain::imports::outcome::ImportStatus>;
pub type ImportAction = Wire<domain::imports::choice::ImportAction>;
pub type ImportKey = Wire<domain::imports::choice::ImportKey>;
pub type ImportLists = Wire<domain::imports::choice::ListChange>;
pub type ImportUndoReason = Wire<domain::imports::undo::UndoObstacle>;
pub type ImportRowOutcome = Wire<domain::imports::outcome::RowOutcome>;

/// A list to be imported (导入).
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"file_id": "0192f0c1-4444-7000-8000-000000000000", "entity": "customers",
    "campus_id": "0192f0c1-1111-7000-8000-000000000000", "mode": "validate"}))]
pub struct CreateImport {
    /// Of an upload of the caller's own, with `purpose=import`.
    pub file_id: Uuid,
    /// What the rows are.
    pub entity: ImportEntity,
    /// Where rows belong that name no campus; its pool holds what is new.
    pub campus_id: Uuid,
    /// What the columns hold; as the program would propose it, when absent. Columns that are not named
    /// are left out.
    #[schema(max_items = 200, nullable = false, value_type = Option<Vec<ColumnMapping>>)]
    pub mapping: Option<Vec<ColumnMapping>>,
    /// Columns that hold custom fields, whatever else they seem to hold: numbers with their decimals, money in its
    /// main unit, choices by name or code, people by their ids. Blank cells leave what is known. Sensitive fields are
    /// taken into customers that are there already only as far as the caller may reveal them.
    #[schema(max_items = 100, nullable = false, value_type = Option<Vec<CustomFieldColumn>>)]
    pub custom_fields: Option<Vec<CustomFieldColumn>>,
    /// Whether it is tried or done.
    pub mode: ImportMode,
    /// What becomes of rows whose customer is there, or is not; `create`, when absent.
    #[schema(nullable = false)]
    pub action: Option<ImportAction>,
    /// By what customers are found that are to be updated; `household`, when absent.
    #[schema(nullable = false)]
    pub key: Option<ImportKey>,
    /// What becomes of tags and contact points that an updated customer has, where its row tells others of these;
    /// `append`, when absent. Those by which it does not want to be reached stay in any case.
    #[schema(nullable = false)]
    pub lists: Option<ImportLists>,
    /// A template that says what stands under which heading, in place of `mapping`; it also says what is absent
    /// of `action`, `key` and `lists`.
    #[schema(nullable = false)]
    pub template_id: Option<Uuid>,
}

/// What a column holds.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ColumnMapping {
    /// From 0, the leftmost.
    #[schema(minimum = 0, maximum = 199)]
    pub column: usize,
    /// What the column holds.
    pub field: ImportField,
}

/// A column that holds a custom field.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"column": 4, "code": "height_cm"}))]
pub struct CustomFieldColumn {
    /// From 0, the leftmost.
    #[schema(minimum = 0, maximum = 199)]
    pub column: usize,
    /// The field.
    pub code: CustomFieldCode,
}

/// A file whose columns are to be understood.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"file_id": "0192f0c1-4444-7000-8000-000000000000"}))]
pub struct ProposeMapping {
    /// An uploaded list of the caller's own, with the purpose `import`.
    pub file_id: Uuid,
}

/// Columns of a file, each with the field that it seems to hold.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProposedMapping {
    /// One for each column of the file, from the left.
    #[schema(value_type = Vec<ProposedColumn>)]
    pub columns: Vec<ProposedColumn>,
}

/// A column of a file.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProposedColumn {
    /// Place in the file: from 0, the leftmost.
    #[schema(minimum = 0)]
    pub column: usize,
    /// As the file calls it.
    pub header: String,
    /// Null where nothing is known of the heading.
    #[schema(required)]
    pub field: Option<ImportField>,
}

/// An import (导入), as it stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Import)]
pub struct ImportBody {
    pub id: Uuid,
    /// Raised with every change.
    #[schema(minimum = 1)]
    pub version: i64,
    /// What the rows are.
    pub entity: ImportEntity,
    /// Whether it is tried or done.
    pub mode: ImportMode,
    /// What becomes of rows whose customer is there, or is not.
    pub action: ImportAction,
    /// By what customers are found that are there.
    pub key: ImportKey,
    /// What becomes of tags and contact points that they have.
    pub lists: ImportLists,
    /// The template by which it began, which may be gone; null where there was none.
    #[schema(required)]
    pub template_id: Option<Uuid>,
    /// Columns that hold custom fields.
    pub custom_fields: Vec<CustomFieldColumn>,
    /// To which campus the new customers belong.
    pub campus_id: Uuid,
    /// The list that is taken in.
    pub file_id: Uuid,
    /// The job that does it; it says why an import failed.
    pub job_id: Uuid,
    /// Where it stands.
    pub status: ImportStatus,
    /// Rows by what became of them so far.
    pub counts: ImportCounts,
    /// Every row with what became of it, refused values in the clear; kept for seven days.
    #[schema(required)]
    pub result_file_id: Option<Uuid>,
    pub created_at: Timestamp,
    /// When all of it had ended; null until then.
    #[schema(required)]
    pub finished_at: Option<Timestamp>,
    /// The job that undoes it, or did; null where there is none.
    #[schema(required)]
    pub undo_job_id: Option<Uuid>,
    /// When it was undone; null while it stands.
    #[schema(required)]
    pub undone_at: Option<Timestamp>,
    /// Who undid it; null while it stands.
    #[schema(required)]
    pub undone_by: Option<Uuid>,
}

/// Rows by what became of them so far.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ImportCounts {
    /// Rows that made a customer, or would.
    pub created: i64,
    /// Rows that changed a customer, or would.
    pub updated: i64,
    /// Rows whose customer is as they say already.
    pub unchanged: i64,
    /// Rows whose customer was known before.
    pub duplicate: i64,
    /// Rows that were left out.
    pub skipped: i64,
    /// Rows that broke a rule.
    pub failed: i64,
}

impl From<&CustomColumn> for CustomFieldColumn {
    fn from(held: &CustomColumn) -> Self {
        Self {
            column: held.column,
            code: (&held.code).into(),
        }
    }
}

impl From<Import> for ImportBody {
    fn from(import: Import) -> Self {
        Self {
            id: import.id.uuid(),
            version: import.version,
            entity: Wire(import.entity),
            mode: Wire(import.mode),
            action: Wire(import.choice.action),
            key: Wire(import.choice.key),
            lists: Wire(import.choice.lists),
            template_id: import.template.map(Id::uuid),
            custom_fields: import.custom_fields.iter().map(Into::into).collect(),
            campus_id: import.campus.uuid(),
            file_id: import.file.uuid(),
            job_id: import.job.uuid(),
            status: Wire(import.status),
            counts: ImportCounts {
                created: import.counts.created,
                updated: import.counts.updated,
                unchanged: import.counts.unchanged,
                duplicate: import.counts.duplicate,
                skipped: import.counts.skipped,
                failed: import.counts.failed,
            },
            result_file_id: import.result.map(Id::uuid),
            created_at: import.created_at,
            finished_at: import.finished_at,
            undo_job_id: import.undo_job.map(Id::uuid),
            undone_at: import.undone_at,
            undone_by: import.undone_by.map(Id::uuid),
        }
    }
}

page! {
    /// One page of imports.
    ImportPage of ImportBody
}

/// What became of a row.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ImportRow {
    /// As a spreadsheet counts: the header is row 1.
    #[schema(minimum = 1)]
    pub row: i64,
    /// What became of the row, or would.
    pub outcome: ImportRowOutcome,
    /// The customer that is new or was updated, or the known one where it is within the importer's reach.
    #[schema(required)]
    pub customer_id: Option<Uuid>,
    /// Why the row was refused.
    #[schema(value_type = Vec<ImportProblem>)]
    pub problems: Vec<ImportProblem>,
    /// Fields in which the row differs from the known customer, where that is within reach.
    pub differences: Vec<ImportField>,
    /// Cells that could not be understood, and were left out; of tags and of the next follow-up, also
    /// what could not be put on the customer. Both go into its note then.
    pub unread: Vec<ImportField>,
}

/// A cell for which a row was refused.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ImportProblem {
    /// Stable name of the rule that it breaks.
    #[schema(pattern = "^[a-z][a-z0-9_]*$")]
    pub code: String,
    /// The field of the lead; null where the row as a whole is refused, or for a custom field.
    #[schema(required)]
    pub field: Option<ImportField>,
    /// The custom field that the cell holds; null where it holds none.
    #[schema(required)]
    pub custom_field: Option<CustomFieldCode>,
    /// In its safe form; the result file has it in the clear, but for sensitive custom fields, of which both
    /// show `***`.
    pub value: String,
}

impl From<RowResult> for ImportRow {
    fn from(result: RowResult) -> Self {
        let fields = |fields: Vec<LeadField>| fields.into_iter().map(Wire).collect();
        Self {
            row: result.row,
            outcome: Wire(result.outcome),
            customer_id: result.customer.map(Id::uuid),
            problems: result
                .problems
                .iter()
                .map(|problem| ImportProblem {
                    code: problem.code.clone(),
                    field: problem.field.map(Wire),
                    custom_field: problem.custom_field.as_ref().map(Into::into),
                    value: problem.safe(),
                })
                .collect(),
            differences: fields(result.differences),
            unread: fields(result.unread),
        }
    }
}

page! {
    /// One page of rows.
    ImportRowPage of ImportRow
}

/// What undoing an import would do.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ImportUndoPreview {
    /// How many customers would go: all that the import made.
    #[schema(minimum = 0)]
    pub customers: i64,
    /// How many customers would be what they were: all that the import changed.
    #[schema(minimum = 0)]
    pub restored: i64,
    /// How many of both stand in the way; nothing is undone unless there is none.
    #[schema(minimum = 0)]
    pub in_the_way: i64,
    /// The first of those, at most a hundred.
    #[schema(value_type = Vec<ImportUndoObstacle>)]
    pub obstacles: Vec<ImportUndoObstacle>,
}

/// A customer that stands in the way of undoing an import.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ImportUndoObstacle {
    /// The row that made or changed it, as a spreadsheet counts: the header is row 1.
    #[schema(minimum = 1)]
    pub row: i64,
    /// Null where it is out of reach by now.
    #[schema(required)]
    pub customer_id: Option<Uuid>,
    /// What was done with it since.
    pub reason: ImportUndoReason,
}

impl From<InTheWay> for ImportUndoObstacle {
    fn from(found: InTheWay) -> Self {
        Self {
            row: found.row,
            customer_id: found.customer.map(Id::uuid),
            reason: Wire(found.reason),
        }
    }
}

/// Which rows, in their order.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListImportRows {
    /// With any of these outcomes.
    #[param(style = Form, explode = false)]
    pub outcome: Option<Vec<ImportRowOutcome>>,
}
