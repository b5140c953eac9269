use domain::{
    customers::{Asked, Customer, Relation, Terms},
    id::Id,
};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use serde_with::rust::double_option;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use crate::{
    access::fields::Shown,
    customers::{ContactPointBody, CustomerKind},
    http::{list::page, wire::Wire},
};

pub type RelationRole = Wire<domain::customers::RelationRole>;

/// Two customers who have to do with each other (关系): a child and its guardian, whoever pays for it, who
/// brought it.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "guardian", "relative_id": "0192f0c1-6666-7000-8000-000000000000", "label": "妈妈"}))]
pub struct RelateCustomer {
    /// What the other one is to the customer in the path. Their kinds must fit it: a guardian is one of a
    /// student, a school is where a student goes, a contact person works for an organization.
    pub role: RelationRole,
    /// The other one.
    pub relative_id: Uuid,
    /// What the other one is called in the family, such as 妈妈.
    #[schema(min_length = 1, max_length = 50, nullable = false)]
    pub label: Option<String>,
    /// The first day on which it holds.
    #[schema(nullable = false)]
    pub valid_from: Option<Date>,
    /// The day on which it holds no longer.
    #[schema(nullable = false)]
    pub valid_until: Option<Date>,
    /// Whether whoever looks after the other may see what concerns it: a guardian or parent may, when
    /// absent; payers, emergency contacts and those who pick up a child may where it is said.
    #[schema(nullable = false)]
    pub may_view: Option<bool>,
    /// Whether he or she is sent the notices that concern it; as `may_view`.
    #[schema(nullable = false)]
    pub gets_notices: Option<bool>,
}

/// Changes to a relation: absent leaves a field, null clears it.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"valid_until": "2026-09-01"}))]
pub struct ChangeRelation {
    /// What the other one is called in the family. Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 50)]
    pub label: Option<Option<String>>,
    /// The first day on which it holds. Null: always.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<Date>)]
    pub valid_from: Option<Option<Date>>,
    /// The day on which it holds no longer. Null: it does not end.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<Date>)]
    pub valid_until: Option<Option<Date>>,
    /// Whether whoever looks after the other may see what concerns it.
    #[schema(nullable = false)]
    pub may_view: Option<bool>,
    /// Whether he or she is sent the notices that concern it.
    #[schema(nullable = false)]
    pub gets_notices: Option<bool>,
}

impl From<&RelateCustomer> for Asked {
    fn from(body: &RelateCustomer) -> Self {
        Self {
            label: body.label.clone(),
            valid_from: body.valid_from,
            valid_until: body.valid_until,
            may_view: body.may_view,
            gets_notices: body.gets_notices,
        }
    }
}

impl ChangeRelation {
    /// The terms with these changes.
    pub fn apply(self, terms: Terms) -> Terms {
        Terms {
            label: self.label.unwrap_or(terms.label),
            valid_from: self.valid_from.unwrap_or(terms.valid_from),
            valid_until: self.valid_until.unwrap_or(terms.valid_until),
            may_view: self.may_view.unwrap_or(terms.may_view),
            gets_notices: self.gets_notices.unwrap_or(terms.gets_notices),
        }
    }
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
    /// The first day on which it holds; null where nobody said.
    #[schema(required)]
    pub valid_from: Option<Date>,
    /// The day on which it holds no longer; null where it has no end.
    #[schema(required)]
    pub valid_until: Option<Date>,
    /// Whether whoever looks after the other may see what concerns it.
    pub may_view: bool,
    /// Whether he or she is sent the notices that concern it.
    pub gets_notices: bool,
    pub created_at: Timestamp,
}

impl RelationBody {
    /// As one of the two sees it.
    pub fn new(customer: Id<Customer>, relation: Relation, relative: &Customer) -> Self {
        let terms = relation.terms.clone();
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
            label: terms.label,
            valid_from: terms.valid_from,
            valid_until: terms.valid_until,
            may_view: terms.may_view,
            gets_notices: terms.gets_notices,
            created_at: relation.created_at,
        }
    }
}

page! {
    /// One page of the relations of a customer.
    RelationPage of RelationBody as Shown<RelationBody>
}

/// Which relations.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListRelations {
    /// In which the other one is any of these.
    #[param(style = Form, explode = false)]
    pub role: Option<Vec<RelationRole>>,
    /// Whether those that have ended by today, at the customer's campus, are shown too.
    #[param(default = false)]
    pub include_ended: Option<bool>,
}
