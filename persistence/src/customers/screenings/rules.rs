//! Rules of screening, and every version that they had.

use domain::{
    customers::{
        SCREENING_RULES_MAX, ScreeningRule, ScreeningRuleState, TOO_MANY_SCREENING_RULES, Verdict,
    },
    fault::Fault,
    id::Id,
    organization::Institution,
    text_enum::TextEnum,
};
use sea_orm::{ConnectionTrait, QueryResult, Value};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{RULE_CHANGED, RULE_CREATED, store::verdict};
use crate::{
    Error, Handle, Tx,
    access::{Reads, Writes},
    clock::{micros, timestamp},
    database::{Change, alone, statement, unless_stale},
    keys::{FieldKeys, SealedAt, bytes},
    scope::Page,
};

/// Versions that are told, at most: the last ones.
const VERSIONS: usize = 200;

const SELECT: &str = "SELECT v.id AS version_id, v.rule_id, v.version, v.state, v.position, v.outcome, v.reason, \
     v.language, v.content, v.changed_at, v.changed_by, r.created_at FROM screening_rule_versions v \
     JOIN screening_rules r ON r.institution_id = v.institution_id AND r.id = v.rule_id";
/// The version that each is in.
const NOW: &str = "r.version = v.version";

/// What somebody wrote.
#[derive(Serialize, Deserialize)]
struct Content {
    name: String,
    conditions: serde_json::Value,
    details: Option<String>,
}

fn place(version: Uuid) -> SealedAt {
    SealedAt {
        table: "screening_rule_versions",
        column: "content",
        row: version,
    }
}

fn rule(row: &QueryResult, keys: &FieldKeys) -> Result<ScreeningRule, Error> {
    let sealed: Vec<u8> = row.try_get("", "content")?;
    let plain = Zeroizing::new(keys.open(place(row.try_get("", "version_id")?), &sealed)?);
    let content: Content =
        serde_json::from_slice(&plain).map_err(|_| Error::corrupt("a rule of screening"))?;
    let state: String = row.try_get("", "state")?;
    let by: Option<Uuid> = row.try_get("", "changed_by")?;
    Ok(ScreeningRule {
        id: Id::new(row.try_get("", "rule_id")?),
        version: row.try_get("", "version")?,
        state: ScreeningRuleState::parse(&state)
            .ok_or_else(|| Error::corrupt(ScreeningRuleState::NAME))?,
        position: row.try_get("", "position")?,
        name: content.name,
        conditions: content.conditions,
        language: row.try_get("", "language")?,
        verdict: verdict(row, content.details)?,
        created_at: timestamp(row.try_get("", "created_at")?)?,
        changed_at: timestamp(row.try_get("", "changed_at")?)?,
        changed_by: by.map(Id::new),
    })
}

async fn read(
    handle: &impl Handle,
    institution: Id<Institution>,
    (condition, values): (&str, Vec<Value>),
) -> Result<Vec<ScreeningRule>, Error> {
    let sql = format!("{SELECT} WHERE v.institution_id = ? AND {condition}");
    let values = [institution.uuid().into()].into_iter().chain(values);
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    let keys = handle.keys_of(institution).await?;
    rows.iter().map(|row| rule(row, &keys)).collect()
}

/// One page of the rules, in the order in which they were made.
pub async fn list(
    handle: &impl Handle,
    grant: &impl Reads<ScreeningRule>,
    states: &[ScreeningRuleState],
    page: &Page,
) -> Result<Vec<ScreeningRule>, Error> {
    let mut condition = NOW.to_owned();
    if !states.is_empty() {
        // Of a closed list.
        let states = states.iter().map(|state| format!("'{}'", state.as_str()));
        let states = states.collect::<Vec<_>>().join(", ");
        condition.push_str(&format!(" AND r.state IN ({states})"));
    }
    let mut values = Vec::new();
    condition.push_str(&page.ending(("r.created_at", "r.id"), &mut values));
    read(handle, grant.scope().institution(), (&condition, values)).await
}

pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<ScreeningRule>,
    id: Id<ScreeningRule>,
) -> Result<Option<ScreeningRule>, Error> {
    let condition = format!("{NOW} AND r.id = ?");
    let institution = grant.scope().institution();
    let found = read(handle, institution, (&condition, vec![id.uuid().into()]));
    Ok(found.await?.pop())
}

/// The versions of a rule, the last one first.
pub async fn versions(
    handle: &impl Handle,
    grant: &impl Reads<ScreeningRule>,
    id: Id<ScreeningRule>,
) -> Result<Vec<ScreeningRule>, Error> {
    let condition = format!("v.rule_id = ? ORDER BY v.version DESC LIMIT {VERSIONS}");
    let institution = grant.scope().institution();
    read(handle, institution, (&condition, vec![id.uuid().into()])).await
}

