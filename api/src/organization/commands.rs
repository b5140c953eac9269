//! Use cases of regions, campuses, departments, teams and groups: load, decide, save.

use std::collections::BTreeSet;

use domain::{
    access::OrganizationWrite,
    fault::{Fault, FieldFault, REFERENCE_UNKNOWN},
    id::Id,
    organization::{
        Campus, DEPARTMENT_TOO_DEEP, Department, Group, OWN_STANDING, Region, Staff, Team,
    },
    reference::Reference,
};
use persistence::{
    Error, Tx,
    access::{Grant, Reads},
    follow_ups::clocks::keep_time,
    organization::{
        has_units,
        staff::missing,
        store::{campuses_in, institution_zone},
    },
};

use super::{
    ChangeCampus, ChangeDepartment, ChangeGroup, ChangeRegion, ChangeTeam, CreateCampus,
    CreateDepartment, CreateGroup, CreateRegion, CreateTeam,
};
use crate::{
    http::IfMatch,
    organization::role_rules::given::Given,
    reference::{as_read, choose, create, present, save},
};

type Organizer = Grant<OrganizationWrite>;

pub async fn create_region(
    tx: &Tx,
    grant: &Organizer,
    body: CreateRegion,
) -> Result<Reference<Region>, Error> {
    create(tx, grant, Region { name: body.name }).await
}

pub async fn change_region(
    tx: &Tx,
    grant: &Organizer,
    id: Id<Region>,
    condition: IfMatch,
    body: ChangeRegion,
) -> Result<Reference<Region>, Error> {
    let before = as_read(tx, grant, id, condition).await?;
    let after = before.change(body.apply(before.details.clone()))?;
    save(tx, grant, &before, after).await
}

/// Opens a campus, with its pool.
///
/// # Errors
/// 422 where a field breaks a rule or the region can't be chosen, 409 where the name is taken.
pub async fn create_campus(
    tx: &Tx,
    grant: &Organizer,
    body: CreateCampus,
) -> Result<Reference<Campus>, Error> {
    let institution = Reads::<Campus>::scope(grant).institution();
    let time_zone = match body.time_zone {
        Some(zone) => zone,
        None => institution_zone(tx, institution)
            .await?
            .ok_or_else(|| Error::corrupt("no institution"))?,
    };
    let campus = Campus {
        name: body.name,
        region: body.region_id.map(Id::new),
        legal_entity: body.legal_entity,
        is_headquarters: body.is_headquarters.unwrap_or(false),
        time_zone,
    };
    region_of(tx, grant, &campus).await?;
    create(tx, grant, campus).await
}

/// Changes a campus.
///
/// # Errors
/// 422 where a field breaks a rule or the region can't be chosen, 403 where the caller's own campuses
/// would have another one in their region, 409 where the name is taken.
pub async fn change_campus(
    tx: &Tx,
    grant: &Organizer,
    id: Id<Campus>,
    condition: IfMatch,
    body: ChangeCampus,
) -> Result<Reference<Campus>, Error> {
    let before = as_read(tx, grant, id, condition).await?;
    let after = before.change(body.apply(before.details.clone()))?;
    if after.details.region != before.details.region {
        region_of(tx, grant, &after.details).await?;
        let mut together = vec![id];
        if let Some(region) = after.details.region {
            let institution = Reads::<Campus>::scope(grant).institution();
            together.extend(campuses_in(tx, institution, region).await?);
        }
        let authority = tx.operation().authority.as_ref();
        let mut own = authority.into_iter().flat_map(|a| a.campuses());
        widened(tx, own.any(|campus| together.contains(&campus)))?;
    }
    let is_moved = after.details.time_zone != before.details.time_zone;
    let saved = save(tx, grant, &before, after).await?;
    if is_moved {
        keep_time(tx, id, None).await?;
    }
    Ok(saved)
}

pub async fn unarchive_campus(
    tx: &Tx,
    grant: &Organizer,
    id: Id<Campus>,
) -> Result<Reference<Campus>, Error> {
    let before = present(tx, grant, id).await?;
    let after = before.unarchive()?;
    region_of(tx, grant, &after.details).await?;
    save(tx, grant, &before, after).await
}

async fn region_of(tx: &Tx, grant: &Organizer, campus: &Campus) -> Result<(), Error> {
    if let Some(region) = campus.region {
        choose(tx, grant, region, "/region_id").await?;
    }
    Ok(())
}

pub async fn create_department(
    tx: &Tx,
    grant: &Organizer,
    body: CreateDepartment,
) -> Result<Reference<Department>, Error> {
    let id: Id<Department> = tx.stamp().id();
    let department = Department {
        code: own_code(id),
        name: body.name,
        parent: body.parent_id.map(Id::new),
    };
    parent_of(tx, grant, &department).await?;
    let record = Reference::with_id(id, department, &tx.stamp())?;
    persistence::reference::insert(tx, grant, &record).await?;
    Ok(record)
}

/// A code that no built-in record has; the end of an id is its random part.
pub(super) fn own_code<K>(id: Id<K>) -> String {
    let id = id.uuid().simple().to_string();
    format!("own_{}", id.get(16..).unwrap_or(&id))
}

