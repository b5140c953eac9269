//! Use cases of what people keep under a name, such as views: who reads it, who changes it.

use domain::{
    access::{Permission, Principal},
    fault::{Fault, NOT_FOUND, Rule},
    id::Id,
};
use persistence::{
    Error, Handle, Tx,
    access::{Reads, Writes},
    kept::{self as store, Kept},
};

use crate::http::{IfMatch, problem::PERMISSION_MISSING};

/// What people keep, and may show to everybody.
pub trait Tended: Kept {
    /// Who holds it tends what everybody sees.
    type By: Permission;
    /// Broken by who changes what is somebody else's.
    const NOT_OWN: &'static Rule;

    fn owner(&self) -> Id<Principal>;

    fn is_for_everybody(&self) -> bool;
}

/// One that the caller may see.
///
/// # Errors
/// 404 where there is none.
pub async fn get<K: Kept>(
    handle: &impl Handle,
    grant: &impl Reads<K>,
    id: Id<K>,
) -> Result<K, Error> {
    store::find(handle, grant, id)
        .await?
        .ok_or_else(|| Fault::new(&NOT_FOUND).into())
}

/// Removes one that the caller has read.
///
/// # Errors
/// As [`to_change`].
pub async fn delete<K: Tended>(
    tx: &Tx,
    grant: &impl Writes<K>,
    id: Id<K>,
    condition: IfMatch,
) -> Result<(), Error> {
    let kept = to_change(tx, grant, id, condition).await?;
    store::delete(tx, grant, &kept).await
}

/// One that is about to be changed: one's own, or one that everybody sees by who tends these.
///
/// # Errors
/// 403 where it is somebody else's, 404 where there is none, 412 where it has changed since.
pub async fn to_change<K: Tended>(
    tx: &Tx,
    grant: &impl Writes<K>,
    id: Id<K>,
    condition: IfMatch,
) -> Result<K, Error> {
    let kept = get(tx, grant, id).await?;
    let tends = kept.is_for_everybody() && tends::<K>(tx);
    if kept.owner() != caller(tx) && !tends {
        return Err(Fault::new(K::NOT_OWN).into());
    }
    condition.check(kept.head().version)?;
    Ok(kept)
}

/// Lets only who tends what everybody sees show something to everybody.
///
/// # Errors
/// 403 for others.
pub fn unless_tending<K: Tended>(tx: &Tx, is_for_everybody: bool) -> Result<(), Fault> {
    if is_for_everybody && !tends::<K>(tx) {
        return Err(Fault::new(&PERMISSION_MISSING).with("permission", K::By::CODE));
    }
    Ok(())
}

fn tends<K: Tended>(tx: &Tx) -> bool {
    let authority = tx.operation().authority.as_deref();
    authority.is_some_and(|authority| authority.holds::<K::By>())
}

/// In whose name something is kept.
pub fn caller(tx: &Tx) -> Id<Principal> {
    Id::new(tx.operation().actor.principal)
}
