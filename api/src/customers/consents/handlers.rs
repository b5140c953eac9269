use actix_web::{get, post};
use domain::{
    access::{CustomersRead, CustomersWrite, FieldAccess},
    customers::{Consent, Customer},
};
use persistence::{clock::micros, scope::Direction};

use super::{
    ConsentBody, ConsentOverview, ConsentPage, ContactPermission, ContactPermissions,
    PurposeStanding, RecordConsent, commands,
};
use crate::{
    access::{Granted, IdempotencyKey},
    customers::RECORD,
    http::{
        Json, Problem, Reply,
        list::{List, Paging, Unfiltered},
        path::{PathId, PathIds},
        wire::Wire,
    },
};

const TAG: &str = "customers";
/// A decision never changes.
const VERSION: i64 = 1;

/// Record what was decided on the use of a customer's data
///
/// A decision is never changed: a later one replaces it. Withdrawing is as easy as it is said. For a child
/// under 14 a guardian agrees, who is related to it. The customer keeps its version.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path)), request_body = RecordConsent,
    responses((status = 201, body = ConsentBody)), security(("bearer" = ["customers:write"])))]
#[post("/customers/{customer_id}/consents")]
pub(super) async fn record_consent(
    ctx: Granted<CustomersWrite>,
    id: PathId<Customer>,
    key: IdempotencyKey,
    body: Json<RecordConsent>,
) -> Result<Reply, Problem> {
    let new = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        let consent = commands::record(&tx, &grant, id.0, new.clone()).await?;
        let address = format!("/api/v1/customers/{}/consents/{}", id.0, consent.id);
        Reply::created(address, VERSION, &ConsentBody::from(consent))
    })
    .await
}

/// List what was decided on the use of a customer's data, latest first
///
/// By the time of the decision, whatever came of it later. Who reaches the customer as a student of own
/// classes only sees none.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path), Paging), responses((status = 200, body = ConsentPage)),
    security(("bearer" = ["customers:read"])))]
#[get("/customers/{customer_id}/consents")]
pub(super) async fn list_consents(
    ctx: Granted<CustomersRead>,
    id: PathId<Customer>,
    asked: List<Unfiltered>,
) -> Result<Reply, Problem> {
    let part = asked.part;
    let page = part.page(Direction::NewestFirst)?;
    let consents = commands::list(&ctx.read(), &ctx.grant, id.0, &page).await?;
    let (consents, next) = part.cut(consents, |consent| {
        (micros(consent.decided_at), consent.id.uuid())
    });
    let items = consents.into_iter().map(ConsentBody::from);
    Ok(next.answer::<ConsentPage>(items)?)
}

/// Read a decision on the use of a customer's data
///
/// As it was recorded.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path), ("consent_id" = Uuid, Path)),
    responses((status = 200, body = ConsentBody)), security(("bearer" = ["customers:read"])))]
#[get("/customers/{customer_id}/consents/{consent_id}")]
pub(super) async fn get_consent(
    ctx: Granted<CustomersRead>,
    ids: PathIds<Customer, Consent>,
) -> Result<Reply, Problem> {
    let consent = commands::find(&ctx.read(), &ctx.grant, ids.0, ids.1).await?;
    Ok(Reply::record(VERSION, &ConsentBody::from(consent))?)
}

/// Tell for what a customer's data may be used now
///
/// Each purpose, and marketing for each channel. A decision on all channels concerns each; what was
/// withdrawn for one channel is given again for that channel only. Without consent (`none`, `outdated`,
/// `withdrawn`) the data may not be used so.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path)), responses((status = 200, body = ConsentOverview)),
    security(("bearer" = ["customers:read"])))]
#[get("/customers/{customer_id}/consent-standing")]
pub(super) async fn get_consent_standing(
    ctx: Granted<CustomersRead>,
    id: PathId<Customer>,
) -> Result<Reply, Problem> {
    let now = ctx.stamp().now();
    let (customer, is_child, held) = commands::overview(&ctx.read(), &ctx.grant, id.0, now).await?;
    let items = held.into_iter().map(|(purpose, channel, standing, by)| {
        let by = by.as_ref();
        PurposeStanding {
            purpose: Wire(purpose),
            channel: channel.map(Wire),
            standing: Wire(standing),
            consent_id: by.map(|consent| consent.id.uuid()),
            decided_at: by.map(|consent| consent.decided_at),
        }
    });
    let items = items.collect();
    // It tells what a rule hides.
    let is_readable = ctx.authority().fields().is_readable(RECORD, "birth_date");
    let is_child = is_readable.then_some(is_child);
    let overview = ConsentOverview { is_child, items };
    Ok(Reply::record(customer.version, &overview)?)
}

/// Tell how a customer may be addressed now
///
/// Each way, for a service that the customer takes and for marketing. A way is open where one contact point
/// at least is not marked `do_not_contact`; marketing needs consent besides, given after the customer last
/// asked in a follow-up not to be contacted. What this API sends by itself goes through the same gate. A
/// child who has no contact points is reached through its guardians. Where a field rule hides
/// `contact_points`, there are none; who may not read follow-ups is told `do_not_contact` of what was
/// asked in one.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path)), responses((status = 200, body = ContactPermissions)),
    security(("bearer" = ["customers:read"])))]
#[get("/customers/{customer_id}/contact-permissions")]
pub(super) async fn get_contact_permissions(
    ctx: Granted<CustomersRead>,
    id: PathId<Customer>,
) -> Result<Reply, Problem> {
    let rule = ctx.authority().fields().access(RECORD, "contact_points");
    let sees_points = rule != Some(FieldAccess::Hidden);
    let sees = (sees_points, ctx.authority().may("follow_ups:read"));
    let (customer, ways) = commands::contacting(&ctx.read(), &ctx.grant, id.0, sees).await?;
    let items = ways
        .into_iter()
        .map(|(channel, reason, obstacle)| ContactPermission {
            channel: Wire(channel),
            reason: Wire(reason),
            is_allowed: obstacle.is_none(),
            obstacle: obstacle.map(Wire),
        });
    let items = items.collect();
    Ok(Reply::record(
        customer.version,
        &ContactPermissions { items },
    )?)
}
