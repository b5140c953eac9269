//! Rows of rules that give roles, and what they give.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    access::{GOVERNING, Permissions, Reach, Role, Side, one_side},
    fault::{Fault, NOT_FOUND},
    id::Id,
    organization::{RoleRule, Staff},
    text_enum::TextEnum,
};
use sea_orm::{
    ConnectionTrait, QueryResult, Value,
    sea_query::{Expr, ExprTrait, Query as Sql, SelectStatement},
};
use serde_json::json;
use uuid::Uuid;

use super::{ROLE_RULE_ENDED, ROLE_RULE_MADE};
use crate::{
    Error, Handle, Tx,
    access::{Deletes, Reads, Scope, Writes},
    clock::{micros, timestamp},
    database::{Change, placeholders, statement},
    events::EventType,
    reference::{access_changed, writable},
    scope::{Page, nothing},
};

/// What rules give to whom: a query.
macro_rules! ruled {
    () => {
        "SELECT sp.institution_id, sp.staff_id AS principal_id, rr.role_id FROM staff_posts sp \
         JOIN principals pp ON pp.institution_id = sp.institution_id AND pp.id = sp.staff_id \
         AND pp.status <> 'left' \
         LEFT JOIN departments dd ON dd.institution_id = sp.institution_id AND dd.id = sp.department_id \
         JOIN role_rules rr ON rr.institution_id = sp.institution_id \
         AND (rr.department_id IS NULL OR rr.department_id = sp.department_id \
         OR rr.department_id = dd.parent_id) \
         AND (rr.position_id IS NULL OR rr.position_id = sp.position_id)"
    };
}

const RULED_ROLES: &str = concat!("(", ruled!(), ")");

/// The roles that principals hold, by hand or by rule, as a table of `institution_id`,
/// `principal_id` and `role_id`; one may stand there more than once.
pub(crate) const HELD_ROLES: &str = concat!(
    "(SELECT institution_id, principal_id, role_id FROM principal_roles UNION ALL ",
    ruled!(),
    ")"
);

/// Which rules a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub roles: Vec<Uuid>,
    pub departments: Vec<Uuid>,
    pub positions: Vec<Uuid>,
}

/// The rules of an institution. Confined as reference data is.
fn confined(scope: &Scope) -> SelectStatement {
    let mut select = Sql::select();
    select
        .columns([
            "id",
            "role_id",
            "department_id",
            "position_id",
            "created_at",
        ])
        .from("role_rules")
        .and_where(Expr::col("institution_id").eq(scope.institution().uuid()));
    if !scope.is_whole() {
        select.and_where(nothing());
    }
    select
}

fn rule(row: &QueryResult) -> Result<RoleRule, Error> {
    let id = |name| -> Result<Option<Uuid>, Error> { Ok(row.try_get("", name)?) };
    Ok(RoleRule {
        id: Id::new(row.try_get("", "id")?),
        role: Id::new(row.try_get("", "role_id")?),
        department: id("department_id")?.map(Id::new),
        position: id("position_id")?.map(Id::new),
        created_at: timestamp(row.try_get("", "created_at")?)?,
    })
}

pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<RoleRule>,
    id: Id<RoleRule>,
) -> Result<Option<RoleRule>, Error> {
    let mut select = confined(grant.scope());
    select.and_where(Expr::col("id").eq(id.uuid()));
    let row = handle.query_one(&select).await?;
    row.as_ref().map(rule).transpose()
}

/// One page, oldest first.
pub async fn list(
    handle: &impl Handle,
    grant: &impl Reads<RoleRule>,
    filter: &Filter,
    page: &Page,
) -> Result<Vec<RoleRule>, Error> {
    let mut select = confined(grant.scope());
    for (column, wanted) in [
        ("role_id", &filter.roles),
        ("department_id", &filter.departments),
        ("position_id", &filter.positions),
    ] {
        if !wanted.is_empty() {
            select.and_where(Expr::col(column).is_in(wanted.iter().copied()));
        }
    }
    page.confine(&mut select, Expr::col("created_at"), Expr::col("id"));
    let rows = handle.query_all(&select).await?;
    rows.iter().map(rule).collect()
}

