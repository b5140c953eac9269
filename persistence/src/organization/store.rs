//! Founding institutions, opening campuses, hiring staff, and looking them up.

use std::collections::BTreeSet;

use domain::{
    access::{BUILT_IN_ROLES, OrganizationWrite, Permission, Role, StaffWrite},
    fault::{Fault, NOT_FOUND},
    id::Id,
    organization::{
        Campus, DEPARTMENTS, Department, Holder, Institution, Locale, NewInstitution, Region,
        Staff, StaffProfile, Team, staff_phone,
    },
    reference::Reference,
    text_enum::TextEnum,
};
use sea_orm::{ConnectionTrait, Value, sea_query::ArrayType};
use serde_json::json;

use super::staff;
use crate::{
    Error, Handle, Tx,
    access::{Grant, Writes, permit, sessions},
    clock::micros,
    customers::channels,
    database::{Change, among, statement},
    reference::{self, Kept},
};

/// A campus as it is opened.
#[derive(Clone, Debug)]
pub struct NewCampus {
    pub name: String,
    pub region: Option<Id<Region>>,
    pub legal_entity: String,
    pub is_headquarters: bool,
    pub time_zone: String,
}

/// A person of staff as it is hired.
#[derive(Clone, Debug)]
pub struct NewStaff {
    /// What the person types at log-in, unique in the institution.
    pub user_name: String,
    pub name: String,
    /// In any usual form.
    pub phone: Option<String>,
    pub campuses: Vec<Id<Campus>>,
    pub home_team: Option<Id<Team>>,
    /// Codes of roles.
    pub roles: Vec<String>,
}

async fn run<const N: usize>(tx: &Tx, sql: &str, values: [Value; N]) -> Result<(), Error> {
    tx.execute_raw(statement(tx, sql, values)).await?;
    Ok(())
}

/// Founds the operation's institution, with what every institution has from the start:
/// its field keys, the departments of ORG-04 and ORG-05, the built-in roles, and the source channels that
/// the requirements name.
pub async fn found(tx: &Tx, new: &NewInstitution) -> Result<(), Error> {
    new.check()?;
    let institution = tx.operation().institution.uuid();
    let now = micros(tx.now());
    // A short number for the search grams; foundings take turns for it.
    if tx.is_postgres() {
        tx.execute_unprepared("SELECT pg_advisory_xact_lock(7216002)")
            .await?;
    }
    run(
        tx,
        "INSERT INTO institutions (institution_id, number, code, name, time_zone, currency, locale, \
         status, access_version, version, created_at) \
         SELECT ?, COALESCE(MAX(number), 0) + 1, ?, ?, ?, ?, ?, 'active', 1, 1, ? FROM institutions",
        [
            institution.into(),
            new.code.as_str().into(),
            new.name.as_str().into(),
            new.time_zone.as_str().into(),
            new.currency.code().into(),
            new.locale.as_str().into(),
            now.into(),
        ],
    )
    .await?;
    tx.create_keys().await?;
    departments(tx, new.locale).await?;
    roles(tx, new.locale).await?;
    channels::plant(tx, new.locale).await?;
    let founded = json!({
        "code": new.code,
        "name": new.name,
        "time_zone": new.time_zone,
        "currency": new.currency.code(),
        "locale": new.locale.as_str(),
    });
    tx.record(Change::new("institution", institution, 1, founded));
    Ok(())
}

async fn departments(tx: &Tx, locale: Locale) -> Result<(), Error> {
    let mut records: Vec<Reference<Department>> = Vec::new();
    let mut parent = None;
    for department in DEPARTMENTS {
        let record = Reference::create(
            Department {
                code: department.code.into(),
                name: department.name.of(locale).into(),
                parent: parent.filter(|_| department.is_unit),
            },
            &tx.stamp(),
        )?;
        // Units follow the department that they belong to.
        if !department.is_unit {
            parent = Some(record.id);
        }
        records.push(record);
    }
    reference::plant(tx, tx.operation().institution, &records).await
}

async fn roles(tx: &Tx, locale: Locale) -> Result<(), Error> {
    let institution = tx.operation().institution;
    let records = BUILT_IN_ROLES
        .iter()
        .map(|role| Reference::create(role.planted(locale), &tx.stamp()))
        .collect::<Result<Vec<_>, _>>()?;
    reference::plant(tx, institution, &records).await?;
    let mut permissions = Vec::new();
    for role in records {
        for (code, reach) in role.details.permissions {
            permissions.push((role.id, code, reach));
        }
    }
    permit(tx, institution, permissions).await
}

