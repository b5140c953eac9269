//! Asking again where a slow machine is too busy, as every client is told to.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use persistence::{Database, Error, Operation, Tx};
use tokio::time::sleep;

/// For how long something is asked again, and how long nothing is asked in between.
const PATIENCE: Duration = Duration::from_secs(120);
const MOMENT: Duration = Duration::from_millis(200);

/// What `ask` gives once `is_busy` no longer says that it is to be asked again, or at the end of all
/// patience.
pub(crate) async fn patiently<T, Fut: Future<Output = T>>(
    mut ask: impl FnMut() -> Fut,
    is_busy: impl Fn(&T) -> bool,
) -> T {
    let begun = Instant::now();
    loop {
        let answer = ask().await;
        if !is_busy(&answer) || begun.elapsed() > PATIENCE {
            return answer;
        }
        sleep(MOMENT).await;
    }
}

/// A transaction, again while the database is too busy for it.
pub(crate) async fn commit<T, F, Fut>(
    db: &Database,
    operation: &Operation,
    work: F,
) -> Result<T, Error>
where
    F: Fn(Tx) -> Fut + Send + Sync,
    Fut: Future<Output = Result<T, Error>> + Send,
    T: Send,
{
    let is_busy =
        |result: &Result<T, Error>| matches!(result, Err(Error::Busy | Error::Transient(_)));
    patiently(|| db.transaction(operation, &work), is_busy).await
}
