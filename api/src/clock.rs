//! The one clock of the process, and where new ids come from.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use domain::stamp::Stamp;
use jiff::{SignedDuration, Timestamp};
use uuid::{ContextV7, Uuid};

/// The system's time, which tests may move, and the filling of a demo.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// Microseconds added to the system's time.
    ahead: Arc<AtomicI64>,
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn now(&self) -> Timestamp {
        let ahead = SignedDuration::from_micros(self.ahead.load(Ordering::Relaxed));
        let now = Timestamp::now();
        now.saturating_add(ahead).unwrap_or(now)
    }

    /// Moves the clock; only tests and the demo do.
    pub fn advance(&self, by: SignedDuration) {
        let micros = i64::try_from(by.as_micros()).unwrap_or_default();
        self.ahead.fetch_add(micros, Ordering::Relaxed);
    }

    pub fn stamp(&self) -> Stamp {
        Stamp::new(self.now(), new_id)
    }
}

/// UUIDv7 of a moment, in order within a millisecond.
fn new_id(at: Timestamp) -> Uuid {
    static ORDER: std::sync::Mutex<ContextV7> = std::sync::Mutex::new(ContextV7::new());
    let seconds = u64::try_from(at.as_second()).unwrap_or_default();
    let nanos = u32::try_from(at.subsec_nanosecond()).unwrap_or_default();
    Uuid::new_v7(uuid::Timestamp::from_unix(&ORDER, seconds, nanos))
}
