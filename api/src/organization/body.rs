use domain::{
    id::Id,
    organization::{Campus, Department, Group, Region, Team},
    reference::Reference,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_with::rust::double_option;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use crate::{http::list::page, reference::Shown};

/// A new region.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "华北"}))]
pub struct CreateRegion {
    /// Unique among those that are not archived.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
}

/// Changes to a region: absent leaves a field, null clears it.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "华北"}))]
pub struct ChangeRegion {
    /// Name that people see, unique as at its creation.
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    pub name: Option<String>,
}

impl ChangeRegion {
    /// The region with these changes.
    pub fn apply(self, region: Region) -> Region {
        Region {
            name: self.name.unwrap_or(region.name),
        }
    }
}

/// A region (区域): several campuses under one head.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Region)]
pub struct RegionBody {
    pub id: Uuid,
    /// Raised with every change; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    pub name: String,
    pub created_at: Timestamp,
    /// Since when it can't be chosen any more.
    #[schema(required)]
    pub archived_at: Option<Timestamp>,
}

impl From<Reference<Region>> for RegionBody {
    fn from(record: Reference<Region>) -> Self {
        let details = record.details;
        Self {
            id: record.id.uuid(),
            version: record.version,
            name: details.name,
            created_at: record.created_at,
            archived_at: record.archived_at,
        }
    }
}

page! {
    /// One page of regions.
    RegionPage of RegionBody
}

impl Shown for Region {
    const PATH: &'static str = "/api/v1/regions";
    type Body = RegionBody;
    type Page = RegionPage;
}

/// A new campus.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "北校区", "legal_entity": "启明教育有限公司", "region_id": "0192f0c1-1111-7000-8000-000000000000"}))]
pub struct CreateCampus {
    /// Unique among those that are not archived.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// Region whose head reaches the campus.
    #[schema(nullable = false)]
    pub region_id: Option<Uuid>,
    /// Whose books the payments of the campus stand in.
    #[schema(min_length = 1, max_length = 100)]
    pub legal_entity: String,
    /// `false` when absent.
    #[schema(nullable = false)]
    pub is_headquarters: Option<bool>,
    /// IANA name; that of the institution, when absent.
    #[schema(max_length = 64, nullable = false)]
    pub time_zone: Option<String>,
}

/// Changes to a campus: absent leaves a field, null clears it.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "北校区"}))]
pub struct ChangeCampus {
    /// Name that people see, unique as at its creation.
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    pub name: Option<String>,
    /// Region whose head reaches the campus.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<Uuid>)]
    pub region_id: Option<Option<Uuid>>,
    /// Whose books the payments of the campus stand in.
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    pub legal_entity: Option<String>,
    /// Whether it is the seat of the institution. Any number of campuses may be.
    #[schema(nullable = false)]
    pub is_headquarters: Option<bool>,
    /// IANA name: what "today" is at the campus.
    #[schema(max_length = 64, nullable = false)]
    pub time_zone: Option<String>,
}

impl ChangeCampus {
    /// The campus with these changes.
    pub fn apply(self, campus: Campus) -> Campus {
        Campus {
            name: self.name.unwrap_or(campus.name),
            region: self.region_id.map_or(campus.region, |id| id.map(Id::new)),
            legal_entity: self.legal_entity.unwrap_or(campus.legal_entity),
            is_headquarters: self.is_headquarters.unwrap_or(campus.is_headquarters),
            time_zone: self.time_zone.unwrap_or(campus.time_zone),
        }
    }
}

/// A campus (校区): a place of teaching, run by a legal entity.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Campus)]
pub struct CampusBody {
    pub id: Uuid,
    /// Raised with every change; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    pub name: String,
    /// Region whose head reaches the campus.
    #[schema(required)]
    pub region_id: Option<Uuid>,
    /// Whose books the payments of the campus stand in.
    pub legal_entity: String,
    /// Whether it is the seat of the institution. Any number of campuses may be.
    pub is_headquarters: bool,
    /// IANA name: what "today" is at the campus.
    pub time_zone: String,
    pub created_at: Timestamp,
    /// Since when it can't be chosen any more.
    #[schema(required)]
    pub archived_at: Option<Timestamp>,
}

impl From<Reference<Campus>> for CampusBody {
    fn from(record: Reference<Campus>) -> Self {
        let details = record.details;
        Self {
            id: record.id.uuid(),
            version: record.version,
            name: details.name,
            region_id: details.region.map(Id::uuid),
            legal_entity: details.legal_entity,
            is_headquarters: details.is_headquarters,
            time_zone: details.time_zone,
            created_at: record.created_at,
            archived_at: record.archived_at,
        }
    }
}

page! {
    /// One page of campuses.
    CampusPage of CampusBody
}

impl Shown for Campus {
    const PATH: &'static str = "/api/v1/campuses";
    type Body = CampusBody;
    type Page = CampusPage;
}

/// Which campuses, oldest first.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListCampuses {
    /// Whether archived campuses are shown too.
    #[param(default = false)]
    pub include_archived: Option<bool>,
    /// In any of these regions.
    #[param(style = Form, explode = false)]
    pub region_id: Option<Vec<Uuid>>,
}

