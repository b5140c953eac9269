//! Founding institutions, opening campuses, hiring staff, and looking them up.

use domain::{
    access::{BUILT_IN_ROLES, Role},
    id::Id,
    organization::{Campus, DEPARTMENTS, Holder, Institution, NewInstitution, Region, Staff, Team},
    text_enum::TextEnum,
};
use sea_orm::{ConnectionTrait, Value};
use serde_json::json;
use uuid::Uuid;

use crate::{
    Error, Handle, Tx,
    clock::micros,
    database::{Change, statement},
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
/// its field keys, the departments of ORG-04 and ORG-05, and the built-in roles.
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
         SELECT ?, COALESCE(MAX(number), 0) + 1, ?, ?, ?, ?, 'zh-CN', 'active', 1, 1, ? FROM institutions",
        [
            institution.into(),
            new.code.as_str().into(),
            new.name.as_str().into(),
            new.time_zone.as_str().into(),
            new.currency.as_str().into(),
            now.into(),
        ],
    )
    .await?;
    tx.create_keys().await?;
    departments(tx).await?;
    for role in BUILT_IN_ROLES {
        let id = tx.stamp().id::<Role>().uuid();
        run(
            tx,
            "INSERT INTO roles (institution_id, id, code, name, is_built_in, version, created_at) \
             VALUES (?, ?, ?, ?, ?, 1, ?)",
            [
                institution.into(),
                id.into(),
                role.code.into(),
                role.name.zh.into(),
                true.into(),
                now.into(),
            ],
        )
        .await?;
        for (permission, reach) in role.permissions {
            run(
                tx,
                "INSERT INTO role_permissions (institution_id, role_id, permission, reach) VALUES (?, ?, ?, ?)",
                [
                    institution.into(),
                    id.into(),
                    (*permission).into(),
                    reach.as_str().into(),
                ],
            )
            .await?;
        }
    }
    tx.record(Change {
        kind: "institution",
        id: institution,
        version: 1,
        before: json!(null),
        after: json!({ "code": new.code, "name": new.name, "time_zone": new.time_zone, "currency": new.currency }),
        event: None,
    });
    Ok(())
}

async fn departments(tx: &Tx) -> Result<(), Error> {
    let mut parent: Option<Uuid> = None;
    for department in DEPARTMENTS {
        let id = tx.stamp().id::<()>().uuid();
        run(
            tx,
            "INSERT INTO departments (institution_id, id, parent_id, code, name, version, created_at) \
             VALUES (?, ?, ?, ?, ?, 1, ?)",
            [
                tx.operation().institution.uuid().into(),
                id.into(),
                department.is_unit.then_some(parent).flatten().into(),
                department.code.into(),
                department.name.zh.into(),
                micros(tx.now()).into(),
            ],
        )
        .await?;
        // Units follow the department that they belong to.
        if !department.is_unit {
            parent = Some(id);
        }
    }
    Ok(())
}

pub async fn add_region(tx: &Tx, name: &str) -> Result<Id<Region>, Error> {
    let id = tx.stamp().id();
    run(
        tx,
        "INSERT INTO regions (institution_id, id, name, version, created_at) VALUES (?, ?, ?, 1, ?)",
        [
            tx.operation().institution.uuid().into(),
            id.uuid().into(),
            name.into(),
            micros(tx.now()).into(),
        ],
    )
    .await?;
    organization_changed(tx, "region", id.uuid(), json!({ "name": name })).await?;
    Ok(id)
}

/// Opens a campus, with its pool.
pub async fn open_campus(tx: &Tx, new: &NewCampus) -> Result<Id<Campus>, Error> {
    let id: Id<Campus> = tx.stamp().id();
    let institution = tx.operation().institution.uuid();
    run(
        tx,
        "INSERT INTO campuses (institution_id, id, region_id, name, legal_entity, is_headquarters, \
         time_zone, version, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?)",
        [
            institution.into(),
            id.uuid().into(),
            new.region.map(Id::uuid).into(),
            new.name.as_str().into(),
            new.legal_entity.as_str().into(),
            new.is_headquarters.into(),
            new.time_zone.as_str().into(),
            micros(tx.now()).into(),
        ],
    )
    .await?;
    run(
        tx,
        "INSERT INTO holders (institution_id, id, pool_campus_id) VALUES (?, ?, ?)",
        [institution.into(), id.uuid().into(), id.uuid().into()],
    )
    .await?;
    organization_changed(tx, "campus", id.uuid(), json!({ "name": new.name })).await?;
    Ok(id)
}

pub async fn form_team(tx: &Tx, name: &str, leader: Option<Id<Staff>>) -> Result<Id<Team>, Error> {
    let id: Id<Team> = tx.stamp().id();
    run(
        tx,
        "INSERT INTO teams (institution_id, id, leader_id, name, version, created_at) \
         VALUES (?, ?, ?, ?, 1, ?)",
        [
            tx.operation().institution.uuid().into(),
            id.uuid().into(),
            leader.map(Id::uuid).into(),
            name.into(),
            micros(tx.now()).into(),
        ],
    )
    .await?;
    organization_changed(
        tx,
        "team",
        id.uuid(),
        json!({ "name": name, "leader_id": leader }),
    )
    .await?;
    Ok(id)
}

