use std::borrow::Cow;

use domain::{
    customers::{ChannelCode, ChannelGroup, SourceChannel},
    reference::Reference,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};
use uuid::Uuid;
use validator::Validate;

use crate::{
    http::{list::page, wire::Wire},
    reference::Shown,
};

pub type SourceChannelGroup = Wire<ChannelGroup>;

/// The code of a source channel, on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub struct SourceChannelCode(pub String);

impl From<&ChannelCode> for SourceChannelCode {
    fn from(code: &ChannelCode) -> Self {
        Self(code.as_str().to_owned())
    }
}

impl PartialSchema for SourceChannelCode {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(
                "Code of a source channel (收集渠道): `GET /source-channels` lists those of the institution.",
            ))
            .min_length(Some(2))
            .max_length(Some(40))
            .pattern(Some("^[a-z][a-z0-9_]{1,39}$"))
            .into()
    }
}

impl ToSchema for SourceChannelCode {
    fn name() -> Cow<'static, str> {
        "SourceChannelCode".into()
    }
}

/// A new source channel.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "spring_fair", "name": "春季教育展", "group": "offline"}))]
pub struct CreateSourceChannel {
    /// By which customers name it. It never changes, and is given once.
    pub code: SourceChannelCode,
    /// Unique among those that are not archived.
    #[schema(min_length = 1, max_length = 50)]
    pub name: String,
    /// In which group of ways it stands.
    pub group: SourceChannelGroup,
}

/// Changes to a source channel: absent leaves a field.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "春季教育展"}))]
pub struct ChangeSourceChannel {
    /// Name that people see, unique as at its creation.
    #[schema(min_length = 1, max_length = 50, nullable = false)]
    pub name: Option<String>,
    /// In which group of ways it stands.
    #[schema(nullable = false)]
    pub group: Option<SourceChannelGroup>,
}

impl ChangeSourceChannel {
    /// The channel with these changes.
    pub fn apply(self, channel: SourceChannel) -> SourceChannel {
        SourceChannel {
            code: channel.code,
            name: self.name.unwrap_or(channel.name),
            group: self.group.map_or(channel.group, |group| group.0),
        }
    }
}

/// A source channel (收集渠道): a way on which the institution meets customers.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SourceChannel)]
pub struct SourceChannelBody {
    pub id: Uuid,
    /// Raised with every change; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    /// By which customers name it.
    pub code: SourceChannelCode,
    pub name: String,
    /// In which group of ways it stands.
    pub group: SourceChannelGroup,
    pub created_at: Timestamp,
    /// Since when it can't be chosen any more.
    #[schema(required)]
    pub archived_at: Option<Timestamp>,
}

impl From<Reference<SourceChannel>> for SourceChannelBody {
    fn from(record: Reference<SourceChannel>) -> Self {
        Self {
            id: record.id.uuid(),
            version: record.version,
            code: (&record.details.code).into(),
            name: record.details.name,
            group: Wire(record.details.group),
            created_at: record.created_at,
            archived_at: record.archived_at,
        }
    }
}

page! {
    /// One page of source channels.
    SourceChannelPage of SourceChannelBody
}

impl Shown for SourceChannel {
    const PATH: &'static str = "/api/v1/source-channels";
    type Body = SourceChannelBody;
    type Page = SourceChannelPage;
}
