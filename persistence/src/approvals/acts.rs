//! What is done to approvals: their rows, who gets notice of it, the trail and the event.

use domain::{
    access::Principal,
    approvals::{Act, Approval, ApprovalState, Deed, NewApproval},
    id::Id,
    notices::{NoticeKind, Numbers},
    text_enum::TextEnum,
};
use sea_orm::{ConnectionTrait, Value};
use serde_json::json;

use super::{
    APPROVED, ASKED, DELEGATED, EXPIRED, RECALLED, REFUSED, STEP_APPROVED, deciders::decides,
    policies::applying, store::place,
};
use crate::{
    Error, Tx,
    clock::micros,
    database::{Change, statement, unless_stale},
    notices::store::notify,
};

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
