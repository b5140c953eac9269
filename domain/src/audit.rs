//! The audit trail (操作日志): what became of what somebody did.

use crate::{rules, text_enum};

text_enum! {
    /// What became of an operation.
    Outcome as "AuditOutcome" {
        Done = "done" { "已完成", "Done" }
        Refused = "refused" { "被拒绝", "Refused" }
    }
}

rules! {
    AUDIT_EXPORT_TOO_LARGE = Invalid "audit_export_too_large" {
        "导出的记录过多", "Too many records for one export";
        "一次最多导出 {max} 条，请缩小时间范围。", "One export holds {max} records at most: choose a shorter time." }
}
