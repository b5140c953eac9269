//! Rows of regions, campuses, departments, positions, teams and groups.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    id::Id,
    organization::{Campus, Department, Group, Institution, Position, Region, Staff, Team},
    reference::Reference,
};
use sea_orm::sea_query::{Expr, ExprTrait, Query as Sql};
use sea_orm::{Condition, ConnectionTrait};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{CAMPUS, DEPARTMENT, GROUP, POSITION, REGION, TEAM};
use crate::{
    Error, Handle, Tx,
    database::{insert_many, statement},
    reference::{Events, Kept, among, any, record, row, stands_in, table},
};

table!(regions, "regions" {});
table!(campuses, "campuses" {
    region_id: Option<Uuid>,
    legal_entity: String,
    is_headquarters: bool,
    time_zone: String,
});
table!(departments, "departments" { parent_id: Option<Uuid>, code: String });
table!(staff_positions, "staff_positions" {});
table!(teams, "teams" { campus_id: Option<Uuid>, leader_id: Option<Uuid> });
table!(groups, "groups" {});

impl Kept for Region {
    const KIND: &'static str = "region";
    const EVENTS: &'static Events = &REGION;
    stands_in!(regions);

    fn read(row: regions::Model) -> Result<Reference<Self>, Error> {
        Ok(record!(row, Self { name: row.name }))
    }

    fn row(
        institution: Id<Institution>,
        record: &Reference<Self>,
    ) -> Result<regions::ActiveModel, Error> {
        Ok(row!(regions, institution, record, {}))
    }

    fn fields(&self) -> Value {
        json!({ "name": self.name })
    }

    fn alters_access(_: Option<&Reference<Self>>, _: &Reference<Self>) -> bool {
        false
    }

    async fn in_use(tx: &Tx, institution: Id<Institution>, id: Id<Self>) -> Result<bool, Error> {
        any(
            tx,
            "SELECT 1 AS found FROM campuses \
             WHERE institution_id = ? AND region_id = ? AND archived_at IS NULL LIMIT 1",
            institution,
            id.uuid(),
        )
        .await
    }
}

impl Kept for Campus {
    const KIND: &'static str = "campus";
    const EVENTS: &'static Events = &CAMPUS;
    stands_in!(campuses, Vec<Id<Region>>);

    fn condition(regions: &Vec<Id<Region>>) -> Result<Condition, Error> {
        Ok(among(campuses::Column::RegionId, regions))
    }

    fn read(row: campuses::Model) -> Result<Reference<Self>, Error> {
        Ok(record!(
            row,
            Self {
                name: row.name,
                region: row.region_id.map(Id::new),
                legal_entity: row.legal_entity,
                is_headquarters: row.is_headquarters,
                time_zone: row.time_zone,
            }
        ))
    }

    fn row(
        institution: Id<Institution>,
        record: &Reference<Self>,
    ) -> Result<campuses::ActiveModel, Error> {
        let campus = &record.details;
        Ok(row!(campuses, institution, record, {
            region_id: campus.region.map(Id::uuid),
            legal_entity: campus.legal_entity.clone(),
            is_headquarters: campus.is_headquarters,
            time_zone: campus.time_zone.clone(),
        }))
    }

    fn fields(&self) -> Value {
        json!({
            "name": self.name,
            "region_id": self.region,
            "legal_entity": self.legal_entity,
            "is_headquarters": self.is_headquarters,
            "time_zone": self.time_zone,
        })
    }

    /// Reach `region` goes by it.
    fn alters_access(before: Option<&Reference<Self>>, after: &Reference<Self>) -> bool {
        before.and_then(|b| b.details.region) != after.details.region
    }

    /// A new campus has its pool.
    async fn write_parts(
        tx: &Tx,
        institution: Id<Institution>,
        before: Option<&Reference<Self>>,
        after: &Reference<Self>,
    ) -> Result<(), Error> {
        if before.is_none() {
            let id: Uuid = after.id.uuid();
            tx.execute_raw(statement(
                tx,
                "INSERT INTO holders (institution_id, id, pool_campus_id) VALUES (?, ?, ?)",
                [institution.uuid().into(), id.into(), id.into()],
            ))
            .await?;
        }
        Ok(())
    }

