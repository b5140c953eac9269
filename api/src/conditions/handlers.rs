use actix_web::{HttpRequest, get};
use domain::access::CustomersRead;
use persistence::conditions::registry;

use super::{ConditionFieldBody, ConditionFields};
use crate::{
    access::Granted,
    http::{Problem, Reply, context::RequestContext},
};

/// List the fields that conditions can speak of
///
/// With all that a query builder needs: types, operators, choices, and labels in the language of the
/// request. Custom fields of the institution come last; searches sort by them too. Those whose values are
/// sealed are not among them, nor those that are archived. Fields that field rules hide or mask for the caller are left out, and so are facts of records
/// that the caller may not see.
#[utoipa::path(tag = "customers", responses((status = 200, body = ConditionFields)),
    security(("bearer" = ["customers:read"])))]
#[get("/condition-fields")]
pub(super) async fn list_condition_fields(
    ctx: Granted<CustomersRead>,
    request: HttpRequest,
) -> Result<Reply, Problem> {
    let language = RequestContext::of(&request).language;
    let reader = ctx.authority();
    let fields = registry(&ctx.read(), reader.institution()).await?;
    let open = fields
        .open()
        .filter(|field| field.is_open(reader.fields(), |code| reader.may(code)));
    let items = open.map(|field| ConditionFieldBody::new(field, language));
    Ok(Reply::list(&ConditionFields::new(items.collect()))?)
}