/// A new department.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "教务部"}))]
pub struct CreateDepartment {
    /// Unique among those that are not archived.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// The department that a unit belongs to; null for a department.
    #[schema(nullable = false)]
    pub parent_id: Option<Uuid>,
}

/// Changes to a department: absent leaves a field, null clears it.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "教务部"}))]
pub struct ChangeDepartment {
    /// Name that people see, unique as at its creation.
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    pub name: Option<String>,
    /// The department that a unit belongs to; null for a department.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<Uuid>)]
    pub parent_id: Option<Option<Uuid>>,
}

impl ChangeDepartment {
    /// The department with these changes.
    pub fn apply(self, department: Department) -> Department {
        Department {
            name: self.name.unwrap_or(department.name),
            code: department.code,
            parent: self
                .parent_id
                .map_or(department.parent, |id| id.map(Id::new)),
        }
    }
}

/// A department (部门), or a unit of one.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Department)]
pub struct DepartmentBody {
    pub id: Uuid,
    /// Raised with every change; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    pub name: String,
    /// A word for the built-in ones, `own_…` for others; never changes.
    pub code: String,
    /// The department that a unit belongs to; null for a department.
    #[schema(required)]
    pub parent_id: Option<Uuid>,
    pub created_at: Timestamp,
    /// Since when it can't be chosen any more.
    #[schema(required)]
    pub archived_at: Option<Timestamp>,
}

impl From<Reference<Department>> for DepartmentBody {
    fn from(record: Reference<Department>) -> Self {
        let details = record.details;
        Self {
            id: record.id.uuid(),
            version: record.version,
            name: details.name,
            code: details.code,
            parent_id: details.parent.map(Id::uuid),
            created_at: record.created_at,
            archived_at: record.archived_at,
        }
    }
}

page! {
    /// One page of departments.
    DepartmentPage of DepartmentBody
}

impl Shown for Department {
    const PATH: &'static str = "/api/v1/departments";
    type Body = DepartmentBody;
    type Page = DepartmentPage;
}

/// Which departments, oldest first.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListDepartments {
    /// Whether archived departments are shown too.
    #[param(default = false)]
    pub include_archived: Option<bool>,
    /// Units of any of these.
    #[param(style = Form, explode = false)]
    pub parent_id: Option<Vec<Uuid>>,
}

/// A new team.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "招生一组", "campus_id": "0192f0c1-1111-7000-8000-000000000000", "leader_id": "0192f0c1-3333-7000-8000-000000000000"}))]
pub struct CreateTeam {
    /// Unique among those that are not archived.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// Where the team works; for all campuses, when absent.
    #[schema(nullable = false)]
    pub campus_id: Option<Uuid>,
    /// A person of staff; reach `team` of this person covers what the members hold.
    #[schema(nullable = false)]
    pub leader_id: Option<Uuid>,
}

