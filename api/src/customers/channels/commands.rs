//! Use cases of source channels: load, decide, save.

use domain::{
    access::CustomersConfigure,
    customers::{ChannelCode, SourceChannel},
    id::Id,
    reference::Reference,
};
use persistence::{Error, Tx, access::Grant};

use super::{ChangeSourceChannel, CreateSourceChannel};
use crate::{
    http::IfMatch,
    reference::{self, as_read, save},
};

type Configurer = Grant<CustomersConfigure>;

pub async fn create(
    tx: &Tx,
    grant: &Configurer,
    body: CreateSourceChannel,
) -> Result<Reference<SourceChannel>, Error> {
    let channel = SourceChannel {
        code: ChannelCode::sent("/code", &body.code.0)?,
        name: body.name,
        group: body.group.0,
    };
    reference::create(tx, grant, channel).await
}

pub async fn change(
    tx: &Tx,
    grant: &Configurer,
    id: Id<SourceChannel>,
    condition: IfMatch,
    body: ChangeSourceChannel,
) -> Result<Reference<SourceChannel>, Error> {
    let before = as_read(tx, grant, id, condition).await?;
    let after = before.change(body.apply(before.details.clone()))?;
    save(tx, grant, &before, after).await
}
