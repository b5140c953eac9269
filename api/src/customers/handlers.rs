use actix_web::{HttpRequest, delete, get, patch, post};
use domain::{
    access::{
        CustomersAssign, CustomersDelete, CustomersRead, CustomersReveal, CustomersWrite, TagsRead,
    },
    customers::{Customer, Order, TimelineKind},
    tags::TagLabel,
};
use jiff::Timestamp;
use persistence::{
    Error, Tx,
    access::{Authority, Grant, Reads},
    clock::micros,
    customers::timeline,
    scope::Direction,
};

use super::{
    ChangeCustomer, CreateCustomer, CustomerBody, CustomerDetailsBody, CustomerExpansion,
    CustomerFilters, CustomerPage, ExpandCustomer, ListCustomers, ListTimeline, RECORD,
    RevealCustomer, RevealedCustomer, SearchCustomers, TimelineEntry, TimelinePage,
    TransferCustomer, commands,
    expansion::{expand, reads_region},
    lists, screenings,
    search::Search,
};
use crate::{
    access::{
        Granted, IdempotencyKey, OptionalIdempotencyKey,
        fields::{Shown, listable, readable, show, show_in, writable},
    },
    custom_fields::CustomFieldValues,
    http::{
        IfMatch, Json, List, Problem, Reply,
        cursor::Position,
        list::{PageBody, Paging, Part},
        parameters::Parameters,
        path::PathId,
    },
};

pub(super) const TAG: &str = "customers";

/// Fields that a new customer must have, whoever takes it in.
pub(super) const NEEDED: &[&str] = &["name", "source_channel"];

fn created(tx: &Tx, customer: Customer) -> Result<Reply, Error> {
    let (id, version) = (customer.id, customer.version);
    let body = show_in(
        tx,
        RECORD,
        whole(tx.operation().authority.as_deref(), customer, Vec::new()),
    )?;
    Reply::created(format!("/api/v1/customers/{id}"), version, &body)
}

/// A customer with what was read of its details.
pub(super) fn whole(
    reader: Option<&Authority>,
    mut customer: Customer,
    tags: Vec<TagLabel>,
) -> CustomerBody {
    let details = std::mem::take(&mut customer.details);
    let custom = std::mem::take(&mut customer.custom);
    let mut body = CustomerBody::new(customer, tags);
    if !details.is_empty() {
        let reads = reader.is_none_or(|reader| reads_region(reader.fields()));
        body.details = Some(CustomerDetailsBody::new(details, reads));
    }
    if !custom.is_empty() {
        body.custom_fields = Some(CustomFieldValues::safe(&custom));
    }
    body
}

async fn record(tx: &Tx, customer: Customer) -> Result<Reply, Error> {
    let (id, version) = (customer.id, customer.version);
    let grant = tx.operation().authority.as_deref();
    let grant = grant.and_then(|authority| tagged(authority, tx.now()));
    let mut tags = lists::tags(tx, grant.as_ref(), &[id]).await?;
    let body = whole(
        tx.operation().authority.as_deref(),
        customer,
        tags.remove(&id).unwrap_or_default(),
    );
    Reply::record(version, &show_in(tx, RECORD, body)?)
}

/// Whose tags somebody may see, if any.
pub(super) fn tagged(reader: &Authority, now: Timestamp) -> Option<Grant<TagsRead>> {
    Grant::of(reader, now)
}

/// Customers as the caller may see them, with what is to stand beside their ids.
async fn seen(
    ctx: &Granted<CustomersRead>,
    customers: Vec<Customer>,
    beside: Option<&[CustomerExpansion]>,
) -> Result<Vec<Shown<CustomerBody>>, Error> {
    let reader = ctx.authority();
    let ids: Vec<_> = customers.iter().map(|customer| customer.id).collect();
    let grant = tagged(reader, ctx.stamp().now());
    let mut tags = lists::tags(&ctx.read(), grant.as_ref(), &ids).await?;
    let bodies = customers.into_iter().map(|customer| {
        let tags = tags.remove(&customer.id).unwrap_or_default();
        CustomerBody::new(customer, tags)
    });
    let mut bodies: Vec<_> = bodies.collect();
    expand(ctx, beside, &mut bodies).await?;
    let bodies = bodies.into_iter();
    bodies
        .map(|body| show(Some(reader), RECORD, body))
        .collect()
}

