//! Rows of approvals with their steps and history, for those whom they concern.

use std::collections::BTreeMap;

use domain::{
    access::Principal,
    approvals::{
        Act, Actor, Approval, ApprovalKind, ApprovalState, Decider, Deciders, Deed, NewApproval,
        Side,
    },
    id::Id,
    notices::{NoticeKind, Numbers},
    organization::{Institution, Staff},
    text_enum::TextEnum,
};
use sea_orm::{ConnectionTrait, QueryResult, Value};
use serde_json::json;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    APPROVED, ASKED, DELEGATED, EXPIRED, RECALLED, REFUSED, STEP_APPROVED,
    deciders::{decides, sees, who},
    policies::{applying, decider, works},
};
use crate::{
    Error, Handle, Tx,
    access::{Reads, Scope, Writes},
    clock::{micros, timestamp},
    database::{Change, placeholders, statement, unless_stale},
    keys::{FieldKeys, SealedAt},
    notices::store::notify,
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

fn place(column: &'static str, row: Uuid) -> SealedAt {
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

/// Asks in the name of the operation's actor, where a policy demands it; who decides gets a notice.
/// `None` where nobody needs to agree.
pub async fn ask(tx: &Tx, new: NewApproval) -> Result<Option<Approval>, Error> {
    let Some(policy) = applying(tx, new.kind, new.amount).await? else {
        return Ok(None);
    };
    let asker = Id::new(tx.operation().actor.principal);
    let (approval, deed) = Approval::ask(new, &policy, asker, &tx.stamp());
    insert(tx, &approval, &deed).await?;
    Ok(Some(approval))
}

/// Writes a new approval.
pub async fn insert(tx: &Tx, approval: &Approval, deed: &Deed) -> Result<(), Error> {
    let institution = tx.operation().institution.uuid();
    let id = approval.id.uuid();
    let summary = tx
        .keys()
        .await?
        .seal(place("summary", id), approval.summary.as_bytes())?;
    let values: [Value; 14] = [
        institution.into(),
        id.into(),
        approval.version.into(),
        approval.asker.uuid().into(),
        approval.kind.as_str().into(),
        approval.subject.uuid().into(),
        approval.amount.into(),
        summary.into(),
        approval.policy.uuid().into(),
        approval.policy_version.into(),
        number(approval.step)?.into(),
        approval.state.as_str().into(),
        micros(approval.created_at).into(),
        micros(approval.due_at).into(),
    ];
    let sql = "INSERT INTO approvals (institution_id, id, version, owner_id, kind, subject_id, amount, \
               summary, policy_id, policy_version, step, state, created_at, due_at) \
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    tx.execute_raw(statement(tx, sql, values)).await?;
    for (place, decider) in approval.steps.iter().enumerate() {
        let sql = "INSERT INTO approval_steps (institution_id, approval_id, number, role_id, staff_id) \
                   VALUES (?, ?, ?, ?, ?)";
        let values: [Value; 5] = [
            institution.into(),
            id.into(),
            number(place + 1)?.into(),
            decider.role().map(Id::uuid).into(),
            decider.person().map(Id::uuid).into(),
        ];
        tx.execute_raw(statement(tx, sql, values)).await?;
    }
    done(tx, None, approval, deed).await
}

fn number(step: usize) -> Result<i64, Error> {
    i64::try_from(step).map_err(Error::internal)
}

/// Writes what was done to an approval. Whoever can decide its next step gets a notice, and at its end who
/// asked.
pub async fn update(
    tx: &Tx,
    before: &Approval,
    after: &Approval,
    deed: &Deed,
) -> Result<(), Error> {
    let institution = tx.operation().institution.uuid();
    let values: [Value; 7] = [
        after.version.into(),
        number(after.step)?.into(),
        after.state.as_str().into(),
        after.ended_at.map(micros).into(),
        institution.into(),
        after.id.uuid().into(),
        before.version.into(),
    ];
    let sql = "UPDATE approvals SET version = ?, step = ?, state = ?, ended_at = ? \
               WHERE institution_id = ? AND id = ? AND version = ?";
    let updated = tx.execute_raw(statement(tx, sql, values)).await?;
    unless_stale(updated.rows_affected())?;
    if let Some(to) = deed.to {
        let values: [Value; 4] = [
            to.uuid().into(),
            institution.into(),
            after.id.uuid().into(),
            number(deed.step)?.into(),
        ];
        let sql = "UPDATE approval_steps SET role_id = NULL, staff_id = ? \
                   WHERE institution_id = ? AND approval_id = ? AND number = ?";
        tx.execute_raw(statement(tx, sql, values)).await?;
    }
    done(tx, Some(before), after, deed).await
}

/// What follows every act: its row, the notices, the trail and the event.
async fn done(
    tx: &Tx,
    before: Option<&Approval>,
    after: &Approval,
    deed: &Deed,
) -> Result<(), Error> {
    let id = tx.stamp().id::<Deed>().uuid();
    let keys = tx.keys().await?;
    let reason = deed.reason.as_ref();
    let sealed = reason.map(|text| keys.seal(place("reason", id), text.as_bytes()));
    let values: [Value; 10] = [
        tx.operation().institution.uuid().into(),
        id.into(),
        after.id.uuid().into(),
        after.version.into(),
        number(deed.step)?.into(),
        deed.act.as_str().into(),
        deed.by.map(Id::uuid).into(),
        deed.to.map(Id::uuid).into(),
        sealed.transpose()?.into(),
        micros(deed.at).into(),
    ];
    let sql = "INSERT INTO approval_acts (institution_id, id, approval_id, number, step, act, actor_id, \
               staff_id, reason, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    tx.execute_raw(statement(tx, sql, values)).await?;
    tell(tx, after).await?;
    let event = match (deed.act, after.state) {
        (Act::Asked, _) => &ASKED,
        (Act::Approved, ApprovalState::Waiting) => &STEP_APPROVED,
        (Act::Approved, _) => &APPROVED,
        (Act::Refused, _) => &REFUSED,
        (Act::Delegated, _) => &DELEGATED,
        (Act::Recalled, _) => &RECALLED,
        (Act::Expired, _) => &EXPIRED,
    };
    let standing = |approval: &Approval| {
        json!({
            "state": approval.state.as_str(),
            "step": approval.step,
            "kind": approval.kind.as_str(),
            "subject_id": approval.subject,
            "amount": approval.amount,
        })
    };
    let mut is = standing(after);
    if let Some(fields) = is.as_object_mut() {
        fields.insert("act".into(), deed.act.as_str().into());
        fields.insert("staff_id".into(), json!(deed.to));
    }
    let data = json!({
        "kind": after.kind.as_str(), "state": after.state.as_str(), "step": deed.step,
    });
    let change = Change::new("approval", after.id.uuid(), after.version, is);
    let change = match before {
        Some(before) => change.before(standing(before)),
        None => change,
    };
    tx.record(change.event(event, data));
    Ok(())
}

/// Leaves a notice with whoever can decide, or, where it is over, with who asked.
async fn tell(tx: &Tx, approval: &Approval) -> Result<(), Error> {
    let told = match approval.state {
        ApprovalState::Waiting => {
            for decider in deciders(tx, approval.id).await? {
                leave(tx, decider, NoticeKind::ApprovalWanted, approval).await?;
            }
            return Ok(());
        }
        ApprovalState::Recalled => return Ok(()),
        ApprovalState::Approved => NoticeKind::ApprovalApproved,
        ApprovalState::Refused => NoticeKind::ApprovalRefused,
        ApprovalState::Expired => NoticeKind::ApprovalExpired,
    };
    leave(tx, approval.asker, told, approval).await
}

async fn leave(
    tx: &Tx,
    to: Id<Principal>,
    kind: NoticeKind,
    approval: &Approval,
) -> Result<(), Error> {
    let target = Some(("approval", approval.id.uuid()));
    notify(tx, to, kind, &Numbers::new(), target).await
}

/// Who can decide the step that an approval waits for.
async fn deciders(tx: &Tx, id: Id<Approval>) -> Result<Vec<Id<Principal>>, Error> {
    let sql = format!(
        "SELECT p.id FROM approvals a JOIN principals p ON p.institution_id = a.institution_id \
         WHERE a.institution_id = ? AND a.id = ? AND {} ORDER BY p.id",
        decides("p")
    );
    let key = [tx.operation().institution.uuid(), id.uuid()].map(Value::from);
    let rows = tx.query_all_raw(statement(tx, &sql, key)).await?;
    rows.iter()
        .map(|row| Ok(Id::new(row.try_get("", "id")?)))
        .collect()
}