/// What the program may write while it founds an institution.
fn grant<P: Permission>(tx: &Tx) -> Grant<P> {
    Grant::system(tx.operation().institution, tx.now(), "founding")
}

async fn add<T: Kept>(tx: &Tx, details: T) -> Result<Id<T>, Error>
where
    Grant<OrganizationWrite>: Writes<T>,
{
    let record = Reference::create(details, &tx.stamp())?;
    reference::insert(tx, &grant::<OrganizationWrite>(tx), &record).await?;
    Ok(record.id)
}

pub async fn add_region(tx: &Tx, name: &str) -> Result<Id<Region>, Error> {
    add(tx, Region { name: name.into() }).await
}

/// Opens a campus, with its pool.
pub async fn open_campus(tx: &Tx, new: &NewCampus) -> Result<Id<Campus>, Error> {
    let campus = Campus {
        name: new.name.clone(),
        region: new.region,
        legal_entity: new.legal_entity.clone(),
        is_headquarters: new.is_headquarters,
        time_zone: new.time_zone.clone(),
    };
    add(tx, campus).await
}

pub async fn form_team(tx: &Tx, name: &str, leader: Option<Id<Staff>>) -> Result<Id<Team>, Error> {
    let team = Team {
        name: name.into(),
        campus: None,
        leader,
    };
    add(tx, team).await
}

/// Makes a person the leader of a team.
pub async fn lead_team(tx: &Tx, team: Id<Team>, leader: Id<Staff>) -> Result<(), Error> {
    let grant = grant::<OrganizationWrite>(tx);
    let before = reference::lock(tx, &grant, team)
        .await?
        .ok_or_else(|| Fault::new(&NOT_FOUND))?;
    let after = before.change(Team {
        leader: Some(leader),
        ..before.details.clone()
    })?;
    reference::update(tx, &grant, &before, &after).await
}

/// Hires a person: a principal, who can hold customers.
pub async fn hire(tx: &Tx, new: &NewStaff) -> Result<Id<Staff>, Error> {
    let grant = grant::<StaffWrite>(tx);
    let profile = StaffProfile {
        name: new.name.clone(),
        phone: new.phone.as_deref().map(staff_phone).transpose()?,
        department: None,
        position: None,
        home_team: new.home_team,
        campuses: new.campuses.iter().copied().collect(),
    };
    let person = Staff::hire(new.user_name.clone(), profile, &tx.stamp())?;
    staff::insert(tx, &grant, &person).await?;
    if !new.roles.is_empty() {
        let mut roles = BTreeSet::new();
        for code in &new.roles {
            roles.insert(role_of_code(tx, code).await?);
        }
        let after = person.touched(&tx.stamp());
        let change = (&BTreeSet::new(), &roles);
        staff::update(tx, &grant, &person, &after, Some(change)).await?;
    }
    Ok(person.id)
}

async fn role_of_code(tx: &Tx, code: &str) -> Result<Id<Role>, Error> {
    let institution = tx.operation().institution.uuid();
    let row = tx
        .query_one_raw(statement(
            tx,
            "SELECT id FROM roles WHERE institution_id = ? AND code = ?",
            [institution.into(), code.into()],
        ))
        .await?
        .ok_or_else(|| Error::internal(format!("no role {code}")))?;
    Ok(Id::new(row.try_get("", "id")?))
}

/// Whether there is an institution yet.
pub async fn any_institution(handle: &impl Handle) -> Result<bool, Error> {
    let row = handle
        .query_one_raw(statement(
            handle,
            "SELECT 1 AS found FROM institutions LIMIT 1",
            [],
        ))
        .await?;
    Ok(row.is_some())
}

/// The institution that was founded first.
pub async fn first_institution(handle: &impl Handle) -> Result<Option<Id<Institution>>, Error> {
    let row = handle
        .query_one_raw(statement(
            handle,
            "SELECT institution_id FROM institutions ORDER BY number LIMIT 1",
            [],
        ))
        .await?;
    row.map(|row| Ok(Id::new(row.try_get("", "institution_id")?)))
        .transpose()
}