/// Take in a customer
///
/// Without `holder_id` the caller holds the customer, if he or she works at the campus; otherwise its
/// pool does. Nothing is matched against those who are there: search by the phone first. Phones may be
/// sent in any usual form. Every answer shows contact values masked.
#[utoipa::path(tag = TAG, request_body = CreateCustomer, responses((status = 201, body = CustomerBody)),
    security(("bearer" = ["customers:write"])), extensions(("x-problem-codes" = json!(["erased_person"]))))]
#[post("/customers")]
pub(super) async fn create_customer(
    ctx: Granted<CustomersWrite>,
    key: IdempotencyKey,
    body: Json<CreateCustomer>,
) -> Result<Reply, Problem> {
    let (new, sent) = (&body.value, body.names.as_slice());
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        writable(&tx, RECORD, sent, NEEDED)?;
        let customer = commands::create(&tx, &grant, new.clone()).await?;
        created(&tx, customer)
    })
    .await
}

/// List the customers within reach
///
/// The newest first, unless `sort` says otherwise. Deleted ones are left out. A filter on a field that
/// field rules hide from the caller is refused, and so is such a sort. Other orders than that of creation
/// are for lists of at most 20,000 customers, counted before filters but those by `campus_id`,
/// `holder_id` and `tag_id`: longer ones are refused at `sort` with `too_many_to_sort`.
#[utoipa::path(tag = TAG, params(Paging, ListCustomers), responses((status = 200, body = CustomerPage)),
    security(("bearer" = ["customers:read"])))]
#[get("/customers")]
pub(super) async fn list_customers(
    ctx: Granted<CustomersRead>,
    request: HttpRequest,
    asked: List<ListCustomers>,
) -> Result<Reply, Problem> {
    let List { query, part } = asked;
    listable(ctx.authority(), RECORD, &request)?;
    let (beside, counting) = (query.expand.clone(), query.include_total == Some(true));
    let order = query.sort.map_or(Order::Newest, |order| order.0);
    let search = Search::of_list(&ctx, CustomerFilters::from(query), order)?;
    let (rows, next) = search.page(part).await?;
    let rows = seen(&ctx, rows, beside.as_deref()).await?;
    let (mut page, link) = next.page::<CustomerPage>(rows);
    if counting {
        page.say(search.count().await?);
    }
    Ok(Reply::ok(&page)?.with_next(link))
}

/// The place of a customer in a list.
pub(super) fn place_of(customer: &Customer) -> Position {
    (micros(customer.created_at), customer.id.uuid())
}

/// Find customers by name, pinyin, telephone number, e-mail or postal address
///
/// Whatever meets all that is given is found: `query`, which is what people type into one field; `name`,
/// `phone`, `email`, `address` and `note`, each sought in its field only; `filters`; `conditions`,
/// which combine fields and facts at will; and what the view of `view_id` looks for. Numbers are found
/// whole or by their last four digits, e-mail addresses whole or by whole words, postal addresses and notes
/// by any part, names by any part of two characters or more, or by the first. They come in the order in which
/// they were taken in, or by `sort` as in the list or by a custom field, of text that at most 1,000 meet; a page
/// may be short, or empty, while `next_cursor` names another: with
/// `conditions` or `note` it looks at 20,000 customers at a time, and `total` counts those of the first 50,000
/// within reach, which is less than there may be where `total_is_capped`; where at most 1,000 customers have a
/// value that `conditions` demand of a custom field, it looks at these alone, and counts all. Without any
/// text it is the list of customers. What looks into a field that field rules hide or mask for the
/// caller is refused with `field_not_readable`. Words of e-mail addresses and parts of postal ones are
/// sought with `customers:reveal`, among the customers whose contact values the caller may reveal, and
/// the trail tells that it was done. It is a POST so that no personal data stand in an address.
#[utoipa::path(tag = TAG, request_body = SearchCustomers, responses((status = 200, body = CustomerPage)),
    security(("bearer" = ["customers:read"])),
    extensions(("x-read-only" = json!(true)), ("x-problem-codes" = json!(["view_outdated"]))))]