/// Changes to a team: absent leaves a field, null clears it.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "招生一组"}))]
pub struct ChangeTeam {
    /// Name that people see, unique as at its creation.
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    pub name: Option<String>,
    /// Where the team works; null where it works for all campuses.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<Uuid>)]
    pub campus_id: Option<Option<Uuid>>,
    /// A person of staff; reach `team` of this person covers what the members hold.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<Uuid>)]
    pub leader_id: Option<Option<Uuid>>,
}

impl ChangeTeam {
    /// The team with these changes.
    pub fn apply(self, team: Team) -> Team {
        Team {
            name: self.name.unwrap_or(team.name),
            campus: self.campus_id.map_or(team.campus, |id| id.map(Id::new)),
            leader: self.leader_id.map_or(team.leader, |id| id.map(Id::new)),
        }
    }
}

/// A team (团队): people who work under one leader.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Team)]
pub struct TeamBody {
    pub id: Uuid,
    /// Raised with every change; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    pub name: String,
    /// Where the team works; null where it works for all campuses.
    #[schema(required)]
    pub campus_id: Option<Uuid>,
    /// A person of staff; reach `team` of this person covers what the members hold.
    #[schema(required)]
    pub leader_id: Option<Uuid>,
    pub created_at: Timestamp,
    /// Since when it can't be chosen any more.
    #[schema(required)]
    pub archived_at: Option<Timestamp>,
}

impl From<Reference<Team>> for TeamBody {
    fn from(record: Reference<Team>) -> Self {
        let details = record.details;
        Self {
            id: record.id.uuid(),
            version: record.version,
            name: details.name,
            campus_id: details.campus.map(Id::uuid),
            leader_id: details.leader.map(Id::uuid),
            created_at: record.created_at,
            archived_at: record.archived_at,
        }
    }
}

page! {
    /// One page of teams.
    TeamPage of TeamBody
}

impl Shown for Team {
    const PATH: &'static str = "/api/v1/teams";
    type Body = TeamBody;
    type Page = TeamPage;
}

/// Which teams, oldest first.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListTeams {
    /// Whether archived teams are shown too.
    #[param(default = false)]
    pub include_archived: Option<bool>,
    /// Of any of these campuses.
    #[param(style = Form, explode = false)]
    pub campus_id: Option<Vec<Uuid>>,
}

/// A new group.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "暑期活动组", "member_ids": ["0192f0c1-3333-7000-8000-000000000000"]}))]
pub struct CreateGroup {
    /// Unique among those that are not archived.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// People of staff, at most 500.
    #[schema(max_items = 500, nullable = false)]
    pub member_ids: Option<Vec<Uuid>>,
}

/// Changes to a group: absent leaves a field, null clears it.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "暑期活动组"}))]
pub struct ChangeGroup {
    /// Name that people see, unique as at its creation.
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    pub name: Option<String>,
    /// Replaced as a whole.
    #[schema(max_items = 500, nullable = false)]
    pub member_ids: Option<Vec<Uuid>>,
}

impl ChangeGroup {
    /// The group with these changes.
    pub fn apply(self, group: Group) -> Group {
        Group {
            name: self.name.unwrap_or(group.name),
            members: self
                .member_ids
                .map_or(group.members, |ids| ids.into_iter().map(Id::new).collect()),
        }
    }
}

/// A group of users (用户组), with whom records can be shared.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Group)]
pub struct GroupBody {
    pub id: Uuid,
    /// Raised with every change; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    pub name: String,
    /// People of staff, at most 500.
    pub member_ids: Vec<Uuid>,
    pub created_at: Timestamp,
    /// Since when it can't be chosen any more.
    #[schema(required)]
    pub archived_at: Option<Timestamp>,
}

impl From<Reference<Group>> for GroupBody {
    fn from(record: Reference<Group>) -> Self {
        let details = record.details;
        Self {
            id: record.id.uuid(),
            version: record.version,
            name: details.name,
            member_ids: details.members.into_iter().map(Id::uuid).collect(),
            created_at: record.created_at,
            archived_at: record.archived_at,
        }
    }
}

page! {
    /// One page of groups.
    GroupPage of GroupBody
}

impl Shown for Group {
    const PATH: &'static str = "/api/v1/groups";
    type Body = GroupBody;
    type Page = GroupPage;
}
