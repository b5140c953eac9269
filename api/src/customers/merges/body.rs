use std::collections::BTreeMap;

use domain::{customers::Choices, id::Id};
use jiff::Timestamp;
use persistence::customers::merges::Merge;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::{
    access::fields::Shown,
    customers::CustomerBody,
    http::{list::page, wire::Wire},
};

pub type MergeSide = Wire<domain::customers::MergeSide>;
pub type MergeField = Wire<domain::customers::MergeField>;
pub type MergeObstacle = Wire<domain::customers::MergeObstacle>;

/// With whom a customer would be made one.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"duplicate_id": "0192f0c1-2222-7000-8000-000000000000"}))]
pub struct PreviewMerge {
    /// The customer that would be merged into the one in the path.
    pub duplicate_id: Uuid,
}

/// With whom a customer is made one, and what is kept of both.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"duplicate_id": "0192f0c1-2222-7000-8000-000000000000", "version": 1,
    "duplicate_version": 1, "choices": [{"field": "school", "from": "duplicate"}], "reason": "同一学员登记了两次"}))]
pub struct MergeCustomers {
    /// The customer that is merged into the one in the path.
    pub duplicate_id: Uuid,
    /// Version of the one in the path that the caller has seen.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub version: i64,
    /// Version of the duplicate that the caller has seen.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub duplicate_version: i64,
    /// Whose value is kept of a field in which both have one; the survivor's, where nothing is said.
    #[schema(max_items = 40, nullable = false)]
    pub choices: Option<Vec<MergeChoice>>,
    /// Kept with the merge.
    #[schema(min_length = 2, max_length = 200)]
    pub reason: String,
}

impl MergeCustomers {
    pub(super) fn chosen(&self) -> Choices {
        let choices = self.choices.iter().flatten();
        choices
            .map(|choice| (choice.field.0, choice.from.0))
            .collect()
    }
}

/// Whose value is kept of a field.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeChoice {
    /// Which field.
    pub field: MergeField,
    /// Whose value.
    pub from: MergeSide,
}

/// A field in which two customers have different values.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MergeConflict {
    /// Which field.
    pub field: MergeField,
    /// The value of the one in the path, as the caller may see it; numbers too are told as texts.
    #[schema(required)]
    pub survivor: Option<String>,
    /// The value of the duplicate.
    #[schema(required)]
    pub duplicate: Option<String>,
}

impl MergeConflict {
    /// Of two customers as they are shown.
    pub(super) fn of(field: domain::customers::MergeField, (a, b): (&Value, &Value)) -> Self {
        let name = domain::text_enum::TextEnum::as_str(field);
        let at = format!("/{}", name.replace('.', "/"));
        let told = |value: &Value| match value.pointer(&at) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Null) | None => None,
            Some(other) => Some(other.to_string()),
        };
        Self {
            field: Wire(field),
            survivor: told(a),
            duplicate: told(b),
        }
    }
}

/// How many rows of a table would move.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MovedRows {
    /// What they are: `follow_ups`, `enrollments`, `charges` …
    pub table: String,
    /// How many of them.
    #[schema(minimum = 1)]
    pub rows: usize,
}

fn rows(moved: BTreeMap<String, usize>) -> Vec<MovedRows> {
    let rows = moved.into_iter();
    rows.map(|(table, rows)| MovedRows { table, rows })
        .collect()
}

/// What a merge would do.
#[derive(Debug, Serialize, ToSchema)]
pub struct MergePreview {
    /// The one in the path, which stays.
    #[schema(value_type = CustomerBody)]
    pub survivor: Shown<CustomerBody>,
    #[schema(value_type = CustomerBody)]
    pub duplicate: Shown<CustomerBody>,
    /// Fields in which both have a value, as far as the caller may see them.
    pub conflicts: Vec<MergeConflict>,
    /// What would move to the survivor.
    pub moves: Vec<MovedRows>,
    /// What stands in the way; nothing, where they can be merged.
    pub obstacles: Vec<MergeObstacle>,
}

impl MergePreview {
    pub(super) fn new(
        (survivor, duplicate): (Shown<CustomerBody>, Shown<CustomerBody>),
        conflicts: Vec<MergeConflict>,
        moves: BTreeMap<String, usize>,
        obstacles: Vec<domain::customers::MergeObstacle>,
    ) -> Self {
        Self {
            survivor,
            duplicate,
            conflicts,
            moves: rows(moves),
            obstacles: obstacles.into_iter().map(Wire).collect(),
        }
    }
}

/// Two customers of whom one was made (合并).
#[derive(Debug, Serialize, ToSchema)]
pub struct CustomerMerge {
    pub id: Uuid,
    /// Raised by its undoing; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    /// The one that stayed.
    pub survivor_id: Uuid,
    /// The one that was merged into it: its id stands for the survivor, until the merge is undone.
    pub merged_id: Uuid,
    /// Version of the survivor with the merge; once it has another one, the merge can't be undone.
    #[schema(minimum = 1)]
    pub survivor_version: i64,
    /// Why they were merged.
    pub reason: String,
    /// What went to the survivor.
    pub moved: Vec<MovedRows>,
    /// When they were merged.
    pub merged_at: Timestamp,
    /// Who merged them.
    pub merged_by: Uuid,
    /// When it was undone; null while it stands.
    #[schema(required)]
    pub undone_at: Option<Timestamp>,
}

impl From<Merge> for CustomerMerge {
    fn from(merge: Merge) -> Self {
        Self {
            id: merge.id.uuid(),
            version: if merge.undone_at.is_some() { 2 } else { 1 },
            survivor_id: merge.survivor.uuid(),
            merged_id: merge.merged.uuid(),
            survivor_version: merge.survivor_version,
            reason: merge.reason,
            moved: rows(merge.moved),
            merged_at: merge.merged_at,
            merged_by: Id::uuid(merge.merged_by),
            undone_at: merge.undone_at,
        }
    }
}

page! {
    /// One page of the merges of a customer.
    CustomerMergePage of CustomerMerge
}
