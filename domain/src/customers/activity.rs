//! How active a customer is (活跃度, CUST-13): counted of what the customer took part in, never told.
//!
//! An activity is something that the customer took part in: it was spoken to, or came to a lesson. What was
//! only tried or planned is none. Further kinds of activity join as their capabilities do.

use crate::text_enum;

text_enum! {
    /// How active a customer is (活跃度).
    ActivityLevel as "ActivityLevel" {
        /// At least three activities within the last 30 days.
        High = "high" { "高", "High" }
        /// At least one within the last 90 days.
        Medium = "medium" { "中", "Medium" }
        /// None within the last 90 days.
        Low = "low" { "低", "Low" }
    }
}

/// Days that count as recent, today not counted.
pub const RECENT_DAYS: i32 = 30;
/// Days after which an activity is forgotten, today not counted.
pub const ACTIVE_DAYS: i32 = 90;
/// So many recent activities make a customer highly active.
pub const RECENT_MANY: i64 = 3;

/// What a customer took part in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// Within the last [`RECENT_DAYS`].
    pub recent: i64,
    /// Within the last [`ACTIVE_DAYS`].
    pub all: i64,
}

impl Activity {
    pub fn level(self) -> ActivityLevel {
        match self {
            Self { recent, .. } if recent >= RECENT_MANY => ActivityLevel::High,
            Self { all: 1.., .. } => ActivityLevel::Medium,
            _ => ActivityLevel::Low,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn activity_goes_by_what_was_lately() {
        let level = |recent, all| Activity { recent, all }.level();
        assert_eq!(level(0, 0), ActivityLevel::Low);
        assert_eq!(level(0, 1), ActivityLevel::Medium);
        assert_eq!(level(2, 9), ActivityLevel::Medium);
        assert_eq!(level(3, 3), ActivityLevel::High);
    }
}
