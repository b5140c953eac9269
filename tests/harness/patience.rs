//! Asking again where a slow machine is too busy, as every client is told to.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use persistence::{Database, Error, Operation, Tx};
use tokio::time::sleep;

/// For how long something is asked again, and how long nothing is asked in between.
pub const PATIENCE: Duration = Duration::from_secs(120);
pub const MOMENT: Duration = Duration::from_millis(20);
/// For how long something is waited for that takes its time.
pub const LONGEST_WAIT: Duration = Duration::from_secs(300);
const LONGEST_MOMENT: Duration = Duration::from_millis(200);

/// What `ask` gives once `is_busy` no longer says that it is to be asked again, or at the end of all
/// patience.
pub async fn patiently<T, Fut: Future<Output = T>>(
    mut ask: impl FnMut() -> Fut,
    is_busy: impl Fn(&T) -> bool,
) -> T {
    let begun = Instant::now();
    let mut moment = MOMENT;
    loop {
        let answer = ask().await;
        if !is_busy(&answer) || begun.elapsed() > PATIENCE {
            return answer;
        }
        sleep(moment).await;
        moment = (moment * 2).min(LONGEST_MOMENT);
    }
}

/// Whether the database was too busy, so that nothing was done.
pub fn is_busy<T>(result: &Result<T, Error>) -> bool {
    matches!(result, Err(Error::Busy | Error::Transient(_)))
}

/// A transaction, again while the database is too busy for it.
pub async fn commit<T, F, Fut>(db: &Database, operation: &Operation, work: F) -> Result<T, Error>
where
    F: Fn(Tx) -> Fut + Send + Sync,
    Fut: Future<Output = Result<T, Error>> + Send,
    T: Send,
{
    patiently(|| db.transaction(operation, &work), is_busy).await
}

/// The same outside a runtime: what `found` gives once it gives something. Whatever never comes
/// fails the test with what was waited for.
pub fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(
            begun.elapsed() < LONGEST_WAIT,
            "waited in vain until {what}"
        );
        std::thread::sleep(MOMENT);
    }
}
