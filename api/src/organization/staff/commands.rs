//! Use cases of staff: load, decide, save.

use std::collections::BTreeSet;

use domain::{
    access::{Role, StaffWrite, may_decide, may_give, one_side},
    fault::{Fault, NOT_FOUND},
    id::Id,
    organization::{Campus, OWN_STANDING, Staff, StaffProfile, Team},
    stamp::Stamp,
};
use persistence::{
    Error, Handle, Tx,
    access::{Grant, Reads, Writes},
    organization::staff as store,
};

use super::{ChangeStaff, CreateStaff, SetStaffRoles};
use crate::{http::IfMatch, reference::choose};

type Manager = Grant<StaffWrite>;

/// Takes on a person, without log-in and without roles.
///
/// # Errors
/// 422 where a field breaks a rule or a campus or team can't be chosen, 409 where the user name is
/// taken.
pub async fn create(tx: &Tx, grant: &Manager, body: CreateStaff) -> Result<Staff, Error> {
    let profile = StaffProfile {
        name: body.name,
        position: body.position,
        home_team: body.home_team_id.map(Id::new),
        campuses: body.campus_ids.into_iter().map(Id::new).collect(),
    };
    let person = Staff::hire(body.user_name, profile, &tx.stamp())?;
    let campuses = person.profile.campuses.iter().copied().collect();
    places(tx, grant, campuses, person.profile.home_team).await?;
    store::insert(tx, grant, &person).await?;
    Ok(person)
}

/// Makes sure that campuses and a team can be chosen.
async fn places(
    tx: &Tx,
    grant: &Manager,
    campuses: Vec<Id<Campus>>,
    team: Option<Id<Team>>,
) -> Result<(), Error> {
    for campus in campuses {
        choose(tx, grant, campus, "/campus_ids").await?;
    }
    if let Some(team) = team {
        choose(tx, grant, team, "/home_team_id").await?;
    }
    Ok(())
}

pub async fn get(
    handle: &impl Handle,
    grant: &impl Reads<Staff>,
    id: Id<Staff>,
) -> Result<Staff, Error> {
    store::find(handle, grant, id)
        .await?
        .ok_or_else(|| Fault::new(&NOT_FOUND).into())
}

async fn present(tx: &Tx, grant: &Manager, id: Id<Staff>) -> Result<Staff, Error> {
    store::lock(tx, grant, id)
        .await?
        .ok_or_else(|| Fault::new(&NOT_FOUND).into())
}

/// Nobody decides about the own standing, nor about somebody who governs others and holds more.
async fn deciding(tx: &Tx, person: &Staff) -> Result<(), Error> {
    if tx.operation().actor.principal == person.id.uuid() {
        return Err(Fault::new(&OWN_STANDING).into());
    }
    if let Some(authority) = &tx.operation().authority {
        let theirs = store::permissions(tx, person.id).await?;
        may_decide(authority.permissions(), &theirs)?;
    }
    Ok(())
}

/// Changes what the directory tells of a person.
///
/// # Errors
/// 403 for the own campuses and team, since reach goes by them, and for those of somebody who governs
/// others and holds more; 422 where a field breaks a rule.
pub async fn change(
    tx: &Tx,
    grant: &Manager,
    id: Id<Staff>,
    condition: IfMatch,
    body: ChangeStaff,
) -> Result<Staff, Error> {
    let before = present(tx, grant, id).await?;
    condition.check(before.version)?;
    let after = before.change(body.apply(before.profile.clone()), &tx.stamp())?;
    if after.version == before.version {
        return Ok(after);
    }
    let (was, is) = (&before.profile, &after.profile);
    if (&was.campuses, was.home_team) != (&is.campuses, is.home_team) {
        deciding(tx, &before).await?;
        let campuses = is.campuses.difference(&was.campuses).copied().collect();
        let team = is.home_team.filter(|team| was.home_team != Some(*team));
        places(tx, grant, campuses, team).await?;
    }
    store::update(tx, grant, &before, &after, None).await?;
    Ok(after)
}

/// Gives a person these roles, and takes away all others. Access changes at once.
///
/// # Errors
/// 403 where a role goes beyond what the caller may give, for oneself, and for somebody who governs
/// others and holds more; 409 where sales and
/// purchasing would come together.
pub async fn set_roles(
    tx: &Tx,
    grant: &Manager,
    id: Id<Staff>,
    condition: IfMatch,
    body: SetStaffRoles,
) -> Result<(Staff, BTreeSet<Id<Role>>), Error> {
    let before = present(tx, grant, id).await?;
    condition.check(before.version)?;
    deciding(tx, &before).await?;
    let was = store::roles(tx, grant, id).await?;
    let is: BTreeSet<Id<Role>> = body.role_ids.into_iter().map(Id::new).collect();
    let mut sides = Vec::new();
    for role in &is {
        let role = choose(tx, grant, *role, "/role_ids").await?;
        if let Some(authority) = &tx.operation().authority
            && !was.contains(&role.id)
        {
            may_give(authority.permissions(), authority.fields(), &role.details)?;
        }
        sides.push(role.details.side);
    }
    one_side(sides)?;
    if was == is {
        return Ok((before, is));
    }
    let after = before.touched(&tx.stamp());
    store::update(tx, grant, &before, &after, Some((&was, &is))).await?;
    Ok((after, is))
}

pub async fn suspend(tx: &Tx, grant: &Manager, id: Id<Staff>) -> Result<Staff, Error> {
    stand(tx, grant, id, Staff::suspend).await
}

pub async fn reinstate(tx: &Tx, grant: &Manager, id: Id<Staff>) -> Result<Staff, Error> {
    stand(tx, grant, id, Staff::reinstate).await
}

/// Ends the employment. The roles are withdrawn: who comes back is given them anew.
pub async fn leave(tx: &Tx, grant: &Manager, id: Id<Staff>) -> Result<Staff, Error> {
    let before = present(tx, grant, id).await?;
    deciding(tx, &before).await?;
    let after = before.leave(&tx.stamp())?;
    let held = store::roles(tx, grant, id).await?;
    let none = BTreeSet::new();
    store::update(tx, grant, &before, &after, Some((&held, &none))).await?;
    Ok(after)
}

/// A person about to be given another password.
///
/// # Errors
/// 403 for oneself, and for somebody who governs others and holds more.
pub async fn reset(tx: &Tx, grant: &impl Writes<Staff>, id: Id<Staff>) -> Result<Staff, Error> {
    let person = store::lock(tx, grant, id).await?;
    let person = person.ok_or_else(|| Fault::new(&NOT_FOUND))?;
    deciding(tx, &person).await?;
    Ok(person)
}

/// Changes the status; access ends, or begins again, at once.
async fn stand(
    tx: &Tx,
    grant: &Manager,
    id: Id<Staff>,
    decide: fn(&Staff, &Stamp) -> Result<Staff, Fault>,
) -> Result<Staff, Error> {
    let before = present(tx, grant, id).await?;
    deciding(tx, &before).await?;
    let after = decide(&before, &tx.stamp())?;
    store::update(tx, grant, &before, &after, None).await?;
    Ok(after)
}
