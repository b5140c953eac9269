//! Use cases of recipients: load, decide, save.

use domain::{access::PrivacyManage, id::Id, privacy::Recipient, reference::Reference};
use persistence::{Error, Tx, access::Grant};

use super::{ChangeRecipient, CreateRecipient};
use crate::{
    http::IfMatch,
    reference::{self, as_read, save},
};

type Manager = Grant<PrivacyManage>;

pub async fn create(
    tx: &Tx,
    grant: &Manager,
    body: CreateRecipient,
) -> Result<Reference<Recipient>, Error> {
    reference::create(tx, grant, body.into()).await
}

/// Changes a recipient: what was shared before names the version by which it was allowed.
pub async fn change(
    tx: &Tx,
    grant: &Manager,
    id: Id<Recipient>,
    condition: IfMatch,
    body: ChangeRecipient,
) -> Result<Reference<Recipient>, Error> {
    let before = as_read(tx, grant, id, condition).await?;
    let after = before.change(body.apply(before.details.clone()))?;
    save(tx, grant, &before, after).await
}