#[post("/customers/search")]
pub(super) async fn search_customers(
    ctx: Granted<CustomersRead>,
    request: HttpRequest,
    body: Json<SearchCustomers>,
) -> Result<Reply, Problem> {
    let mut asked = body.value;
    let (limit, cursor) = (asked.limit.take(), asked.cursor.take());
    // Whoever walks on has the total already.
    let counting = asked.include_total.take() == Some(true);
    let bound = serde_json::to_string(&asked).map_err(Problem::internal)?;
    let beside = asked.expand.take();
    let search = Search::begin(&ctx, asked).await?;
    let bound = match search.view_version {
        Some(version) => format!("{bound} {version}"),
        None => bound,
    };
    let part = Part::new(&request, &bound, limit, cursor)?;
    let (customers, next) = search.page(part).await?;
    let customers = seen(&ctx, customers, beside.as_deref()).await?;
    let mut page = CustomerPage::new(customers, next.cursor);
    if counting {
        page.say(search.count().await?);
    }
    Ok(Reply::ok(&page)?)
}

/// Read a customer
///
/// Contact values are masked: `POST /customers/{customer_id}/reveal` shows them. Null stands for what a
/// field rule hides.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path), ExpandCustomer), responses((status = 200, body = CustomerBody)),
    security(("bearer" = ["customers:read"])))]
#[get("/customers/{customer_id}")]
pub(super) async fn get_customer(
    ctx: Granted<CustomersRead>,
    id: PathId<Customer>,
    query: Parameters<ExpandCustomer>,
) -> Result<Reply, Problem> {
    let tagging = tagged(ctx.authority(), ctx.stamp().now());
    let found = commands::get_with_tags(&ctx.read(), &ctx.grant, tagging.as_ref(), id.0).await?;
    let (version, mut body) = (found.0.version, CustomerBody::new(found.0, found.1));
    expand(
        &ctx,
        query.0.expand.as_deref(),
        std::slice::from_mut(&mut body),
    )
    .await?;
    let body = show(Some(ctx.authority()), RECORD, body)?;
    Ok(Reply::record(version, &body)?)
}

/// Change a customer
///
/// `contact_points` is replaced as a whole: name those that stay by their `id`, without `value`, since
/// a masked value is refused. Holder and campus change by a transfer only. The kind can't change while
/// relations or enrollments go by it.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path)), request_body = ChangeCustomer,
    responses((status = 200, body = CustomerBody)), security(("bearer" = ["customers:write"])),
    extensions(("x-problem-codes" = json!(["kind_is_related", "kind_is_enrolled"]))))]
#[patch("/customers/{customer_id}")]
pub(super) async fn change_customer(
    ctx: Granted<CustomersWrite>,
    id: PathId<Customer>,
    condition: IfMatch,
    body: Json<ChangeCustomer>,
) -> Result<Reply, Problem> {
    let (change, sent) = (&body.value, body.names.as_slice());
    ctx.transaction(|tx, grant| async move {
        writable(&tx, RECORD, sent, &[])?;
        let customer = commands::change(&tx, &grant, id.0, condition, change.clone()).await?;
        record(&tx, customer).await
    })
    .await
}

/// Delete a customer
///
/// Hides it from every list; its records stay, and it can be restored. Refused while records keep it
/// (`customer_in_use`): enrollments, also ended ones; money that was charged or paid; what it is to pay
/// for others.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path)), responses((status = 204)),
    security(("bearer" = ["customers:delete"])),
    extensions(("x-problem-codes" = json!(["customer_in_use"]))))]
#[delete("/customers/{customer_id}")]
pub(super) async fn delete_customer(
    ctx: Granted<CustomersDelete>,
    id: PathId<Customer>,
    condition: IfMatch,
) -> Result<Reply, Problem> {
    ctx.transaction(|tx, grant| async move {
        commands::delete(&tx, &grant, id.0, condition).await?;
        Ok(Reply::no_content())
    })
    .await
}