/// Changes a department. Its people hold what rules give to the department that it belongs to: that
/// is judged as if it were given by hand.
///
/// # Errors
/// 403 where roles would be given or taken that the caller could not give or take, 409 where
/// departments would go deeper than two levels.
pub async fn change_department(
    tx: &Tx,
    grant: &Organizer,
    id: Id<Department>,
    condition: IfMatch,
    body: ChangeDepartment,
) -> Result<Reference<Department>, Error> {
    let before = as_read(tx, grant, id, condition).await?;
    let after = before.change(body.apply(before.details.clone()))?;
    if after.details.parent == before.details.parent {
        return save(tx, grant, &before, after).await;
    }
    // What has units of its own can't become one.
    let institution = Reads::<Department>::scope(grant).institution();
    let has_units = has_units(tx, institution, id).await?;
    if after.details.parent == Some(id) || (after.details.parent.is_some() && has_units) {
        return Err(Fault::new(&DEPARTMENT_TOO_DEEP).into());
    }
    parent_of(tx, grant, &after.details).await?;
    let given = Given::before(tx, grant, None).await?;
    let after = save(tx, grant, &before, after).await?;
    given.judge(tx, grant).await?;
    Ok(after)
}

pub async fn unarchive_department(
    tx: &Tx,
    grant: &Organizer,
    id: Id<Department>,
) -> Result<Reference<Department>, Error> {
    let before = present(tx, grant, id).await?;
    let after = before.unarchive()?;
    parent_of(tx, grant, &after.details).await?;
    save(tx, grant, &before, after).await
}

async fn parent_of(tx: &Tx, grant: &Organizer, unit: &Department) -> Result<(), Error> {
    if let Some(parent) = unit.parent {
        let parent = choose(tx, grant, parent, "/parent_id").await?;
        if parent.details.parent.is_some() {
            return Err(Fault::new(&DEPARTMENT_TOO_DEEP).into());
        }
    }
    Ok(())
}

pub async fn create_team(
    tx: &Tx,
    grant: &Organizer,
    body: CreateTeam,
) -> Result<Reference<Team>, Error> {
    let team = Team {
        name: body.name,
        campus: body.campus_id.map(Id::new),
        leader: body.leader_id.map(Id::new),
    };
    campus_of(tx, grant, &team).await?;
    leader_of(tx, grant, &team).await?;
    create(tx, grant, team).await
}

pub async fn change_team(
    tx: &Tx,
    grant: &Organizer,
    id: Id<Team>,
    condition: IfMatch,
    body: ChangeTeam,
) -> Result<Reference<Team>, Error> {
    let before = as_read(tx, grant, id, condition).await?;
    let after = before.change(body.apply(before.details.clone()))?;
    if after.details.campus != before.details.campus {
        campus_of(tx, grant, &after.details).await?;
    }
    if after.details.leader != before.details.leader {
        leader_of(tx, grant, &after.details).await?;
    }
    save(tx, grant, &before, after).await
}

pub async fn unarchive_team(
    tx: &Tx,
    grant: &Organizer,
    id: Id<Team>,
) -> Result<Reference<Team>, Error> {
    let before = present(tx, grant, id).await?;
    let after = before.unarchive()?;
    campus_of(tx, grant, &after.details).await?;
    widened(
        tx,
        after
            .details
            .leader
            .is_some_and(|leader| is_caller(tx, leader)),
    )?;
    save(tx, grant, &before, after).await
}

async fn campus_of(tx: &Tx, grant: &Organizer, team: &Team) -> Result<(), Error> {
    if let Some(campus) = team.campus {
        choose(tx, grant, campus, "/campus_id").await?;
    }
    Ok(())
}

async fn leader_of(tx: &Tx, grant: &Organizer, team: &Team) -> Result<(), Error> {
    people(tx, grant, team.leader.into_iter().collect(), "/leader_id").await
}

pub async fn create_group(
    tx: &Tx,
    grant: &Organizer,
    body: CreateGroup,
) -> Result<Reference<Group>, Error> {
    let members: BTreeSet<_> = body.member_ids.into_iter().flatten().map(Id::new).collect();
    people(tx, grant, members.clone(), "/member_ids").await?;
    let group = Group {
        name: body.name,
        members,
    };
    create(tx, grant, group).await
}

pub async fn change_group(
    tx: &Tx,
    grant: &Organizer,
    id: Id<Group>,
    condition: IfMatch,
    body: ChangeGroup,
) -> Result<Reference<Group>, Error> {
    let before = as_read(tx, grant, id, condition).await?;
    let after = before.change(body.apply(before.details.clone()))?;
    let members = &after.details.members;
    let new = members.difference(&before.details.members).copied();
    people(tx, grant, new.collect(), "/member_ids").await?;
    save(tx, grant, &before, after).await
}

pub async fn unarchive_group(
    tx: &Tx,
    grant: &Organizer,
    id: Id<Group>,
) -> Result<Reference<Group>, Error> {
    let before = present(tx, grant, id).await?;
    let after = before.unarchive()?;
    let mut members = after.details.members.iter();
    widened(tx, members.any(|member| is_caller(tx, *member)))?;
    save(tx, grant, &before, after).await
}

/// Refuses people who are not there, or have left, and the caller, who may see more in a new place.
async fn people(
    tx: &Tx,
    grant: &Organizer,
    wanted: BTreeSet<Id<Staff>>,
    pointer: &'static str,
) -> Result<(), Error> {
    widened(tx, wanted.iter().any(|person| is_caller(tx, *person)))?;
    if wanted.is_empty() || missing(tx, grant, &wanted).await?.is_empty() {
        return Ok(());
    }
    Err(FieldFault::new(pointer, &REFERENCE_UNKNOWN).into())
}

pub(super) fn is_caller(tx: &Tx, person: Id<Staff>) -> bool {
    tx.operation().actor.principal == person.uuid()
}

/// Refuses to widen one's own reach by a change of places; who reaches everything gains nothing by
/// it.
pub(super) fn widened(tx: &Tx, is_own: bool) -> Result<(), Fault> {
    let authority = tx.operation().authority.as_ref();
    if is_own && authority.is_some_and(|authority| !authority.reaches_everything()) {
        return Err(Fault::new(&OWN_STANDING));
    }
    Ok(())
}
