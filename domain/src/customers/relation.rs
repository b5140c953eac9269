//! Who is who's guardian.

use jiff::Timestamp;

use super::{Customer, Kind, RELATION_NOT_FITTING, RELATIVE_IS_DELETED};
use crate::{fault::FieldFault, id::Id, stamp::Stamp, text, text_enum};

text_enum! {
    /// What a related customer is to the one that is looked at.
    RelationRole as "RelationRole" {
        Guardian = "guardian" { "监护人", "Guardian" }
        Ward = "ward" { "被监护人", "Ward" }
    }
}

/// Most relations that one customer can have.
pub const RELATIONS_MAX: usize = 50;
/// Longest label, in characters.
const LABEL_MAX: usize = 50;

/// A guardian (家长) of a student.
#[derive(Clone, PartialEq, Eq)]
pub struct Relation {
    pub id: Id<Relation>,
    pub student: Id<Customer>,
    pub guardian: Id<Customer>,
    /// What the guardian is called in the family: 妈妈.
    pub label: Option<String>,
    pub created_at: Timestamp,
}

impl std::fmt::Debug for Relation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Relation({})", self.id)
    }
}

impl Relation {
    /// Relates a customer to `relative`, which is `role` to it.
    ///
    /// # Errors
    /// Unless one is a student and the other a guardian, and where the relative is deleted.
    pub fn new(
        customer: &Customer,
        role: RelationRole,
        relative: &Customer,
        label: Option<String>,
        stamp: &Stamp,
    ) -> Result<Self, FieldFault> {
        let (student, guardian) = match role {
            RelationRole::Guardian => (customer, relative),
            RelationRole::Ward => (relative, customer),
        };
        if (student.profile.kind, guardian.profile.kind) != (Kind::Student, Kind::Guardian) {
            return Err(FieldFault::new("/relative_id", &RELATION_NOT_FITTING));
        }
        if relative.deleted_at.is_some() {
            return Err(FieldFault::new("/relative_id", &RELATIVE_IS_DELETED));
        }
        Ok(Self {
            id: stamp.id(),
            student: student.id,
            guardian: guardian.id,
            label: label
                .map(|label| text::line("/label", &label, LABEL_MAX))
                .transpose()?,
            created_at: stamp.now(),
        })
    }

    /// The other of the two.
    pub fn relative_of(&self, customer: Id<Customer>) -> Id<Customer> {
        if self.student == customer {
            self.guardian
        } else {
            self.student
        }
    }

    /// What the other is to this one.
    pub fn role_to(&self, customer: Id<Customer>) -> RelationRole {
        if self.student == customer {
            RelationRole::Guardian
        } else {
            RelationRole::Ward
        }
    }
}
