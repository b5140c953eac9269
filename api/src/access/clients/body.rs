use std::fmt;

use domain::{
    access::{ApiClient, networks, scopes},
    fault::{Fault, FieldFault},
    id::Id,
    reference::Reference,
};
use jiff::Timestamp;
use persistence::access::api_client::KeyInfo;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::schema::{Array, ArrayBuilder, ObjectBuilder, Type};
use uuid::Uuid;
use validator::Validate;

use crate::http::list::page;

fn scope_list() -> Array {
    texts(
        "Permissions that it is kept to, of those that its roles have.",
        200,
        100,
    )
}

fn network_list() -> Array {
    let says = "Addresses and networks (`203.0.113.0/24`) from which it may call; from everywhere, where it is empty.";
    texts(says, 50, 50)
}

fn texts(says: &str, most: usize, longest: usize) -> Array {
    let text = ObjectBuilder::new()
        .schema_type(Type::String)
        .max_length(Some(longest));
    ArrayBuilder::new()
        .description(Some(says))
        .items(text)
        .max_items(Some(most))
        .build()
}

/// A new API client; its first key comes with the answer.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "官网表单", "role_ids": [], "scopes": ["customers:write"]}))]
pub struct CreateApiClient {
    /// Unique among those that are not revoked.
    #[schema(min_length = 1, max_length = 60)]
    pub name: String,
    /// The person of staff who answers for it; the caller, when absent. While that person does not work,
    /// it can do nothing until another one answers for it.
    #[schema(nullable = false)]
    pub owner_id: Option<Uuid>,
    /// What it may do at most, with its reaches. Nobody gives more than they hold.
    #[schema(max_items = 50)]
    pub role_ids: Vec<Uuid>,
    /// Permissions: of what the roles give, only these count.
    #[schema(schema_with = scope_list)]
    pub scopes: Vec<String>,
    /// Where its reach ends; the whole institution, when absent.
    #[schema(max_items = 200, nullable = false)]
    pub campus_ids: Option<Vec<Uuid>>,
    /// From where it may call (`203.0.113.0/24`); from everywhere, when absent.
    #[schema(schema_with = network_list)]
    pub networks: Option<Vec<String>>,
    /// When it ends, within a year; in a year, when absent.
    #[schema(nullable = false)]
    pub expires_at: Option<Timestamp>,
}

impl CreateApiClient {
    /// The client that is asked for, of `caller` where no owner is named.
    pub fn client(self, caller: Uuid, now: Timestamp) -> Result<ApiClient, Fault> {
        let mut faults = Vec::new();
        let scopes = scopes(&self.scopes, &mut faults);
        let networks = networks(&self.networks.unwrap_or_default(), &mut faults);
        Fault::unless_empty(faults)?;
        Ok(ApiClient {
            name: self.name,
            owner: Id::new(self.owner_id.unwrap_or(caller)),
            roles: self.role_ids.into_iter().map(Id::new).collect(),
            scopes,
            campuses: self
                .campus_ids
                .unwrap_or_default()
                .into_iter()
                .map(Id::new)
                .collect(),
            networks,
            expires_at: self.expires_at.unwrap_or(ApiClient::latest_end(now)),
        })
    }
}

/// Changes to an API client: absent leaves a field; lists are replaced as a whole.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"scopes": ["customers:read"]}))]
pub struct ChangeApiClient {
    /// Name that people see, unique among clients that are not revoked.
    #[schema(min_length = 1, max_length = 60, nullable = false)]
    pub name: Option<String>,
    /// Who of staff answers for it; while that person does not work, it can do nothing.
    #[schema(nullable = false)]
    pub owner_id: Option<Uuid>,
    /// What it may do: the permissions of these, as far as `scopes` lets it. Replaced as a whole.
    #[schema(max_items = 50, nullable = false)]
    pub role_ids: Option<Vec<Uuid>>,
    /// Permissions that it is kept to, of those that its roles have. Replaced as a whole.
    #[schema(schema_with = scope_list)]
    pub scopes: Option<Vec<String>>,
    /// The whole institution, where it is empty.
    #[schema(max_items = 200, nullable = false)]
    pub campus_ids: Option<Vec<Uuid>>,
    /// Everywhere, where it is empty.
    #[schema(schema_with = network_list)]
    pub networks: Option<Vec<String>>,
    /// When it ends by itself, with its keys: within a year from now.
    #[schema(nullable = false)]
    pub expires_at: Option<Timestamp>,
}

