use actix_web::{HttpRequest, get, put};
use domain::{
    access::{CustomersConfigure, DirectoryRead},
    custom_fields::FieldEntity,
    customers::{Form, Kind},
};
use persistence::{
    Error, Handle, access::Authority, custom_fields::definitions, customers::forms as store,
};

use super::{
    CustomerFormBody, CustomerFormHistory, SetCustomerForm,
    commands::{self, may_write},
};
use crate::{
    access::Granted,
    customers::{CustomerKind, handlers::TAG},
    http::{
        IfMatch, Json, Problem, Reply,
        context::{Language, RequestContext},
        path::PathValue,
    },
};

async fn shown(
    handle: &impl Handle,
    reader: &Authority,
    form: Form,
    language: Language,
) -> Result<Reply, Error> {
    // Read after the version: where a field changes in between, that is too old, and refuses a write by it.
    let own = definitions::open(handle, reader.institution(), FieldEntity::Customer).await?;
    let version = form.version;
    let asked = |field: &str| may_write(reader.fields(), field);
    let body = CustomerFormBody::new(&form, own, asked, language);
    Reply::record(version, &body)
}

/// Read the registration form of a kind of customer
///
/// What is asked of such customers, in its order: the profile, contact points, the details that the kind has, and
/// the custom fields of the institution; of each its type, its choices and bounds, and at which stages it must be
/// there. Fields that field rules keep the caller from writing are left out. Campus, holder and source channel are
/// no part of it: `createCustomer` says which it needs.
#[utoipa::path(tag = TAG, params(("kind" = CustomerKind, Path, description = "Kind of customer.")),
    responses((status = 200, body = CustomerFormBody)), security(("bearer" = ["directory:read"])))]
#[get("/customer-forms/{kind}")]
pub(super) async fn get_customer_form(
    ctx: Granted<DirectoryRead>,
    request: HttpRequest,
    kind: PathValue<Kind>,
) -> Result<Reply, Problem> {
    let language = RequestContext::of(&request).language;
    let form = store::get(&ctx.read(), &ctx.grant, kind.0).await?;
    Ok(shown(&ctx.read(), ctx.authority(), form, language).await?)
}

/// Read what the registration form of a kind demanded before
///
/// Every change of its marks is kept for good. What custom fields said is told by their own history.
#[utoipa::path(tag = TAG, params(("kind" = CustomerKind, Path, description = "Kind of customer.")),
    responses((status = 200, body = CustomerFormHistory, headers(("ETag")))),
    security(("bearer" = ["directory:read"])))]
#[get("/customer-forms/{kind}/history")]
pub(super) async fn get_customer_form_history(
    ctx: Granted<DirectoryRead>,
    kind: PathValue<Kind>,
) -> Result<Reply, Problem> {
    let versions = store::versions(&ctx.read(), &ctx.grant, kind.0).await?;
    let asked = |field: &str| may_write(ctx.authority().fields(), field);
    Ok(Reply::list(&CustomerFormHistory::new(versions, asked))?)
}

/// Mark what the registration form of a kind demands
///
/// Replaces all marks: a field that is not named is optional, but one that field rules keep from the caller stays
/// as it was. Custom fields say themselves at which stages they
/// are demanded. From then on it is asked of new customers, of those who come to such a stage or lose what it
/// demands, and where a filled form is recorded; what imports and merges bring is taken as it is. Nobody is asked
/// for a field that field rules keep from them, nor, of a child under 14 for whom no guardian has agreed, for what
/// is kept only once one has.
#[utoipa::path(tag = TAG, params(("kind" = CustomerKind, Path, description = "Kind of customer.")),
    request_body = SetCustomerForm, responses((status = 200, body = CustomerFormBody)), security(("bearer" = ["customers:configure"])))]
#[put("/customer-forms/{kind}")]
pub(super) async fn set_customer_form(
    ctx: Granted<CustomersConfigure>,
    request: HttpRequest,
    kind: PathValue<Kind>,
    condition: IfMatch,
    body: Json<SetCustomerForm>,
) -> Result<Reply, Problem> {
    let language = RequestContext::of(&request).language;
    let (wanted, reader) = (&body.value, ctx.authority());
    ctx.transaction(|tx, grant| async move {
        let form = commands::set(&tx, &grant, kind.0, condition, wanted.clone()).await?;
        shown(&tx, reader, form, language).await
    })
    .await
}
