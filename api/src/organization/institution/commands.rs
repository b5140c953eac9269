//! Use cases of the institution itself: load, decide, save.

use domain::{access::OrganizationWrite, organization::Institution};
use persistence::{Error, Tx, access::Grant, organization::institution as store};

use super::ChangeInstitution;
use crate::http::IfMatch;

/// Changes the caller's institution.
///
/// # Errors
/// 422 where a field breaks a rule, 409 where amounts are kept in another currency.
pub async fn change(
    tx: &Tx,
    grant: &Grant<OrganizationWrite>,
    condition: IfMatch,
    body: ChangeInstitution,
) -> Result<Institution, Error> {
    let before = store::lock(tx, grant).await?;
    condition.check(before.version)?;
    let profile = body.apply(before.profile.clone())?;
    let is_other = profile.currency != before.profile.currency;
    let has_amounts = is_other && store::has_amounts(tx).await?;
    let after = before.change(profile, has_amounts)?;
    if after.version != before.version {
        store::update(tx, grant, &before, &after).await?;
    }
    Ok(after)
}