/// Writes a new rule: whom it covers holds the role at once.
pub async fn insert(tx: &Tx, grant: &impl Writes<RoleRule>, rule: &RoleRule) -> Result<(), Error> {
    tx.execute_raw(statement(
        tx,
        "INSERT INTO role_rules (institution_id, id, role_id, department_id, position_id, created_at) \
         VALUES (?, ?, ?, ?, ?, ?)",
        [
            writable(grant.scope(), None)?.uuid().into(),
            rule.id.uuid().into(),
            rule.role.uuid().into(),
            rule.department.map(Id::uuid).into(),
            rule.position.map(Id::uuid).into(),
            micros(rule.created_at).into(),
        ],
    ))
    .await?;
    access_changed(tx).await?;
    recorded(tx, rule, json!(null), fields(rule), &ROLE_RULE_MADE);
    Ok(())
}

/// Ends a rule: what it gave is gone at once.
pub async fn remove(tx: &Tx, grant: &impl Deletes<RoleRule>, rule: &RoleRule) -> Result<(), Error> {
    let removed = tx
        .execute_raw(statement(
            tx,
            "DELETE FROM role_rules WHERE institution_id = ? AND id = ?",
            [
                writable(grant.scope(), None)?.uuid().into(),
                rule.id.uuid().into(),
            ],
        ))
        .await?;
    if removed.rows_affected() != 1 {
        return Err(Fault::new(&NOT_FOUND).into());
    }
    access_changed(tx).await?;
    recorded(tx, rule, fields(rule), json!(null), &ROLE_RULE_ENDED);
    Ok(())
}

fn fields(rule: &RoleRule) -> serde_json::Value {
    json!({
        "role_id": rule.role,
        "department_id": rule.department,
        "position_id": rule.position,
    })
}

fn recorded(
    tx: &Tx,
    rule: &RoleRule,
    before: serde_json::Value,
    after: serde_json::Value,
    event: &'static EventType,
) {
    let change = Change::new("role_rule", rule.id.uuid(), 1, after);
    tx.record(change.before(before).event(event, fields(rule)));
}

/// What rules give, by person.
pub type Ruled = BTreeMap<Id<Staff>, BTreeSet<Id<Role>>>;

/// What rules give to one person, or to everybody.
pub async fn ruled(
    handle: &impl Handle,
    grant: &impl Reads<Staff>,
    of: Option<Id<Staff>>,
) -> Result<Ruled, Error> {
    let scope = grant.scope();
    let mut found = Ruled::new();
    if !scope.is_whole() {
        return Ok(found);
    }
    let mut values: Vec<Value> = vec![scope.institution().uuid().into()];
    values.extend(of.map(|id| id.uuid().into()));
    let one = of.map_or("", |_| " AND h.principal_id = ?");
    let sql = format!(
        "SELECT h.principal_id, h.role_id FROM {RULED_ROLES} h WHERE h.institution_id = ?{one}"
    );
    for row in handle
        .query_all_raw(statement(handle, &sql, values))
        .await?
    {
        found
            .entry(Id::new(row.try_get("", "principal_id")?))
            .or_default()
            .insert(Id::new(row.try_get("", "role_id")?));
    }
    Ok(found)
}

/// What those people of the operation's institution hold who govern others.
pub async fn governors(tx: &Tx) -> Result<BTreeMap<Id<Staff>, Permissions>, Error> {
    let codes = placeholders(GOVERNING.len());
    let sql = format!(
        "SELECT h.principal_id, m.permission, m.reach FROM {HELD_ROLES} h \
         JOIN roles r ON r.institution_id = h.institution_id AND r.id = h.role_id AND r.archived_at IS NULL \
         JOIN role_permissions m ON m.institution_id = h.institution_id AND m.role_id = h.role_id \
         WHERE h.institution_id = ? AND h.principal_id IN (SELECT g.principal_id FROM {HELD_ROLES} g \
         JOIN role_permissions n ON n.institution_id = g.institution_id AND n.role_id = g.role_id \
         WHERE g.institution_id = ? AND n.permission IN ({codes}))"
    );
    let here = tx.operation().institution.uuid();
    let mut values: Vec<Value> = vec![here.into(), here.into()];
    values.extend(GOVERNING.iter().map(|code| (*code).into()));
    let mut found: BTreeMap<Id<Staff>, Permissions> = BTreeMap::new();
    for row in tx.query_all_raw(statement(tx, &sql, values)).await? {
        let reach: String = row.try_get("", "reach")?;
        let reach = Reach::parse(&reach).ok_or_else(|| Error::corrupt("reach"))?;
        found
            .entry(Id::new(row.try_get("", "principal_id")?))
            .or_default()
            .insert((row.try_get("", "permission")?, reach));
    }
    Ok(found)
}