/// Restore a deleted customer
///
/// As it was, under the same id. Refused where its campus has been archived meanwhile.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path)), responses((status = 200, body = CustomerBody)),
    security(("bearer" = ["customers:delete"])),
    extensions(("x-problem-codes" = json!(["customer_not_deleted", "campus_archived"]))))]
#[post("/customers/{customer_id}/restore")]
pub(super) async fn restore_customer(
    ctx: Granted<CustomersDelete>,
    id: PathId<Customer>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        let customer = commands::restore(&tx, &grant, id.0).await?;
        record(&tx, customer).await
    })
    .await
}

/// Hand a customer over to somebody else
///
/// Follow-ups, enrollments, files and what is owed go with it. Shares of it end. The reason is on the
/// audit trail. Nothing happens where it is there already.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path)), request_body = TransferCustomer,
    responses((status = 200, body = CustomerBody)), security(("bearer" = ["customers:assign"])))]
#[post("/customers/{customer_id}/transfer")]
pub(super) async fn transfer_customer(
    ctx: Granted<CustomersAssign>,
    id: PathId<Customer>,
    key: OptionalIdempotencyKey,
    body: Json<TransferCustomer>,
) -> Result<Reply, Problem> {
    let transfer = &body.value;
    ctx.once(key.of(body.fingerprint), |tx, grant| async move {
        let customer = commands::transfer(&tx, &grant, id.0, transfer.clone()).await?;
        record(&tx, customer).await
    })
    .await
}

/// Show contact values and custom fields in the clear, for a stated reason
///
/// What is shown, to whom and why is on the audit trail before the answer leaves. It is no command:
/// asking again reveals again, and is recorded again. Refused as a whole where a field rule hides or
/// masks what is asked for.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path)), request_body = RevealCustomer,
    responses((status = 200, body = RevealedCustomer)), security(("bearer" = ["customers:reveal"])),
    extensions(("x-problem-codes" = json!(["field_not_readable"]))))]
#[post("/customers/{customer_id}/reveal")]
pub(super) async fn reveal_customer(
    ctx: Granted<CustomersReveal>,
    id: PathId<Customer>,
    body: Json<RevealCustomer>,
) -> Result<Reply, Problem> {
    let asked = &body.value;
    ctx.transaction(|tx, grant| async move {
        if let Some(authority) = &tx.operation().authority {
            readable(authority.fields(), RECORD, asked.fields(), "")?;
        }
        Reply::ok(&commands::reveal(&tx, &grant, id.0, asked).await?)
    })
    .await
}

/// List what happened to a customer, newest first
///
/// Records of all kinds that the caller may read, by the time when they happened. Kinds that the caller
/// may not read are left out without a word.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path), Paging, ListTimeline), responses((status = 200, body = TimelinePage)),
    security(("bearer" = ["customers:read"])))]
#[get("/customers/{customer_id}/timeline")]
pub(super) async fn list_timeline(
    ctx: Granted<CustomersRead>,
    id: PathId<Customer>,
    asked: List<ListTimeline>,
) -> Result<Reply, Problem> {
    let List { query, part } = asked;
    let page = part.page(Direction::NewestFirst)?;
    let customer = commands::get(&ctx.read(), &ctx.grant, id.0).await?;
    let now = ctx.stamp().now();
    let mut kinds = timeline::reached(&ctx.read(), ctx.authority(), &customer, now).await?;
    // That something was said tells as much as what was.
    let is_shown = screenings::commands::is_shown(ctx.authority());
    kinds.retain(|kind| query.shows(*kind) && (is_shown || *kind != TimelineKind::Screening));
    let institution = ctx.grant.scope().institution();
    let (after, limit) = (page.after, page.limit);
    let entries = timeline::of(&ctx.read(), institution, customer.id, &kinds, after, limit).await?;
    let (entries, next) = part.cut(entries, |entry| (micros(entry.at), entry.record));
    let items: Result<Vec<_>, _> = entries
        .into_iter()
        .map(|entry| TimelineEntry::from(entry).seen(ctx.authority()))
        .collect();
    Ok(next.answer::<TimelinePage>(items?)?)
}
