//! Many operations in one call (批量操作).
//!
//! They are done in their order and in one transaction. What is left of them where some are refused is
//! up to the [`Mode`] that was asked for.

use crate::{rules, text_enum};

text_enum! {
    /// What becomes of a call of which operations are refused.
    Mode as "BulkMode" {
        AllOrNothing = "all_or_nothing" { "全部完成或全部不做", "Nothing is done unless all can be" }
        BestEffort = "best_effort" { "能做的都做", "Those that can be are done" }
    }
}

/// Operations of one call, at most.
pub const OPERATIONS_MAX: usize = 500;

rules! {
    OPERATIONS_REFUSED = Invalid "operations_refused" {
        "部分操作被拒绝，全部未执行", "Operations were refused, and nothing was done";
        "请按 errors 中的说明修改后重试。", "See errors for each operation that was refused, and why." }
    REF_REPEATED = Invalid "ref_repeated" {
        "编号重复", "The ref stands twice";
        "同一请求中每个 ref 只能出现一次。", "Each operation of a call has a ref of its own, or none." }
}
