//! Use cases of shares: load, decide, save.

use domain::{
    access::{
        CustomersRead, CustomersShare, CustomersWrite, Grantee, NewShare, Permission,
        SHARE_BEYOND_OWN, Share, ShareAccess,
    },
    customers::Customer,
    fault::{Fault, FieldFault, NOT_FOUND, REFERENCE_UNKNOWN},
    id::Id,
};
use jiff::Timestamp;
use persistence::{
    Error, Handle, Tx,
    access::{Grant, shares as store},
    customers::store as customers,
};

use super::ShareCustomer;
use crate::http::IfMatch;

type Sharer = Grant<CustomersShare>;

/// The customer, with its shares that are open now.
pub async fn list(
    handle: &impl Handle,
    grant: &Sharer,
    id: Id<Customer>,
    now: Timestamp,
) -> Result<(Customer, Vec<Share>), Error> {
    let customer = shared(handle, grant, id).await?;
    let mut shares = store::of(handle, grant, &customer).await?;
    shares.retain(|share| share.is_open(now));
    Ok((customer, shares))
}

async fn shared(handle: &impl Handle, grant: &Sharer, id: Id<Customer>) -> Result<Customer, Error> {
    customers::find(handle, grant, id)
        .await?
        .ok_or_else(|| Fault::new(&NOT_FOUND).into())
}

/// Shares a customer; a share with the same grantee is replaced.
///
/// # Errors
/// 403 where it would open more than the caller reaches, 422 where there is no such grantee or the
/// end has passed.
pub async fn open(
    tx: &Tx,
    grant: &Sharer,
    id: Id<Customer>,
    body: ShareCustomer,
) -> Result<Share, Error> {
    let customer = customers::hold(tx, grant, id).await?;
    let customer = customer.ok_or_else(|| Fault::new(&NOT_FOUND))?;
    let id = customer.id;
    let access = body.access.0;
    within_own(tx, id, access).await?;
    let grantee = Id::<Grantee>::new(body.grantee_id);
    let kind = store::grantee(tx, grant, grantee)
        .await?
        .ok_or_else(|| FieldFault::new("/grantee_id", &REFERENCE_UNKNOWN))?;
    let before = store::with(tx, grant, &customer, grantee).await?;
    let new = NewShare {
        grantee,
        kind,
        access,
        until: body.until,
    };
    let sharer = Id::new(tx.operation().actor.principal);
    let share = Share::open(id, new, sharer, &tx.stamp())?;
    store::put(tx, grant, &customer, before.as_ref(), share).await
}

/// Nobody opens a customer further than they reach it themselves.
pub(in crate::access) async fn within_own(
    tx: &Tx,
    id: Id<Customer>,
    access: ShareAccess,
) -> Result<(), Error> {
    // The program itself has no bounds.
    let Some(authority) = tx.operation().authority.clone() else {
        return Ok(());
    };
    let (permission, reached) = match access {
        ShareAccess::Read => {
            let grant = Grant::<CustomersRead>::of(&authority, tx.now());
            let found = match grant {
                Some(grant) => customers::find(tx, &grant, id).await?,
                None => None,
            };
            (CustomersRead::CODE, found.is_some())
        }
        ShareAccess::Write => {
            let grant = Grant::<CustomersWrite>::of(&authority, tx.now());
            let found = match grant {
                Some(grant) => customers::lock(tx, &grant, id).await?,
                None => None,
            };
            (CustomersWrite::CODE, found.is_some())
        }
    };
    if reached {
        Ok(())
    } else {
        Err(Fault::new(&SHARE_BEYOND_OWN)
            .with("permission", permission)
            .into())
    }
}

/// An open share.
pub async fn get(
    handle: &impl Handle,
    grant: &Sharer,
    id: Id<Customer>,
    grantee: Id<Grantee>,
    now: Timestamp,
) -> Result<Share, Error> {
    let customer = shared(handle, grant, id).await?;
    store::with(handle, grant, &customer, grantee)
        .await?
        .filter(|share| share.is_open(now))
        .ok_or_else(|| Fault::new(&NOT_FOUND).into())
}

/// Ends a share.
pub async fn end(
    tx: &Tx,
    grant: &Sharer,
    id: Id<Customer>,
    grantee: Id<Grantee>,
    condition: IfMatch,
) -> Result<(), Error> {
    let share = get(tx, grant, id, grantee, tx.now()).await?;
    condition.check(share.version)?;
    store::end(tx, grant, &share).await
}
