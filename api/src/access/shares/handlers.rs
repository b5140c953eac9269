use actix_web::{delete, get, post};
use domain::{
    access::{CustomersShare, Grantee},
    customers::Customer,
};

use super::{CustomerShares, ShareBody, ShareCustomer, commands};
use crate::{
    access::{Granted, IdempotencyKey},
    http::{
        IfMatch, Json, Problem, Reply,
        path::{PathId, PathIds},
    },
};

const TAG: &str = "customers";

/// List with whom a customer is shared
///
/// Open ones only, the oldest first.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path)), responses((status = 200, body = CustomerShares)),
    security(("bearer" = ["customers:share"])))]
#[get("/customers/{customer_id}/shares")]
pub(super) async fn list_customer_shares(
    ctx: Granted<CustomersShare>,
    id: PathId<Customer>,
) -> Result<Reply, Problem> {
    let (customer, shares) =
        commands::list(&ctx.read(), &ctx.grant, id.0, ctx.stamp().now()).await?;
    let items = shares.into_iter().map(ShareBody::from).collect();
    Ok(Reply::record(customer.version, &CustomerShares { items })?)
}

/// Share a customer with a person, a team or a group
///
/// Opens the customer with its follow-ups and tags, never its money, to whoever holds the permissions.
/// A share with the same grantee is replaced. Nobody shares further than they reach themselves
/// (`share_beyond_own`). A transfer of the customer ends it.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path)), request_body = ShareCustomer,
    responses((status = 201, body = ShareBody)), security(("bearer" = ["customers:share"])),
    extensions(("x-problem-codes" = json!(["share_beyond_own"]))))]
#[post("/customers/{customer_id}/shares")]
pub(super) async fn share_customer(
    ctx: Granted<CustomersShare>,
    id: PathId<Customer>,
    key: IdempotencyKey,
    body: Json<ShareCustomer>,
) -> Result<Reply, Problem> {
    let new = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        let share = commands::open(&tx, &grant, id.0, new.clone()).await?;
        let address = format!("/api/v1/customers/{}/shares/{}", id.0, share.grantee);
        Reply::created(address, share.version, &ShareBody::from(share))
    })
    .await
}

/// Read a share of a customer
///
/// Only while it is open.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path), ("grantee_id" = Uuid, Path)),
    responses((status = 200, body = ShareBody)), security(("bearer" = ["customers:share"])))]
#[get("/customers/{customer_id}/shares/{grantee_id}")]
pub(super) async fn get_customer_share(
    ctx: Granted<CustomersShare>,
    ids: PathIds<Customer, Grantee>,
) -> Result<Reply, Problem> {
    let now = ctx.stamp().now();
    let share = commands::get(&ctx.read(), &ctx.grant, ids.0, ids.1, now).await?;
    Ok(Reply::record(share.version, &ShareBody::from(share))?)
}

/// End a share of a customer
///
/// At once.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path), ("grantee_id" = Uuid, Path)),
    responses((status = 204)), security(("bearer" = ["customers:share"])))]
#[delete("/customers/{customer_id}/shares/{grantee_id}")]
pub(super) async fn end_customer_share(
    ctx: Granted<CustomersShare>,
    ids: PathIds<Customer, Grantee>,
    condition: IfMatch,
) -> Result<Reply, Problem> {
    ctx.transaction(|tx, grant| async move {
        commands::end(&tx, &grant, ids.0, ids.1, condition).await?;
        Ok(Reply::no_content())
    })
    .await
}