    async fn in_use(tx: &Tx, institution: Id<Institution>, id: Id<Self>) -> Result<bool, Error> {
        for sql in [
            "SELECT 1 AS found FROM customers \
             WHERE institution_id = ? AND campus_id = ? AND deleted_at IS NULL LIMIT 1",
            "SELECT 1 AS found FROM staff_campuses sc JOIN principals p \
             ON p.institution_id = sc.institution_id AND p.id = sc.staff_id \
             WHERE sc.institution_id = ? AND sc.campus_id = ? AND p.status <> 'left' LIMIT 1",
            "SELECT 1 AS found FROM teams \
             WHERE institution_id = ? AND campus_id = ? AND archived_at IS NULL LIMIT 1",
            "SELECT 1 AS found FROM classes \
             WHERE institution_id = ? AND campus_id = ? AND archived_at IS NULL LIMIT 1",
        ] {
            if any(tx, sql, institution, id.uuid()).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Kept for Department {
    const KIND: &'static str = "department";
    const EVENTS: &'static Events = &DEPARTMENT;
    stands_in!(departments, Vec<Id<Department>>);

    fn condition(parents: &Vec<Id<Department>>) -> Result<Condition, Error> {
        Ok(among(departments::Column::ParentId, parents))
    }

    fn read(row: departments::Model) -> Result<Reference<Self>, Error> {
        Ok(record!(
            row,
            Self {
                code: row.code,
                name: row.name,
                parent: row.parent_id.map(Id::new),
            }
        ))
    }

    fn row(
        institution: Id<Institution>,
        record: &Reference<Self>,
    ) -> Result<departments::ActiveModel, Error> {
        Ok(row!(departments, institution, record, {
            parent_id: record.details.parent.map(Id::uuid),
            code: record.details.code.clone(),
        }))
    }

    fn fields(&self) -> Value {
        json!({ "code": self.code, "name": self.name, "parent_id": self.parent })
    }

    /// Roles that rules give to a department go to its units too.
    fn alters_access(before: Option<&Reference<Self>>, after: &Reference<Self>) -> bool {
        before.is_some_and(|b| b.details.parent != after.details.parent)
    }

    /// A department is in use while it has units or people, or a rule names it.
    async fn in_use(tx: &Tx, institution: Id<Institution>, id: Id<Self>) -> Result<bool, Error> {
        for sql in [
            UNITS,
            "SELECT 1 AS found FROM staff_posts sp JOIN principals p \
             ON p.institution_id = sp.institution_id AND p.id = sp.staff_id \
             WHERE sp.institution_id = ? AND sp.department_id = ? AND p.status <> 'left' LIMIT 1",
            "SELECT 1 AS found FROM role_rules \
             WHERE institution_id = ? AND department_id = ? LIMIT 1",
        ] {
            if any(tx, sql, institution, id.uuid()).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Units of a department that are not archived.
const UNITS: &str = "SELECT 1 AS found FROM departments \
     WHERE institution_id = ? AND parent_id = ? AND archived_at IS NULL LIMIT 1";

/// Whether a department has units that are not archived.
pub async fn has_units(
    tx: &Tx,
    institution: Id<Institution>,
    id: Id<Department>,
) -> Result<bool, Error> {
    any(tx, UNITS, institution, id.uuid()).await
}

impl Kept for Position {
    const KIND: &'static str = "position";
    const EVENTS: &'static Events = &POSITION;
    stands_in!(staff_positions);

    fn read(row: staff_positions::Model) -> Result<Reference<Self>, Error> {
        Ok(record!(row, Self { name: row.name }))
    }

    fn row(
        institution: Id<Institution>,
        record: &Reference<Self>,
    ) -> Result<staff_positions::ActiveModel, Error> {
        Ok(row!(staff_positions, institution, record, {}))
    }

    fn fields(&self) -> Value {
        json!({ "name": self.name })
    }

    fn alters_access(_: Option<&Reference<Self>>, _: &Reference<Self>) -> bool {
        false
    }

    /// A position is in use while somebody has it, or a rule names it.
    async fn in_use(tx: &Tx, institution: Id<Institution>, id: Id<Self>) -> Result<bool, Error> {
        for sql in [
            "SELECT 1 AS found FROM staff_posts sp JOIN principals p \
             ON p.institution_id = sp.institution_id AND p.id = sp.staff_id \
             WHERE sp.institution_id = ? AND sp.position_id = ? AND p.status <> 'left' LIMIT 1",
            "SELECT 1 AS found FROM role_rules \
             WHERE institution_id = ? AND position_id = ? LIMIT 1",
        ] {
            if any(tx, sql, institution, id.uuid()).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Kept for Team {
    const KIND: &'static str = "team";
    const EVENTS: &'static Events = &TEAM;
    stands_in!(teams, Vec<Id<Campus>>);

    fn condition(of: &Vec<Id<Campus>>) -> Result<Condition, Error> {
        Ok(among(teams::Column::CampusId, of))
    }

    fn read(row: teams::Model) -> Result<Reference<Self>, Error> {
        Ok(record!(
            row,
            Self {
                name: row.name,
                campus: row.campus_id.map(Id::new),
                leader: row.leader_id.map(Id::new),
            }
        ))
    }

    fn row(
        institution: Id<Institution>,
        record: &Reference<Self>,
    ) -> Result<teams::ActiveModel, Error> {
        Ok(row!(teams, institution, record, {
            campus_id: record.details.campus.map(Id::uuid),
            leader_id: record.details.leader.map(Id::uuid),
        }))
    }

    fn fields(&self) -> Value {
        json!({ "name": self.name, "campus_id": self.campus, "leader_id": self.leader })
    }

    /// Reach `team` goes by the leader; an archived team has none.
    fn alters_access(before: Option<&Reference<Self>>, after: &Reference<Self>) -> bool {
        let leader = |r: &Reference<Self>| r.details.leader.filter(|_| r.is_open());
        before.and_then(leader) != leader(after)
    }

    async fn in_use(tx: &Tx, institution: Id<Institution>, id: Id<Self>) -> Result<bool, Error> {
        any(
            tx,
            "SELECT 1 AS found FROM staff s JOIN principals p \
             ON p.institution_id = s.institution_id AND p.id = s.id \
             WHERE s.institution_id = ? AND s.home_team_id = ? AND p.status <> 'left' LIMIT 1",
            institution,
            id.uuid(),
        )
        .await
    }
}

impl Kept for Group {
    const KIND: &'static str = "group";
    const EVENTS: &'static Events = &GROUP;
    stands_in!(groups);

    fn read(row: groups::Model) -> Result<Reference<Self>, Error> {
        Ok(record!(
            row,
            Self {
                name: row.name,
                members: BTreeSet::new(),
            }
        ))
    }

    fn row(
        institution: Id<Institution>,
        record: &Reference<Self>,
    ) -> Result<groups::ActiveModel, Error> {
        Ok(row!(groups, institution, record, {}))
    }

    fn fields(&self) -> Value {
        json!({ "name": self.name, "member_ids": self.members })
    }

    /// Shares with a group open records to its members.
    fn alters_access(before: Option<&Reference<Self>>, after: &Reference<Self>) -> bool {
        let members = |r: &Reference<Self>| r.is_open().then(|| r.details.members.clone());
        before.and_then(members).unwrap_or_default() != members(after).unwrap_or_default()
    }

    async fn read_parts(
        handle: &impl Handle,
        institution: Id<Institution>,
        records: &mut [Reference<Self>],
    ) -> Result<(), Error> {
        let ids = records.iter().map(|r| r.id.uuid()).collect();
        let mut members: BTreeMap<Uuid, BTreeSet<Id<Staff>>> = links(
            handle,
            ("group_members", "group_id", "staff_id"),
            institution,
            ids,
        )
        .await?;
        for record in records {
            record.details.members = members.remove(&record.id.uuid()).unwrap_or_default();
        }
        Ok(())
    }

    async fn write_parts(
        tx: &Tx,
        institution: Id<Institution>,
        before: Option<&Reference<Self>>,
        after: &Reference<Self>,
    ) -> Result<(), Error> {
        let none = BTreeSet::new();
        link(
            tx,
            ("group_members", "group_id", "staff_id"),
            institution,
            after.id.uuid(),
            before.map_or(&none, |b| &b.details.members),
            &after.details.members,
        )
        .await
    }
}

/// A table of links: its name, and the columns of the owner and of what it is linked to.
pub(crate) type Links = (&'static str, &'static str, &'static str);

/// What is linked to each of some owners.
pub(crate) async fn links<T>(
    handle: &impl Handle,
    (table, owner, linked): Links,
    institution: Id<Institution>,
    owners: Vec<Uuid>,
) -> Result<BTreeMap<Uuid, BTreeSet<Id<T>>>, Error> {
    let mut found: BTreeMap<Uuid, BTreeSet<Id<T>>> = BTreeMap::new();
    let mut select = Sql::select();
    select
        .expr_as(Expr::col(owner), "owner")
        .expr_as(Expr::col(linked), "linked")
        .from(table)
        .and_where(Expr::col("institution_id").eq(institution.uuid()))
        .and_where(Expr::col(owner).is_in(owners));
    for row in handle.query_all(&select).await? {
        found
            .entry(row.try_get("", "owner")?)
            .or_default()
            .insert(Id::new(row.try_get("", "linked")?));
    }
    Ok(found)
}

/// Brings the links of one owner from `before` to `after`.
pub(crate) async fn link<T>(
    tx: &Tx,
    (table, owner, linked): Links,
    institution: Id<Institution>,
    id: Uuid,
    before: &BTreeSet<Id<T>>,
    after: &BTreeSet<Id<T>>,
) -> Result<(), Error> {
    let values = |to: &Id<T>| [institution.uuid().into(), id.into(), to.uuid().into()];
    let delete =
        format!("DELETE FROM {table} WHERE institution_id = ? AND {owner} = ? AND {linked} = ?");
    for gone in before.difference(after) {
        tx.execute_raw(statement(tx, &delete, values(gone))).await?;
    }
    let columns = format!("institution_id, {owner}, {linked}");
    let rows = after.difference(before).map(|new| values(new).to_vec());
    insert_many(tx, (table, &columns), "", rows.collect()).await
}
