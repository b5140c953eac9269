use std::{collections::BTreeSet, fmt};

use domain::{
    access::{PrincipalStatus, Role},
    fault::Fault,
    id::Id,
    organization::{Staff, StaffProfile, staff_phone},
    phone::Phone,
};
use jiff::Timestamp;
use persistence::organization::staff::Filter;
use serde::{Deserialize, Serialize};
use serde_with::rust::double_option;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use crate::http::{list::page, wire::Wire};

pub type StaffStatus = Wire<PrincipalStatus>;

/// A new person of staff. Log-in is set up apart, by a password reset; roles are given apart, too.
#[derive(Clone, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"user_name": "li.na", "name": "李娜", "position_id": "0192f0c1-7777-7000-8000-000000000000",
    "campus_ids": ["0192f0c1-1111-7000-8000-000000000000"]}))]
pub struct CreateStaff {
    /// What the person types at log-in; never changes, and never goes to another. Not one that could be
    /// read as a phone.
    #[schema(min_length = 2, max_length = 64, pattern = "^[a-z0-9._-]+$")]
    pub user_name: String,
    /// Name of the person, as it stands in lists.
    #[schema(min_length = 1, max_length = 60)]
    pub name: String,
    /// By which the person can log in as well, in any usual form; it is kept in E.164. Nobody else who has
    /// not left has it.
    #[schema(min_length = 1, max_length = 64, nullable = false)]
    pub phone: Option<String>,
    /// A department or a unit of one. Rules may give roles to everyone there.
    #[schema(nullable = false)]
    pub department_id: Option<Uuid>,
    /// The position; rules may give roles to everyone who has it.
    #[schema(nullable = false)]
    pub position_id: Option<Uuid>,
    /// The one team whose leader reaches what the person holds.
    #[schema(nullable = false)]
    pub home_team_id: Option<Uuid>,
    /// Where the person works.
    #[schema(max_items = 200)]
    pub campus_ids: Vec<Uuid>,
}

impl fmt::Debug for CreateStaff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Changes to a person of staff: absent leaves a field, null clears it.
#[derive(Clone, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"department_id": "0192f0c1-6666-7000-8000-000000000000"}))]
pub struct ChangeStaff {
    /// Name of the person, as it stands in lists.
    #[schema(min_length = 1, max_length = 60, nullable = false)]
    pub name: Option<String>,
    /// By which the person can log in as well, in any usual form. A masked value is refused.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 64)]
    pub phone: Option<Option<String>>,
    /// A department or a unit of one. Rules may give roles to everyone there.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<Uuid>)]
    pub department_id: Option<Option<Uuid>>,
    /// The position; rules may give roles to everyone who has it. Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<Uuid>)]
    pub position_id: Option<Option<Uuid>>,
    /// The one team whose leader reaches what the person holds. Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<Uuid>)]
    pub home_team_id: Option<Option<Uuid>>,
    /// Replaced as a whole.
    #[schema(max_items = 200, nullable = false)]
    pub campus_ids: Option<Vec<Uuid>>,
}

impl fmt::Debug for ChangeStaff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl ChangeStaff {
    /// The profile with these changes.
    ///
    /// # Errors
    /// 422 where the phone is none.
    pub fn apply(self, profile: StaffProfile) -> Result<StaffProfile, Fault> {
        Ok(StaffProfile {
            name: self.name.unwrap_or(profile.name),
            phone: match self.phone {
                Some(phone) => phone.as_deref().map(staff_phone).transpose()?,
                None => profile.phone,
            },
            department: self
                .department_id
                .map_or(profile.department, |id| id.map(Id::new)),
            position: self
                .position_id
                .map_or(profile.position, |id| id.map(Id::new)),
            home_team: self
                .home_team_id
                .map_or(profile.home_team, |id| id.map(Id::new)),
            campuses: self.campus_ids.map_or(profile.campuses, |ids| {
                ids.into_iter().map(Id::new).collect()
            }),
        })
    }
}

