//! Use cases of approvals: load, decide, save, and let what waited go on or end.

use domain::{
    access::Oneself,
    approvals::{Approval, ApprovalKind, Deed},
    fault::{Fault, FieldFault, NOT_FOUND, REFERENCE_UNKNOWN},
    id::Id,
};
use persistence::{
    Error, Handle, Tx,
    access::Grant,
    approvals::{
        acts,
        store::{self, Seen},
    },
    exports,
};

use super::{DecideApproval, DelegateApproval};

/// An approval that concerns the caller.
///
/// # Errors
/// 404 where there is none.
pub async fn get(
    handle: &impl Handle,
    grant: &Grant<Oneself>,
    id: Id<Approval>,
) -> Result<Seen, Error> {
    let seen = store::find(handle, grant, id).await?;
    seen.ok_or_else(|| Fault::new(&NOT_FOUND).into())
}

/// Decides the step that an approval waits for.
///
/// # Errors
/// 404 where it does not concern the caller, 403 where the caller asked for it or does not decide that step,
/// 409 where it is over or somebody has decided that step.
pub async fn decide(
    tx: &Tx,
    grant: &Grant<Oneself>,
    id: Id<Approval>,
    body: DecideApproval,
) -> Result<Seen, Error> {
    let (before, actor) = locked(tx, grant, id).await?;
    let decision = (body.verdict.0, body.reason.as_deref());
    let done = before.decide(actor, body.step.into(), decision, &tx.stamp())?;
    save(tx, &before, done).await?;
    get(tx, grant, id).await
}

/// Leaves the step that an approval waits for to somebody else.
///
/// # Errors
/// As [`decide`]; 422 where that person does not work here, or asked for it.
pub async fn delegate(
    tx: &Tx,
    grant: &Grant<Oneself>,
    id: Id<Approval>,
    body: DelegateApproval,
) -> Result<Seen, Error> {
    let (before, actor) = locked(tx, grant, id).await?;
    let to = Id::new(body.staff_id);
    let done = before.delegate(actor, body.step.into(), (to, &body.reason), &tx.stamp())?;
    if !store::can_decide(tx, grant, to).await? {
        return Err(FieldFault::new("/staff_id", &REFERENCE_UNKNOWN).into());
    }
    save(tx, &before, done).await?;
    get(tx, grant, id).await
}

/// Takes back what the caller asked for.
///
/// # Errors
/// 404 where it does not concern the caller, 403 where somebody else asked, 409 where it is over.
pub async fn recall(tx: &Tx, grant: &Grant<Oneself>, id: Id<Approval>) -> Result<Seen, Error> {
    let (before, actor) = locked(tx, grant, id).await?;
    let done = before.recall(actor.id, &tx.stamp())?;
    save(tx, &before, done).await?;
    get(tx, grant, id).await
}

async fn locked(
    tx: &Tx,
    grant: &Grant<Oneself>,
    id: Id<Approval>,
) -> Result<(Approval, domain::approvals::Actor), Error> {
    let found = store::lock(tx, grant, id).await?;
    found.ok_or_else(|| Fault::new(&NOT_FOUND).into())
}

/// Writes what was done, and lets what waited go on or end.
pub(super) async fn save(
    tx: &Tx,
    before: &Approval,
    (after, deed): (Approval, Deed),
) -> Result<(), Error> {
    acts::update(tx, before, &after, &deed).await?;
    match after.kind {
        ApprovalKind::Export => exports::store::decided(tx, &after).await,
    }
}
