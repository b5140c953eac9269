//! Notices (通知): what a principal should know, in an inbox of its own.
//!
//! A notice is of a kind and names the record that it is about; its text is made from the kind when
//! it is read. It carries numbers, never personal data: those stand in the record, for who may see it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{access::Principal, fault::Text, id::Id, text_enum};

text_enum! {
    /// What a notice is about.
    NoticeKind as "NoticeKind" {
        ImportFinished = "import_finished" { "导入完成", "Import finished" }
        ImportFailed = "import_failed" { "导入失败", "Import failed" }
        ExportFinished = "export_finished" { "导出完成", "Export finished" }
        ExportFailed = "export_failed" { "导出失败", "Export failed" }
        BackupFailed = "backup_failed" { "备份失败", "Backup failed" }
        BackupNotCopied = "backup_not_copied" { "备份副本缺失", "Backup not copied" }
        PrivacyRequestGranted = "privacy_request_granted" { "个人信息申请已同意", "Privacy request granted" }
        CheckFailed = "check_failed" { "数据核对失败", "Check of the data failed" }
        ShareRequested = "share_requested" { "收到共享申请", "Somebody asks for a share" }
        ShareGranted = "share_granted" { "共享申请已同意", "Request for a share granted" }
        ShareRefused = "share_refused" { "共享申请已拒绝", "Request for a share refused" }
        ShareRequestLapsed = "share_request_lapsed" { "共享申请已失效", "Request for a share lapsed" }
        RetentionFailed = "retention_failed" { "超期数据清理未完成", "Rule of retention not applied" }
        RecordsToClean = "records_to_clean" { "有待清洗的客户资料", "Records to be cleaned" }
        ApprovalWanted = "approval_wanted" { "有待审批事项", "An approval waits for you" }
        ApprovalApproved = "approval_approved" { "审批已通过", "Approved" }
        ApprovalRefused = "approval_refused" { "审批未通过", "Not approved" }
        ApprovalExpired = "approval_expired" { "审批已过期", "Not approved in time" }
    }
}

/// Named numbers of a notice.
pub type Numbers = BTreeMap<String, i64>;

/// A notice in somebody's inbox.
#[derive(Clone, Debug)]
pub struct Notice {
    pub id: Id<Notice>,
    pub version: i64,
    pub to: Id<Principal>,
    pub kind: NoticeKind,
    pub numbers: Numbers,
    /// Kind and id of the record that it is about.
    pub target: Option<(String, Id<()>)>,
    pub created_at: Timestamp,
    pub read_at: Option<Timestamp>,
}

impl NoticeKind {
    /// What it says; names in braces stand for numbers.
    pub fn text(self) -> Text {
        match self {
            Self::ImportFinished => Text {
                zh: "导入已完成：新增 {created} 行，重复 {duplicate} 行，跳过 {skipped} 行，失败 {failed} 行。",
                en: "The import is done: {created} rows are new, {duplicate} known already, {skipped} left out, {failed} failed.",
            },
            Self::ImportFailed => Text {
                zh: "导入未完成，已导入的行保持不变。请查看任务的失败原因。",
                en: "The import did not finish; the rows that it took in stay. Its job says why.",
            },
            Self::ExportFinished => Text {
                zh: "导出已完成：共 {rows} 行。请及时下载，文件只保留一段时间。",
                en: "The export is done: {rows} rows. Download it in time: the file is kept for a while only.",
            },
            Self::ExportFailed => Text {
                zh: "导出未完成，没有文件。请查看任务的失败原因。",
                en: "The export did not finish: there is no file. Its job says why.",
            },
            Self::BackupFailed => Text {
                zh: "今日备份未完成。请运维人员查看服务器日志，排除原因后执行 educrm backup。",
                en: "Today's backup was not made. The server's log says why; mend that, then run `educrm backup`.",
            },
            Self::BackupNotCopied => Text {
                zh: "今日备份已完成，但未能复制到第二个备份文件夹。请运维人员查看服务器日志。",
                en: "Today's backup was made, but not copied to the second folder. The server's log says why.",
            },
            Self::PrivacyRequestGranted => Text {
                zh: "客户要求更正或删除其个人信息，申请已获同意。请检查您正在使用的该客户资料并作相应调整。",
                en: "A customer's request to correct or delete its data was granted. Look through what you use of it, and adjust that.",
            },
            Self::ShareRequested => Text {
                zh: "有同事申请共享一位客户，请处理。",
                en: "A colleague asks you to share a customer; please decide.",
            },
            Self::ShareGranted => Text {
                zh: "您的共享申请已同意。",
                en: "Your request for a share was granted.",
            },
            Self::ShareRefused => Text {
                zh: "您的共享申请被拒绝，原因见申请。",
                en: "Your request for a share was refused; it says why.",
            },
            Self::ShareRequestLapsed => Text {
                zh: "您申请共享的客户已不存在，申请失效。",
                en: "The customer that you asked for is no more; the request has lapsed.",
            },
            Self::RetentionFailed => Text {
                zh: "按保存期限清理未能完成，有 {failed} 人应删除而未能删除，将在之后的夜间重试。请运维人员查看服务器日志。",
                en: "A rule of retention could not be applied to its end; {failed} people who were due could not be erased. They are tried again another night; the server's log says why.",
            },
            Self::RecordsToClean => Text {
                zh: "您有 {records} 位客户的资料进入清洗清单，请核对。",
                en: "Records of {records} of your customers came on the cleaning list; please look after them.",
            },
            Self::ApprovalWanted => Text {
                zh: "有一项申请等待您审批，请处理。",
                en: "Something waits for your approval; please decide.",
            },
            Self::ApprovalApproved => Text {
                zh: "您的申请已通过审批。",
                en: "What you asked for was approved.",
            },
            Self::ApprovalRefused => Text {
                zh: "您的申请未通过审批，原因见审批记录。",
                en: "What you asked for was not approved; the approval says why.",
            },
            Self::ApprovalExpired => Text {
                zh: "您的申请在期限内无人审批，已过期。",
                en: "Nobody decided what you asked for in time; it has expired.",
            },
            Self::CheckFailed => Text {
                zh: "今日数据核对发现异常，或未能完成。请运维人员查看服务器日志；排除原因后可执行 educrm selfcheck 复核。",
                en: "Today's check of the data found what must not be, or did not finish. The server's log says what; `educrm selfcheck` looks again.",
            },
        }
    }
}

/// A text with its numbers in place.
pub fn written(text: &str, numbers: &Numbers) -> String {
    numbers
        .iter()
        .fold(text.to_owned(), |text, (name, number)| {
            text.replace(&format!("{{{name}}}"), &number.to_string())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_their_places() {
        let numbers = Numbers::from([("created".into(), 7), ("failed".into(), 0)]);
        let text = written("{created}/{failed}/{skipped}", &numbers);
        assert_eq!(text, "7/0/{skipped}");
    }
}