/// A person of staff (员工), as the directory shows it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Staff)]
pub struct StaffBody {
    pub id: Uuid,
    /// Raised with every change, of roles and status too; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    /// What the person types at log-in; null for whoever does not manage staff.
    #[schema(required)]
    pub user_name: Option<String>,
    /// Name of the person, as it stands in lists.
    pub name: String,
    /// In its safe form (`138****8000`).
    #[schema(required)]
    pub phone: Option<String>,
    /// A department or a unit of one; null where none is said.
    #[schema(required)]
    pub department_id: Option<Uuid>,
    /// The position; null where none is said.
    #[schema(required)]
    pub position_id: Option<Uuid>,
    /// The one team whose leader reaches what the person holds; null where there is none.
    #[schema(required)]
    pub home_team_id: Option<Uuid>,
    /// Where the person works.
    pub campus_ids: Vec<Uuid>,
    /// Where it stands.
    pub status: StaffStatus,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl StaffBody {
    /// As one sees it who manages staff, or who does not.
    pub fn new(person: Staff, manages: bool) -> Self {
        let profile = person.profile;
        Self {
            id: person.id.uuid(),
            version: person.version,
            user_name: manages.then_some(person.user_name),
            name: profile.name,
            phone: profile.phone.as_ref().map(Phone::masked),
            department_id: profile.department.map(Id::uuid),
            position_id: profile.position.map(Id::uuid),
            home_team_id: profile.home_team.map(Id::uuid),
            campus_ids: profile.campuses.into_iter().map(Id::uuid).collect(),
            status: Wire(person.status),
            created_at: person.created_at,
            updated_at: person.updated_at,
        }
    }
}

page! {
    /// One page of the directory.
    StaffPage of StaffBody
}

/// The roles that a person is given by hand; what rules give comes on top.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role_ids": ["0192f0c1-4444-7000-8000-000000000000"]}))]
pub struct SetStaffRoles {
    /// Given by hand: all of them, those that stay too.
    #[schema(max_items = 50)]
    pub role_ids: Vec<Uuid>,
}

/// The roles that a person holds; reach is the union over them all.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StaffRoles {
    /// Given by hand.
    pub role_ids: Vec<Uuid>,
    /// Given by rules, for the department and the position of the person.
    pub role_ids_by_rule: Vec<Uuid>,
}

impl StaffRoles {
    pub fn new(by_hand: BTreeSet<Id<Role>>, by_rule: BTreeSet<Id<Role>>) -> Self {
        Self {
            role_ids: by_hand.into_iter().map(Id::uuid).collect(),
            role_ids_by_rule: by_rule.into_iter().map(Id::uuid).collect(),
        }
    }
}

/// Which people, in the order of hiring.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListStaff {
    /// Working at any of these campuses.
    #[param(style = Form, explode = false)]
    pub campus_id: Option<Vec<Uuid>>,
    /// Of any of these departments or units.
    #[param(style = Form, explode = false)]
    pub department_id: Option<Vec<Uuid>>,
    /// With any of these positions.
    #[param(style = Form, explode = false)]
    pub position_id: Option<Vec<Uuid>>,
    /// With any of these as their home team.
    #[param(style = Form, explode = false)]
    pub team_id: Option<Vec<Uuid>>,
    /// Of any of these statuses; everyone who has not left, when absent.
    #[param(style = Form, explode = false)]
    pub status: Option<Vec<StaffStatus>>,
}

impl ListStaff {
    pub fn filter(&self) -> Filter {
        Filter {
            campuses: self.campus_id.clone().unwrap_or_default(),
            departments: self.department_id.clone().unwrap_or_default(),
            positions: self.position_id.clone().unwrap_or_default(),
            teams: self.team_id.clone().unwrap_or_default(),
            statuses: self.status.iter().flatten().map(|s| s.0).collect(),
        }
    }
}

/// A password that opens nothing but the way to one of one's own.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"one_time_password": "x7k2-pwm4c-hd9tq-b3vn"}))]
pub struct OneTimePassword {
    /// Shown once; again only to the same request with the same key.
    pub one_time_password: String,
}
