//! Use cases of requests for shares: load, decide, save.

use domain::{
    access::{
        NewShare, Oneself, PrincipalKind, SHARE_FOR_STAFF_ONLY, SHARE_REQUEST_DECIDED,
        SHARE_REQUEST_UNCLEAR, SHARE_TOKEN_INVALID, Share, ShareRequest, ShareRequestsDecide,
        Wanted,
    },
    customers::Customer,
    fault::{Fault, FieldFault, NOT_FOUND, REFERENCE_UNKNOWN},
    id::Id,
};
use persistence::{
    Error, Tx,
    access::{
        Grant,
        allowance::Allowance,
        share_requests::{self as store, named},
        shares,
    },
    customers::store as customers,
};

use super::{AskForShare, GrantShareRequest};
use crate::access::shares::commands::within_own;

/// Requests of one person within a day: nobody goes through a list by asking for each.
const A_DAY: Allowance = Allowance {
    of: "share_requests",
    most: 50,
    seconds: 24 * 3600,
};

/// Asks for a share of a customer beyond reach.
///
/// # Errors
/// 403 for programs, 422 where it is not clear which customer or the token is good for nothing (any
/// more), 429 where too many were asked for.
pub async fn ask(tx: &Tx, body: AskForShare) -> Result<ShareRequest, Error> {
    let actor = &tx.operation().actor;
    if actor.kind != PrincipalKind::Staff {
        return Err(Fault::new(&SHARE_FOR_STAFF_ONLY).into());
    }
    A_DAY.take(tx, 1).await?;
    let about = match (&body.token, &body.description) {
        (Some(token), None) => {
            let wanted = named(tx, token).await?;
            Some(wanted.ok_or_else(|| FieldFault::new("/token", &SHARE_TOKEN_INVALID))?)
        }
        (None, Some(_)) => None,
        _ => return Err(Fault::new(&SHARE_REQUEST_UNCLEAR).into()),
    };
    let asker = Id::new(actor.principal);
    let request = ShareRequest::ask(asker, about, body.description, &body.reason, &tx.stamp())?;
    store::insert(tx, &request).await?;
    Ok(request)
}

/// Takes a request of one's own back.
///
/// # Errors
/// 404 where it is not one's own, 409 where it was decided.
pub async fn take_back(
    tx: &Tx,
    grant: &Grant<Oneself>,
    id: Id<ShareRequest>,
) -> Result<ShareRequest, Error> {
    let before = store::lock_own(tx, grant, id).await?;
    let before = before.ok_or_else(|| Fault::new(&NOT_FOUND))?;
    let after = before.take_back(&tx.stamp())?;
    store::update(tx, grant, &before, &after).await?;
    Ok(after)
}

/// Grants a request: who asked gets an ordinary share with an end.
///
/// # Errors
/// 403 where it would open more than the caller reaches, 409 where it was decided, or whoever asked has
/// left; 422 where a request in words names no customer within reach, or any other does.
pub async fn grant(
    tx: &Tx,
    grant: &Grant<ShareRequestsDecide>,
    id: Id<ShareRequest>,
    body: GrantShareRequest,
) -> Result<ShareRequest, Error> {
    let seen = store::find(tx, grant, id).await?;
    let seen = seen.ok_or_else(|| Fault::new(&NOT_FOUND))?;
    let unknown = || FieldFault::new("/customer_id", &REFERENCE_UNKNOWN);
    let named: Id<Customer> = match (seen.about, body.customer_id) {
        (Some(about), None) => about.customer,
        (None, Some(named)) => Id::new(named),
        _ => return Err(unknown().into()),
    };
    // Before the request: everybody locks the customer first.
    let customer = customers::hold(tx, grant, named).await?;
    let before = store::lock(tx, grant, id).await?;
    let before = before.ok_or_else(|| Fault::new(&NOT_FOUND))?;
    let customer = customer.ok_or_else(unknown)?;
    let after = before.grant(Wanted::of(&customer), body.days, &tx.stamp())?;
    within_own(tx, customer.id, body.access.0).await?;
    let grantee = after.asker.cast();
    let kind = shares::grantee(tx, grant, grantee).await?;
    let new = NewShare {
        grantee,
        kind: kind.ok_or_else(|| Fault::new(&SHARE_REQUEST_DECIDED))?,
        access: body.access.0,
        until: after.until,
    };
    let sharer = Id::new(tx.operation().actor.principal);
    let was = shares::with(tx, grant, &customer, grantee).await?;
    let share = Share::open(customer.id, new, sharer, &tx.stamp())?;
    store::update(tx, grant, &before, &after).await?;
    shares::put(tx, grant, &customer, was.as_ref(), share).await?;
    Ok(after)
}

/// Refuses a request.
///
/// # Errors
/// 409 where it was decided.
pub async fn refuse(
    tx: &Tx,
    grant: &Grant<ShareRequestsDecide>,
    id: Id<ShareRequest>,
    reason: &str,
) -> Result<ShareRequest, Error> {
    let before = store::lock(tx, grant, id).await?;
    let before = before.ok_or_else(|| Fault::new(&NOT_FOUND))?;
    let after = before.refuse(reason, &tx.stamp())?;
    store::update(tx, grant, &before, &after).await?;
    Ok(after)
}
