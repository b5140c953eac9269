//! Use cases of rules of screening: load, decide, save.

use domain::{
    customers::{
        NewScreeningRule, SCREENING_POSITION_MAX, ScreeningRule, ScreeningRuleState, Verdict,
    },
    fault::{Fault, NOT_FOUND},
    id::Id,
};
use persistence::{
    Error, Tx,
    access::Writes,
    conditions::{compile, registry},
    customers::screenings::rules as store,
};
use serde_json::Value;

use super::{ChangeScreeningRule, CreateScreeningRule};
use crate::{conditions::ConditionBody, customers::screenings::commands::actor, http::IfMatch};

/// Makes a rule.
///
/// # Errors
/// 409 where there are too many; 422 where a field breaks a rule, or the conditions name what the caller may
/// not read.
pub async fn create(
    tx: &Tx,
    grant: &impl Writes<ScreeningRule>,
    body: CreateScreeningRule,
) -> Result<ScreeningRule, Error> {
    let conditions = checked(tx, &body.conditions).await?;
    let position = match body.position {
        Some(position) => position,
        None => behind(tx, grant).await?,
    };
    let state = body
        .state
        .map_or(ScreeningRuleState::Draft, |state| state.0);
    let new = NewScreeningRule {
        state,
        position,
        name: body.name,
        conditions,
        verdict: Verdict {
            outcome: body.outcome.0,
            reason: body.reason.0,
            details: body.details,
        },
    };
    let rule = ScreeningRule::create(new, actor(tx), &tx.stamp())?;
    store::insert(tx, grant, &rule).await?;
    Ok(rule)
}

/// The place behind all others.
async fn behind(tx: &Tx, grant: &impl Writes<ScreeningRule>) -> Result<i32, Error> {
    let others = store::standing(tx, grant.scope().institution(), true).await?;
    let last = others.iter().map(|rule| rule.position).max();
    Ok(last.map_or(0, |last| last.saturating_add(1).min(SCREENING_POSITION_MAX)))
}

/// Changes a rule that the caller has read.
///
/// # Errors
/// 404 where there is none, 409 once it has ended, 412 where it has changed since; 422 as [`create`].
pub async fn change(
    tx: &Tx,
    grant: &impl Writes<ScreeningRule>,
    id: Id<ScreeningRule>,
    condition: IfMatch,
    body: ChangeScreeningRule,
) -> Result<ScreeningRule, Error> {
    let before = store::find(tx, grant, id).await?;
    let before = before.ok_or_else(|| Fault::new(&NOT_FOUND))?;
    condition.check(before.version)?;
    let mut new = before.content();
    if let Some(conditions) = &body.conditions {
        new.conditions = checked(tx, conditions).await?;
    }
    let (verdict, state) = (&mut new.verdict, body.state);
    verdict.outcome = body.outcome.map_or(verdict.outcome, |outcome| outcome.0);
    verdict.reason = body.reason.map_or(verdict.reason, |reason| reason.0);
    if let Some(details) = body.details {
        verdict.details = details;
    }
    new.name = body.name.unwrap_or(new.name);
    new.position = body.position.unwrap_or(new.position);
    new.state = state.map_or(new.state, |state| state.0);
    let after = before.change(new, actor(tx), &tx.stamp())?;
    if after.version != before.version {
        store::update(tx, grant, &before, &after).await?;
    }
    Ok(after)
}

/// Conditions as they are kept.
///
/// # Errors
/// 422 at everything of them that can't be, or that the caller may not read.
async fn checked(tx: &Tx, conditions: &ConditionBody) -> Result<Value, Error> {
    let at = "/conditions";
    let fields = registry(tx, tx.operation().institution).await?;
    let tree = conditions.read(at, &fields).map_err(Fault::fields)?;
    if let Some(reader) = tx.operation().authority.as_deref() {
        Fault::unless_empty(tree.closed(at, reader.fields(), |code| reader.may(code)))?;
        compile(tx, reader, &tree, at, tx.now()).await?;
    }
    serde_json::to_value(conditions).map_err(Error::internal)
}
