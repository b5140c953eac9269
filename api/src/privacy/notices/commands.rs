//! Use cases of data protection: load, decide, save.

use domain::privacy::PrivacyNotice;
use persistence::{Error, Tx, access::Writes, privacy::notices as store};

use super::PublishPrivacyNotice;

/// Publishes the next revision of the notice of a purpose.
pub async fn publish(
    tx: &Tx,
    grant: &impl Writes<PrivacyNotice>,
    body: PublishPrivacyNotice,
) -> Result<PrivacyNotice, Error> {
    let last = store::last_revision(tx, grant, body.purpose.0).await?;
    let notice = PrivacyNotice::publish(body.into(), last, &tx.stamp())?;
    store::insert(tx, grant, &notice).await?;
    Ok(notice)
}
