use actix_web::{delete, get, post};
use domain::{
    access::{CustomersRead, CustomersWrite},
    customers::{Customer, Relation},
};

use super::{RelateCustomer, RelationBody, Relations, commands};
use crate::{
    access::{Granted, IdempotencyKey},
    http::{
        IfMatch, Json, Problem, Reply,
        path::{PathId, PathIds},
    },
};

const TAG: &str = "customers";

/// Relate a customer to a guardian or a ward
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path)), request_body = RelateCustomer,
    responses((status = 201, body = RelationBody)), security(("bearer" = ["customers:write"])))]
#[post("/customers/{customer_id}/relations")]
pub(super) async fn relate_customer(
    ctx: Granted<CustomersWrite>,
    id: PathId<Customer>,
    key: IdempotencyKey,
    body: Json<RelateCustomer>,
) -> Result<Reply, Problem> {
    let new = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        let made = commands::relate(&tx, &grant, id.0, new.clone()).await?;
        let address = format!("/api/v1/customers/{}/relations/{}", id.0, made.relation.id);
        let body = RelationBody::new(id.0, made.relation, &made.relative);
        Reply::created(address, made.customer.version, &body)
    })
    .await
}

/// List the guardians or wards of a customer
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path)), responses((status = 200, body = Relations)),
    security(("bearer" = ["customers:read"])))]
#[get("/customers/{customer_id}/relations")]
pub(super) async fn list_relations(
    ctx: Granted<CustomersRead>,
    id: PathId<Customer>,
) -> Result<Reply, Problem> {
    let (customer, related) = commands::list(&ctx.read(), &ctx.grant, id.0).await?;
    let items = related
        .into_iter()
        .map(|(relation, relative)| RelationBody::new(id.0, relation, &relative))
        .collect();
    Ok(Reply::record(customer.version, &Relations { items })?)
}

/// End a relation of a customer
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path), ("relation_id" = Uuid, Path)),
    responses((status = 204)), security(("bearer" = ["customers:write"])))]
#[delete("/customers/{customer_id}/relations/{relation_id}")]
pub(super) async fn end_relation(
    ctx: Granted<CustomersWrite>,
    ids: PathIds<Customer, Relation>,
    condition: IfMatch,
) -> Result<Reply, Problem> {
    ctx.transaction(|tx, grant| async move {
        commands::end(&tx, &grant, ids.0, ids.1, condition).await?;
        Ok(Reply::no_content())
    })
    .await
}
