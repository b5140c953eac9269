use domain::{organization::Position, reference::Reference};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::{http::list::page, reference::Shown};

/// A new position.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "招生顾问"}))]
pub struct CreatePosition {
    /// Unique among those that are not archived.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
}

/// Changes to a position: absent leaves a field.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "高级招生顾问"}))]
pub struct ChangePosition {
    /// Name that people see, unique as at its creation.
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    pub name: Option<String>,
}

impl ChangePosition {
    /// The position with these changes.
    pub fn apply(self, position: Position) -> Position {
        Position {
            name: self.name.unwrap_or(position.name),
        }
    }
}

/// A position (岗位) that people have, whatever their department.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Position)]
pub struct PositionBody {
    pub id: Uuid,
    /// Raised with every change; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    pub name: String,
    pub created_at: Timestamp,
    /// Since when it can't be chosen any more.
    #[schema(required)]
    pub archived_at: Option<Timestamp>,
}

impl From<Reference<Position>> for PositionBody {
    fn from(record: Reference<Position>) -> Self {
        Self {
            id: record.id.uuid(),
            version: record.version,
            name: record.details.name,
            created_at: record.created_at,
            archived_at: record.archived_at,
        }
    }
}

page! {
    /// One page of positions.
    PositionPage of PositionBody
}

impl Shown for Position {
    const PATH: &'static str = "/api/v1/positions";
    type Body = PositionBody;
    type Page = PositionPage;
}
