use actix_web::{get, patch, post};
use domain::{
    access::CustomersConfigure,
    customers::ScreeningRule,
    fault::{Fault, NOT_FOUND},
};
use persistence::{Error, clock::micros, customers::screenings::rules as store, scope::Direction};

use super::{
    ChangeScreeningRule, CreateScreeningRule, ListScreeningRules, ScreeningRuleBody,
    ScreeningRuleHistory, ScreeningRulePage, commands,
};
use crate::{
    access::{Granted, IdempotencyKey},
    http::{IfMatch, Json, List, Problem, Reply, list::Paging, path::PathId},
};

const TAG: &str = "customers";

/// Make a rule of screening
///
/// Its conditions may name whatever its author may read. As a `draft` it can be tried by `previewScreening`; once
/// it is `in_force`, `runScreening` applies it to records that nobody has screened. What was marked stays as it is,
/// whatever becomes of the rule. There are at most 50 that have not ended.
#[utoipa::path(tag = TAG, request_body = CreateScreeningRule, responses((status = 201, body = ScreeningRuleBody)),
    security(("bearer" = ["customers:configure"])),
    extensions(("x-problem-codes" = json!(["too_many_screening_rules"]))))]
#[post("/screening-rules")]
pub(super) async fn create_screening_rule(
    ctx: Granted<CustomersConfigure>,
    key: IdempotencyKey,
    body: Json<CreateScreeningRule>,
) -> Result<Reply, Problem> {
    let new = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        let rule = commands::create(&tx, &grant, new.clone()).await?;
        let (id, version) = (rule.id, rule.version);
        let body = ScreeningRuleBody::try_from(rule)?;
        Reply::created(format!("/api/v1/screening-rules/{id}"), version, &body)
    })
    .await
}

/// List rules of screening
///
/// In the order in which they were made; they are asked in the order of their places.
#[utoipa::path(tag = TAG, params(Paging, ListScreeningRules), responses((status = 200, body = ScreeningRulePage)),
    security(("bearer" = ["customers:configure"])))]
#[get("/screening-rules")]
pub(super) async fn list_screening_rules(
    ctx: Granted<CustomersConfigure>,
    asked: List<ListScreeningRules>,
) -> Result<Reply, Problem> {
    let List { query, part } = asked;
    let page = part.page(Direction::OldestFirst)?;
    let rules = store::list(&ctx.read(), &ctx.grant, &query.states(), &page).await?;
    let (rules, next) = part.cut(rules, |rule| (micros(rule.created_at), rule.id.uuid()));
    let items: Result<Vec<_>, Error> = rules.into_iter().map(TryInto::try_into).collect();
    Ok(next.answer::<ScreeningRulePage>(items?)?)
}

/// Read a rule of screening
///
/// Also one that has ended.
#[utoipa::path(tag = TAG, params(("screening_rule_id" = Uuid, Path)), responses((status = 200, body = ScreeningRuleBody)),
    security(("bearer" = ["customers:configure"])))]
#[get("/screening-rules/{screening_rule_id}")]
pub(super) async fn get_screening_rule(
    ctx: Granted<CustomersConfigure>,
    id: PathId<ScreeningRule>,
) -> Result<Reply, Problem> {
    let rule = store::find(&ctx.read(), &ctx.grant, id.0).await?;
    let rule = rule.ok_or_else(|| Fault::new(&NOT_FOUND))?;
    let version = rule.version;
    Ok(Reply::record(version, &ScreeningRuleBody::try_from(rule)?)?)
}

/// Read what a rule of screening said, version by version
///
/// What a screening names by `rule_id` and `rule_version`, and who wrote it when.
#[utoipa::path(tag = TAG, params(("screening_rule_id" = Uuid, Path)),
    responses((status = 200, body = ScreeningRuleHistory, headers(("ETag")))),
    security(("bearer" = ["customers:configure"])))]
#[get("/screening-rules/{screening_rule_id}/history")]
pub(super) async fn get_screening_rule_history(
    ctx: Granted<CustomersConfigure>,
    id: PathId<ScreeningRule>,
) -> Result<Reply, Problem> {
    let versions = store::versions(&ctx.read(), &ctx.grant, id.0).await?;
    if versions.is_empty() {
        return Err(Problem::not_found());
    }
    let items: Result<Vec<_>, Error> = versions.into_iter().map(TryInto::try_into).collect();
    Ok(Reply::list(&ScreeningRuleHistory { items: items? })?)
}

/// Change a rule of screening
///
/// Each change is a version, and every version is kept. A run that is under way goes on with the versions that
/// it began with.
#[utoipa::path(tag = TAG, params(("screening_rule_id" = Uuid, Path)), request_body = ChangeScreeningRule,
    responses((status = 200, body = ScreeningRuleBody)), security(("bearer" = ["customers:configure"])),
    extensions(("x-problem-codes" = json!(["screening_rule_ended"]))))]
#[patch("/screening-rules/{screening_rule_id}")]
pub(super) async fn change_screening_rule(
    ctx: Granted<CustomersConfigure>,
    id: PathId<ScreeningRule>,
    condition: IfMatch,
    body: Json<ChangeScreeningRule>,
) -> Result<Reply, Problem> {
    let change = &body.value;
    ctx.transaction(|tx, grant| async move {
        let rule = commands::change(&tx, &grant, id.0, condition, change.clone()).await?;
        let version = rule.version;
        Reply::record(version, &ScreeningRuleBody::try_from(rule)?)
    })
    .await
}
