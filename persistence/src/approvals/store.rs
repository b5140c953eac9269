//! Rows of approvals with their steps and history, for those whom they concern.

use std::collections::BTreeMap;

use domain::{
    approvals::{Act, Actor, Approval, ApprovalKind, ApprovalState, Decider, Deciders, Deed, Side},
    id::Id,
    organization::{Institution, Staff},
    text_enum::TextEnum,
};
use sea_orm::{ConnectionTrait, QueryResult, Value};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    deciders::{decides, sees, who},
    policies::{applying, decider, works},
};
use crate::{
    Error, Handle, Tx,
    access::{Reads, Scope, Writes},
    clock::{micros, timestamp},
    database::{placeholders, statement},
    keys::{FieldKeys, SealedAt},
    scope::Page,
};

const COLUMNS: &str = "a.id, a.version, a.owner_id, a.kind, a.subject_id, a.amount, a.summary, \
    a.policy_id, a.policy_version, a.step, a.state, a.created_at, a.due_at, a.ended_at";

/// Whether an amount is of a policy that begins above what was asked for.
pub async fn has_outgrown(
    tx: &Tx,
    kind: ApprovalKind,
    approval: Option<Id<Approval>>,
    amount: i64,
) -> Result<bool, Error> {
    let Some(policy) = applying(tx, kind, amount).await? else {
        return Ok(false);
    };
    let Some(approval) = approval else {
        return Ok(true);
    };
    let sql = "SELECT amount FROM approvals WHERE institution_id = ? AND id = ?";
    let key = [tx.operation().institution.uuid(), approval.uuid()];
    let row = tx.query_one_raw(statement(tx, sql, key.map(Into::into)));
    let row = row
        .await?
        .ok_or_else(|| Error::corrupt("an approval is missing"))?;
    let agreed: i64 = row.try_get("", "amount")?;
    Ok(policy.details.from_amount > agreed)
}

/// An approval as somebody sees it.
#[derive(Clone, Debug)]
pub struct Seen {
    pub approval: Approval,
    /// Oldest first.
    pub history: Vec<Deed>,
    /// Who can decide it; none where it is over.
    pub deciders: Option<Deciders>,
    /// Whether the reader can.
    pub may_decide: bool,
}

pub(super) fn place(column: &'static str, row: Uuid) -> SealedAt {
    let table = match column {
        "summary" => "approvals",
        _ => "approval_acts",
    };
    SealedAt { table, column, row }
}

fn opened(keys: &FieldKeys, at: SealedAt, sealed: &[u8]) -> Result<String, Error> {
    let plain = Zeroizing::new(keys.open(at, sealed)?);
    Ok(std::str::from_utf8(&plain).map_err(Error::corrupt)?.into())
}

/// An approval without its steps.
fn read(keys: &FieldKeys, row: &QueryResult) -> Result<Approval, Error> {
    let id: Uuid = row.try_get("", "id")?;
    let (kind, state): (String, String) = (row.try_get("", "kind")?, row.try_get("", "state")?);
    let sealed: Vec<u8> = row.try_get("", "summary")?;
    let ended: Option<i64> = row.try_get("", "ended_at")?;
    let step: i64 = row.try_get("", "step")?;
    Ok(Approval {
        id: Id::new(id),
        version: row.try_get("", "version")?,
        kind: ApprovalKind::parse(&kind).ok_or_else(|| Error::corrupt(ApprovalKind::NAME))?,
        subject: Id::new(row.try_get("", "subject_id")?),
        amount: row.try_get("", "amount")?,
        summary: opened(keys, place("summary", id), &sealed)?,
        asker: Id::new(row.try_get("", "owner_id")?),
        policy: Id::new(row.try_get("", "policy_id")?),
        policy_version: row.try_get("", "policy_version")?,
        steps: Vec::new(),
        step: usize::try_from(step).map_err(Error::corrupt)?,
        state: ApprovalState::parse(&state).ok_or_else(|| Error::corrupt(ApprovalState::NAME))?,
        created_at: timestamp(row.try_get("", "created_at")?)?,
        due_at: timestamp(row.try_get("", "due_at")?)?,
        ended_at: ended.map(timestamp).transpose()?,
    })
}

