//! The institution (机构) and its parts.
//!
//! The institution is the tenant: the whole group, of which no other may see anything. It has
//! regions (区域) and campuses (校区), each campus of a legal entity, departments (部门), positions
//! (岗位), teams (团队) with a leader, groups (用户组), and staff (员工). Every customer is held by a person of staff or by the
//! pool of a campus: a *holder* (归属).

mod agreement;
mod department;
mod fault;
mod institution;
mod places;
mod role_rule;
mod staff;

pub use agreement::*;
pub use department::*;
pub use fault::*;
pub use institution::*;
pub use places::*;
pub use role_rule::*;
pub use staff::*;

/// Who holds a customer: a person of staff or the pool of a campus, under its id.
#[derive(Debug)]
pub enum Holder {}