/// Makes a person the leader of a team.
pub async fn lead_team(tx: &Tx, team: Id<Team>, leader: Id<Staff>) -> Result<(), Error> {
    run(
        tx,
        "UPDATE teams SET leader_id = ?, version = version + 1 WHERE institution_id = ? AND id = ?",
        [
            leader.uuid().into(),
            tx.operation().institution.uuid().into(),
            team.uuid().into(),
        ],
    )
    .await?;
    organization_changed(tx, "team", team.uuid(), json!({ "leader_id": leader })).await
}

/// Hires a person: a principal, who can hold customers.
pub async fn hire(tx: &Tx, new: &NewStaff) -> Result<Id<Staff>, Error> {
    let id: Id<Staff> = tx.stamp().id();
    let institution = tx.operation().institution.uuid();
    let now = micros(tx.now());
    run(
        tx,
        "INSERT INTO principals (institution_id, id, kind, status, version, created_at) \
         VALUES (?, ?, 'staff', 'active', 1, ?)",
        [institution.into(), id.uuid().into(), now.into()],
    )
    .await?;
    run(
        tx,
        "INSERT INTO staff (institution_id, id, user_name, name, home_team_id, version, created_at, updated_at) \
         VALUES (?, ?, ?, ?, ?, 1, ?, ?)",
        [
            institution.into(),
            id.uuid().into(),
            new.user_name.as_str().into(),
            new.name.as_str().into(),
            new.home_team.map(Id::uuid).into(),
            now.into(),
            now.into(),
        ],
    )
    .await?;
    run(
        tx,
        "INSERT INTO holders (institution_id, id, staff_id) VALUES (?, ?, ?)",
        [institution.into(), id.uuid().into(), id.uuid().into()],
    )
    .await?;
    for campus in &new.campuses {
        run(
            tx,
            "INSERT INTO staff_campuses (institution_id, staff_id, campus_id) VALUES (?, ?, ?)",
            [institution.into(), id.uuid().into(), campus.uuid().into()],
        )
        .await?;
    }
    for role in &new.roles {
        run(
            tx,
            "INSERT INTO principal_roles (institution_id, principal_id, role_id) \
             SELECT institution_id, ?, id FROM roles WHERE institution_id = ? AND code = ?",
            [id.uuid().into(), institution.into(), role.as_str().into()],
        )
        .await?;
    }
    organization_changed(
        tx,
        "staff",
        id.uuid(),
        json!({ "user_name": new.user_name, "campus_ids": new.campuses, "roles": new.roles }),
    )
    .await?;
    Ok(id)
}

/// Every change to who stands where is seen by all instances within two seconds, and by every
/// write at once: loaded authorities carry this version.
async fn organization_changed(
    tx: &Tx,
    kind: &'static str,
    id: Uuid,
    after: serde_json::Value,
) -> Result<(), Error> {
    tx.access_changed();
    run(
        tx,
        "UPDATE institutions SET access_version = access_version + 1 WHERE institution_id = ?",
        [tx.operation().institution.uuid().into()],
    )
    .await?;
    tx.record(Change {
        kind,
        id,
        version: 1,
        before: json!(null),
        after,
        event: None,
    });
    Ok(())
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

/// Lets nobody of an institution in any more; its data stay.
pub async fn suspend_institution(tx: &Tx) -> Result<(), Error> {
    tx.access_changed();
    run(
        tx,
        "UPDATE institutions SET status = 'suspended', access_version = access_version + 1, \
         version = version + 1 WHERE institution_id = ?",
        [tx.operation().institution.uuid().into()],
    )
    .await?;
    tx.record(Change {
        kind: "institution",
        id: tx.operation().institution.uuid(),
        version: 1,
        before: json!({ "status": "active" }),
        after: json!({ "status": "suspended" }),
        event: None,
    });
    Ok(())
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

/// The campuses of an institution by name, oldest first.
pub async fn campuses(
    handle: &impl Handle,
    institution: Id<Institution>,
) -> Result<Vec<(Id<Campus>, String)>, Error> {
    handle
        .query_all_raw(statement(
            handle,
            "SELECT id, name FROM campuses WHERE institution_id = ? AND archived_at IS NULL ORDER BY id",
            [institution.uuid().into()],
        ))
        .await?
        .iter()
        .map(|row| Ok((Id::new(row.try_get("", "id")?), row.try_get("", "name")?)))
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

/// IANA zone of a campus, open or archived; `None` where there is no such campus.
pub async fn campus_zone(
    handle: &impl Handle,
    institution: Id<Institution>,
    campus: Id<Campus>,
) -> Result<Option<String>, Error> {
    let row = handle
        .query_one_raw(statement(
            handle,
            "SELECT time_zone FROM campuses WHERE institution_id = ? AND id = ?",
            [institution.uuid().into(), campus.uuid().into()],
        ))
        .await?;
    row.map(|row| Ok(row.try_get("", "time_zone")?)).transpose()
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
