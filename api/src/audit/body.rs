use domain::{access::PrincipalKind as Kind, audit::Outcome, fault::Text, text_enum::TextEnum};
use jiff::Timestamp;
use persistence::{
    Error,
    audit::records::{Filter, Record},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{
        ObjectBuilder, Ref, RefOr, Schema,
        schema::{SchemaType, Type},
    },
};
use uuid::Uuid;
use validator::Validate;

use crate::http::{list::page, wire::Wire};

pub type AuditOutcome = Wire<Outcome>;

/// An audit record (操作日志): who did what to what, when. Every transaction that changes something
/// leaves one, every reveal and every export; and, within a second or so, what was refused for want of a
/// right. Of refusals by one operation, ten a minute and person stand alone, the rest together. The actor
/// of a log-in that was refused is the account that it named, whoever tried.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEvent)]
pub struct AuditEventBody {
    pub id: Uuid,
    /// Place on the institution's trail, without gaps; null for a moment until it is given.
    #[schema(required)]
    pub position: Option<i64>,
    /// When it happened.
    pub time: Timestamp,
    /// Who did it.
    pub actor: AuditActor,
    /// The operationId of the contract, or the name of a command.
    pub operation: String,
    /// What became of it.
    #[schema(inline = false)]
    pub outcome: AuditOutcome,
    /// As in `X-Request-Id` of the answer.
    pub request_id: Uuid,
    /// Trace of the request, as problems name it.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub trace_id: String,
    /// Everything that was touched.
    #[schema(value_type = Vec<AuditTarget>)]
    pub targets: Vec<AuditTarget>,
}

/// Who did it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditActor {
    /// The nil UUID stands for the program or its operator.
    pub id: Uuid,
    /// What the principal was.
    #[schema(inline = false, value_type = crate::events::PrincipalKind)]
    pub kind: Wire<Kind>,
    /// The session, or the key of an API client; null where the program or a job did it.
    #[schema(required)]
    pub session_id: Option<Uuid>,
}

/// Where a request came from.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub struct AuditOrigin {
    /// IP address.
    #[schema(required)]
    pub address: Option<String>,
    /// What the caller called itself, cut at 256 characters.
    #[schema(required)]
    pub user_agent: Option<String>,
}

/// What was touched.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditTarget {
    /// Kind of the record, such as `customer`.
    #[schema(pattern = "^[a-z_]+$")]
    pub kind: String,
    pub id: Uuid,
}

/// An audit record with its changes.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditEventDetail {
    #[serde(flatten)]
    #[schema(inline)]
    pub event: AuditEventBody,
    /// Null once erased; the record stays.
    #[schema(required, value_type = Option<Vec<AuditChange>>)]
    pub changes: Option<Value>,
    /// Null once erased; the record stays.
    #[schema(required)]
    pub origin: Option<AuditOrigin>,
}

/// What was changed of one record; personal values show as `***`.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditChange {
    /// Kind of the record, such as `customer`.
    #[schema(pattern = "^[a-z_]+$")]
    pub kind: String,
    pub id: Uuid,
    /// Version of the record after it.
    pub version: i64,
    /// The changed fields before; null for a new record.
    #[schema(required, value_type = Option<AuditFields>)]
    pub before: Option<Value>,
    /// The changed fields after.
    #[schema(required, value_type = Option<AuditFields>)]
    pub after: Option<Value>,
}

/// Fields of a record by name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(value_type = std::collections::HashMap<String, AuditValue>)]
pub struct AuditFields(Value);

/// The value of a field, of whatever type it has.
#[derive(Debug)]
pub struct AuditValue;

impl PartialSchema for AuditValue {
    fn schema() -> RefOr<Schema> {
        let kinds = [
            Type::String,
            Type::Number,
            Type::Boolean,
            Type::Array,
            Type::Object,
            Type::Null,
        ];
        ObjectBuilder::new()
            .schema_type(SchemaType::from_iter(kinds))
            .additional_properties(Some(Ref::from_schema_name("AuditValue")))
            .description(Some("The value of a field, of whatever type it has."))
            .into()
    }
}

impl ToSchema for AuditValue {}