impl ChangeApiClient {
    /// The client with these changes.
    pub fn apply(self, client: ApiClient) -> Result<ApiClient, Fault> {
        let mut faults: Vec<FieldFault> = Vec::new();
        let scopes = self.scopes.map(|list| scopes(&list, &mut faults));
        let networks = self.networks.map(|list| networks(&list, &mut faults));
        Fault::unless_empty(faults)?;
        Ok(ApiClient {
            name: self.name.unwrap_or(client.name),
            owner: self.owner_id.map_or(client.owner, Id::new),
            roles: self
                .role_ids
                .map_or(client.roles, |ids| ids.into_iter().map(Id::new).collect()),
            scopes: scopes.unwrap_or(client.scopes),
            campuses: self.campus_ids.map_or(client.campuses, |ids| {
                ids.into_iter().map(Id::new).collect()
            }),
            networks: networks.unwrap_or(client.networks),
            expires_at: self.expires_at.unwrap_or(client.expires_at),
        })
    }
}

/// An API client (接口客户端): a program that acts for the institution.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ApiClient)]
pub struct ApiClientBody {
    /// Its `client_id` too.
    pub id: Uuid,
    /// Raised with every change; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    /// Name that people see, unique among clients that are not revoked.
    pub name: String,
    /// Who of staff answers for it; while that person does not work, it can do nothing.
    pub owner_id: Uuid,
    /// What it may do: the permissions of these, as far as `scopes` lets it.
    pub role_ids: Vec<Uuid>,
    /// Permissions that it is kept to, of those that its roles have.
    pub scopes: Vec<String>,
    /// Campuses that its roles reach, where they go by campus.
    pub campus_ids: Vec<Uuid>,
    /// From where it may call: addresses and networks (`203.0.113.0/24`); from anywhere where there are
    /// none.
    pub networks: Vec<String>,
    /// When it ends by itself, with its keys.
    pub expires_at: Timestamp,
    /// Its open keys, oldest first; two at most.
    #[schema(value_type = Vec<ApiKeyBody>)]
    pub keys: Vec<ApiKeyBody>,
    pub created_at: Timestamp,
    /// Since when it can do nothing any more.
    #[schema(required)]
    pub revoked_at: Option<Timestamp>,
}

/// A key of an API client, without its secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub struct ApiKeyBody {
    pub id: Uuid,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the key ends, which is when its client does.
    pub expires_at: Timestamp,
    /// To within ten minutes.
    #[schema(required)]
    pub last_used_at: Option<Timestamp>,
}

impl From<KeyInfo> for ApiKeyBody {
    fn from(key: KeyInfo) -> Self {
        Self {
            id: key.id.uuid(),
            created_at: key.created_at,
            expires_at: key.expires_at,
            last_used_at: key.last_used_at,
        }
    }
}

impl ApiClientBody {
    pub fn new(record: Reference<ApiClient>, keys: Vec<KeyInfo>) -> Self {
        let client = record.details;
        Self {
            id: record.id.uuid(),
            version: record.version,
            name: client.name,
            owner_id: client.owner.uuid(),
            role_ids: client.roles.into_iter().map(Id::uuid).collect(),
            scopes: client.scopes.into_iter().collect(),
            campus_ids: client.campuses.into_iter().map(Id::uuid).collect(),
            networks: client.networks.iter().map(ToString::to_string).collect(),
            expires_at: client.expires_at,
            keys: keys.into_iter().map(ApiKeyBody::from).collect(),
            created_at: record.created_at,
            revoked_at: record.archived_at,
        }
    }
}

page! {
    /// One page of API clients.
    ApiClientPage of ApiClientBody
}

/// A new key. It is shown this once.
#[derive(Clone, Serialize, ToSchema)]
pub struct NewApiKey {
    pub id: Uuid,
    /// Whose key it is.
    pub api_client_id: Uuid,
    /// `educrm_<id>_<secret>`, sent as `Authorization: Bearer …`, or as `client_secret` for tokens.
    pub key: String,
    /// When the key ends, which is when its client does.
    pub expires_at: Timestamp,
}

impl fmt::Debug for NewApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A new API client with its first key, which is shown this once.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NewApiClient {
    /// The client, as it was made.
    #[schema(value_type = ApiClientBody)]
    pub api_client: ApiClientBody,
    /// Its first key. It is shown this once.
    #[schema(value_type = NewApiKey)]
    pub key: NewApiKey,
}
