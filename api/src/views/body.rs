use domain::{
    access::{CustomersRead, Permission},
    conditions::Registry,
    id::Id,
    views::{Audience, View},
};
use jiff::Timestamp;
use persistence::access::Authority;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::{
    customers::ViewSearch,
    http::{list::page, wire::Wire},
};

pub type ViewAudience = Wire<Audience>;
pub type ViewEntity = Wire<domain::views::ViewEntity>;

/// A new view (视图).
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "三十天未联系的学员", "entity": "customers", "search": {"conditions": {"all": [
    {"field": "kind", "op": "eq", "value": "student"}, {"field": "intent", "op": "gte", "value": 3}]}}}))]
pub struct CreateView {
    /// What the view is called; need not be its own.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// What the view finds.
    pub entity: ViewEntity,
    /// Who sees the view; `own`, when absent.
    #[schema(nullable = false)]
    pub audience: Option<ViewAudience>,
    /// What the view looks for.
    #[validate(nested)]
    pub search: ViewSearch,
}

/// What shall be different of a view.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "高意向学员"}))]
pub struct ChangeView {
    /// What the view is called; need not be its own.
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    pub name: Option<String>,
    /// Who sees the view.
    #[schema(nullable = false)]
    pub audience: Option<ViewAudience>,
    /// What the view looks for, as a whole.
    #[schema(nullable = false)]
    #[validate(nested)]
    pub search: Option<ViewSearch>,
}

/// A saved view (视图): a search under a name. Who runs it sees what he or she may see by such a search.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = View)]
pub struct ViewBody {
    pub id: Uuid,
    /// Raised with every change; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    /// What the view is called.
    pub name: String,
    /// What the view finds.
    pub entity: ViewEntity,
    /// Who sees the view beside its owner.
    pub audience: ViewAudience,
    /// Who made the view.
    pub owner_id: Uuid,
    /// Whether the caller made the view.
    pub is_own: bool,
    /// To which team the view is shown; null of others than `team`.
    #[schema(required)]
    pub team_id: Option<Uuid>,
    /// What the view looks for, be it by custom fields that are archived since; null where it was kept by an older
    /// version and can't be read any more: set it anew. Null too of others' views for who may not read customers.
    #[schema(required)]
    pub search: Option<ViewSearch>,
    /// Version of the language of its conditions, as `GET /condition-fields` tells it.
    #[schema(minimum = 1)]
    pub condition_version: i16,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl ViewBody {
    /// As its reader sees it: what somebody looks for may be a person.
    pub(super) fn new(view: View, reader: &Authority, fields: &Registry) -> Self {
        let is_own = view.owner == reader.principal();
        let search = match is_own || reader.may(CustomersRead::CODE) {
            true => ViewSearch::kept(&view, fields).ok(),
            false => None,
        };
        Self {
            id: view.id.uuid(),
            version: view.version,
            search,
            name: view.name,
            entity: Wire(view.entity),
            audience: Wire(view.audience),
            owner_id: view.owner.uuid(),
            is_own,
            team_id: view.team.map(Id::uuid),
            condition_version: view.language,
            created_at: view.created_at,
            updated_at: view.updated_at,
        }
    }
}

page! {
    /// One page of views.
    ViewPage of ViewBody
}

/// How many a view finds.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ViewCount {
    /// Counted up to 10,000 among the first 50,000 customers within the caller's reach; up to 1,000 where
    /// the view looks for text.
    #[schema(minimum = 0, maximum = 10_000)]
    pub total: u64,
    /// Whether there may be more than `total`.
    pub total_is_capped: bool,
}
