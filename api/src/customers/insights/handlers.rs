use actix_web::{get, post};
use domain::{
    access::{CustomersRead, CustomersWrite},
    customers::{Customer, Insight},
};
use persistence::{Error, Tx, access::Reads, clock::micros, scope::Direction};

use super::{InsightBody, InsightPage, RecordInsight, WithdrawInsight, commands};
use crate::{
    access::{Granted, IdempotencyKey, OptionalIdempotencyKey},
    customers::{commands::get, consents::commands::leave, handlers::TAG},
    http::{
        Json, Problem, Reply,
        list::{List, Paging, Unfiltered},
        path::{PathId, PathIds},
    },
};

/// An insight as the caller of a command sees it.
async fn shown(
    tx: &Tx,
    grant: &impl Reads<Customer>,
    insight: Insight,
) -> Result<InsightBody, Error> {
    let customer = get(tx, grant, insight.customer).await?;
    let leave = leave(tx, grant, &customer, tx.now()).await?;
    let reader = tx.operation().authority.as_deref();
    let rules = reader.map(|reader| reader.fields());
    Ok(InsightBody::seen(insight, rules, &leave))
}

/// Record what was learned of a customer from outside
///
/// From social media, a partner, a report or a survey: always with its source, its basis of law and its
/// authorisation. It stands beside the record and never overwrites what the customer said. Refused where consent
/// is the basis and the person does not agree to `profiling`, or it was made public and the person refused that
/// (`insight_not_agreed`); where the caller may not write the field that tells the same; and of a child under 14
/// while no guardian agrees that more is kept than an enquiry needs (`guardian_consent_missing`).
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path)), request_body = RecordInsight,
    responses((status = 201, body = InsightBody)), security(("bearer" = ["customers:write"])),
    extensions(("x-problem-codes" = json!(["insight_not_agreed"]))))]
#[post("/customers/{customer_id}/insights")]
pub(super) async fn record_insight(
    ctx: Granted<CustomersWrite>,
    id: PathId<Customer>,
    key: IdempotencyKey,
    body: Json<RecordInsight>,
) -> Result<Reply, Problem> {
    let new = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        let made = commands::record(&tx, &grant, id.0, new.clone()).await?;
        let address = format!("/api/v1/customers/{}/insights/{}", made.customer, made.id);
        let version = made.version();
        Reply::created(address, version, &shown(&tx, &grant, made).await?)
    })
    .await
}

/// List what was learned of a customer from outside, latest first
///
/// Who reaches the customer as a student of own classes only sees none.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path), Paging), responses((status = 200, body = InsightPage)),
    security(("bearer" = ["customers:read"])))]
#[get("/customers/{customer_id}/insights")]
pub(super) async fn list_insights(
    ctx: Granted<CustomersRead>,
    id: PathId<Customer>,
    asked: List<Unfiltered>,
) -> Result<Reply, Problem> {
    let part = asked.part;
    let page = part.page(Direction::NewestFirst)?;
    let now = ctx.stamp().now();
    let (rows, leave) = commands::list(&ctx.read(), &ctx.grant, id.0, (&page, now)).await?;
    let (rows, next) = part.cut(rows, |row| (micros(row.recorded_at), row.id.uuid()));
    let rules = ctx.authority().fields();
    let items = rows
        .into_iter()
        .map(|row| InsightBody::seen(row, Some(rules), &leave));
    Ok(next.answer::<InsightPage>(items)?)
}

/// Read what was learned of a customer from outside
///
/// Also what was taken back, without its content.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path), ("insight_id" = Uuid, Path)),
    responses((status = 200, body = InsightBody)), security(("bearer" = ["customers:read"])))]
#[get("/customers/{customer_id}/insights/{insight_id}")]
pub(super) async fn get_insight(
    ctx: Granted<CustomersRead>,
    ids: PathIds<Customer, Insight>,
) -> Result<Reply, Problem> {
    let now = ctx.stamp().now();
    let (found, leave) = commands::find(&ctx.read(), &ctx.grant, (ids.0, ids.1), now).await?;
    let version = found.version();
    let body = InsightBody::seen(found, Some(ctx.authority().fields()), &leave);
    Ok(Reply::record(version, &body)?)
}

/// Take back what was learned of a customer
///
/// Because it was wrong, or may not be kept: its content and origin go for good, the rest stays with the reason. The
/// answer that is kept for its `Idempotency-Key` goes with the day.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path), ("insight_id" = Uuid, Path)),
    request_body = WithdrawInsight, responses((status = 200, body = InsightBody)),
    security(("bearer" = ["customers:write"])),
    extensions(("x-problem-codes" = json!(["insight_withdrawn"]))))]
#[post("/customers/{customer_id}/insights/{insight_id}/withdraw")]
pub(super) async fn withdraw_insight(
    ctx: Granted<CustomersWrite>,
    ids: PathIds<Customer, Insight>,
    key: OptionalIdempotencyKey,
    body: Json<WithdrawInsight>,
) -> Result<Reply, Problem> {
    let why = &body.value;
    ctx.once(key.of(body.fingerprint), |tx, grant| async move {
        let insight = commands::withdraw(&tx, &grant, ids.0, ids.1, why).await?;
        let version = insight.version();
        Reply::record(version, &shown(&tx, &grant, insight).await?)
    })
    .await
}
