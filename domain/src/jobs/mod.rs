//! Jobs (后台任务): work that goes on after its request was answered.
//!
//! A job belongs to whoever asked for it and acts with that person's rights, which are read again
//! with every step. It ends in one of three states; a step's effects are there once, however often
//! the step was begun.

use jiff::{SignedDuration, Timestamp};

use crate::{access::Principal, id::Id, rules, text_enum};

text_enum! {
    /// Where a job stands.
    JobStatus as "JobStatus" {
        Queued = "queued" { "排队中", "Queued" }
        Running = "running" { "进行中", "Running" }
        Succeeded = "succeeded" { "已完成", "Succeeded" }
        Failed = "failed" { "失败", "Failed" }
        Cancelled = "cancelled" { "已取消", "Cancelled" }
    }
}

text_enum! {
    /// What a job does.
    JobKind as "JobKind" {
        RunImport = "run_import" { "导入", "Run an import" }
        UndoImport = "undo_import" { "撤销导入", "Undo an import" }
        RunExport = "run_export" { "导出", "Run an export" }
        /// Files and results whose time is over.
        RemoveExpired = "remove_expired" { "清理过期文件", "Remove what has expired" }
        /// The daily copy of everything (SECU-03).
        MakeBackup = "make_backup" { "每日备份", "Make a backup" }
        /// The daily look at what must always hold.
        CheckInvariants = "check_invariants" { "每日数据核对", "Check the data" }
        /// What of the records is to be cleaned (CUST-42, CUST-43).
        SweepRecords = "sweep_records" { "巡检客户资料", "Look through the records" }
        /// Who is kept no longer, by the rules of the institution.
        ApplyRetention = "apply_retention" { "按保存期限清理", "Apply the rules of retention" }
        /// The rules of screening, over what nobody has screened (DATA-16).
        ScreenRecords = "screen_records" { "筛选客户资料", "Screen records" }
        /// Those that nobody decided in time.
        ExpireApprovals = "expire_approvals" { "清理过期审批", "Expire approvals" }
    }
}

rules! {
    JOB_FINISHED = Conflict "job_finished" {
        "任务已结束", "The job is finished";
        "已结束的任务不能取消。", "What has ended can't be cancelled." }
    JOB_NOT_CANCELLABLE = Conflict "job_not_cancellable" {
        "该任务不能取消", "The job can't be cancelled";
        "撤销导入要么全部完成，要么不做改动。", "An import is undone as a whole or not at all." }
    JOB_CANCELLED = Conflict "job_cancelled" {
        "任务已取消", "The job was cancelled";
        "需要时请重新发起。", "Begin it again where it is needed." }
    /// A worker that was away for too long: another one has taken over.
    JOB_TAKEN_OVER = Conflict "job_taken_over" {
        "任务已由其他进程接管", "Another process goes on with the job";
        "无需操作。", "There is nothing to do." }
    JOB_GAVE_UP = Conflict "job_gave_up" {
        "多次尝试后仍未完成", "It did not succeed after several tries";
        "请将任务编号告知管理员。", "Tell the operator the id of the job." }
    BACKUP_FAILED = Conflict "backup_failed" {
        "备份未完成", "The backup was not made";
        "请查看服务器日志中的原因。", "The server's log says why." }
    INVARIANTS_BROKEN = Conflict "invariants_broken" {
        "数据核对发现异常", "The data break what must always hold";
        "请查看服务器日志中列出的规则。", "The server's log names the rules." }
}

/// A job is tried so often before it is given up.
pub const ATTEMPTS_MAX: i32 = 5;

/// A job, as its owner sees it.
#[derive(Clone, Debug)]
pub struct Job {
    pub id: Id<Job>,
    pub version: i64,
    pub owner: Id<Principal>,
    pub kind: JobKind,
    pub status: JobStatus,
    /// Kind and id of the record that it works on.
    pub target: Option<(String, Id<()>)>,
    pub done: i64,
    /// Unknown until the work has been measured.
    pub total: Option<i64>,
    /// Code of the rule for which it failed.
    pub problem: Option<String>,
    pub created_at: Timestamp,
    pub finished_at: Option<Timestamp>,
}

/// How long to wait before the next try: a second, doubled each time.
pub fn back_off(attempt: i32) -> SignedDuration {
    let doublings = attempt.clamp(1, ATTEMPTS_MAX) - 1;
    SignedDuration::from_secs(1 << doublings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_try_waits_twice_as_long() {
        let seconds: Vec<_> = (0..7).map(|attempt| back_off(attempt).as_secs()).collect();
        assert_eq!(seconds, [1, 1, 2, 4, 8, 16, 16]);
    }
}
