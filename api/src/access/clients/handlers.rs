use actix_web::{delete, get, patch, post};
use domain::{
    access::{ApiClient, ApiClientsWrite, Session},
    fault::{Fault, NOT_FOUND},
    reference::Reference,
};
use persistence::{
    Error, Handle,
    access::{Grant, api_client as store},
    clock::micros,
    reference,
    scope::Direction,
};

use super::{
    ApiClientBody, ApiClientPage, ApiKeyBody, ChangeApiClient, CreateApiClient, NewApiClient,
    NewApiKey, commands,
};
use crate::{
    access::{Granted, IdempotencyKey, OptionalIdempotencyKey, api_keys},
    http::{
        IfMatch, Json, List, Problem, Reply,
        list::Paging,
        path::{PathId, PathIds},
    },
    reference::{ListReference, get},
};

const TAG: &str = "access";

/// The client with its keys.
async fn shown(
    handle: &impl Handle,
    grant: &Grant<ApiClientsWrite>,
    client: Reference<ApiClient>,
    now: jiff::Timestamp,
) -> Result<Reply, Error> {
    let mut keys = store::keys(handle, grant, [client.id], now).await?;
    let keys = keys.remove(&client.id).unwrap_or_default();
    Reply::record(client.version, &ApiClientBody::new(client, keys))
}

/// Make an API client
///
/// The answer shows its first key this once. A client can never do more than whoever makes it.
#[utoipa::path(tag = TAG, request_body = CreateApiClient, responses((status = 201, body = NewApiClient)),
    security(("bearer" = ["api_clients:write"])),
    extensions(("x-problem-codes" = json!(["role_beyond_own", "name_taken"]))))]
#[post("/api-clients")]
pub(super) async fn create_api_client(
    ctx: Granted<ApiClientsWrite>,
    key: IdempotencyKey,
    body: Json<CreateApiClient>,
) -> Result<Reply, Problem> {
    let (new, secret) = (&body.value, api_keys::secret()?);
    let secret = &*secret;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        let (client, info, key) = commands::create(&tx, &grant, secret, new.clone()).await?;
        let (address, version) = (format!("/api/v1/api-clients/{}", client.id), client.version);
        let api_client = ApiClientBody::new(client, vec![info]);
        Reply::created(address, version, &NewApiClient { api_client, key })
    })
    .await
}

/// List API clients
///
/// The oldest first; revoked ones only with `include_archived`.
#[utoipa::path(tag = TAG, params(Paging, ListReference), responses((status = 200, body = ApiClientPage)),
    security(("bearer" = ["api_clients:write"])))]
#[get("/api-clients")]
pub(super) async fn list_api_clients(
    ctx: Granted<ApiClientsWrite>,
    asked: List<ListReference>,
) -> Result<Reply, Problem> {
    let List { query, part } = asked;
    let page = part.page(Direction::OldestFirst)?;
    let revoked = query.include_archived.unwrap_or(false);
    let rows = reference::list::<ApiClient>(&ctx.read(), &ctx.grant, &(), revoked, &page).await?;
    let (clients, next) = part.cut(rows, |c| (micros(c.created_at), c.id.uuid()));
    let ids = clients.iter().map(|client| client.id);
    let mut keys = store::keys(&ctx.read(), &ctx.grant, ids, ctx.stamp().now()).await?;
    let body = |client: Reference<ApiClient>| {
        let keys = keys.remove(&client.id).unwrap_or_default();
        ApiClientBody::new(client, keys)
    };
    Ok(next.answer::<ApiClientPage>(clients.into_iter().map(body))?)
}

/// Read an API client
///
/// Keys without their secrets.
#[utoipa::path(tag = TAG, params(("api_client_id" = Uuid, Path)), responses((status = 200, body = ApiClientBody)),
    security(("bearer" = ["api_clients:write"])))]
#[get("/api-clients/{api_client_id}")]
pub(super) async fn get_api_client(
    ctx: Granted<ApiClientsWrite>,
    id: PathId<ApiClient>,
) -> Result<Reply, Problem> {
    let client = get(&ctx.read(), &ctx.grant, id.0).await?;
    Ok(shown(&ctx.read(), &ctx.grant, client, ctx.stamp().now()).await?)
}

