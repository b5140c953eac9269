use jiff::Timestamp;
use persistence::events::{feed::Sequenced, registry};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{
        ObjectBuilder, RefOr, Schema,
        schema::{ArrayBuilder, SchemaType, Type},
    },
};
use uuid::Uuid;

use crate::http::wire::Wire;

pub type PrincipalKind = Wire<domain::access::PrincipalKind>;

/// An event (事件): something has changed. It names what, not its values: read the subject.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event, example = json!({"id": "0192f0c1-2222-7000-8000-000000000000", "position": 42,
    "type": "customer.changed", "schema_version": 1, "time": "2026-11-21T02:00:00Z",
    "subject": {"kind": "customer", "id": "0192f0c1-1111-7000-8000-000000000000", "version": 2},
    "actor": {"id": "0192f0c1-3333-7000-8000-000000000000", "kind": "staff"},
    "data": {"changed": ["intent"]}}))]
pub struct EventBody {
    pub id: Uuid,
    /// Place in the institution's feed: without gaps, from 1.
    #[schema(minimum = 1)]
    pub position: i64,
    /// What has happened.
    pub r#type: EventType,
    /// Of the data; raised when it changes incompatibly.
    #[schema(minimum = 1)]
    pub schema_version: i32,
    /// When it happened.
    pub time: Timestamp,
    /// The record that the event is about.
    pub subject: EventSubject,
    /// Who did it.
    pub actor: EventActor,
    /// Ids, codes and names of fields; never personal values.
    #[schema(value_type = EventData)]
    pub data: Value,
}

/// The record that an event is about.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventSubject {
    /// Kind of the record, such as `customer`.
    #[schema(pattern = "^[a-z_]+$")]
    pub kind: String,
    pub id: Uuid,
    /// Version that the record had then; events of one record may be told apart and sorted by it.
    pub version: i64,
}

/// Who did it.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventActor {
    /// The nil UUID stands for the program or its operator.
    pub id: Uuid,
    /// What the principal was.
    #[schema(inline = false)]
    pub kind: PrincipalKind,
}

/// What an event says beside its subject: ids, codes, names of changed fields.
#[derive(Debug, Serialize, ToSchema)]
#[schema(value_type = std::collections::HashMap<String, EventDatum>)]
pub struct EventData(Value);

/// One value of an event's data.
#[derive(Debug)]
pub struct EventDatum;

impl PartialSchema for EventDatum {
    fn schema() -> RefOr<Schema> {
        let kinds = [
            Type::String,
            Type::Integer,
            Type::Boolean,
            Type::Array,
            Type::Null,
        ];
        // Of an array, such as the marks of a roll call.
        let item = ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Object]))
            .additional_properties(Some(ObjectBuilder::new().schema_type(Type::String)));
        ArrayBuilder::new()
            .schema_type(SchemaType::from_iter(kinds))
            .items(item)
            .description(Some(
                "A value of an event's data, as its type has it. An array holds texts, or objects whose \
                 values are texts, such as the marks of a roll call.",
            ))
            .into()
    }
}

impl ToSchema for EventDatum {}

/// Name of a type of event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventType(pub String);

impl PartialSchema for EventType {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(
                "What has happened; each type is described under `webhooks`. Clients must accept \
                 values that are added later.",
            ))
            .enum_values(Some(registry::types().into_iter().map(|kind| kind.name)))
            .into()
    }
}

impl ToSchema for EventType {}

impl From<Sequenced> for EventBody {
    fn from(event: Sequenced) -> Self {
        Self {
            id: event.id,
            position: event.position,
            r#type: EventType(event.kind),
            schema_version: event.schema_version,
            time: event.at,
            subject: EventSubject {
                kind: event.subject_kind,
                id: event.subject,
                version: event.subject_version,
            },
            actor: EventActor {
                id: event.actor,
                kind: Wire(event.actor_kind),
            },
            data: event.data,
        }
    }
}

/// A part of the feed, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventFeed {
    #[schema(value_type = Vec<EventBody>)]
    pub items: Vec<EventBody>,
    /// `after` of the next request: keep it, also when `items` is empty.
    pub next_after: i64,
    /// Whether there is more already.
    pub has_more: bool,
}

/// Which part of the feed.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListEvents {
    /// Position behind which to begin: `next_after` of the answer before; 0 for the beginning.
    #[param(minimum = 0, maximum = 9_007_199_254_740_991_i64, default = 0)]
    pub after: Option<i64>,
    /// Any of these types.
    #[param(style = Form, explode = false, max_items = 50)]
    pub r#type: Option<Vec<EventType>>,
    /// Events of an answer.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<u16>,
}
