//! Use cases of approval policies: load, decide, save.

use domain::{
    access::ApprovalsConfigure,
    approvals::{APPROVAL_POLICY_EXISTS, ApprovalPolicy, Decider, all_known},
    fault::Fault,
    id::Id,
    reference::Reference,
};
use persistence::{Error, Tx, access::Grant, approvals::policies as store};

use super::{ChangeApprovalPolicy, CreateApprovalPolicy};
use crate::{
    http::IfMatch,
    reference::{self, as_read, save},
};

type Configurer = Grant<ApprovalsConfigure>;

/// Adds a policy.
///
/// # Errors
/// 409 where one of its kind begins at that amount, 422 where a step names nobody who could be chosen.
pub async fn create(
    tx: &Tx,
    grant: &Configurer,
    body: CreateApprovalPolicy,
) -> Result<Reference<ApprovalPolicy>, Error> {
    let policy = ApprovalPolicy::try_from(body)?;
    all_chosen(tx, grant, &policy.steps).await?;
    // Before the name, whichever of both an engine looks at first.
    if store::begins_at(tx, policy.kind, policy.from_amount).await? {
        return Err(Fault::new(&APPROVAL_POLICY_EXISTS).into());
    }
    reference::create(tx, grant, policy).await
}

/// Changes a policy: what waits already goes on by what it was made with.
///
/// # Errors
/// As [`create`], of the steps that are sent.
pub async fn change(
    tx: &Tx,
    grant: &Configurer,
    id: Id<ApprovalPolicy>,
    condition: IfMatch,
    body: ChangeApprovalPolicy,
) -> Result<Reference<ApprovalPolicy>, Error> {
    let before = as_read(tx, grant, id, condition).await?;
    let chooses = body.steps.is_some();
    let policy = body.apply(before.details.clone())?;
    if chooses {
        all_chosen(tx, grant, &policy.steps).await?;
    }
    let after = before.change(policy)?;
    save(tx, grant, &before, after).await
}

async fn all_chosen(tx: &Tx, grant: &Configurer, steps: &[Decider]) -> Result<(), Error> {
    let unknown = store::unknown(tx, grant, steps).await?;
    Ok(all_known(&unknown)?)
}
