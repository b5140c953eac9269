use actix_web::{delete, get, post};
use domain::{
    access::{CustomersRead, CustomersWrite},
    customers::{Customer, Relation},
};

use super::{RelateCustomer, RelationBody, Relations, commands};
use crate::{
    access::{Granted, IdempotencyKey, fields::show_as},
    http::{
        IfMatch, Json, Problem, Reply,
        path::{PathId, PathIds},
    },
};

const TAG: &str = "customers";
/// Fields of the other customer that stand under other names here.
const NAMES: &[(&str, &str)] = &[("relative_name", "name")];

/// Relate a customer to a guardian or a ward
///
/// One relation for both: the other sees it from its side. Their kinds must fit: guardians have wards,
/// and no two are related twice. The version of the customer in the path rises.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path)), request_body = RelateCustomer,
    responses((status = 201, body = RelationBody)), security(("bearer" = ["customers:write"])),
    extensions(("x-problem-codes" = json!(["relation_exists", "too_many_relations"]))))]
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
        let body = show_as(
            tx.operation().authority.as_deref(),
            "customers",
            NAMES,
            body,
        )?;
        Reply::created(address, made.customer.version, &body)
    })
    .await
}

/// List the guardians or wards of a customer
///
/// Related customers within reach, with their contact values masked.
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
        .map(|body| show_as(Some(ctx.authority()), "customers", NAMES, body))
        .collect::<Result<_, _>>()?;
    Ok(Reply::record(customer.version, &Relations { items })?)
}

/// Read a relation of a customer
///
/// As seen from the customer in the path.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path), ("relation_id" = Uuid, Path)),
    responses((status = 200, body = RelationBody)), security(("bearer" = ["customers:read"])))]
#[get("/customers/{customer_id}/relations/{relation_id}")]
pub(super) async fn get_relation(
    ctx: Granted<CustomersRead>,
    ids: PathIds<Customer, Relation>,
) -> Result<Reply, Problem> {
    let found = commands::find(&ctx.read(), &ctx.grant, ids.0, ids.1).await?;
    let body = RelationBody::new(ids.0, found.relation, &found.relative);
    let body = show_as(Some(ctx.authority()), "customers", NAMES, body)?;
    Ok(Reply::record(found.customer.version, &body)?)
}

/// End a relation of a customer
///
/// Ends it for both.
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