/// Rules that are in force, with drafts or without, in the order in which they are asked.
pub async fn standing(
    handle: &impl Handle,
    institution: Id<Institution>,
    with_drafts: bool,
) -> Result<Vec<ScreeningRule>, Error> {
    let states = match with_drafts {
        true => "'in_force', 'draft'",
        false => "'in_force'",
    };
    let condition =
        format!("{NOW} AND r.state IN ({states}) ORDER BY r.position, r.created_at, r.id");
    read(handle, institution, (&condition, Vec::new())).await
}

/// A rule in a version that it had.
pub async fn in_version(
    handle: &impl Handle,
    institution: Id<Institution>,
    (id, version): (Id<ScreeningRule>, i64),
) -> Result<ScreeningRule, Error> {
    let values = vec![id.uuid().into(), version.into()];
    let condition = ("v.rule_id = ? AND v.version = ?", values);
    let found = read(handle, institution, condition).await?.pop();
    found.ok_or_else(|| Error::corrupt("a version of a rule is gone"))
}

/// Writes a new rule.
///
/// # Errors
/// 409 where there are as many as there may be. Those that come at once are let in one after the other.
pub async fn insert(
    tx: &Tx,
    grant: &impl Writes<ScreeningRule>,
    rule: &ScreeningRule,
) -> Result<(), Error> {
    let institution = grant.scope().institution();
    alone(tx, "screening_rules").await?;
    let standing = standing(tx, institution, true).await?;
    if standing.len() >= SCREENING_RULES_MAX {
        let too_many = Fault::new(&TOO_MANY_SCREENING_RULES);
        return Err(too_many.with("max", SCREENING_RULES_MAX).into());
    }
    let sql = "INSERT INTO screening_rules (institution_id, id, version, state, position, created_at) \
               VALUES (?, ?, ?, ?, ?, ?)";
    let values: [Value; 6] = [
        institution.uuid().into(),
        rule.id.uuid().into(),
        rule.version.into(),
        rule.state.as_str().into(),
        rule.position.into(),
        micros(rule.created_at).into(),
    ];
    tx.execute_raw(statement(tx, sql, values)).await?;
    keep(tx, institution, rule).await?;
    let (told, data) = (told(rule), data(rule));
    let change = Change::new("screening_rule", rule.id.uuid(), rule.version, told);
    tx.record(change.event(&RULE_CREATED, data));
    Ok(())
}

/// Writes a changed rule over the version that it was read at.
pub async fn update(
    tx: &Tx,
    grant: &impl Writes<ScreeningRule>,
    before: &ScreeningRule,
    after: &ScreeningRule,
) -> Result<(), Error> {
    let institution = grant.scope().institution();
    let sql = "UPDATE screening_rules SET version = ?, state = ?, position = ? \
               WHERE institution_id = ? AND id = ? AND version = ?";
    let values: [Value; 6] = [
        after.version.into(),
        after.state.as_str().into(),
        after.position.into(),
        institution.uuid().into(),
        after.id.uuid().into(),
        before.version.into(),
    ];
    let updated = tx.execute_raw(statement(tx, sql, values)).await?;
    unless_stale(updated.rows_affected())?;
    keep(tx, institution, after).await?;
    let change = Change::new(
        "screening_rule",
        after.id.uuid(),
        after.version,
        told(after),
    );
    tx.record(
        change
            .before(told(before))
            .event(&RULE_CHANGED, data(after)),
    );
    Ok(())
}

/// Keeps a version.
async fn keep(tx: &Tx, institution: Id<Institution>, rule: &ScreeningRule) -> Result<(), Error> {
    let Verdict {
        outcome,
        reason,
        details,
    } = rule.verdict.clone();
    let content = Content {
        name: rule.name.clone(),
        conditions: rule.conditions.clone(),
        details,
    };
    let plain = Zeroizing::new(serde_json::to_vec(&content).map_err(Error::internal)?);
    let id = tx.stamp().id::<()>().uuid();
    let sealed = tx.keys().await?.seal(place(id), &plain)?;
    let sql = "INSERT INTO screening_rule_versions (institution_id, id, rule_id, version, state, position, outcome, \
               reason, language, content, changed_at, changed_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let values: [Value; 12] = [
        institution.uuid().into(),
        id.into(),
        rule.id.uuid().into(),
        rule.version.into(),
        rule.state.as_str().into(),
        rule.position.into(),
        outcome.as_str().into(),
        reason.as_str().into(),
        rule.language.into(),
        bytes(sealed),
        micros(rule.changed_at).into(),
        rule.changed_by.map(Id::uuid).into(),
    ];
    tx.execute_raw(statement(tx, sql, values)).await?;
    Ok(())
}

/// Not what it looks for, which may be a name; that is in its versions.
fn told(rule: &ScreeningRule) -> serde_json::Value {
    json!({
        "state": rule.state.as_str(), "position": rule.position,
        "outcome": rule.verdict.outcome.as_str(), "reason": rule.verdict.reason.as_str(),
    })
}

fn data(rule: &ScreeningRule) -> serde_json::Value {
    json!({ "state": rule.state.as_str() })
}
