//! Taking an import back: as long as nothing has been built on it, all of it or nothing.

use jiff::{SignedDuration, Timestamp};

use super::outcome::{Import, ImportMode};
use crate::{customers::Customer, fault::Fault, id::Id, rules, text_enum};

/// An import can be undone so long after it has ended: what is kept for that goes then.
pub const UNDO_LASTS: SignedDuration = SignedDuration::from_hours(30 * 24);

rules! {
    IMPORT_NOT_DONE = Conflict "import_not_done" {
        "没有可撤销的导入", "Nothing was taken in";
        "只有已结束的正式导入才能撤销。", "Only an import that was done, and has ended, can be undone." }
    IMPORT_UNDONE = Conflict "import_undone" {
        "导入已撤销", "The import was undone";
        "该导入已撤销，或正在撤销。", "It was undone already, or is being undone." }
    IMPORT_TOO_OLD = Conflict "import_too_old" {
        "导入时间过久，无法撤销", "The import is too old to be undone";
        "导入结束后 30 天内可以撤销。", "It can be undone within 30 days of its end." }
    IMPORT_BUILT_ON = Conflict "import_built_on" {
        "导入的客户已被使用", "What was imported has been used since";
        "有客户在导入后被使用或修改，因此未撤销任何内容；详见撤销预览。", "Some of its customers were used or changed since, so nothing was undone: its undo-preview names them." }
}

text_enum! {
    /// What was done since with a customer of an import, so that it can't be undone.
    UndoObstacle as "ImportUndoReason" {
        OutOfReach = "out_of_reach" { "超出权限范围", "It is out of reach by now" }
        Merged = "merged" { "已合并", "It was merged" }
        Changed = "changed" { "已修改", "It was changed or moved" }
        Enrolled = "in_business" { "已有报名或款项", "There are enrollments, charges or payments" }
        FollowedUp = "followed_up" { "已有跟进", "It was followed up" }
        Tagged = "tagged" { "标签已变动", "Its tags were changed" }
        Related = "related" { "已有其他关系", "Somebody else was related to it" }
        Shared = "shared" { "已共享或被申请共享", "It was shared, or asked for" }
        Decided = "decided" { "已有同意或个人信息申请", "It decided on the use of its data, or asked about it" }
        Filed = "filed" { "已归档或已决定暂不处理", "It was filed, or somebody decided that it stays as it is" }
        Screened = "screened" { "已人工筛选", "Somebody has screened it" }
        Collected = "collected" { "已补充采集", "More was collected of it" }
        HasFiles = "has_files" { "已有文件", "There are files of it" }
    }
}

/// A customer that an import made or changed.
#[derive(Clone, Debug)]
pub struct Made {
    pub customer: Id<Customer>,
    /// The row that made or changed it.
    pub row: i64,
    /// Whether it was made: it goes, and one that was changed is what it was.
    pub is_new: bool,
    /// As the import left it.
    pub version: i64,
    /// Follow-ups that were planned with it.
    pub follow_ups: i64,
}

/// A customer of an import that stands in the way of undoing it.
#[derive(Clone, Debug)]
pub struct InTheWay {
    /// The row that made or changed it.
    pub row: i64,
    /// Where the caller may know of it.
    pub customer: Option<Id<Customer>>,
    pub reason: UndoObstacle,
}

impl Import {
    /// Whether it is in a state in which it can be undone.
    ///
    /// # Errors
    /// 409 where it was only tried, has not ended, was undone, or is too old.
    pub fn undoable(&self, now: Timestamp) -> Result<(), Fault> {
        let Some(ended) = self.finished_at.filter(|_| self.mode == ImportMode::Commit) else {
            return Err(Fault::new(&IMPORT_NOT_DONE));
        };
        if self.undone_in_part {
            // What was begun can be brought to its end at any time.
            return Ok(());
        }
        if self.undo_job.is_some() || self.undone_at.is_some() {
            return Err(Fault::new(&IMPORT_UNDONE));
        }
        if now.duration_since(ended) > UNDO_LASTS {
            return Err(Fault::new(&IMPORT_TOO_OLD));
        }
        Ok(())
    }
}
