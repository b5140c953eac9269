//! The built-in roles.

use super::Reach;
use crate::fault::Text;

/// A role (角色): what its holders may do, and how far.
#[derive(Debug)]
pub enum Role {}

/// A role that every institution has from the start; it can be copied, not changed.
#[derive(Debug)]
pub struct BuiltInRole {
    pub code: &'static str,
    pub name: Text,
    pub permissions: &'static [(&'static str, Reach)],
}
