//! Which fault a broken constraint is.
//!
//! PostgreSQL names the constraint. SQLite names it for CHECKs and unique indexes over expressions,
//! lists the columns for plain unique indexes, and says nothing at all for foreign keys; triggers
//! raise the name as their message on both.

use domain::fault::{Fault, REFERENCE_UNKNOWN, Rule};
use sqlx::error::{DatabaseError, ErrorKind};

/// A constraint that a caller can break, by its name and by what SQLite says instead.
pub(crate) struct Constraint {
    pub(crate) name: &'static str,
    /// `table.column, table.column` of a unique index, as SQLite lists them.
    pub(crate) columns: &'static str,
    pub(crate) rule: &'static Rule,
    /// Pointer to the field, or empty where the whole request is refused.
    pub(crate) pointer: &'static str,
}

/// One list a capability.
static CONSTRAINTS: &[&[Constraint]] = &[
    crate::organization::CONSTRAINTS,
    crate::customers::CONSTRAINTS,
    crate::customers::relations::CONSTRAINTS,
    crate::custom_fields::CONSTRAINTS,
    crate::tags::CONSTRAINTS,
    crate::courses::CONSTRAINTS,
    crate::payments::CONSTRAINTS,
    crate::enrollments::CONSTRAINTS,
    crate::approvals::CONSTRAINTS,
    crate::privacy::CONSTRAINTS,
];

pub(super) fn fault(error: &dyn DatabaseError) -> Option<Fault> {
    let message = error.message();
    let found =
        CONSTRAINTS
            .iter()
            .flat_map(|list| list.iter())
            .find(|c| match error.constraint() {
                Some(name) => name == c.name,
                None => {
                    message.ends_with(c.name)
                        || (!c.columns.is_empty() && message.ends_with(c.columns))
                }
            });
    match found {
        Some(c) if c.pointer.is_empty() => Some(Fault::new(c.rule)),
        Some(c) => Some(Fault::field(c.pointer, c.rule)),
        None if error.kind() == ErrorKind::ForeignKeyViolation => {
            Some(Fault::new(&REFERENCE_UNKNOWN))
        }
        None => None,
    }
}