/// The steps of some approvals, each in their order.
async fn steps(
    handle: &impl Handle,
    institution: Id<Institution>,
    ids: &[Uuid],
) -> Result<BTreeMap<Uuid, Vec<Decider>>, Error> {
    let mut found: BTreeMap<Uuid, Vec<Decider>> = BTreeMap::new();
    let sql = format!(
        "SELECT approval_id, role_id, staff_id FROM approval_steps \
         WHERE institution_id = ? AND approval_id IN ({}) ORDER BY approval_id, number",
        placeholders(ids.len())
    );
    for row in of(handle, institution, &sql, ids).await? {
        let decider = decider(row.try_get("", "role_id")?, row.try_get("", "staff_id")?)?;
        let of: Uuid = row.try_get("", "approval_id")?;
        found.entry(of).or_default().push(decider);
    }
    Ok(found)
}

/// The history of some approvals, oldest first.
async fn histories(
    handle: &impl Handle,
    institution: Id<Institution>,
    ids: &[Uuid],
) -> Result<BTreeMap<Uuid, Vec<Deed>>, Error> {
    let keys = handle.keys_of(institution).await?;
    let mut found: BTreeMap<Uuid, Vec<Deed>> = BTreeMap::new();
    let sql = format!(
        "SELECT id, approval_id, step, act, actor_id, staff_id, reason, at FROM approval_acts \
         WHERE institution_id = ? AND approval_id IN ({}) ORDER BY approval_id, number",
        placeholders(ids.len())
    );
    for row in of(handle, institution, &sql, ids).await? {
        let (id, of): (Uuid, Uuid) = (row.try_get("", "id")?, row.try_get("", "approval_id")?);
        let act: String = row.try_get("", "act")?;
        let step: i64 = row.try_get("", "step")?;
        let sealed: Option<Vec<u8>> = row.try_get("", "reason")?;
        let reason = sealed.map(|sealed| opened(&keys, place("reason", id), &sealed));
        found.entry(of).or_default().push(Deed {
            step: usize::try_from(step).map_err(Error::corrupt)?,
            act: Act::parse(&act).ok_or_else(|| Error::corrupt(Act::NAME))?,
            by: row.try_get::<Option<Uuid>>("", "actor_id")?.map(Id::new),
            to: row.try_get::<Option<Uuid>>("", "staff_id")?.map(Id::new),
            reason: reason.transpose()?,
            at: timestamp(row.try_get("", "at")?)?,
        });
    }
    Ok(found)
}

async fn of(
    handle: &impl Handle,
    institution: Id<Institution>,
    sql: &str,
    ids: &[Uuid],
) -> Result<Vec<QueryResult>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let all = [institution.uuid()].into_iter().chain(ids.iter().copied());
    let values: Vec<Value> = all.map(Value::from).collect();
    Ok(handle.query_all_raw(statement(handle, sql, values)).await?)
}

/// Approvals that the bearer of the grant sees, with a condition on `a` and its ending.
async fn seen(
    handle: &impl Handle,
    scope: &Scope,
    side: Side,
    (condition, more): (&str, Vec<Value>),
) -> Result<Vec<Seen>, Error> {
    let institution = scope.institution();
    let which = match side {
        Side::All => sees("p"),
        Side::WaitingForMe => decides("p"),
        Side::AskedByMe => "a.owner_id = p.id".to_owned(),
    };
    let sql = format!(
        "SELECT {COLUMNS}, {} AS deciders, CASE WHEN {} THEN 1 ELSE 0 END AS may_decide \
         FROM approvals a JOIN principals p ON p.institution_id = a.institution_id \
         WHERE p.id = ? AND a.institution_id = ? AND {which}{condition}",
        who(),
        decides("p"),
    );
    let mut values: Vec<Value> = vec![scope.principal().into(), institution.uuid().into()];
    values.extend(more);
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    let keys = handle.keys_of(institution).await?;
    let mut all = Vec::with_capacity(rows.len());
    for row in &rows {
        let deciders: Option<String> = row.try_get("", "deciders")?;
        let may_decide: i32 = row.try_get("", "may_decide")?;
        all.push(Seen {
            approval: read(&keys, row)?,
            history: Vec::new(),
            deciders: deciders.as_deref().and_then(Deciders::parse),
            may_decide: may_decide == 1,
        });
    }
    let ids: Vec<Uuid> = all.iter().map(|seen| seen.approval.id.uuid()).collect();
    let mut steps = steps(handle, institution, &ids).await?;
    let mut histories = histories(handle, institution, &ids).await?;
    for seen in &mut all {
        let id = seen.approval.id.uuid();
        seen.approval.steps = steps.remove(&id).unwrap_or_default();
        seen.history = histories.remove(&id).unwrap_or_default();
    }
    Ok(all)
}

/// An approval that the bearer of the grant sees.
pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<Approval>,
    id: Id<Approval>,
) -> Result<Option<Seen>, Error> {
    let one = (" AND a.id = ?", vec![id.uuid().into()]);
    let found = seen(handle, grant.scope(), Side::All, one).await?;
    Ok(found.into_iter().next())
}

