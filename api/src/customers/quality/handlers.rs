use actix_web::{get, patch, post};
use domain::{
    access::{CustomersConfigure, CustomersRead, CustomersWrite, DirectoryRead},
    customers::Customer,
};
use persistence::customers::quality as store;

use super::{ChangeQualityPolicy, CustomerQuality, QualityPolicyBody, commands};
use crate::{
    access::{Granted, OptionalIdempotencyKey},
    http::{IfMatch, Json, Problem, Reply, path::PathId},
};

const TAG: &str = "customers";

/// Tell how good the record of a customer is
///
/// How much of what customers of its kind are asked for is known, and what is missing; when somebody last
/// made sure of it or spoke to the customer; whether it is stale by the policy of the institution; and which
/// contact points were found wrong. A student has a contact point where a guardian or parent has. Custom
/// fields count where the stage demands them. What a field rule hides is left out, so that nobody learns
/// whether there is something.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path)), responses((status = 200, body = CustomerQuality)),
    security(("bearer" = ["customers:read"])))]
#[get("/customers/{customer_id}/quality")]
pub(super) async fn get_customer_quality(
    ctx: Granted<CustomersRead>,
    id: PathId<Customer>,
) -> Result<Reply, Problem> {
    let (reader, now) = (Some(ctx.authority()), ctx.stamp().now());
    let found = commands::quality(&ctx.read(), &ctx.grant, reader, id.0, now).await?;
    let (version, quality) = found;
    Ok(Reply::record(version, &quality)?)
}

/// Record that the caller has made sure of a customer's record
///
/// That what is written is right, as far as it goes. It raises the version of the customer; contact points
/// keep their own marks.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path)), responses((status = 200, body = CustomerQuality)),
    security(("bearer" = ["customers:write"])))]
#[post("/customers/{customer_id}/verify")]
pub(super) async fn verify_customer(
    ctx: Granted<CustomersWrite>,
    id: PathId<Customer>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        let quality = commands::verify(&tx, &grant, id.0).await?;
        Reply::ok(&quality)
    })
    .await
}

/// Read what the institution goes by when it judges its records
///
/// What the program has for all, until it is changed.
#[utoipa::path(tag = TAG, responses((status = 200, body = QualityPolicyBody)),
    security(("bearer" = ["directory:read"])))]
#[get("/quality-policy")]
pub(super) async fn get_quality_policy(ctx: Granted<DirectoryRead>) -> Result<Reply, Problem> {
    let policy = store::policy(&ctx.read(), ctx.authority().institution()).await?;
    let version = policy.version;
    Ok(Reply::record(version, &QualityPolicyBody::from(policy))?)
}

/// Change what the institution goes by when it judges its records
///
/// It holds for every record at once.
#[utoipa::path(tag = TAG, request_body = ChangeQualityPolicy, responses((status = 200, body = QualityPolicyBody)),
    security(("bearer" = ["customers:configure"])))]
#[patch("/quality-policy")]
pub(super) async fn change_quality_policy(
    ctx: Granted<CustomersConfigure>,
    condition: IfMatch,
    body: Json<ChangeQualityPolicy>,
) -> Result<Reply, Problem> {
    let change = &body.value;
    ctx.transaction(|tx, grant| async move {
        let policy = commands::change_policy(&tx, &grant, condition, change).await?;
        let version = policy.version;
        Reply::record(version, &QualityPolicyBody::from(policy))
    })
    .await
}
