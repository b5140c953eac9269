//! Use cases of staff: load, decide, save.

use std::collections::BTreeSet;

use domain::{
    access::{PrincipalStatus, Role, StaffWrite, may_decide, may_give},
    fault::{Fault, NOT_FOUND},
    id::Id,
    organization::{
        CAMPUS_ARCHIVED, Campus, OWN_STANDING, STAFF_STATUS, Staff, StaffProfile, staff_phone,
    },
    stamp::Stamp,
    text_enum::TextEnum,
};
use persistence::{
    Error, Handle, Tx,
    access::{Grant, Reads, Writes, sessions},
    organization::{role_rules::take_turns, staff as store, store::campus_zone},
};

use super::{ChangeStaff, CreateStaff, SetStaffRoles};
use crate::{
    http::IfMatch,
    organization::{
        commands::{is_caller, widened},
        powers::Powers,
        role_rules::given::Given,
    },
    reference::choose,
};

type Manager = Grant<StaffWrite>;

/// Takes on a person, without log-in, and without roles but those that rules give.
///
/// # Errors
/// 422 where a field breaks a rule or a place can't be chosen, 409 where the user name or the phone is
/// taken, 403 where rules give roles there that the caller may not give.
pub async fn create(tx: &Tx, grant: &Manager, body: CreateStaff) -> Result<Staff, Error> {
    let profile = StaffProfile {
        name: body.name,
        phone: body.phone.as_deref().map(staff_phone).transpose()?,
        department: body.department_id.map(Id::new),
        position: body.position_id.map(Id::new),
        home_team: body.home_team_id.map(Id::new),
        campuses: body.campus_ids.into_iter().map(Id::new).collect(),
    };
    let person = Staff::hire(body.user_name, profile, &tx.stamp())?;
    places(tx, grant, None, &person.profile).await?;
    let given = Given::before(tx, grant, Some(person.id)).await?;
    store::insert(tx, grant, &person).await?;
    given.judge(tx, grant).await?;
    Ok(person)
}

