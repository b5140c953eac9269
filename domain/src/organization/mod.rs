//! The institution (机构) and its parts.
//!
//! The institution is the tenant: the whole group, of which no other may see anything. It has
//! regions (区域) and campuses (校区), each campus of a legal entity, departments (部门), positions
//! (岗位), teams (团队) with a leader, groups (用户组), and staff (员工). Every customer is held by a person of staff or by the
//! pool of a campus: a *holder* (归属).

mod agreement;
mod department;
mod fault;
mod places;
mod role_rule;
mod staff;

pub use agreement::*;
pub use department::*;
pub use fault::*;
pub use places::*;
pub use role_rule::*;
pub use staff::*;

use crate::money::Currency;

/// The tenant: an education group or a single school.
#[derive(Debug)]
pub enum Institution {}
/// Who holds a customer: a person of staff or the pool of a campus, under its id.
#[derive(Debug)]
pub enum Holder {}

/// An institution as it is founded.
#[derive(Clone, Debug)]
pub struct NewInstitution {
    /// What people type at log-in: 2 to 32 of `a-z0-9-`, unique in the whole installation.
    pub code: String,
    pub name: String,
    /// IANA name; "today" of institution-wide reports.
    pub time_zone: String,
    /// An institution keeps its books in one currency.
    pub currency: Currency,
}

impl NewInstitution {
    pub fn check(&self) -> Result<(), crate::fault::Fault> {
        let mut faults = Vec::new();
        let code = self.code.as_bytes();
        let plain = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-';
        if !(2..=32).contains(&code.len()) || !code.iter().all(plain) {
            faults.push(crate::fault::FieldFault::new(
                "/code",
                &INSTITUTION_CODE_INVALID,
            ));
        }
        if let Err(fault) = crate::text::line("/name", &self.name, 100) {
            faults.push(fault);
        }
        if jiff::tz::TimeZone::get(&self.time_zone).is_err() {
            faults.push(crate::fault::FieldFault::new(
                "/time_zone",
                &TIME_ZONE_UNKNOWN,
            ));
        }
        crate::fault::Fault::unless_empty(faults)
    }
}
