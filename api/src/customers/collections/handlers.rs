use actix_web::{get, patch, post};
use domain::{
    access::{CustomersRead, CustomersReveal, CustomersWrite},
    customers::{Collection, Customer},
    fault::{Fault, NOT_FOUND},
};
use persistence::{
    access::Reads,
    clock::micros,
    customers::{collections as store, store::opens_papers},
    scope::Direction,
};

use super::{
    CollectionBody, CollectionHistory, CollectionPage, CorrectCollection, RecordCollection,
    RevealCollection, RevealedCollection, commands,
};
use crate::{
    access::{
        Granted, IdempotencyKey,
        fields::{readable, show, show_in, writable},
    },
    customers::{
        RECORD,
        commands::get as read_customer,
        handlers::{NEEDED, TAG},
    },
    http::{
        IfMatch, Json, List, Problem, Reply,
        list::{Paging, Unfiltered},
        path::{PathId, PathIds},
    },
};

/// Record that data of a customer were collected
///
/// Beside the collection with which the customer was created. The customer's own `source_channel`,
/// `collected_at` and `collector_id` stay those of the first one. The version of the customer rises.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path)), request_body = RecordCollection,
    responses((status = 201, body = CollectionBody)), security(("bearer" = ["customers:write"])))]
#[post("/customers/{customer_id}/collections")]
pub(super) async fn record_collection(
    ctx: Granted<CustomersWrite>,
    id: PathId<Customer>,
    key: IdempotencyKey,
    body: Json<RecordCollection>,
) -> Result<Reply, Problem> {
    let (new, sent) = (&body.value, body.names.as_slice());
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        writable(&tx, RECORD, sent, NEEDED)?;
        let made = commands::record(&tx, &grant, id.0, new.clone()).await?;
        let address = format!(
            "/api/v1/customers/{}/collections/{}",
            made.customer, made.id
        );
        let version = made.version;
        let body = show_in(&tx, RECORD, CollectionBody::from(made))?;
        Reply::created(address, version, &body)
    })
    .await
}

/// List the collections of a customer's data
///
/// Each as it stands now, the newest first. The first one of all is that with which the customer was
/// created; it has the customer's id. Filled forms are shown by a reveal. Who reaches the customer as a
/// student of own classes only sees none.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path), Paging),
    responses((status = 200, body = CollectionPage)), security(("bearer" = ["customers:read"])))]
#[get("/customers/{customer_id}/collections")]
pub(super) async fn list_collections(
    ctx: Granted<CustomersRead>,
    id: PathId<Customer>,
    asked: List<Unfiltered>,
) -> Result<Reply, Problem> {
    let part = asked.part;
    let page = part.page(Direction::NewestFirst)?;
    let read = ctx.read();
    let customer = read_customer(&read, &ctx.grant, id.0).await?;
    let institution = Reads::<Customer>::scope(&ctx.grant).institution();
    let rows = match opens_papers(&read, &ctx.grant, customer.id).await? {
        true => store::of(&read, institution, customer.id, &page).await?,
        false => Vec::new(),
    };
    let (rows, next) = part.cut(rows, |row| (micros(row.created_at), row.id.uuid()));
    let items = rows.into_iter().map(CollectionBody::from);
    let items = items.map(|body| show(Some(ctx.authority()), RECORD, body));
    Ok(next.answer::<CollectionPage>(items.collect::<Result<Vec<_>, _>>()?)?)
}

/// Read a collection of a customer's data
///
/// With what it said before it was corrected.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path), ("collection_id" = Uuid, Path)),
    responses((status = 200, body = CollectionHistory)), security(("bearer" = ["customers:read"])))]
#[get("/customers/{customer_id}/collections/{collection_id}")]
pub(super) async fn get_collection(
    ctx: Granted<CustomersRead>,
    ids: PathIds<Customer, Collection>,
) -> Result<Reply, Problem> {
    let read = ctx.read();
    let customer = read_customer(&read, &ctx.grant, ids.0).await?;
    let institution = Reads::<Customer>::scope(&ctx.grant).institution();
    let versions = match opens_papers(&read, &ctx.grant, customer.id).await? {
        true => store::versions(&read, institution, customer.id, ids.1).await?,
        false => Vec::new(),
    };
    let version = versions.first().map(|last| last.version);
    let version = version.ok_or_else(|| Fault::new(&NOT_FOUND))?;
    let bodies = versions.into_iter().map(CollectionBody::from);
    let bodies = bodies.map(|body| show(Some(ctx.authority()), RECORD, body));
    let mut bodies = bodies.collect::<Result<Vec<_>, _>>()?;
    let current = bodies.remove(0);
    let body = CollectionHistory {
        current,
        earlier: bodies,
    };
    Ok(Reply::record(version, &body)?)
}

/// Correct a collection of a customer's data
///
/// What it said stays as an earlier version. Where it is the first one, the customer's own `source_channel`,
/// `collected_at` and `collector_id` follow. The version of the customer rises.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path), ("collection_id" = Uuid, Path)),
    request_body = CorrectCollection, responses((status = 200, body = CollectionBody)),
    security(("bearer" = ["customers:write"])),
    extensions(("x-problem-codes" = json!(["too_many_corrections"]))))]
#[patch("/customers/{customer_id}/collections/{collection_id}")]
pub(super) async fn correct_collection(
    ctx: Granted<CustomersWrite>,
    ids: PathIds<Customer, Collection>,
    condition: IfMatch,
    body: Json<CorrectCollection>,
) -> Result<Reply, Problem> {
    let (change, sent) = (&body.value, body.names.as_slice());
    ctx.transaction(|tx, grant| async move {
        writable(&tx, RECORD, sent, &[])?;
        let corrected =
            commands::correct(&tx, &grant, ids.0, ids.1, condition, change.clone()).await?;
        let version = corrected.version;
        let body = show_in(&tx, RECORD, CollectionBody::from(corrected))?;
        Reply::record(version, &body)
    })
    .await
}

/// Show a filled form in the clear, for a stated reason
///
/// That it was shown, to whom and why is on the audit trail before the answer leaves. Refused where a field
/// rule hides or masks `contact_points`, which a form may repeat.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path), ("collection_id" = Uuid, Path)),
    request_body = RevealCollection, responses((status = 200, body = RevealedCollection)),
    security(("bearer" = ["customers:reveal"])),
    extensions(("x-problem-codes" = json!(["field_not_readable"]))))]
#[post("/customers/{customer_id}/collections/{collection_id}/reveal")]
pub(super) async fn reveal_collection(
    ctx: Granted<CustomersReveal>,
    ids: PathIds<Customer, Collection>,
    body: Json<RevealCollection>,
) -> Result<Reply, Problem> {
    let asked = &body.value;
    ctx.transaction(|tx, grant| async move {
        if let Some(authority) = &tx.operation().authority {
            readable(authority.fields(), RECORD, ["contact_points"], "")?;
        }
        let form = commands::reveal(&tx, &grant, ids.0, ids.1, asked).await?;
        Reply::ok(&RevealedCollection::new(ids.1, form))
    })
    .await
}
