//! Exports (导出): lists that leave the program as a file (DATA-03, DATA-04, AUD-02).
//!
//! A file holds what the list shows the same person by the same filters, and no more: rows, columns
//! and masks. Only contact values may be in the clear, of those customers whose values the person may
//! reveal. It is its owner's alone, and goes after a while. One of many rows may wait for an approval
//! first (ROLE-18).
//!
//! - [`column`]: what stands in which column
//! - [`custom`]: the same of custom fields
//! - [`cell`]: a cell that no program takes for a formula

pub mod cell;
pub mod column;
pub mod custom;

use jiff::Timestamp;

use crate::{
    access::Principal, approvals::Approval, custom_fields::FieldCode, fault::Text, files::FileType,
    files::StoredFile, id::Id, jobs::Job, organization::Locale, rules, text_enum, views::View,
};

text_enum! {
    /// What the rows of an export are.
    ExportEntity as "ExportEntity" {
        Customers = "customers" { "客户", "Customers" }
    }
}

text_enum! {
    /// Form of an exported file.
    ExportFormat as "ExportFormat" {
        /// RFC 4180, in UTF-8.
        Csv = "csv" { "CSV", "CSV" }
        Xlsx = "xlsx" { "Excel 工作簿", "Workbook" }
    }
}

text_enum! {
    /// What a row of an export shows beside the list.
    ExportExpansion as "ExportExpansion" {
        /// What is known of a customer beyond its profile.
        Details = "details" { "详细资料", "Details" }
    }
}

text_enum! {
    /// Where an export stands.
    ExportStatus as "ExportStatus" {
        WaitingForApproval = "waiting_for_approval" { "待审批", "Waits for an approval" }
        Running = "running" { "进行中", "Waiting or running" }
        Succeeded = "succeeded" { "已完成", "Succeeded" }
        Failed = "failed" { "失败", "Failed: there is no file" }
        Cancelled = "cancelled" { "已取消", "Cancelled: there is no file" }
        Refused = "refused" { "审批未通过", "Not approved: there is no file" }
        Recalled = "recalled" { "申请已撤回", "The approval was recalled: there is no file" }
        Expired = "expired" { "审批已过期", "Not approved in time: there is no file" }
    }
}

rules! {
    TOO_MANY_EXPORTS = Conflict "too_many_exports" {
        "同时进行的导出过多", "Too many exports at once";
        "每人最多同时进行 {max} 个导出，请等待其完成或先取消。", "One has at most {max} exports under way: wait for their end, or cancel one." }
    EXPORT_NOT_READY = Conflict "export_not_ready" {
        "导出没有文件", "The export has no file";
        "导出尚在进行，或未能完成；请查看其状态。", "It is under way, or did not succeed: see its status." }
    EXPORT_EXPIRED = Absent "export_expired" {
        "导出文件已过期", "The file of the export has expired";
        "文件只保留一段时间，请重新导出。", "Files are kept for a while only: export again." }
    EXPORT_RIGHTS_CHANGED = Conflict "export_rights_changed" {
        "权限已有变化", "What one may do or see has changed";
        "导出开始之后，您的权限、数据范围或字段规则有变化，请重新导出。", "Your permissions, their reach or field rules have changed since the export began: export again." }
    EXPORT_VIEW_CHANGED = Conflict "export_view_changed" {
        "视图已有变化", "The view has changed";
        "导出开始之后，该视图被修改、删除或不再可见，请重新导出。", "It was changed, deleted or hidden from you since the export was asked for: export again." }
    EXPORT_FIELDS_CHANGED = Conflict "export_fields_changed" {
        "自定义字段已有变化", "A custom field has changed";
        "导出开始之后，所选的自定义字段已被归档，请重新导出。", "A custom field of it was archived since the export was asked for: export again." }
    EXPORT_OVERTAKEN = Conflict "export_overtaken" {
        "导出期间有人被删除", "Somebody was erased meanwhile";
        "导出进行期间有客户的个人信息被删除，请重新导出。", "While it was made, a person was erased who may be in it: export again." }
    EXPORT_GREW = Conflict "export_grew" {
        "导出的行数需要审批", "The export has grown beyond what was agreed";
        "导出共 {rows} 行，超出申请时的数量而需要审批，请重新导出。", "It has {rows} rows, more than when it was asked for, and these need an approval: export again." }
    EXPORT_TOO_LARGE = Invalid "export_too_large" {
        "工作簿放不下", "Too much for a workbook";
        "工作簿最多 1048576 行；请缩小范围，或导出为 CSV。", "A workbook holds 1,048,576 rows: narrow the filters, or export as CSV." }
}

/// Heading of the last column, which says in each row who exported it and when: of a part that got
/// elsewhere one knows where it came from (DATA-04).
pub const MARK: Text = Text {
    zh: "导出标记",
    en: "Exported",
};

/// Exports of one person that are under way at the same time, at most (reliability.md 5.2).
pub const AT_ONCE: i64 = 2;
/// Rows of a workbook's sheet, at most, the header included: spreadsheets hold no more.
pub const WORKBOOK_ROWS_MAX: i64 = 1_048_576;

/// An export (导出) of a list.
#[derive(Clone, Debug)]
pub struct Export {
    pub id: Id<Export>,
    pub version: i64,
    pub owner: Id<Principal>,
    pub job: Id<Job>,
    pub entity: ExportEntity,
    pub format: ExportFormat,
    /// Language of headings and labels.
    pub locale: Locale,
    /// Which rows: JSON, in the words of the contract.
    pub filters: String,
    /// What else they must meet: a view, in the version that it was asked for.
    pub view: Option<(Id<View>, i64)>,
    /// What its rows show beside the list.
    pub expand: Vec<ExportExpansion>,
    /// Custom fields that they show, in the order of their columns.
    pub custom_fields: Vec<FieldCode>,
    /// That it waits or waited for.
    pub approval: Option<Id<Approval>>,
    /// Stands for all that its owner might do and see when an approval was asked for.
    pub rights: Option<[u8; 32]>,
    pub status: ExportStatus,
    pub result: Option<Exported>,
    pub created_at: Timestamp,
    pub finished_at: Option<Timestamp>,
}

/// What an export that succeeded has made.
#[derive(Clone, Debug)]
pub struct Exported {
    pub file: Id<StoredFile>,
    /// Without the header.
    pub rows: i64,
    /// Rows with contact values in the clear.
    pub revealed_rows: i64,
    /// Stands for all that its owner might do and see.
    pub rights: [u8; 32],
    pub expires_at: Timestamp,
}

impl ExportFormat {
    /// What the file is.
    pub fn file_type(self) -> FileType {
        match self {
            Self::Csv => FileType::Text,
            Self::Xlsx => FileType::Xlsx,
        }
    }
}
