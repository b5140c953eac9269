use domain::{
    customers::{Customer, Relation},
    id::Id,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::{
    access::fields::Shown,
    customers::{ContactPointBody, CustomerKind},
    http::wire::Wire,
};

pub type RelationRole = Wire<domain::customers::RelationRole>;

/// A relation between a student and a guardian (监护关系).
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "guardian", "relative_id": "0192f0c1-6666-7000-8000-000000000000", "label": "妈妈"}))]
pub struct RelateCustomer {
    /// What the other one is to the customer in the path.
    pub role: RelationRole,
    /// The other one: a guardian for a student, a student for a guardian.
    pub relative_id: Uuid,
    /// What the guardian is called in the family.
    #[schema(min_length = 1, max_length = 50, nullable = false)]
    pub label: Option<String>,
}

/// A related customer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Relation)]
pub struct RelationBody {
    pub id: Uuid,
    /// What the other one is to the customer in the path.
    pub role: RelationRole,
    /// The customer who is the other one.
    pub relative_id: Uuid,
    /// Kind of that customer.
    pub relative_kind: CustomerKind,
    /// Name of the customer who is the other one; null where a field rule hides it.
    #[schema(required)]
    pub relative_name: Option<String>,
    /// How to reach the other one: a child is reached through its guardians.
    #[schema(value_type = Vec<ContactPointBody>)]
    pub contact_points: Vec<ContactPointBody>,
    /// The relation in the family's own words, such as 外婆; null where nobody said.
    #[schema(required)]
    pub label: Option<String>,
    pub created_at: Timestamp,
}

impl RelationBody {
    /// As one of the two sees it.
    pub fn new(customer: Id<Customer>, relation: Relation, relative: &Customer) -> Self {
        Self {
            id: relation.id.uuid(),
            role: Wire(relation.role_to(customer)),
            relative_id: relative.id.uuid(),
            relative_kind: Wire(relative.profile.kind),
            relative_name: Some(relative.profile.name.clone()),
            contact_points: relative
                .contacts
                .iter()
                .map(ContactPointBody::safe)
                .collect(),
            label: relation.label,
            created_at: relation.created_at,
        }
    }
}

/// The relations of a customer within reach, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Relations {
    #[schema(value_type = Vec<RelationBody>)]
    pub items: Vec<Shown<RelationBody>>,
}
