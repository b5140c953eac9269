//! Use cases of source channels: load, decide, save.

use domain::{
    access::CustomersConfigure,
    customers::{CHANNEL_CODE_TAKEN, ChannelCode, SourceChannel},
    fault::Fault,
    id::Id,
    reference::Reference,
};
use persistence::{Error, Tx, access::Grant, customers::channels as store};

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
    let code = ChannelCode::sent("/code", &body.code.0)?;
    // Of two that are taken, the code is told, whichever the database looks at first.
    if store::is_taken(tx, grant, &code).await? {
        return Err(Fault::new(&CHANNEL_CODE_TAKEN).into());
    }
    let channel = SourceChannel {
        code,
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