impl TryFrom<Record> for AuditEventBody {
    type Error = Error;

    fn try_from(record: Record) -> Result<Self, Error> {
        let unknown = || Error::corrupt("an unknown value on the trail");
        Ok(Self {
            id: record.id,
            position: record.position,
            time: record.at,
            actor: AuditActor {
                id: record.principal,
                kind: Wire(Kind::parse(&record.principal_kind).ok_or_else(unknown)?),
                session_id: record.session,
            },
            operation: record.operation,
            outcome: Wire(Outcome::parse(&record.outcome).ok_or_else(unknown)?),
            request_id: record.request,
            trace_id: record.trace.simple().to_string(),
            targets: record
                .targets
                .into_iter()
                .map(|(kind, id)| AuditTarget { kind, id })
                .collect(),
        })
    }
}

page! {
    /// One page of the trail, newest first.
    AuditEventPage of AuditEventBody
}

/// Which records.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListAuditEvents {
    /// Of this actor.
    pub actor_id: Option<Uuid>,
    /// Of this operation.
    #[param(max_length = 100)]
    pub operation: Option<String>,
    /// With this outcome.
    #[param(inline = false)]
    pub outcome: Option<AuditOutcome>,
    /// That touched something of this kind.
    #[param(max_length = 100)]
    pub target_kind: Option<String>,
    /// That touched this.
    pub target_id: Option<Uuid>,
    /// At or after.
    #[param(rename = "time[gte]")]
    #[serde(rename = "time[gte]")]
    pub from: Option<Timestamp>,
    /// Before.
    #[param(rename = "time[lt]")]
    #[serde(rename = "time[lt]")]
    pub until: Option<Timestamp>,
}

impl From<&ListAuditEvents> for Filter {
    fn from(query: &ListAuditEvents) -> Self {
        Self {
            principal: query.actor_id,
            operation: query.operation.clone(),
            outcome: query.outcome.map(|outcome| outcome.0.as_str()),
            target_kind: query.target_kind.clone(),
            target: query.target_id,
            from: query.from,
            until: query.until,
        }
    }
}

/// Form of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuditExportFormat {
    Csv,
    Jsonl,
}

impl TextEnum for AuditExportFormat {
    const NAME: &'static str = "AuditExportFormat";
    const DOC: &'static str = "Form of an export.";
    const ALL: &'static [Self] = &[Self::Csv, Self::Jsonl];

    fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
        }
    }

    fn label(self) -> Text {
        match self {
            Self::Csv => Text {
                zh: "CSV 表格",
                en: "CSV table",
            },
            Self::Jsonl => Text {
                zh: "JSON Lines",
                en: "JSON Lines",
            },
        }
    }
}

/// Records to take away. That they were is on the trail before they are answered.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"format": "csv", "from": "2026-01-01T00:00:00Z"}))]
pub struct ExportAuditEvents {
    /// CSV, or one JSON object a line.
    pub format: AuditExportFormat,
    /// At or after.
    #[schema(nullable = false)]
    pub from: Option<Timestamp>,
    /// Before.
    #[schema(nullable = false)]
    pub until: Option<Timestamp>,
    /// Only what this principal did: a person of staff or an API client.
    #[schema(nullable = false)]
    pub actor_id: Option<Uuid>,
    /// Only this operation, by its operationId.
    #[schema(nullable = false, max_length = 100)]
    pub operation: Option<String>,
    /// Only what came out so.
    #[schema(nullable = false)]
    pub outcome: Option<AuditOutcome>,
    /// Only what touched records of this kind, such as `customer`.
    #[schema(nullable = false, max_length = 100)]
    pub target_kind: Option<String>,
    /// Only what touched this record.
    #[schema(nullable = false)]
    pub target_id: Option<Uuid>,
}

impl From<&ExportAuditEvents> for Filter {
    fn from(asked: &ExportAuditEvents) -> Self {
        Self {
            principal: asked.actor_id,
            operation: asked.operation.clone(),
            outcome: asked.outcome.map(|outcome| outcome.0.as_str()),
            target_kind: asked.target_kind.clone(),
            target: asked.target_id,
            from: asked.from,
            until: asked.until,
        }
    }
}
