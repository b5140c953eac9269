use std::fmt;

use super::HOURS_OUT_OF_RANGE;
use crate::fault::FieldFault;

/// Lesson hours (课时) in hundredths: half lessons exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hours(i32);

impl Hours {
    /// The most of one enrollment or lesson: 10,000 hours.
    pub const MAX_HUNDREDTHS: i32 = 1_000_000;

    /// More than none, up to [`Self::MAX_HUNDREDTHS`].
    pub fn new(pointer: &'static str, hundredths: i32) -> Result<Self, FieldFault> {
        if (1..=Self::MAX_HUNDREDTHS).contains(&hundredths) {
            Ok(Self(hundredths))
        } else {
            Err(FieldFault::new(pointer, &HOURS_OUT_OF_RANGE)
                .with("max", Self::MAX_HUNDREDTHS / 100))
        }
    }

    pub const fn hundredths(self) -> i32 {
        self.0
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}