/// Code, name and status of every institution, oldest first.
pub async fn list_institutions(
    handle: &impl Handle,
) -> Result<Vec<(String, String, String)>, Error> {
    handle
        .query_all_raw(statement(
            handle,
            "SELECT code, name, status FROM institutions ORDER BY number",
            [],
        ))
        .await?
        .iter()
        .map(|row| {
            Ok((
                row.try_get("", "code")?,
                row.try_get("", "name")?,
                row.try_get("", "status")?,
            ))
        })
        .collect()
}

/// Lets nobody of an institution in any more, though its data stay: log-ins end; or lets its people log in
/// again. Whether that was news.
pub async fn set_suspended(tx: &Tx, suspended: bool) -> Result<bool, Error> {
    let institution = tx.operation().institution.uuid();
    let (was, is) = if suspended {
        ("active", "suspended")
    } else {
        ("suspended", "active")
    };
    let changed = tx
        .query_one_raw(statement(
            tx,
            "UPDATE institutions SET status = ?, access_version = access_version + 1, \
             version = version + 1 WHERE institution_id = ? AND status = ? RETURNING version",
            [is.into(), institution.into(), was.into()],
        ))
        .await?;
    let Some(changed) = changed else {
        return Ok(false);
    };
    if suspended {
        sessions::end_all(tx).await?;
    }
    tx.access_changed();
    let version = changed.try_get("", "version")?;
    let change = Change::new("institution", institution, version, json!({ "status": is }));
    tx.record(change.before(json!({ "status": was })));
    Ok(true)
}

/// The institution of a code.
pub async fn institution_by_code(
    handle: &impl Handle,
    code: &str,
) -> Result<Option<Id<Institution>>, Error> {
    let row = handle
        .query_one_raw(statement(
            handle,
            "SELECT institution_id FROM institutions WHERE code = ?",
            [code.into()],
        ))
        .await?;
    row.map(|row| Ok(Id::new(row.try_get("", "institution_id")?)))
        .transpose()
}

/// The open campuses of an institution, oldest first: each with its name and IANA zone. In a transaction
/// they stay so until the end.
pub async fn campuses(
    handle: &impl Handle,
    institution: Id<Institution>,
) -> Result<Vec<(Id<Campus>, String, String)>, Error> {
    let sql = format!(
        "SELECT id, name, time_zone FROM campuses WHERE institution_id = ? \
         AND archived_at IS NULL ORDER BY id{}",
        handle.keeping()
    );
    handle
        .query_all_raw(statement(handle, &sql, [institution.uuid().into()]))
        .await?
        .iter()
        .map(|row| {
            Ok((
                Id::new(row.try_get("", "id")?),
                row.try_get("", "name")?,
                row.try_get("", "time_zone")?,
            ))
        })
        .collect()
}

/// The campuses of a region, archived ones included.
pub async fn campuses_in(
    handle: &impl Handle,
    institution: Id<Institution>,
    region: Id<Region>,
) -> Result<Vec<Id<Campus>>, Error> {
    handle
        .query_all_raw(statement(
            handle,
            "SELECT id FROM campuses WHERE institution_id = ? AND region_id = ? ORDER BY id",
            [institution.uuid().into(), region.uuid().into()],
        ))
        .await?
        .iter()
        .map(|row| Ok(Id::new(row.try_get("", "id")?)))
        .collect()
}

/// Whether a role of this code can be given.
pub async fn role_exists(
    handle: &impl Handle,
    institution: Id<Institution>,
    code: &str,
) -> Result<bool, Error> {
    let row = handle
        .query_one_raw(statement(
            handle,
            "SELECT 1 AS found FROM roles WHERE institution_id = ? AND code = ? AND archived_at IS NULL",
            [institution.uuid().into(), code.into()],
        ))
        .await?;
    Ok(row.is_some())
}

/// IANA zone of the institution; `None` where there is no such institution.
pub async fn institution_zone(
    handle: &impl Handle,
    institution: Id<Institution>,
) -> Result<Option<String>, Error> {
    let row = handle
        .query_one_raw(statement(
            handle,
            "SELECT time_zone FROM institutions WHERE institution_id = ?",
            [institution.uuid().into()],
        ))
        .await?;
    row.map(|row| Ok(row.try_get("", "time_zone")?)).transpose()
}

