use actix_web::{get, post};
use domain::{
    access::{CustomersRead, CustomersWrite, FIELD_NOT_READABLE},
    customers::{Customer, Filing},
    fault::{Fault, FieldFault, NOT_FOUND},
};
use persistence::{clock::micros, customers::filings::store};

use super::{
    FileCustomer, FilingBody, FilingGroups, FilingPage, ListFilings, REGION, SCOPE, TakeOutFiling,
    commands,
};
use crate::{
    access::{Granted, IdempotencyKey, OptionalIdempotencyKey},
    customers::RECORD,
    http::{Json, List, Problem, Reply, list::Paging, path::PathId},
};

const TAG: &str = "customers";

/// File the record of a customer
///
/// That the caller checked it, that it was not found invalid (`record_invalid`; one that nobody has screened can be
/// filed), and it is whole: what customers of its kind must have is there (else
/// `record_incomplete` names what is missing), and the caller may know of all of that. Any later change of
/// the record marks the filing as `changed`; then it can be filed anew, under the same id.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path)), request_body = FileCustomer,
    responses((status = 201, body = FilingBody)), security(("bearer" = ["customers:write"])),
    extensions(("x-problem-codes" = json!(["record_invalid", "record_incomplete", "record_filed", "field_not_readable"]))))]
#[post("/customers/{customer_id}/file")]
pub(super) async fn file_customer(
    ctx: Granted<CustomersWrite>,
    id: PathId<Customer>,
    key: IdempotencyKey,
    body: Json<FileCustomer>,
) -> Result<Reply, Problem> {
    let new = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        let filing = commands::file(&tx, &grant, id.0, new).await?;
        let (address, version) = (format!("/api/v1/filings/{}", filing.id), filing.version);
        let reader = tx.operation().authority.as_deref();
        Reply::created(address, version, &FilingBody::from(filing).seen(reader)?)
    })
    .await
}

/// List the records in the archive
///
/// Of customers within reach, the newest first unless `sort` says otherwise. A filter on a business or
/// region that field rules hide from the caller is refused.
#[utoipa::path(tag = TAG, params(Paging, ListFilings), responses((status = 200, body = FilingPage)),
    security(("bearer" = ["customers:read"])))]
#[get("/filings")]
pub(super) async fn list_filings(
    ctx: Granted<CustomersRead>,
    asked: List<ListFilings>,
) -> Result<Reply, Problem> {
    let List { query, part } = asked;
    let rules = ctx.authority().fields();
    let by = [
        ("business_scope", SCOPE, query.business_scope.is_some()),
        ("region", REGION, query.region.is_some()),
    ];
    let hidden = by
        .into_iter()
        .filter(|(_, field, is_asked)| *is_asked && !rules.is_readable(RECORD, field));
    let faults: Vec<_> = hidden
        .map(|(name, ..)| FieldFault::new(name, &FIELD_NOT_READABLE))
        .collect();
    if !faults.is_empty() {
        return Err(Problem::parameters(faults));
    }
    let page = part.page(query.sort.unwrap_or_default())?;
    let filings = store::list(&ctx.read(), &ctx.grant, &query.filter(), &page).await?;
    let (filings, next) = part.cut(filings, |filing| {
        (micros(filing.created_at), filing.id.uuid())
    });
    let items: Result<Vec<_>, _> = filings
        .into_iter()
        .map(|filing| FilingBody::from(filing).seen(Some(ctx.authority())))
        .collect();
    Ok(next.answer::<FilingPage>(items?)?)
}

/// Count the records in the archive by kind, business and province
///
/// Of customers within reach, but for those that are only shared; what was taken out does not count. Where
/// field rules hide or mask business or region, they are told together.
#[utoipa::path(tag = TAG, responses((status = 200, body = FilingGroups)),
    security(("bearer" = ["customers:read"])))]
#[get("/filings/groups")]
pub(super) async fn count_filings(ctx: Granted<CustomersRead>) -> Result<Reply, Problem> {
    let rules = ctx.authority().fields();
    let reads = [SCOPE, REGION].map(|field| rules.is_readable(RECORD, field));
    let groups = store::groups(&ctx.report(), &ctx.grant, reads.into()).await?;
    let items = groups.into_iter().map(Into::into).collect();
    Ok(Reply::list(&FilingGroups { items })?)
}

/// Read a filing
///
/// Also of a record that was taken out.
#[utoipa::path(tag = TAG, params(("filing_id" = Uuid, Path)), responses((status = 200, body = FilingBody)),
    security(("bearer" = ["customers:read"])))]
#[get("/filings/{filing_id}")]
pub(super) async fn get_filing(
    ctx: Granted<CustomersRead>,
    id: PathId<Filing>,
) -> Result<Reply, Problem> {
    let found = store::find(&ctx.read(), &ctx.grant, id.0).await?;
    let found = found.ok_or_else(|| Fault::new(&NOT_FOUND))?;
    let version = found.version;
    let body = FilingBody::from(found).seen(Some(ctx.authority()))?;
    Ok(Reply::record(version, &body)?)
}

/// Take a record out of the archive
///
/// The filing stays, with who took it out and why. The record can be filed again.
#[utoipa::path(tag = TAG, params(("filing_id" = Uuid, Path)), request_body = TakeOutFiling,
    responses((status = 200, body = FilingBody)), security(("bearer" = ["customers:write"])),
    extensions(("x-problem-codes" = json!(["filing_ended"]))))]
#[post("/filings/{filing_id}/take-out")]
pub(super) async fn take_out_filing(
    ctx: Granted<CustomersWrite>,
    id: PathId<Filing>,
    key: OptionalIdempotencyKey,
    body: Json<TakeOutFiling>,
) -> Result<Reply, Problem> {
    let reason = &body.value;
    ctx.once(key.of(body.fingerprint), |tx, grant| async move {
        let filing = commands::take_out(&tx, &grant, id.0, reason).await?;
        let version = filing.version;
        let reader = tx.operation().authority.as_deref();
        Reply::record(version, &FilingBody::from(filing).seen(reader)?)
    })
    .await
}
