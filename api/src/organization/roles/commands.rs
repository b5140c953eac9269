//! Use cases of roles: load, decide, save. Nobody gives a role what they could not give to somebody,
//! and no role that is made or changed gives its author more than they hold. Whoever manages log-ins can
//! log in as somebody else, with a password for one use: the trail tells it.

use domain::{
    access::{
        FieldRules, Reach, Role, RolesWrite, Side, may_decide, may_give, permissions, within_own,
    },
    id::Id,
    reference::Reference,
};
use persistence::{
    Error, Tx,
    access::Grant,
    organization::role_rules::{governors, held_by_client, holders},
    reference,
};

use super::{ChangeRole, CopyRole, CreateRole, listed};
use crate::{
    http::IfMatch,
    organization::{agreements::commands::ShutOut, commands::own_code, powers::Powers},
    reference::{archive, as_read, get, present, save},
};

type Manager = Grant<RolesWrite>;

/// Refuses a change that goes beyond the caller's own, of permissions and of fields: allowed in a role
/// only that the caller may give to others, and by which nothing comes back to the caller. The program
/// itself has no bounds.
async fn bounded<'a>(
    tx: &Tx,
    id: Id<Role>,
    role: &Role,
    wanted: impl IntoIterator<Item = &'a (String, Reach)>,
) -> Result<(), Error> {
    let Some(authority) = &tx.operation().authority else {
        return Ok(());
    };
    let (own, fields) = (authority.permissions(), authority.fields());
    let within =
        within_own(own, wanted).and_then(|()| fields.within_own(&role.permissions, &role.fields));
    let Err(beyond) = within else {
        return Ok(());
    };
    if may_give(own, fields, role).is_err() || comes_back(tx, id).await? {
        return Err(beyond.into());
    }
    Ok(())
}

/// Whether the caller holds a role, or a client does, whose key the caller may have.
async fn comes_back(tx: &Tx, role: Id<Role>) -> Result<bool, Error> {
    let caller = Id::new(tx.operation().actor.principal);
    Ok(holders(tx, role).await?.contains(&caller) || held_by_client(tx, role).await?)
}

async fn add(tx: &Tx, grant: &Manager, id: Id<Role>, role: Role) -> Result<Reference<Role>, Error> {
    if let Some(authority) = &tx.operation().authority {
        may_give(authority.permissions(), authority.fields(), &role)?;
    }
    let record = Reference::with_id(id, role, &tx.stamp())?;
    reference::insert(tx, grant, &record).await?;
    Ok(record)
}

/// Makes a role of the institution's own.
///
/// # Errors
/// 403 beyond what the caller may give, 409 where the name is taken, 422 for an unknown permission or
/// a reach that it can't have.
pub async fn create(tx: &Tx, grant: &Manager, body: CreateRole) -> Result<Reference<Role>, Error> {
    let id = tx.stamp().id();
    let role = Role {
        code: own_code(id),
        name: body.name,
        is_built_in: false,
        side: body.side.map_or(Side::Either, |side| side.0),
        permissions: permissions(&listed(body.permissions))?,
        fields: FieldRules::default(),
        requires_agreement: false,
    };
    add(tx, grant, id, role).await
}

/// Makes a role of the institution's own from another, which may be built in.
pub async fn copy(
    tx: &Tx,
    grant: &Manager,
    id: Id<Role>,
    body: CopyRole,
) -> Result<Reference<Role>, Error> {
    let original = get(tx, grant, id).await?;
    let id = tx.stamp().id();
    let role = Role {
        code: own_code(id),
        name: body.name,
        is_built_in: false,
        ..original.details
    };
    add(tx, grant, id, role).await
}

/// Changes a role; what its holders may do changes at once.
///
/// # Errors
/// 409 for a built-in one, where more than the demand for the agreement changes; 403 where something is
/// added that the caller may not give, or would come to by it, where it is taken from those who govern
/// others and hold more, and where it makes somebody one of those. A demand is refused that shuts out
/// the caller, or those.
pub async fn change(
    tx: &Tx,
    grant: &Manager,
    id: Id<Role>,
    condition: IfMatch,
    body: ChangeRole,
) -> Result<Reference<Role>, Error> {
    let before = as_read(tx, grant, id, condition).await?;
    if body.name.is_some() || body.permissions.is_some() {
        before.details.editable()?;
    }
    let mut role = before.details.clone();
    role.requires_agreement = body.requires_agreement.unwrap_or(role.requires_agreement);
    role.name = body.name.unwrap_or(role.name);
    if let Some(list) = body.permissions {
        role.permissions = permissions(&listed(list))?;
    }
    let after = before.change(role)?;
    let given = &after.details.permissions;
    let more = given.difference(&before.details.permissions);
    bounded(tx, id, &after.details, more).await?;
    if !before.details.permissions.is_subset(given) {
        may_take(tx, &before).await?;
    }
    if given != &before.details.permissions {
        let powers = Powers::before(tx).await?;
        let after = settle(tx, grant, &before, after).await?;
        powers.judge(tx).await?;
        return Ok(after);
    }
    settle(tx, grant, &before, after).await
}

/// Saves a role, with its demand for the agreement.
async fn settle(
    tx: &Tx,
    grant: &Manager,
    before: &Reference<Role>,
    after: Reference<Role>,
) -> Result<Reference<Role>, Error> {
    if after.details.requires_agreement == before.details.requires_agreement {
        return save(tx, grant, before, after).await;
    }
    let shut_out = ShutOut::before(tx).await?;
    let after = save(tx, grant, before, after).await?;
    shut_out.judge(tx).await?;
    Ok(after)
}

/// Sets what a role leaves of fields; what its holders see changes at once.
///
/// # Errors
/// 409 for a built-in one; 403 where it would leave more than the caller may give, or would come to by
/// it, or alter what those see who govern others and hold more.
pub async fn set_fields(
    tx: &Tx,
    grant: &Manager,
    id: Id<Role>,
    condition: IfMatch,
    fields: FieldRules,
) -> Result<Reference<Role>, Error> {
    let before = as_read(tx, grant, id, condition).await?;
    before.details.editable()?;
    let after = before.change(Role {
        fields,
        ..before.details.clone()
    })?;
    bounded(tx, id, &after.details, []).await?;
    may_take(tx, &before).await?;
    save(tx, grant, &before, after).await
}

/// Refuses to take something from a role while somebody holds it who governs others and holds more.
async fn may_take(tx: &Tx, role: &Reference<Role>) -> Result<(), Error> {
    let Some(authority) = &tx.operation().authority else {
        return Ok(());
    };
    let governors = governors(tx).await?;
    for holder in holders(tx, role.id).await? {
        if let Some(theirs) = governors.get(&holder) {
            may_decide(authority.permissions(), theirs)?;
        }
    }
    Ok(())
}

/// Puts a role into the archive.
///
/// # Errors
/// 409 for a built-in one, or while somebody holds it.
pub async fn put_away(tx: &Tx, grant: &Manager, id: Id<Role>) -> Result<Reference<Role>, Error> {
    present(tx, grant, id).await?.details.editable()?;
    archive(tx, grant, id).await
}
