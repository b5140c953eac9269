//! How long personal data is kept (保存期限; articles 19 and 47 of the personal information protection law):
//! an institution says after how many days what goes, within bounds.
//!
//! What goes is gone for good, so that a rule that takes more than before waits for a day before it is in
//! force, and whoever is in doubt is kept.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::{id::Id, text_enum};

/// How long a new or shorter rule waits before anything goes by it: to be taken back, if it was a slip.
pub const RETENTION_GRACE: SignedDuration = SignedDuration::from_hours(24);
/// How long after its beginning a night is over, for what takes away.
pub const NIGHT_LASTS: SignedDuration = SignedDuration::from_hours(4);
/// How many people one rule erases in one night at most: the rest is for the next ones.
pub const ERASED_A_NIGHT: i64 = 1000;
/// How many records one rule looks at in one night at most.
pub const LOOKED_AT_A_NIGHT: i64 = 100_000;
/// People who are related to one another go together; more of them than these are kept.
pub const HOUSEHOLD_MAX: usize = 10;

text_enum! {
    /// Classes of people whose time can be over.
    RetentionClass as "RetentionClass" {
        /// Students and guardians who never bought, and with whom there was no contact since.
        Leads = "leads" { "未成交且长期未联系的潜在客户", "Leads without contact" }
        /// Customers whose records were deleted, whether they bought or not.
        DeletedCustomers = "deleted_customers" { "已删除的客户", "Deleted customers" }
    }
}

text_enum! {
    /// Where it stands that a rule is applied.
    RetentionRunStatus as "RetentionRunStatus" {
        Running = "running" { "进行中", "Under way" }
        /// Everything was looked at.
        Finished = "finished" { "已完成", "Finished" }
        /// The night was over, or enough was done in it: the next one goes on.
        Unfinished = "unfinished" { "未完成，次日继续", "To be gone on with" }
        /// The rule was ended or changed meanwhile.
        Stopped = "stopped" { "规则已变更，已停止", "Stopped" }
        Failed = "failed" { "失败", "Failed" }
    }
}

/// After how many days what of a class goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetentionRule {
    pub days: i64,
    /// Before that nothing goes by it.
    pub in_force_from: Timestamp,
}

/// The rules of an institution. What is not named is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetentionPolicy {
    /// Raised with every change.
    pub version: i64,
    pub rules: BTreeMap<RetentionClass, RetentionRule>,
}

impl Default for RetentionPolicy {
    /// Of an institution that has said nothing: nobody is erased by a rule that nobody made.
    fn default() -> Self {
        Self {
            version: 1,
            rules: BTreeMap::new(),
        }
    }
}

impl RetentionPolicy {
    /// The policy with other days for some classes, or none; the same when nothing differs. A rule that takes
    /// more than before is in force after [`RETENTION_GRACE`]; one that takes less, as before.
    #[must_use]
    pub fn change(&self, changes: &[(RetentionClass, Option<i64>)], now: Timestamp) -> Self {
        let mut after = self.clone();
        for (class, days) in changes {
            let Some(days) = *days else {
                after.rules.remove(class);
                continue;
            };
            let in_force_from = match self.rules.get(class) {
                Some(rule) if days >= rule.days => rule.in_force_from,
                _ => now
                    .saturating_add(RETENTION_GRACE)
                    .unwrap_or(Timestamp::MAX),
            };
            let rule = RetentionRule {
                days,
                in_force_from,
            };
            after.rules.insert(*class, rule);
        }
        if after != *self {
            after.version += 1;
        }
        after
    }

    /// The days by which a class is judged now; none as long as no rule is in force.
    pub fn days_at(&self, class: RetentionClass, now: Timestamp) -> Option<i64> {
        let rule = self.rules.get(&class);
        rule.filter(|rule| rule.in_force_from <= now)
            .map(|rule| rule.days)
    }
}

/// That a rule was applied in one night.
#[derive(Clone, Debug)]
pub struct RetentionRun {
    pub id: Id<RetentionRun>,
    /// Raised with every step.
    pub version: i64,
    pub class: RetentionClass,
    /// The rule: its days, and the version of the policy that said so.
    pub days: i64,
    pub policy_version: i64,
    pub status: RetentionRunStatus,
    /// Records that were looked at.
    pub looked_at: i64,
    /// People who were erased.
    pub erased: i64,
    /// People whom it could not erase.
    pub failed: i64,
    pub started_at: Timestamp,
    /// None while it is under way.
    pub ended_at: Option<Timestamp>,
}

impl RetentionRun {
    pub fn cutoff(&self) -> Timestamp {
        cutoff(self.started_at, self.days)
    }

    /// Whether it has done enough for one night.
    pub fn is_spent(&self) -> bool {
        self.erased >= ERASED_A_NIGHT || self.looked_at >= LOOKED_AT_A_NIGHT
    }
}

/// What is of this time, or older, has been there for so many days.
pub fn cutoff(now: Timestamp, days: i64) -> Timestamp {
    let lasted = SignedDuration::from_hours(days.saturating_mul(24));
    now.saturating_sub(lasted).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLASS: RetentionClass = RetentionClass::Leads;

    fn at(hours: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours)
    }

    #[test]
    fn a_rule_that_takes_more_waits_and_one_that_takes_less_does_not() {
        let none = RetentionPolicy::default();
        let first = none.change(&[(CLASS, Some(400))], at(0));
        assert_eq!((first.version, first.days_at(CLASS, at(23))), (2, None));
        assert_eq!(first.days_at(CLASS, at(24)), Some(400));
        let longer = first.change(&[(CLASS, Some(500))], at(30));
        assert_eq!(longer.days_at(CLASS, at(30)), Some(500));
        let shorter = longer.change(&[(CLASS, Some(400))], at(40));
        assert_eq!(shorter.days_at(CLASS, at(63)), None);
        assert_eq!(shorter.days_at(CLASS, at(64)), Some(400));
        assert_eq!(shorter.change(&[(CLASS, Some(400))], at(70)), shorter);
        let ended = shorter.change(&[(CLASS, None)], at(80));
        assert_eq!((ended.version, ended.days_at(CLASS, at(99))), (5, None));
        let anew = ended.change(&[(CLASS, Some(400))], at(100));
        assert_eq!(anew.days_at(CLASS, at(123)), None);
    }
}