/// IANA zone of a campus, and whether it is open; `None` where there is no such campus. In a
/// transaction it stays so until the end.
pub async fn campus_zone(
    handle: &impl Handle,
    institution: Id<Institution>,
    campus: Id<Campus>,
) -> Result<Option<(String, bool)>, Error> {
    let sql = format!(
        "SELECT time_zone, archived_at FROM campuses WHERE institution_id = ? AND id = ?{}",
        handle.keeping()
    );
    let values = [institution.uuid().into(), campus.uuid().into()];
    let row = handle
        .query_one_raw(statement(handle, &sql, values))
        .await?;
    row.map(|row| {
        let archived: Option<i64> = row.try_get("", "archived_at")?;
        Ok((row.try_get("", "time_zone")?, archived.is_none()))
    })
    .transpose()
}

/// The person of staff of a user name.
pub async fn staff_by_user_name(
    handle: &impl Handle,
    institution: Id<Institution>,
    user_name: &str,
) -> Result<Option<Id<Staff>>, Error> {
    let row = handle
        .query_one_raw(statement(
            handle,
            "SELECT id FROM staff WHERE institution_id = ? AND user_name = ?",
            [institution.uuid().into(), user_name.into()],
        ))
        .await?;
    row.map(|row| Ok(Id::new(row.try_get("", "id")?)))
        .transpose()
}

/// Whether there is such a person of staff.
pub async fn is_staff(
    handle: &impl Handle,
    institution: Id<Institution>,
    id: Id<Staff>,
) -> Result<bool, Error> {
    let row = handle
        .query_one_raw(statement(
            handle,
            "SELECT 1 AS found FROM staff WHERE institution_id = ? AND id = ?",
            [institution.uuid().into(), id.uuid().into()],
        ))
        .await?;
    Ok(row.is_some())
}

/// Those of some who are people of staff.
pub async fn staff_among(
    handle: &impl Handle,
    institution: Id<Institution>,
    ids: &BTreeSet<Id<Staff>>,
) -> Result<BTreeSet<Id<Staff>>, Error> {
    if ids.is_empty() {
        return Ok(BTreeSet::new());
    }
    let ids = ids.iter().map(|id| id.uuid().into()).collect();
    let (is_among, ids) = among(handle, "id", ArrayType::Uuid, ids);
    let sql = format!("SELECT id FROM staff WHERE institution_id = ? AND {is_among}");
    let mut values: Vec<Value> = vec![institution.uuid().into()];
    values.extend(ids);
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    rows.iter()
        .map(|row| Ok(Id::new(row.try_get("", "id")?)))
        .collect()
}

/// Whether somebody is active staff of a campus.
pub async fn works_at(
    handle: &impl Handle,
    institution: Id<Institution>,
    person: Id<Staff>,
    campus: Id<Campus>,
) -> Result<bool, Error> {
    let row = handle
        .query_one_raw(statement(
            handle,
            "SELECT 1 AS found FROM staff_campuses sc \
             JOIN principals p ON p.institution_id = sc.institution_id AND p.id = sc.staff_id \
             WHERE sc.institution_id = ? AND sc.staff_id = ? AND sc.campus_id = ? \
             AND p.status = 'active'",
            [
                institution.uuid().into(),
                person.uuid().into(),
                campus.uuid().into(),
            ],
        ))
        .await?;
    Ok(row.is_some())
}

/// Whether the campus is open and a holder is its pool, or active staff who works there.
pub async fn holds_at(
    handle: &impl Handle,
    institution: Id<Institution>,
    holder: Id<Holder>,
    campus: Id<Campus>,
) -> Result<bool, Error> {
    let row = handle
        .query_one_raw(statement(
            handle,
            "SELECT 1 AS found FROM holders h WHERE h.institution_id = ? AND h.id = ? \
             AND EXISTS (SELECT 1 FROM campuses c WHERE c.institution_id = h.institution_id \
                 AND c.id = ? AND c.archived_at IS NULL) \
             AND (h.pool_campus_id = ? OR EXISTS ( \
                 SELECT 1 FROM staff_campuses sc JOIN principals p \
                 ON p.institution_id = sc.institution_id AND p.id = sc.staff_id \
                 WHERE sc.institution_id = h.institution_id AND sc.staff_id = h.staff_id \
                 AND sc.campus_id = ? AND p.status = 'active'))",
            [
                institution.uuid().into(),
                holder.uuid().into(),
                campus.uuid().into(),
                campus.uuid().into(),
                campus.uuid().into(),
            ],
        ))
        .await?;
    Ok(row.is_some())
}
