//! How long personal data is kept (保存期限; articles 19 and 47 of the personal information protection law):
//! an institution says after how many days what goes, within the bounds of the law.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::{id::Id, text_enum};

text_enum! {
    /// Classes of data whose time can be over.
    RetentionClass as "RetentionClass" {
        /// People who never bought, and with whom there was no contact since: they are erased.
        Leads = "leads" { "未成交且长期未联系的潜在客户", "Leads without contact" }
        /// People whose records were deleted: they are erased.
        DeletedCustomers = "deleted_customers" { "已删除的客户", "Deleted customers" }
        /// What audit records say, of reveals and exports too; that something was done stays.
        AuditDetails = "audit_details" { "操作日志的内容", "What audit records say" }
        Notices = "notices" { "站内通知", "Notices" }
    }
}

impl RetentionClass {
    /// Whether people are erased by it.
    pub fn is_of_people(self) -> bool {
        matches!(self, Self::Leads | Self::DeletedCustomers)
    }
}

/// After how many days what goes, of an institution. What is not named is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetentionPolicy {
    /// Raised with every change.
    pub version: i64,
    pub days: BTreeMap<RetentionClass, i64>,
}

impl Default for RetentionPolicy {
    /// Of an institution that has said nothing: nobody is erased by a rule that nobody made.
    fn default() -> Self {
        Self {
            version: 1,
            days: BTreeMap::new(),
        }
    }
}

impl RetentionPolicy {
    /// The policy with other days for some classes, or none; the same when nothing differs.
    #[must_use]
    pub fn change(&self, changes: &[(RetentionClass, Option<i64>)]) -> Self {
        let mut after = self.clone();
        for (class, days) in changes {
            match days {
                Some(days) => after.days.insert(*class, *days),
                None => after.days.remove(class),
            };
        }
        if after != *self {
            after.version += 1;
        }
        after
    }
}

/// What a rule took away at one time.
#[derive(Clone, Debug)]
pub struct RetentionRun {
    pub id: Id<RetentionRun>,
    pub class: RetentionClass,
    /// The rule: its days, and the version of the policy that said so.
    pub days: i64,
    pub policy_version: i64,
    /// People who were erased, or rows that were removed or emptied.
    pub removed: i64,
    /// People in whose way something stood.
    pub skipped: i64,
    pub started_at: Timestamp,
    /// None while it is under way.
    pub finished_at: Option<Timestamp>,
}

impl RetentionRun {
    pub fn cutoff(&self) -> Timestamp {
        cutoff(self.started_at, self.days)
    }
}

/// What is of this time, or older, has been there for so many days.
pub fn cutoff(now: Timestamp, days: i64) -> Timestamp {
    let lasted = SignedDuration::from_hours(days.saturating_mul(24));
    now.saturating_sub(lasted).unwrap_or(Timestamp::MIN)
}