/// Change an API client
///
/// What it may do changes at once. A revoked one can't be changed.
#[utoipa::path(tag = TAG, params(("api_client_id" = Uuid, Path)), request_body = ChangeApiClient,
    responses((status = 200, body = ApiClientBody)), security(("bearer" = ["api_clients:write"])),
    extensions(("x-problem-codes" = json!(["archived", "role_beyond_own", "name_taken"]))))]
#[patch("/api-clients/{api_client_id}")]
pub(super) async fn change_api_client(
    ctx: Granted<ApiClientsWrite>,
    id: PathId<ApiClient>,
    condition: IfMatch,
    body: Json<ChangeApiClient>,
) -> Result<Reply, Problem> {
    let change = &body.value;
    ctx.transaction(|tx, grant| async move {
        let client = commands::change(&tx, &grant, id.0, condition, change.clone()).await?;
        shown(&tx, &grant, client, tx.now()).await
    })
    .await
}

/// Revoke an API client: it ends at once, for good
///
/// All its keys end, and it can't be brought back.
#[utoipa::path(tag = TAG, params(("api_client_id" = Uuid, Path)), responses((status = 200, body = ApiClientBody)),
    security(("bearer" = ["api_clients:write"])),
    extensions(("x-problem-codes" = json!(["archived"]))))]
#[post("/api-clients/{api_client_id}/revoke")]
pub(super) async fn revoke_api_client(
    ctx: Granted<ApiClientsWrite>,
    id: PathId<ApiClient>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        let client = commands::revoke(&tx, &grant, id.0).await?;
        shown(&tx, &grant, client, tx.now()).await
    })
    .await
}

/// Give an API client another key; the one before is ended apart
///
/// The answer shows it this once. Two keys are open at most: end the old one when the new one is in
/// place.
#[utoipa::path(tag = TAG, params(("api_client_id" = Uuid, Path)), responses((status = 201, body = NewApiKey)),
    security(("bearer" = ["api_clients:write"])),
    extensions(("x-problem-codes" = json!(["archived", "client_keys_full", "role_beyond_own"]))))]
#[post("/api-clients/{api_client_id}/keys")]
pub(super) async fn create_api_key(
    ctx: Granted<ApiClientsWrite>,
    id: PathId<ApiClient>,
    key: IdempotencyKey,
) -> Result<Reply, Problem> {
    let secret = api_keys::secret()?;
    let secret = &*secret;
    ctx.once(Some(key.of([0; 32])), |tx, grant| async move {
        let (key, version) = commands::rotate(&tx, &grant, id.0, secret).await?;
        let address = format!("/api/v1/api-clients/{}/keys/{}", id.0, key.id);
        Reply::created(address, version, &key)
    })
    .await
}

/// Read what is known of an open key of an API client
///
/// Never the secret.
#[utoipa::path(tag = TAG, params(("api_client_id" = Uuid, Path), ("key_id" = Uuid, Path)),
    responses((status = 200, body = ApiKeyBody)), security(("bearer" = ["api_clients:write"])))]
#[get("/api-clients/{api_client_id}/keys/{key_id}")]
pub(super) async fn get_api_key(
    ctx: Granted<ApiClientsWrite>,
    ids: PathIds<ApiClient, Session>,
) -> Result<Reply, Problem> {
    let client = get(&ctx.read(), &ctx.grant, ids.0).await?;
    let now = ctx.stamp().now();
    let mut keys = store::keys(&ctx.read(), &ctx.grant, [ids.0], now).await?;
    let mut keys = keys.remove(&ids.0).unwrap_or_default().into_iter();
    let key = keys
        .find(|key| key.id == ids.1)
        .ok_or_else(|| Fault::new(&NOT_FOUND))?;
    Ok(Reply::record(client.version, &ApiKeyBody::from(key))?)
}

/// End a key of an API client
///
/// At once, with all tokens that were made with it.
#[utoipa::path(tag = TAG, params(("api_client_id" = Uuid, Path), ("key_id" = Uuid, Path)),
    responses((status = 204)), security(("bearer" = ["api_clients:write"])))]
#[delete("/api-clients/{api_client_id}/keys/{key_id}")]
pub(super) async fn end_api_key(
    ctx: Granted<ApiClientsWrite>,
    ids: PathIds<ApiClient, Session>,
    condition: IfMatch,
) -> Result<Reply, Problem> {
    ctx.transaction(|tx, grant| async move {
        commands::end_key(&tx, &grant, ids.0, ids.1, condition).await?;
        Ok(Reply::no_content())
    })
    .await
}