/// Makes sure that the places which a profile has anew can be chosen.
async fn places(
    tx: &Tx,
    grant: &Manager,
    was: Option<&StaffProfile>,
    is: &StaffProfile,
) -> Result<(), Error> {
    for campus in &is.campuses {
        if was.is_none_or(|was| !was.campuses.contains(campus)) {
            choose(tx, grant, *campus, "/campus_ids").await?;
        }
    }
    if let Some(team) = is.home_team
        && was.is_none_or(|was| was.home_team != is.home_team)
    {
        let team = choose(tx, grant, team, "/home_team_id").await?;
        // Who leads the team reaches what its people hold; one who is new holds nothing yet.
        let leads = team
            .details
            .leader
            .is_some_and(|leader| is_caller(tx, leader));
        widened(tx, was.is_some() && leads)?;
    }
    if let Some(department) = is.department
        && was.is_none_or(|was| was.department != is.department)
    {
        choose(tx, grant, department, "/department_id").await?;
    }
    if let Some(position) = is.position
        && was.is_none_or(|was| was.position != is.position)
    {
        choose(tx, grant, position, "/position_id").await?;
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
    if is_caller(tx, person.id) {
        return Err(Fault::new(&OWN_STANDING).into());
    }
    if let Some(authority) = &tx.operation().authority {
        store::still_standing(tx, authority).await?;
        let theirs = store::permissions(tx, person.id).await?;
        may_decide(authority.permissions(), &theirs)?;
    }
    Ok(())
}

/// Changes what the directory tells of a person.
///
/// # Errors
/// 403 for the own places, since roles and reach go by them, for those and the phone of somebody who
/// governs others and holds more, for a home team that the caller leads, and where rules give roles
/// there that the caller may not give; 422 where a field breaks a rule.
pub async fn change(
    tx: &Tx,
    grant: &Manager,
    id: Id<Staff>,
    condition: IfMatch,
    body: ChangeStaff,
) -> Result<Staff, Error> {
    let before = present(tx, grant, id).await?;
    condition.check(before.version)?;
    let after = before.change(body.apply(before.profile.clone())?, &tx.stamp())?;
    if after.version == before.version {
        return Ok(after);
    }
    let (was, is) = (&before.profile, &after.profile);
    if was.phone != is.phone && !is_caller(tx, id) {
        deciding(tx, &before).await?;
    }
    if was.places() == is.places() {
        store::update(tx, grant, &before, &after, None).await?;
        return Ok(after);
    }
    deciding(tx, &before).await?;
    places(tx, grant, Some(was), is).await?;
    let given = Given::before(tx, grant, Some(id)).await?;
    store::update(tx, grant, &before, &after, None).await?;
    given.judge(tx, grant).await?;
    Ok(after)
}

/// Gives a person these roles, and takes away all others that were given by hand. Access changes at
/// once.
///
/// # Errors
/// 403 where a role goes beyond what the caller may give, for oneself, for somebody who governs others
/// and holds more, and where it makes somebody one of those; 409 where sales and purchasing would come
/// together.
pub async fn set_roles(
    tx: &Tx,
    grant: &Manager,
    id: Id<Staff>,
    condition: IfMatch,
    body: SetStaffRoles,
) -> Result<Staff, Error> {
    let before = present(tx, grant, id).await?;
    condition.check(before.version)?;
    deciding(tx, &before).await?;
    take_turns(tx, Some(id)).await?;
    let was = store::roles(tx, grant, id).await?;
    let is: BTreeSet<Id<Role>> = body.role_ids.into_iter().map(Id::new).collect();
    for role in &is {
        let role = choose(tx, grant, *role, "/role_ids").await?;
        if let Some(authority) = &tx.operation().authority
            && !was.contains(&role.id)
        {
            may_give(authority.permissions(), authority.fields(), &role.details)?;
        }
    }
    if was == is {
        return Ok(before);
    }
    let after = before.touched(&tx.stamp());
    let powers = Powers::before(tx).await?;
    store::update(tx, grant, &before, &after, Some((&was, &is))).await?;
    powers.judge(tx).await?;
    Ok(after)
}

/// Keeps a person from working. Sessions end: who is reinstated logs in anew.
pub async fn suspend(tx: &Tx, grant: &Manager, id: Id<Staff>) -> Result<Staff, Error> {
    let after = stand(tx, grant, id, Staff::suspend).await?;
    sessions::end_others(tx, id.cast(), None).await?;
    Ok(after)
}

/// Lets a person work again.
///
/// # Errors
/// 409 where a campus of the person has been archived meanwhile: other places come first.
pub async fn reinstate(tx: &Tx, grant: &Manager, id: Id<Staff>) -> Result<Staff, Error> {
    stand(tx, grant, id, Staff::reinstate).await
}

/// Ends the employment, and sessions with it. The roles are withdrawn: who comes back is given them
/// anew.
pub async fn leave(tx: &Tx, grant: &Manager, id: Id<Staff>) -> Result<Staff, Error> {
    let before = present(tx, grant, id).await?;
    deciding(tx, &before).await?;
    let after = before.leave(&tx.stamp())?;
    let held = store::roles(tx, grant, id).await?;
    let none = BTreeSet::new();
    store::update(tx, grant, &before, &after, Some((&held, &none))).await?;
    sessions::end_others(tx, id.cast(), None).await?;
    Ok(after)
}

/// A person about to be given another password, or whose log-ins are about to end.
///
/// # Errors
/// 403 for oneself, and for somebody who governs others and holds more; 409 for one who has left: what
/// that person will hold after a return can't be judged now.
pub async fn managed(tx: &Tx, grant: &impl Writes<Staff>, id: Id<Staff>) -> Result<Staff, Error> {
    let person = store::lock(tx, grant, id).await?;
    let person = person.ok_or_else(|| Fault::new(&NOT_FOUND))?;
    deciding(tx, &person).await?;
    if person.status == PrincipalStatus::Left {
        return Err(Fault::new(&STAFF_STATUS)
            .with("status", person.status.as_str())
            .into());
    }
    Ok(person)
}

/// Changes the status; access ends, or begins again, at once. Who comes back holds what rules give,
/// which is judged as if it were given by hand.
async fn stand(
    tx: &Tx,
    grant: &Manager,
    id: Id<Staff>,
    decide: fn(&Staff, &Stamp) -> Result<Staff, Fault>,
) -> Result<Staff, Error> {
    let before = present(tx, grant, id).await?;
    deciding(tx, &before).await?;
    let after = decide(&before, &tx.stamp())?;
    if after.status == PrincipalStatus::Active {
        open(tx, grant, &after.profile.campuses).await?;
    }
    let given = Given::before(tx, grant, Some(id)).await?;
    store::update(tx, grant, &before, &after, None).await?;
    given.judge(tx, grant).await?;
    Ok(after)
}

/// Makes sure that none of these campuses has been archived.
async fn open(
    tx: &Tx,
    grant: &Manager,
    campuses: impl IntoIterator<Item = &Id<Campus>>,
) -> Result<(), Error> {
    let institution = Reads::<Staff>::scope(grant).institution();
    for campus in campuses {
        let campus = campus_zone(tx, institution, *campus).await?;
        if !campus.is_some_and(|(_, is_open)| is_open) {
            return Err(Fault::new(&CAMPUS_ARCHIVED).into());
        }
    }
    Ok(())
}