/// One page of the approvals that concern the bearer of the grant.
pub async fn list(
    handle: &impl Handle,
    grant: &impl Reads<Approval>,
    (side, states): (Side, &[ApprovalState]),
    page: &Page,
) -> Result<Vec<Seen>, Error> {
    let (mut sql, mut values) = (String::new(), Vec::new());
    if !states.is_empty() {
        sql = format!(" AND a.state IN ({})", placeholders(states.len()));
        values.extend(states.iter().map(|state| Value::from(state.as_str())));
    }
    let ending = page.ending(("a.created_at", "a.id"), &mut values);
    seen(handle, grant.scope(), side, (&(sql + &ending), values)).await
}

/// An approval that meets a condition on `a`: no other transaction changes it until this one ends.
async fn locked(
    tx: &Tx,
    (condition, values): (&str, Vec<Value>),
    limit: i64,
) -> Result<Vec<Approval>, Error> {
    let institution = tx.operation().institution;
    let lock = if tx.is_postgres() {
        " FOR NO KEY UPDATE"
    } else {
        ""
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM approvals a \
         WHERE a.institution_id = ? AND {condition} ORDER BY a.id LIMIT ?{lock}"
    );
    let mut all: Vec<Value> = vec![institution.uuid().into()];
    all.extend(values);
    all.push(limit.into());
    let rows = tx.query_all_raw(statement(tx, &sql, all)).await?;
    let keys = tx.keys().await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        found.push(read(&keys, row)?);
    }
    let ids: Vec<Uuid> = found.iter().map(|approval| approval.id.uuid()).collect();
    let mut steps = steps(tx, institution, &ids).await?;
    for approval in &mut found {
        approval.steps = steps.remove(&approval.id.uuid()).unwrap_or_default();
    }
    Ok(found)
}

/// An approval that the bearer of the grant sees and is about to act on, and what he or she is to it.
pub async fn lock(
    tx: &Tx,
    grant: &impl Writes<Approval>,
    id: Id<Approval>,
) -> Result<Option<(Approval, Actor)>, Error> {
    // Whoever saw it is told what has become of it meanwhile.
    if find(tx, grant, id).await?.is_none() {
        return Ok(None);
    }
    let one = ("a.id = ?", vec![id.uuid().into()]);
    let Some(approval) = locked(tx, one, 1).await?.pop() else {
        return Ok(None);
    };
    let me = grant.scope().principal();
    let sql = format!(
        "SELECT 1 AS found FROM approvals a JOIN principals p ON p.institution_id = a.institution_id \
         WHERE a.institution_id = ? AND a.id = ? AND p.id = ? AND {}",
        decides("p")
    );
    let values = [tx.operation().institution.uuid(), id.uuid(), me].map(Value::from);
    let decides = tx.query_one_raw(statement(tx, &sql, values)).await?;
    let actor = Actor {
        id: Id::new(me),
        decides: decides.is_some(),
    };
    Ok(Some((approval, actor)))
}

/// Approvals whose time is over, at most so many.
pub async fn overdue(tx: &Tx, limit: i64) -> Result<Vec<Approval>, Error> {
    let due = vec![micros(tx.now()).into()];
    locked(tx, ("a.state = 'waiting' AND a.due_at <= ?", due), limit).await
}

/// The approval that a thing waits for.
pub async fn awaited(
    tx: &Tx,
    kind: ApprovalKind,
    subject: Uuid,
) -> Result<Option<Approval>, Error> {
    let condition = "a.kind = ? AND a.subject_id = ? AND a.state = 'waiting'";
    let values = vec![kind.as_str().into(), subject.into()];
    Ok(locked(tx, (condition, values), 1).await?.pop())
}

/// Institutions with approvals whose time is over.
pub async fn with_overdue(
    handle: &impl Handle,
    now: jiff::Timestamp,
) -> Result<Vec<Id<Institution>>, Error> {
    let sql = "SELECT DISTINCT institution_id FROM approvals \
               WHERE state = 'waiting' AND due_at <= ? LIMIT 1000";
    let rows = handle
        .query_all_raw(statement(handle, sql, [micros(now).into()]))
        .await?;
    rows.iter()
        .map(|row| Ok(Id::new(row.try_get("", "institution_id")?)))
        .collect()
}

/// Whether somebody of staff can be left a step.
pub async fn can_decide(
    tx: &Tx,
    _grant: &impl Writes<Approval>,
    person: Id<Staff>,
) -> Result<bool, Error> {
    works(tx, person.uuid()).await
}
