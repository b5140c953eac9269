use actix_web::{delete, get, patch, post};
use domain::{
    access::{CustomersRead, CustomersWrite},
    customers::{Customer, Relation},
};
use persistence::{Error, access::Authority, clock::micros, scope::Direction};

use super::{
    ChangeRelation, ListRelations, NAMES, RelateCustomer, RelationBody, RelationPage,
    commands::{self, Related},
};
use crate::{
    access::{
        Granted, IdempotencyKey,
        fields::{Shown, show_as},
    },
    http::{
        IfMatch, Json, Problem, Reply,
        list::{List, Paging},
        path::{PathId, PathIds},
    },
};

const TAG: &str = "customers";

/// As somebody sees it.
fn seen(reader: Option<&Authority>, found: Related) -> Result<Shown<RelationBody>, Error> {
    let body = RelationBody::new(found.customer.id, found.relation, &found.relative);
    show_as(reader, "customers", NAMES, body)
}

/// Relate a customer to another
///
/// One relation for both: the other sees it from its side, in the inverse role. No two are related twice in
/// the same role at the same time; a customer has one referrer at a time; nobody becomes an ancestor of
/// itself, or has brought itself. The versions of both customers rise.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path)), request_body = RelateCustomer,
    responses((status = 201, body = RelationBody)), security(("bearer" = ["customers:write"])),
    extensions(("x-problem-codes" = json!(["relation_exists", "referrer_exists", "relation_circular", "too_many_relations"]))))]
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
        let version = made.customer.version;
        let body = seen(tx.operation().authority.as_deref(), made)?;
        Reply::created(address, version, &body)
    })
    .await
}

/// List the relations of a customer, oldest first
///
/// To customers within reach, with their contact values masked. Those that have ended are left out, unless
/// they are asked for.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path), Paging, ListRelations),
    responses((status = 200, body = RelationPage)), security(("bearer" = ["customers:read"])))]
#[get("/customers/{customer_id}/relations")]
pub(super) async fn list_relations(
    ctx: Granted<CustomersRead>,
    id: PathId<Customer>,
    asked: List<ListRelations>,
) -> Result<Reply, Problem> {
    let List { query, part } = asked;
    let page = part.page(Direction::OldestFirst)?;
    let of = (id.0, ctx.stamp().now());
    let (customer, related) = commands::list(&ctx.read(), &ctx.grant, of, query, &page).await?;
    let (related, next) = part.cut(related, |(relation, _)| {
        (micros(relation.created_at), relation.id.uuid())
    });
    let items = related
        .into_iter()
        .map(|(relation, relative)| RelationBody::new(customer, relation, &relative))
        .map(|body| show_as(Some(ctx.authority()), "customers", NAMES, body))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(next.answer::<RelationPage>(items)?)
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
    let version = found.customer.version;
    let body = seen(Some(ctx.authority()), found)?;
    Ok(Reply::record(version, &body)?)
}

/// Change a relation of a customer
///
/// For both. `valid_until` ends it, and keeps that it was. The version that `If-Match` names is that of the
/// customer in the path; those of both rise.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path), ("relation_id" = Uuid, Path)), request_body = ChangeRelation,
    responses((status = 200, body = RelationBody)), security(("bearer" = ["customers:write"])),
    extensions(("x-problem-codes" = json!(["relation_exists", "referrer_exists"]))))]
#[patch("/customers/{customer_id}/relations/{relation_id}")]
pub(super) async fn change_relation(
    ctx: Granted<CustomersWrite>,
    ids: PathIds<Customer, Relation>,
    condition: IfMatch,
    body: Json<ChangeRelation>,
) -> Result<Reply, Problem> {
    let change = &body.value;
    ctx.transaction(|tx, grant| async move {
        let found = commands::change(&tx, &grant, ids.0, ids.1, condition, change.clone()).await?;
        let version = found.customer.version;
        let body = seen(tx.operation().authority.as_deref(), found)?;
        Reply::record(version, &body)
    })
    .await
}

/// Remove a relation of a customer
///
/// For both, as if it had never been: one that was true and has ended is changed instead.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path), ("relation_id" = Uuid, Path)),
    responses((status = 204)), security(("bearer" = ["customers:write"])))]
#[delete("/customers/{customer_id}/relations/{relation_id}")]
pub(super) async fn remove_relation(
    ctx: Granted<CustomersWrite>,
    ids: PathIds<Customer, Relation>,
    condition: IfMatch,
) -> Result<Reply, Problem> {
    ctx.transaction(|tx, grant| async move {
        commands::remove(&tx, &grant, ids.0, ids.1, condition).await?;
        Ok(Reply::no_content())
    })
    .await
}
