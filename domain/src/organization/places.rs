//! Regions, campuses, departments, positions, teams and groups: reference data.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;

use super::{Staff, TIME_ZONE_UNKNOWN};
use crate::{
    fault::{Fault, FieldFault},
    id::Id,
    reference::Details,
    text,
};

/// Longest name, in characters.
pub const NAME_MAX: usize = 100;
/// Most members of a group.
pub const MEMBERS_MAX: usize = 500;

/// Several campuses under one regional head (区域).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    pub name: String,
}

/// A place of teaching (校区), run by a legal entity. It has a pool from the start (ORG-01).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Campus {
    pub name: String,
    pub region: Option<Id<Region>>,
    /// Whose books its payments stand in.
    pub legal_entity: String,
    pub is_headquarters: bool,
    /// IANA name: "today" at the campus.
    pub time_zone: String,
}

/// A department (部门), or a unit of one (ORG-04, ORG-05).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Department {
    /// snake_case, never changed.
    pub code: String,
    pub name: String,
    /// The department that a unit belongs to; it belongs to none itself.
    pub parent: Option<Id<Department>>,
}

/// A position (岗位, ROLE-03), such as 招生顾问.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    pub name: String,
}

/// People who work under one leader (团队).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    pub name: String,
    pub campus: Option<Id<Campus>>,
    /// Reach `team` of this person covers what the members hold.
    pub leader: Option<Id<Staff>>,
}

/// A group of users (用户组) with whom records can be shared (ROLE-06).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub name: String,
    /// Up to [`MEMBERS_MAX`].
    pub members: BTreeSet<Id<Staff>>,
}

fn name(text: &str) -> Result<String, FieldFault> {
    text::line("/name", text, NAME_MAX)
}

impl Details for Region {
    fn checked(self) -> Result<Self, Fault> {
        Ok(Self {
            name: name(&self.name)?,
        })
    }
}

impl Details for Campus {
    fn checked(self) -> Result<Self, Fault> {
        let mut faults = Vec::new();
        let mut keep = |result: Result<String, FieldFault>| {
            result
                .map_err(|fault| faults.push(fault))
                .unwrap_or_default()
        };
        let name = keep(name(&self.name));
        let legal_entity = keep(text::line("/legal_entity", &self.legal_entity, NAME_MAX));
        if TimeZone::get(&self.time_zone).is_err() {
            faults.push(FieldFault::new("/time_zone", &TIME_ZONE_UNKNOWN));
        }
        Fault::unless_empty(faults)?;
        Ok(Self {
            name,
            legal_entity,
            ..self
        })
    }
}

impl Details for Department {
    fn checked(self) -> Result<Self, Fault> {
        Ok(Self {
            name: name(&self.name)?,
            ..self
        })
    }
}

impl Details for Position {
    fn checked(self) -> Result<Self, Fault> {
        Ok(Self {
            name: name(&self.name)?,
        })
    }
}

impl Details for Team {
    fn checked(self) -> Result<Self, Fault> {
        Ok(Self {
            name: name(&self.name)?,
            ..self
        })
    }
}

impl Details for Group {
    fn checked(self) -> Result<Self, Fault> {
        Ok(Self {
            name: name(&self.name)?,
            ..self
        })
    }
}
