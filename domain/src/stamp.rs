//! What a decision may know of its surroundings: the time, and where new ids come from.

use jiff::Timestamp;
use uuid::Uuid;

use crate::id::Id;

/// The moment of one operation. Domain reads no clock and makes no randomness: it is handed this.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    now: Timestamp,
    ids: fn(Timestamp) -> Uuid,
}

impl Stamp {
    /// `now` is cut to microseconds, which is what both databases keep.
    pub fn new(now: Timestamp, ids: fn(Timestamp) -> Uuid) -> Self {
        Self {
            now: Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now),
            ids,
        }
    }

    /// Now, to the microsecond.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// A fresh, time-ordered identifier.
    pub fn id<K>(&self) -> Id<K> {
        Id::new((self.ids)(self.now))
    }
}
