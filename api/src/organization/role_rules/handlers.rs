use actix_web::{HttpRequest, delete, get, post};
use domain::{access::StaffWrite, organization::RoleRule};
use persistence::{
    clock::micros,
    organization::role_rules as store,
    scope::{Direction, Page},
};

use super::{CreateRoleRule, ListRoleRules, RoleRuleBody, RoleRulePage, commands};
use crate::{
    access::{Granted, IdempotencyKey},
    http::{IfMatch, Json, Parameters, Problem, Reply, cursor, path::PathId},
};

const TAG: &str = "roles";

/// Give a role to everyone of a department, of a position, or of both
#[utoipa::path(tag = TAG, request_body = CreateRoleRule, responses((status = 201, body = RoleRuleBody)),
    security(("bearer" = ["staff:write"])))]
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
#[utoipa::path(tag = TAG, params(ListRoleRules), responses((status = 200, body = RoleRulePage)),
    security(("bearer" = ["staff:write"])))]
#[get("/role-rules")]
pub(super) async fn list_role_rules(
    ctx: Granted<StaffWrite>,
    request: HttpRequest,
    query: Parameters<ListRoleRules>,
) -> Result<Reply, Problem> {
    let Parameters(query) = query;
    let part = cursor::part(ctx.app(), &request, query.limit, query.cursor.as_deref())?;
    let page = Page {
        order: Direction::OldestFirst,
        after: part.after,
        limit: part.limit + 1,
    };
    let rows = store::list(&ctx.read(), &ctx.grant, &query.filter(), &page).await?;
    let shown = part.cut(rows, |r| (micros(r.created_at), r.id.uuid()));
    Ok(Reply::ok(&RoleRulePage {
        items: shown.items.into_iter().map(RoleRuleBody::from).collect(),
        next_cursor: shown.next_cursor,
    })?
    .with_next(shown.next_address))
}

/// Read a rule that gives a role
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
#[utoipa::path(tag = TAG, params(("role_rule_id" = Uuid, Path)), responses((status = 204)),
    security(("bearer" = ["staff:write"])))]
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
