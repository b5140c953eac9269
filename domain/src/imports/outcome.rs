//! What becomes of an import and of each of its rows.

use jiff::Timestamp;

use super::{choice::Choice, custom::CustomColumn, header::LeadField, template::ImportTemplate};
use crate::{
    access::Principal,
    custom_fields::{FieldCode, SEALED},
    customers::Customer,
    files::StoredFile,
    id::Id,
    jobs::Job,
    organization::Campus,
    rules, text_enum,
};

text_enum! {
    /// What the rows of an import are.
    ImportEntity as "ImportEntity" {
        Customers = "customers" { "客户", "Customers" }
    }
}

text_enum! {
    /// Whether an import is tried or done.
    ImportMode as "ImportMode" {
        Validate = "validate" { "校验", "Validate: nothing is taken in" }
        Commit = "commit" { "导入", "Commit" }
    }
}

text_enum! {
    /// Where an import stands.
    ImportStatus as "ImportStatus" {
        Running = "running" { "进行中", "Waiting or running" }
        Succeeded = "succeeded" { "已完成", "Succeeded" }
        Failed = "failed" { "失败", "Failed: what was taken in until then stays" }
        Cancelled = "cancelled" { "已取消", "Cancelled: what was taken in until then stays" }
        Undoing = "undoing" { "撤销中", "Ended, and about to be undone; where the job of that failed, undone in part, and to be undone again" }
        Undone = "undone" { "已撤销", "Undone: what was taken in is gone" }
    }
}

text_enum! {
    /// What became of a row, or would.
    RowOutcome as "ImportRowOutcome" {
        Created = "created" { "新增", "Created" }
        Updated = "updated" { "更新", "Changed" }
        Unchanged = "unchanged" { "无变化", "Known already, and nothing differs" }
        Duplicate = "duplicate" { "重复", "Known already; the first one stays as it is" }
        Skipped = "skipped" { "跳过", "Left out" }
        Failed = "failed" { "失败", "Refused" }
    }
}

rules! {
    IMPORT_FILE_UNREADABLE = Invalid "import_file_unreadable" {
        "文件无法读取", "The file can't be read";
        "请使用 CSV（UTF-8 或 GB18030）或 XLSX。", "Send a CSV in UTF-8 or GB18030, or an XLSX workbook." }
    IMPORT_TOO_LARGE = Invalid "import_too_large" {
        "表格过大", "The table is too large";
        "最多 {rows} 行、{columns} 列，单元格最多 {cell} 个字符。", "At most {rows} rows, {columns} columns, {cell} characters a cell." }
    NAME_COLUMN_MISSING = Invalid "name_column_missing" {
        "缺少姓名列", "There is no column of names";
        "请指定哪一列是姓名。", "Say which column holds the names." }
    COLUMN_UNKNOWN = Invalid "column_unknown" {
        "没有这一列", "There is no such column";
        "列号从 0 开始，应在表头范围内。", "Columns count from 0 and end with the header." }
    FIELD_TAKEN = Invalid "field_taken" {
        "该字段已对应其他列", "Another column holds this field already";
        "每个字段只能对应一列。", "Each field comes from one column." }
    CAMPUS_UNKNOWN = Invalid "campus_unknown" {
        "没有这个校区", "No such campus";
        "校区不存在，或不在您的权限范围内。", "There is no such campus within your reach." }
    CELL_TOO_LONG = Invalid "cell_too_long" {
        "单元格过长", "The cell is too long";
        "单元格最多 32767 个字符。", "A cell has at most 32,767 characters." }
}

/// Rows of a table, at most, the header included.
pub const ROWS_MAX: u32 = 300_000;
/// Columns, at most.
pub const COLUMNS_MAX: usize = 200;
/// Characters of a cell, at most; a spreadsheet holds no more either.
pub const CELL_MAX: usize = 32_767;

/// An import (导入) of a list.
#[derive(Clone, Debug)]
pub struct Import {
    pub id: Id<Import>,
    pub version: i64,
    pub owner: Id<Principal>,
    pub campus: Id<Campus>,
    pub file: Id<StoredFile>,
    pub job: Id<Job>,
    pub entity: ImportEntity,
    pub mode: ImportMode,
    pub choice: Choice,
    /// By which it began; it may be gone.
    pub template: Option<Id<ImportTemplate>>,
    /// The field of each column; none where the program is to propose them.
    pub mapping: Option<Vec<Option<LeadField>>>,
    /// Columns that hold custom fields, whatever else they seem to hold.
    pub custom_fields: Vec<CustomColumn>,
    pub status: ImportStatus,
    pub counts: Counts,
    pub result: Option<Id<StoredFile>>,
    pub created_at: Timestamp,
    pub finished_at: Option<Timestamp>,
    /// The job that undoes it, or did.
    pub undo_job: Option<Id<Job>>,
    /// Whether that job gave up in between: some of it is undone, and the rest can be.
    pub undone_in_part: bool,
    pub undone_at: Option<Timestamp>,
    pub undone_by: Option<Id<Principal>>,
}

/// Rows by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub created: i64,
    pub updated: i64,
    pub unchanged: i64,
    pub duplicate: i64,
    pub skipped: i64,
    pub failed: i64,
}

impl Counts {
    pub fn add(&mut self, outcome: RowOutcome) {
        let count = match outcome {
            RowOutcome::Created => &mut self.created,
            RowOutcome::Updated => &mut self.updated,
            RowOutcome::Unchanged => &mut self.unchanged,
            RowOutcome::Duplicate => &mut self.duplicate,
            RowOutcome::Skipped => &mut self.skipped,
            RowOutcome::Failed => &mut self.failed,
        };
        *count += 1;
    }

    pub fn total(&self) -> i64 {
        self.created + self.updated + self.unchanged + self.duplicate + self.skipped + self.failed
    }
}

/// What became of one row.
#[derive(Clone)]
pub struct RowResult {
    /// As a spreadsheet counts: the header is row 1.
    pub row: i64,
    pub outcome: RowOutcome,
    /// The new customer, or the one that stands for the row, where the importer may know of it.
    pub customer: Option<Id<Customer>>,
    pub problems: Vec<CellProblem>,
    /// Fields in which a duplicate differs from what is stored, where the importer may know.
    pub differences: Vec<LeadField>,
    /// Cells that say something which could not be read, or not be put on the customer.
    pub unread: Vec<LeadField>,
}

/// A cell for which a row was refused.
#[derive(Clone)]
pub struct CellProblem {
    pub code: String,
    pub field: Option<LeadField>,
    /// Where it is the cell of a custom field.
    pub custom_field: Option<FieldCode>,
    /// In the clear: sealed wherever it is kept. Of a sensitive custom field only [`SEALED`].
    pub value: String,
}

impl CellProblem {
    /// The value as answers show it: enough to find the cell by.
    pub fn safe(&self) -> String {
        if self.value == SEALED {
            return self.value.clone();
        }
        let mut shown: String = self.value.chars().take(2).collect();
        if !shown.is_empty() {
            shown.push_str("***");
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_in_its_safe_form_tells_where_to_look_and_no_more() {
        let problem = |value: &str| CellProblem {
            code: "phone_invalid".into(),
            field: Some(LeadField::Phone),
            custom_field: None,
            value: value.into(),
        };
        assert_eq!(problem("138001380").safe(), "13***");
        assert_eq!(problem("").safe(), "");
        assert_eq!(problem(SEALED).safe(), "***");
    }
}
