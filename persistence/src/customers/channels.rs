//! Rows of source channels. Customers name them by their codes; the database itself refuses a code that
//! the institution does not have, and a trigger one that is archived when a customer begins with it.

use std::collections::BTreeMap;

use domain::{
    customers::{ChannelCode, ChannelGroup, SOURCE_CHANNELS, SourceChannel},
    id::Id,
    organization::{Institution, Locale},
    reference::Reference,
    text_enum::TextEnum,
};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use super::SOURCE_CHANNEL;
use crate::{
    Error, Handle, Tx,
    access::Writes,
    database::statement,
    reference::{self, Events, Kept, any, record, row, stands_in, table},
};

table!(source_channels, "source_channels" {
    code: String,
    channel_group: String,
});

fn code(text: &str) -> Result<ChannelCode, Error> {
    ChannelCode::parse(text).ok_or_else(|| Error::corrupt("code of a channel"))
}

impl Kept for SourceChannel {
    const KIND: &'static str = "source_channel";
    const EVENTS: &'static Events = &SOURCE_CHANNEL;
    stands_in!(source_channels);

    fn read(row: source_channels::Model) -> Result<Reference<Self>, Error> {
        let group = ChannelGroup::parse(&row.channel_group);
        Ok(record!(
            row,
            Self {
                code: code(&row.code)?,
                name: row.name,
                group: group.ok_or_else(|| Error::corrupt(ChannelGroup::NAME))?,
            }
        ))
    }

    fn row(
        institution: Id<Institution>,
        record: &Reference<Self>,
    ) -> Result<source_channels::ActiveModel, Error> {
        let channel = &record.details;
        Ok(row!(source_channels, institution, record, {
            code: channel.code.as_str().to_owned(),
            channel_group: channel.group.as_str().to_owned(),
        }))
    }

    fn fields(&self) -> Value {
        json!({
            "code": self.code.as_str(),
            "name": self.name,
            "group": self.group.as_str(),
        })
    }

    fn alters_access(_: Option<&Reference<Self>>, _: &Reference<Self>) -> bool {
        false
    }

    /// What a list names no channel for comes in by `other`.
    async fn in_use(tx: &Tx, institution: Id<Institution>, id: Id<Self>) -> Result<bool, Error> {
        any(
            tx,
            "SELECT 1 AS found FROM source_channels \
             WHERE institution_id = ? AND id = ? AND code = 'other'",
            institution,
            id.uuid(),
        )
        .await
    }
}

/// Writes the channels that an institution has from the start.
pub(crate) async fn plant(tx: &Tx, locale: Locale) -> Result<(), Error> {
    let channels = SOURCE_CHANNELS.iter();
    let records = channels
        .map(|known| Reference::create(known.planted(locale), &tx.stamp()))
        .collect::<Result<Vec<_>, _>>()?;
    reference::plant(tx, tx.operation().institution, &records).await
}

/// Codes and names of the channels that can be chosen; they stay so until the transaction ends.
pub async fn open(
    tx: &Tx,
    institution: Id<Institution>,
) -> Result<Vec<(ChannelCode, String)>, Error> {
    let sql = format!(
        "SELECT code, name FROM source_channels \
         WHERE institution_id = ? AND archived_at IS NULL ORDER BY code{}",
        tx.keeping()
    );
    let rows = tx
        .query_all_raw(statement(tx, &sql, [institution.uuid().into()]))
        .await?;
    rows.iter()
        .map(|row| {
            let text: String = row.try_get("", "code")?;
            Ok((code(&text)?, row.try_get("", "name")?))
        })
        .collect()
}

/// Whether a channel has a code, be it archived.
pub async fn is_taken(
    tx: &Tx,
    grant: &impl Writes<SourceChannel>,
    code: &ChannelCode,
) -> Result<bool, Error> {
    let values = [
        grant.scope().institution().uuid().into(),
        code.as_str().into(),
    ];
    let sql = "SELECT 1 AS found FROM source_channels WHERE institution_id = ? AND code = ?";
    let found = tx.query_one_raw(statement(tx, sql, values)).await?;
    Ok(found.is_some())
}

/// Names of all channels of an institution, by their codes.
pub async fn names(
    handle: &impl Handle,
    institution: Id<Institution>,
) -> Result<BTreeMap<String, String>, Error> {
    let sql = "SELECT code, name FROM source_channels WHERE institution_id = ?";
    let rows = handle
        .query_all_raw(statement(handle, sql, [institution.uuid().into()]))
        .await?;
    rows.iter()
        .map(|row| Ok((row.try_get("", "code")?, row.try_get("", "name")?)))
        .collect()
}