/// Who of the operation's institution holds a role, by hand or by rule.
pub async fn holders(tx: &Tx, role: Id<Role>) -> Result<BTreeSet<Id<Staff>>, Error> {
    let sql = format!(
        "SELECT DISTINCT h.principal_id FROM {HELD_ROLES} h \
         WHERE h.institution_id = ? AND h.role_id = ?"
    );
    let values = [tx.operation().institution.uuid().into(), role.uuid().into()];
    let rows = tx.query_all_raw(statement(tx, &sql, values)).await?;
    rows.iter()
        .map(|row| Ok(Id::new(row.try_get("", "principal_id")?)))
        .collect()
}

/// Whether an API client has a role that it can use.
pub async fn held_by_client(tx: &Tx, role: Id<Role>) -> Result<bool, Error> {
    let found = tx
        .query_one_raw(statement(
            tx,
            "SELECT 1 AS held FROM principal_roles h JOIN api_clients c \
             ON c.institution_id = h.institution_id AND c.id = h.principal_id \
             WHERE h.institution_id = ? AND h.role_id = ? AND c.archived_at IS NULL LIMIT 1",
            [tx.operation().institution.uuid().into(), role.uuid().into()],
        ))
        .await?;
    Ok(found.is_some())
}

/// Keeps sales and purchasing apart in what people hold now, by hand and by rule.
///
/// # Errors
/// 409 where they come together.
pub async fn keep_apart(tx: &Tx, people: impl IntoIterator<Item = Id<Staff>>) -> Result<(), Error> {
    for sides in sides(tx, people).await?.into_values() {
        one_side(sides)?;
    }
    Ok(())
}

/// On which sides the roles are that people hold.
async fn sides(
    tx: &Tx,
    people: impl IntoIterator<Item = Id<Staff>>,
) -> Result<BTreeMap<Id<Staff>, Vec<Side>>, Error> {
    let wanted: BTreeSet<_> = people.into_iter().collect();
    let one = if wanted.len() == 1 {
        " AND h.principal_id = ?"
    } else {
        ""
    };
    let sql = format!(
        "SELECT DISTINCT h.principal_id, r.side FROM {HELD_ROLES} h \
         JOIN roles r ON r.institution_id = h.institution_id AND r.id = h.role_id \
         WHERE h.institution_id = ? AND r.side <> 'either' AND r.archived_at IS NULL{one}"
    );
    let mut values: Vec<Value> = vec![tx.operation().institution.uuid().into()];
    if let (1, Some(person)) = (wanted.len(), wanted.first()) {
        values.push(person.uuid().into());
    }
    let mut found: BTreeMap<Id<Staff>, Vec<Side>> = BTreeMap::new();
    for row in tx.query_all_raw(statement(tx, &sql, values)).await? {
        let person = Id::new(row.try_get("", "principal_id")?);
        let side: String = row.try_get("", "side")?;
        let side = Side::parse(&side).ok_or_else(|| Error::corrupt("side of a role"))?;
        if wanted.contains(&person) {
            found.entry(person).or_default().push(side);
        }
    }
    Ok(found)
}

/// Lets changes of what one person holds, and changes of what rules give to everybody, take turns.
pub async fn take_turns(tx: &Tx, of: Option<Id<Staff>>) -> Result<(), Error> {
    if of.is_none() {
        return access_changed(tx).await;
    }
    if tx.is_postgres() {
        tx.query_one_raw(statement(
            tx,
            "SELECT 1 AS locked FROM institutions WHERE institution_id = ? FOR SHARE",
            [tx.operation().institution.uuid().into()],
        ))
        .await?;
    }
    Ok(())
}
