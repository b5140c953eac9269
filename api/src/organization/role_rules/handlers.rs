use actix_web::{delete, get, post};
use domain::{access::StaffWrite, organization::RoleRule};
use persistence::{clock::micros, organization::role_rules as store, scope::Direction};

use super::{CreateRoleRule, ListRoleRules, RoleRuleBody, RoleRulePage, commands};
use crate::{
    access::{Granted, IdempotencyKey},
    http::{IfMatch, Json, List, Problem, Reply, list::Paging, path::PathId},
};

const TAG: &str = "roles";

/// Give a role to everyone of a department, of a position, or of both
///
/// Access changes at once. What is refused by hand is refused here, for everyone whom the rule covers.
/// A rule never changes: end it and make another.
#[utoipa::path(tag = TAG, request_body = CreateRoleRule, responses((status = 201, body = RoleRuleBody)),
    security(("bearer" = ["staff:write"])),
    extensions(("x-problem-codes" = json!(["role_rule_exists", "own_standing", "staff_beyond_own",
        "role_beyond_own", "sales_purchasing_wall"]))))]
#[post("/role-rules")]
pub(super) async fn create_role_rule(
    ctx: Granted<StaffWrite>,
    key: IdempotencyKey,
    body: Json<CreateRoleRule>,
) -> Result<Reply, Problem> {
    let new = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        let rule = commands::create(&tx, &grant, new.clone()).await?;
        let address = format!("/api/v1/role-rules/{}", rule.id);
        Reply::created(address, commands::VERSION, &RoleRuleBody::from(rule))
    })
    .await
}

/// List the rules that give roles
///
/// The oldest first.
#[utoipa::path(tag = TAG, params(Paging, ListRoleRules), responses((status = 200, body = RoleRulePage)),
    security(("bearer" = ["staff:write"])))]
#[get("/role-rules")]
pub(super) async fn list_role_rules(
    ctx: Granted<StaffWrite>,
    asked: List<ListRoleRules>,
) -> Result<Reply, Problem> {
    let List { query, part } = asked;
    let page = part.page(Direction::OldestFirst)?;
    let rows = store::list(&ctx.read(), &ctx.grant, &query.filter(), &page).await?;
    let (rules, next) = part.cut(rows, |r| (micros(r.created_at), r.id.uuid()));
    Ok(next.answer::<RoleRulePage>(rules.into_iter().map(RoleRuleBody::from))?)
}

/// Read a rule that gives a role
///
/// Its version is always 1.
#[utoipa::path(tag = TAG, params(("role_rule_id" = Uuid, Path)), responses((status = 200, body = RoleRuleBody)),
    security(("bearer" = ["staff:write"])))]
#[get("/role-rules/{role_rule_id}")]
pub(super) async fn get_role_rule(
    ctx: Granted<StaffWrite>,
    id: PathId<RoleRule>,
) -> Result<Reply, Problem> {
    let rule = commands::get(&ctx.read(), &ctx.grant, id.0).await?;
    Ok(Reply::record(commands::VERSION, &RoleRuleBody::from(rule))?)
}

/// End a rule: what it gave is gone at once
///
/// Roles that were given by hand stay.
#[utoipa::path(tag = TAG, params(("role_rule_id" = Uuid, Path)), responses((status = 204)),
    security(("bearer" = ["staff:write"])),
    extensions(("x-problem-codes" = json!(["own_standing", "staff_beyond_own"]))))]
#[delete("/role-rules/{role_rule_id}")]
pub(super) async fn end_role_rule(
    ctx: Granted<StaffWrite>,
    id: PathId<RoleRule>,
    condition: IfMatch,
) -> Result<Reply, Problem> {
    ctx.transaction(|tx, grant| async move {
        commands::end(&tx, &grant, id.0, condition).await?;
        Ok(Reply::no_content())
    })
    .await
}
