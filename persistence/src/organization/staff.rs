//! Rows of staff.

use std::collections::BTreeSet;

use domain::{
    access::{Permissions, PrincipalStatus, Reach, Role},
    id::Id,
    organization::{Institution, Staff, StaffProfile},
    phone::Phone,
    text_enum::TextEnum,
};
use sea_orm::{
    ConnectionTrait, QueryResult,
    sea_query::{Expr, ExprTrait, Query as Sql, SelectStatement},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    STAFF_CHANGED, STAFF_HIRED, STAFF_ROLES_CHANGED, STAFF_STATUS_CHANGED, phones,
    places::{Links, link, links},
    role_rules::{HELD_ROLES, keep_apart},
};
use crate::{
    Error, Handle, Tx,
    access::{Authority, Reads, Scope, Writes},
    audit::difference,
    clock::{micros, timestamp},
    database::{Change, statement, unless_stale},
    events::EventType,
    keys::FieldKeys,
    reference::{access_changed, writable},
    scope::{Page, nothing},
};

/// What a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub campuses: Vec<Uuid>,
    pub departments: Vec<Uuid>,
    pub positions: Vec<Uuid>,
    pub teams: Vec<Uuid>,
    /// Those who have left are shown only where they are asked for.
    pub statuses: Vec<PrincipalStatus>,
}

const STAFF: &str = "staff";
const PRINCIPALS: &str = "principals";
const POSTS: &str = "staff_posts";
const CAMPUSES: Links = ("staff_campuses", "staff_id", "campus_id");
const ROLES: Links = ("principal_roles", "principal_id", "role_id");

/// The staff of an institution with their status. Confined as reference data is.
fn confined(scope: &Scope) -> SelectStatement {
    let mut select = Sql::select();
    for column in [
        "id",
        "version",
        "user_name",
        "name",
        "phone",
        "home_team_id",
        "created_at",
        "updated_at",
    ] {
        select.column((STAFF, column));
    }
    select
        .column((PRINCIPALS, "status"))
        .column((POSTS, "department_id"))
        .column((POSTS, "position_id"))
        .from(STAFF)
        .inner_join(
            PRINCIPALS,
            Expr::col((PRINCIPALS, "institution_id"))
                .eq(Expr::col((STAFF, "institution_id")))
                .and(Expr::col((PRINCIPALS, "id")).eq(Expr::col((STAFF, "id")))),
        )
        .left_join(
            POSTS,
            Expr::col((POSTS, "institution_id"))
                .eq(Expr::col((STAFF, "institution_id")))
                .and(Expr::col((POSTS, "staff_id")).eq(Expr::col((STAFF, "id")))),
        )
        .and_where(Expr::col((STAFF, "institution_id")).eq(scope.institution().uuid()));
    if !scope.is_whole() {
        select.and_where(nothing());
    }
    select
}

async fn read(
    handle: &impl Handle,
    institution: Id<Institution>,
    select: &SelectStatement,
) -> Result<Vec<Staff>, Error> {
    let keys = handle.keys_of(institution).await?;
    let mut staff = handle
        .query_all(select)
        .await?
        .iter()
        .map(|row| person(row, &keys))
        .collect::<Result<Vec<_>, _>>()?;
    let ids = staff.iter().map(|person| person.id.uuid()).collect();
    let mut campuses = links(handle, CAMPUSES, institution, ids).await?;
    for person in &mut staff {
        person.profile.campuses = campuses.remove(&person.id.uuid()).unwrap_or_default();
    }
    Ok(staff)
}

fn person(row: &QueryResult, keys: &FieldKeys) -> Result<Staff, Error> {
    let id: Uuid = row.try_get("", "id")?;
    let phone: Option<Vec<u8>> = row.try_get("", "phone")?;
    let status: String = row.try_get("", "status")?;
    let place = |name| -> Result<Option<Uuid>, Error> { Ok(row.try_get("", name)?) };
    Ok(Staff {
        id: Id::new(id),
        version: row.try_get("", "version")?,
        user_name: row.try_get("", "user_name")?,
        profile: StaffProfile {
            name: row.try_get("", "name")?,
            phone: phones::open(keys, id, phone.as_deref())?,
            department: place("department_id")?.map(Id::new),
            position: place("position_id")?.map(Id::new),
            home_team: place("home_team_id")?.map(Id::new),
            campuses: BTreeSet::new(),
        },
        status: PrincipalStatus::parse(&status).ok_or_else(|| Error::corrupt("status"))?,
        created_at: timestamp(row.try_get("", "created_at")?)?,
        updated_at: timestamp(row.try_get("", "updated_at")?)?,
    })
}

pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<Staff>,
    id: Id<Staff>,
) -> Result<Option<Staff>, Error> {
    let mut select = confined(grant.scope());
    select.and_where(Expr::col((STAFF, "id")).eq(id.uuid()));
    let found = read(handle, grant.scope().institution(), &select).await?;
    Ok(found.into_iter().next())
}

/// A person about to be changed: no other transaction changes it until this one ends.
pub async fn lock(
    tx: &Tx,
    grant: &impl Writes<Staff>,
    id: Id<Staff>,
) -> Result<Option<Staff>, Error> {
    if tx.is_postgres() {
        tx.query_one_raw(statement(
            tx,
            "SELECT 1 AS locked FROM staff WHERE institution_id = ? AND id = ? FOR UPDATE",
            [grant.scope().institution().uuid().into(), id.uuid().into()],
        ))
        .await?;
    }
    find(tx, grant, id).await
}

/// One page, in the order of hiring.
pub async fn list(
    handle: &impl Handle,
    grant: &impl Reads<Staff>,
    filter: &Filter,
    page: &Page,
) -> Result<Vec<Staff>, Error> {
    let mut select = confined(grant.scope());
    let institution = grant.scope().institution();
    if !filter.campuses.is_empty() {
        let working = Sql::select()
            .column("staff_id")
            .from("staff_campuses")
            .and_where(Expr::col("institution_id").eq(institution.uuid()))
            .and_where(Expr::col("campus_id").is_in(filter.campuses.iter().copied()))
            .take();
        select.and_where(Expr::col((STAFF, "id")).in_subquery(working));
    }
    for (column, wanted) in [
        ((POSTS, "department_id"), &filter.departments),
        ((POSTS, "position_id"), &filter.positions),
        ((STAFF, "home_team_id"), &filter.teams),
    ] {
        if !wanted.is_empty() {
            select.and_where(Expr::col(column).is_in(wanted.iter().copied()));
        }
    }
    let status = Expr::col((PRINCIPALS, "status"));
    if filter.statuses.is_empty() {
        select.and_where(status.ne(PrincipalStatus::Left.as_str()));
    } else {
        select.and_where(status.is_in(filter.statuses.iter().map(|s| s.as_str())));
    }
    page.confine(
        &mut select,
        Expr::col((STAFF, "created_at")),
        Expr::col((STAFF, "id")),
    );
    read(handle, institution, &select).await
}

/// Of these people, those who are not there or have left.
pub async fn missing(
    tx: &Tx,
    grant: &impl Reads<Staff>,
    wanted: &BTreeSet<Id<Staff>>,
) -> Result<BTreeSet<Id<Staff>>, Error> {
    let mut select = confined(grant.scope());
    select
        .and_where(Expr::col((STAFF, "id")).is_in(wanted.iter().map(|id| id.uuid())))
        .and_where(Expr::col((PRINCIPALS, "status")).ne(PrincipalStatus::Left.as_str()));
    let mut missing = wanted.clone();
    for row in tx.query_all(&select).await? {
        missing.remove(&Id::new(row.try_get("", "id")?));
    }
    Ok(missing)
}

