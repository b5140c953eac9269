//! What roles leave of fields, over HTTP.

use actix_web::{HttpRequest, get, put};
use domain::{
    access::{DirectoryRead, FIELDS, FieldAccess, FieldRules, Role, RolesWrite},
    reference::Reference,
    text_enum::TextEnum,
};
use persistence::Error;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::commands;
use crate::{
    access::Granted,
    http::{IfMatch, Json, Problem, Reply, context::RequestContext, path::PathId, wire::Wire},
    reference::get as read,
};

const TAG: &str = "roles";

pub type FieldRuleAccess = Wire<FieldAccess>;

/// Every field that rules can be made for.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Fields {
    pub items: Vec<FieldBody>,
}

/// A field that rules can be made for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Field)]
pub(super) struct FieldBody {
    /// Plural, as in the permissions on the record: `customers`.
    pub record: &'static str,
    /// Name of the field, as bodies call it.
    pub field: &'static str,
    /// In the language of the request.
    pub label: &'static str,
    /// What a rule can leave of it.
    pub access: Vec<FieldRuleAccess>,
}

/// What is left of a field.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FieldRule {
    /// Which kind of record, as `GET /fields` lists them.
    pub record: String,
    /// Name of the field, as bodies call it.
    pub field: String,
    /// What is left of the field.
    pub access: FieldRuleAccess,
}

/// A rule for a field.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SetFieldRule {
    /// Which kind of record, as `GET /fields` lists them.
    #[schema(max_length = 60)]
    pub record: String,
    /// Name of the field, as bodies call it.
    #[schema(max_length = 60)]
    pub field: String,
    /// What is left of the field.
    pub access: FieldRuleAccess,
}

/// The rules of a role; fields without one are shown and can be changed.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"rules": [{"record": "customers", "field": "note", "access": "hidden"}]}))]
pub(super) struct SetFieldRules {
    /// What is left of fields; those that are not named are shown and can be changed.
    #[schema(max_items = 200)]
    pub rules: Vec<SetFieldRule>,
}

/// The rules of a role. Of several roles the most generous wins, field by field; a role without a
/// permission on the record does not count.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct RoleFieldRules {
    /// What is left of fields; those that are not named are shown and can be changed.
    pub rules: Vec<FieldRule>,
}

/// Rules as clients see them.
pub fn rules(rules: &FieldRules) -> Vec<FieldRule> {
    rules
        .iter()
        .map(|(known, access)| FieldRule {
            record: known.record.into(),
            field: known.field.into(),
            access: Wire(access),
        })
        .collect()
}

fn shown(role: &Reference<Role>) -> Result<Reply, Error> {
    let rules = rules(&role.details.fields);
    Reply::record(role.version, &RoleFieldRules { rules })
}

/// List every field that rules can be made for
///
/// Those that a role can hide, mask or make read-only.
#[utoipa::path(tag = TAG, responses((status = 200, body = Fields)),
    security(("bearer" = ["directory:read"])))]
#[get("/fields")]
pub(super) async fn list_fields(
    _ctx: Granted<DirectoryRead>,
    request: HttpRequest,
) -> Result<Reply, Problem> {
    let language = RequestContext::of(&request).language;
    let items = FIELDS.iter().map(|known| FieldBody {
        record: known.record,
        field: known.field,
        label: language.of(known.label),
        access: FieldAccess::ALL
            .iter()
            .filter(|access| known.is_maskable || **access != FieldAccess::Masked)
            .map(|access| Wire(*access))
            .collect(),
    });
    let items = items.collect();
    Ok(Reply::list(&Fields { items })?)
}

/// Read what a role leaves of fields
///
/// Fields that are not named are shown and can be changed.
#[utoipa::path(tag = TAG, params(("role_id" = Uuid, Path)), responses((status = 200, body = RoleFieldRules)),
    security(("bearer" = ["directory:read"])))]
#[get("/roles/{role_id}/field-rules")]
pub(super) async fn get_role_field_rules(
    ctx: Granted<DirectoryRead>,
    id: PathId<Role>,
) -> Result<Reply, Problem> {
    Ok(shown(&read(&ctx.read(), &ctx.grant, id.0).await?)?)
}

/// Set what a role leaves of fields
///
/// Replaces all of them. What holders see changes at once; of several roles the most generous counts,
/// field by field. Refused for built-in roles, and where it leaves more than the caller has;
/// with `roles:assign` it may leave more, in a role that governs nobody and that neither the caller nor an
/// API client holds.
#[utoipa::path(tag = TAG, params(("role_id" = Uuid, Path)), request_body = SetFieldRules,
    responses((status = 200, body = RoleFieldRules)), security(("bearer" = ["roles:write"])),
    extensions(("x-problem-codes" = json!(["role_built_in", "archived", "role_beyond_own",
        "staff_beyond_own"]))))]
#[put("/roles/{role_id}/field-rules")]
pub(super) async fn set_role_field_rules(
    ctx: Granted<RolesWrite>,
    id: PathId<Role>,
    condition: IfMatch,
    body: Json<SetFieldRules>,
) -> Result<Reply, Problem> {
    let wanted = &body.value.rules;
    ctx.transaction(|tx, grant| async move {
        let list: Vec<_> = wanted
            .iter()
            .map(|rule| (rule.record.clone(), rule.field.clone(), rule.access.0))
            .collect();
        let rules = FieldRules::listed(&list)?;
        shown(&commands::set_fields(&tx, &grant, id.0, condition, rules).await?)
    })
    .await
}