/// Writes a new person: a principal, and a holder of customers, under one id.
pub async fn insert(tx: &Tx, grant: &impl Writes<Staff>, person: &Staff) -> Result<(), Error> {
    let institution = writable(grant.scope(), None)?;
    let (here, id) = (institution.uuid(), person.id.uuid());
    let now = micros(person.created_at);
    tx.execute_raw(statement(
        tx,
        "INSERT INTO principals (institution_id, id, kind, status, version, created_at) \
         VALUES (?, ?, 'staff', ?, 1, ?)",
        [
            here.into(),
            id.into(),
            person.status.as_str().into(),
            now.into(),
        ],
    ))
    .await?;
    let profile = &person.profile;
    let [phone, phone_digest] = phones::columns(&*tx.keys().await?, person)?;
    tx.execute_raw(statement(
        tx,
        "INSERT INTO staff (institution_id, id, user_name, name, phone, phone_digest, home_team_id, \
         version, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            here.into(),
            id.into(),
            person.user_name.as_str().into(),
            profile.name.as_str().into(),
            phone,
            phone_digest,
            profile.home_team.map(Id::uuid).into(),
            person.version.into(),
            now.into(),
            micros(person.updated_at).into(),
        ],
    ))
    .await?;
    tx.execute_raw(statement(
        tx,
        "INSERT INTO holders (institution_id, id, staff_id) VALUES (?, ?, ?)",
        [here.into(), id.into(), id.into()],
    ))
    .await?;
    link(
        tx,
        CAMPUSES,
        institution,
        id,
        &BTreeSet::new(),
        &profile.campuses,
    )
    .await?;
    post(tx, institution, person).await?;
    // The leader of the home team reaches what the new member will hold.
    if profile.home_team.is_some() {
        access_changed(tx).await?;
    }
    recorded(tx, None, person, fields(person), &STAFF_HIRED, false);
    Ok(())
}

/// Roles of a person before and after.
pub type RolesChange<'a> = (&'a BTreeSet<Id<Role>>, &'a BTreeSet<Id<Role>>);

/// Writes a changed person over the version that it was read at, with other roles where they change.
///
/// # Errors
/// 409 where roles of sales and of purchasing would come together.
pub async fn update(
    tx: &Tx,
    grant: &impl Writes<Staff>,
    before: &Staff,
    after: &Staff,
    roles: Option<RolesChange<'_>>,
) -> Result<(), Error> {
    let institution = writable(grant.scope(), None)?;
    over(tx, institution, before, after).await?;
    let (was, is) = (&before.profile, &after.profile);
    let id = after.id.uuid();
    link(tx, CAMPUSES, institution, id, &was.campuses, &is.campuses).await?;
    if (was.home_team, &was.campuses) != (is.home_team, &is.campuses) {
        access_changed(tx).await?;
    }
    let moved = (was.department, was.position) != (is.department, is.position);
    if moved {
        post(tx, institution, after).await?;
    }
    let (mut old, mut new) = (fields(before), fields(after));
    let mut event = &STAFF_CHANGED;
    if let Some((was, is)) = roles {
        link(tx, ROLES, institution, id, was, is).await?;
        keep_apart(tx, [after.id]).await?;
        for (fields, roles) in [(&mut old, was), (&mut new, is)] {
            if let Some(fields) = fields.as_object_mut() {
                fields.insert("role_ids".into(), json!(roles));
            }
        }
        event = &STAFF_ROLES_CHANGED;
    }
    if after.status != before.status {
        event = &STAFF_STATUS_CHANGED;
    }
    if moved || roles.is_some() || after.status != before.status {
        standing_changed(tx, institution, after).await?;
    }
    let rephoned = was.phone != is.phone;
    recorded(tx, Some(old), after, new, event, rephoned);
    Ok(())
}

/// Puts a person into a department and a position.
async fn post(tx: &Tx, institution: Id<Institution>, person: &Staff) -> Result<(), Error> {
    let profile = &person.profile;
    tx.execute_raw(statement(
        tx,
        "INSERT INTO staff_posts (institution_id, staff_id, department_id, position_id) \
         VALUES (?, ?, ?, ?) ON CONFLICT (institution_id, staff_id) \
         DO UPDATE SET department_id = excluded.department_id, position_id = excluded.position_id",
        [
            institution.uuid().into(),
            person.id.uuid().into(),
            profile.department.map(Id::uuid).into(),
            profile.position.map(Id::uuid).into(),
        ],
    ))
    .await?;
    Ok(())
}

/// The roles that a person was given by hand.
pub async fn roles(
    handle: &impl Handle,
    grant: &impl Reads<Staff>,
    id: Id<Staff>,
) -> Result<BTreeSet<Id<Role>>, Error> {
    let scope = grant.scope();
    let owner = scope.is_whole().then(|| id.uuid()).into_iter().collect();
    let mut found = links(handle, ROLES, scope.institution(), owner).await?;
    Ok(found.remove(&id.uuid()).unwrap_or_default())
}

/// Makes sure that whoever decides about others still stands as when the transaction began, and will
/// until it ends: of two who suspend each other, one does.
pub async fn still_standing(tx: &Tx, authority: &Authority) -> Result<(), Error> {
    if tx.is_postgres() {
        let values = [
            authority.institution().uuid().into(),
            authority.principal().uuid().into(),
        ];
        let sql = "SELECT 1 AS kept FROM staff WHERE institution_id = ? AND id = ? FOR KEY SHARE";
        tx.query_all_raw(statement(tx, sql, values)).await?;
    }
    crate::access::confirm(tx, authority).await
}

/// What a person's roles give.
pub async fn permissions(tx: &Tx, id: Id<Staff>) -> Result<Permissions, Error> {
    let sql = format!(
        "SELECT p.permission, p.reach FROM {HELD_ROLES} h \
             JOIN roles r ON r.institution_id = h.institution_id AND r.id = h.role_id \
             JOIN role_permissions p ON p.institution_id = r.institution_id AND p.role_id = r.id \
             WHERE h.institution_id = ? AND h.principal_id = ? AND r.archived_at IS NULL"
    );
    let rows = tx
        .query_all_raw(statement(
            tx,
            &sql,
            [tx.operation().institution.uuid().into(), id.uuid().into()],
        ))
        .await?;
    rows.iter()
        .map(|row| {
            let reach: String = row.try_get("", "reach")?;
            let reach = Reach::parse(&reach).ok_or_else(|| Error::corrupt("reach"))?;
            Ok((row.try_get("", "permission")?, reach))
        })
        .collect()
}

async fn over(
    tx: &Tx,
    institution: Id<Institution>,
    before: &Staff,
    after: &Staff,
) -> Result<(), Error> {
    let profile = &after.profile;
    let [phone, phone_digest] = phones::columns(&*tx.keys().await?, after)?;
    let updated = tx
        .execute_raw(statement(
            tx,
            "UPDATE staff SET name = ?, phone = ?, phone_digest = ?, home_team_id = ?, version = ?, \
             updated_at = ? WHERE institution_id = ? AND id = ? AND version = ?",
            [
                profile.name.as_str().into(),
                phone,
                phone_digest,
                profile.home_team.map(Id::uuid).into(),
                after.version.into(),
                micros(after.updated_at).into(),
                institution.uuid().into(),
                after.id.uuid().into(),
                before.version.into(),
            ],
        ))
        .await?;
    unless_stale(updated.rows_affected())?;
    Ok(())
}

/// What this one principal may do is another from now on: authorities loaded before are void.
async fn standing_changed(
    tx: &Tx,
    institution: Id<Institution>,
    person: &Staff,
) -> Result<(), Error> {
    tx.access_changed();
    tx.execute_raw(statement(
        tx,
        "UPDATE principals SET status = ?, version = version + 1 WHERE institution_id = ? AND id = ?",
        [
            person.status.as_str().into(),
            institution.uuid().into(),
            person.id.uuid().into(),
        ],
    ))
    .await?;
    Ok(())
}

fn fields(person: &Staff) -> Value {
    let profile = &person.profile;
    json!({
        "user_name": person.user_name,
        "name": profile.name,
        "phone": profile.phone.as_ref().map(Phone::masked),
        "department_id": profile.department,
        "position_id": profile.position,
        "home_team_id": profile.home_team,
        "campus_ids": profile.campuses,
        "status": person.status.as_str(),
    })
}

fn recorded(
    tx: &Tx,
    before: Option<Value>,
    person: &Staff,
    after: Value,
    event: &'static EventType,
    rephoned: bool,
) {
    let (was, mut is) = difference(before.as_ref(), &after, &[]);
    if rephoned && let Some(is) = is.as_object_mut() {
        // The safe form may be the same.
        is.entry("phone").or_insert(json!("changed"));
    }
    let data = match &before {
        None => json!({ "campus_ids": person.profile.campuses }),
        Some(_) => json!({ "changed": is.as_object().map(|o| o.keys().collect::<Vec<_>>()) }),
    };
    let was = before.map_or(Value::Null, |_| was);
    let change = Change::new("staff", person.id.uuid(), person.version, is);
    tx.record(change.before(was).event(event, data));
}
