//! Who is what to whom: the family of a student, its school, who pays, who brought the customer.
//!
//! A relation is one record for both. It is kept from the side of the one who depends on the other, or
//! was brought: `relative` is `role` to `customer`; the other side sees the inverse role.

use jiff::{Timestamp, civil::Date};

use super::{
    Customer, FLAG_NOT_FITTING, Kind, REFERRER_EXISTS, RELATION_ENDS_BEFORE_START, RELATION_EXISTS,
    RELATION_NOT_FITTING, RELATIVE_IS_DELETED,
};
use crate::{
    fault::{Fault, FieldFault},
    id::Id,
    stamp::Stamp,
    text, text_enum,
};

text_enum! {
    /// What a related customer is to the one that is looked at.
    RelationRole as "RelationRole" {
        Guardian = "guardian" { "监护人", "Guardian" }
        Ward = "ward" { "被监护人", "Ward" }
        Parent = "parent" { "父母", "Parent" }
        Child = "child" { "子女", "Child" }
        Sibling = "sibling" { "兄弟姐妹", "Sibling" }
        Spouse = "spouse" { "配偶", "Spouse" }
        Payer = "payer" { "付款人", "Payer" }
        Beneficiary = "beneficiary" { "受益人", "Beneficiary" }
        PickUp = "pick_up" { "接送人", "Person who picks up" }
        PickedUp = "picked_up" { "被接送人", "Picked up" }
        EmergencyContact = "emergency_contact" { "紧急联系人", "Emergency contact" }
        EmergencyOf = "emergency_of" { "紧急联系对象", "Emergency contact of" }
        Referrer = "referrer" { "转介绍人", "Referrer" }
        Referred = "referred" { "被介绍人", "Referred" }
        School = "school" { "就读学校", "School" }
        Pupil = "pupil" { "在校学生", "Pupil" }
        ContactPerson = "contact_person" { "联系人", "Contact person" }
        Organization = "organization" { "所属机构", "Organization" }
    }
}

impl RelationRole {
    /// Whether it is the same from both sides.
    pub fn is_mutual(self) -> bool {
        self.inverse() == self
    }

    /// What the customer is to one who is this to it.
    pub fn inverse(self) -> Self {
        match self {
            Self::Guardian => Self::Ward,
            Self::Ward => Self::Guardian,
            Self::Parent => Self::Child,
            Self::Child => Self::Parent,
            Self::Sibling => Self::Sibling,
            Self::Spouse => Self::Spouse,
            Self::Payer => Self::Beneficiary,
            Self::Beneficiary => Self::Payer,
            Self::PickUp => Self::PickedUp,
            Self::PickedUp => Self::PickUp,
            Self::EmergencyContact => Self::EmergencyOf,
            Self::EmergencyOf => Self::EmergencyContact,
            Self::Referrer => Self::Referred,
            Self::Referred => Self::Referrer,
            Self::School => Self::Pupil,
            Self::Pupil => Self::School,
            Self::ContactPerson => Self::Organization,
            Self::Organization => Self::ContactPerson,
        }
    }

    /// Whether a relation is kept under this role, and not under its inverse.
    fn is_kept(self) -> bool {
        match self {
            Self::Guardian
            | Self::Parent
            | Self::Sibling
            | Self::Spouse
            | Self::Payer
            | Self::PickUp
            | Self::EmergencyContact
            | Self::Referrer
            | Self::School
            | Self::ContactPerson => true,
            Self::Ward
            | Self::Child
            | Self::Beneficiary
            | Self::PickedUp
            | Self::EmergencyOf
            | Self::Referred
            | Self::Pupil
            | Self::Organization => false,
        }
    }

    /// Whether it may lead back to nobody: one's parents are not one's descendants, and whoever
    /// brought a customer was not brought by it.
    pub fn is_acyclic(self) -> bool {
        matches!(self, Self::Parent | Self::Referrer)
    }

    /// Whether one can have only one at a time.
    pub fn is_single(self) -> bool {
        self == Self::Referrer
    }

    /// Whether any number of customers may have the same relative: pupils of a school, those whom one
    /// person brought, or a company pays for.
    pub fn is_crowded(self) -> bool {
        matches!(
            self,
            Self::Payer | Self::Referrer | Self::School | Self::ContactPerson
        )
    }

    /// Whether the relative looks after the customer, and so may see it and be told of it.
    fn looks_after(self) -> bool {
        matches!(
            self,
            Self::Guardian | Self::Parent | Self::Payer | Self::PickUp | Self::EmergencyContact
        )
    }

    /// Whether customers of these kinds can be related so, the relative being this to the customer.
    fn fits(self, customer: Kind, relative: Kind) -> bool {
        let (of, to) = (Side::of(customer), Side::of(relative));
        match self {
            Self::Guardian => (customer, relative) == (Kind::Student, Kind::Guardian),
            Self::Parent => of.is_person && to.is_person && relative != Kind::Student,
            Self::Sibling | Self::Spouse | Self::EmergencyContact => of.is_person && to.is_person,
            Self::PickUp => customer == Kind::Student && to.is_person,
            Self::Payer | Self::Referrer => true,
            Self::School => {
                customer == Kind::Student && matches!(relative, Kind::School | Kind::Institution)
            }
            Self::ContactPerson => of.is_organization && to.is_person,
            Self::Ward
            | Self::Child
            | Self::Beneficiary
            | Self::PickedUp
            | Self::EmergencyOf
            | Self::Referred
            | Self::Pupil
            | Self::Organization => self.inverse().fits(relative, customer),
        }
    }
}

/// What a kind of customer can be; a partner may be a person or an organization.
struct Side {
    is_person: bool,
    is_organization: bool,
}

impl Side {
    fn of(kind: Kind) -> Self {
        let (is_person, is_organization) = match kind {
            Kind::Student | Kind::Guardian | Kind::Other => (true, false),
            Kind::Partner => (true, true),
            Kind::School | Kind::Institution | Kind::Company => (false, true),
        };
        Self {
            is_person,
            is_organization,
        }
    }
}

/// Relations that one customer can have, those of [`RelationRole::is_crowded`] not counted for the
/// relative.
pub const RELATIONS_MAX: usize = 50;
/// Longest label, in characters.
const LABEL_MAX: usize = 50;

/// Two customers who have to do with each other.
#[derive(Clone, PartialEq, Eq)]
pub struct Relation {
    pub id: Id<Relation>,
    pub customer: Id<Customer>,
    /// What the relative is to the customer; never an inverse role.
    pub role: RelationRole,
    pub relative: Id<Customer>,
    pub terms: Terms,
    pub created_at: Timestamp,
}

/// What can be changed of a relation.
#[derive(Clone, PartialEq, Eq)]
pub struct Terms {
    /// What the relative is called in the family, such as 妈妈; 1 to 50 characters.
    pub label: Option<String>,
    /// The first day; always, where it is not known.
    pub valid_from: Option<Date>,
    /// The day on which it no longer holds.
    pub valid_until: Option<Date>,
    /// Whether the relative may see what concerns the customer.
    pub may_view: bool,
    /// Whether the relative is sent the notices that concern the customer.
    pub gets_notices: bool,
}

/// A relation as it is asked for.
#[derive(Clone, Default)]
pub struct Asked {
    pub label: Option<String>,
    pub valid_from: Option<Date>,
    pub valid_until: Option<Date>,
    /// A guardian or parent may, where nothing is said.
    pub may_view: Option<bool>,
    /// A guardian or parent is, where nothing is said.
    pub gets_notices: Option<bool>,
}

impl std::fmt::Debug for Relation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Relation({})", self.id)
    }
}

impl std::fmt::Debug for Terms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Terms {
    fn checked(self, role: RelationRole) -> Result<Self, Fault> {
        let mut faults = Vec::new();
        let label = self.label.map(|label| {
            text::line("/label", &label, LABEL_MAX)
                .map_err(|fault| faults.push(fault))
                .unwrap_or_default()
        });
        if let (Some(from), Some(until)) = (self.valid_from, self.valid_until)
            && until <= from
        {
            faults.push(FieldFault::new("/valid_until", &RELATION_ENDS_BEFORE_START));
        }
        for (pointer, flag) in [
            ("/may_view", self.may_view),
            ("/gets_notices", self.gets_notices),
        ] {
            if flag && !role.looks_after() {
                faults.push(FieldFault::new(pointer, &FLAG_NOT_FITTING));
            }
        }
        Fault::unless_empty(faults)?;
        Ok(Self { label, ..self })
    }

    /// Whether there is a day on which both hold.
    pub fn overlaps(&self, other: &Self) -> bool {
        let begins_before = |from: Option<Date>, until: Option<Date>| match (from, until) {
            (Some(from), Some(until)) => from < until,
            _ => true,
        };
        begins_before(self.valid_from, other.valid_until)
            && begins_before(other.valid_from, self.valid_until)
    }
}

impl Relation {
    /// Relates a customer to `relative`, which is `role` to it.
    ///
    /// # Errors
    /// 422 where their kinds do not fit the role, the two are one, the relative is deleted, or the terms
    /// break a rule.
    pub fn new(
        customer: &Customer,
        role: RelationRole,
        relative: &Customer,
        asked: Asked,
        stamp: &Stamp,
    ) -> Result<Self, Fault> {
        if !role.fits(customer.profile.kind, relative.profile.kind) || customer.id == relative.id {
            return Err(Fault::field("/relative_id", &RELATION_NOT_FITTING));
        }
        if relative.deleted_at.is_some() {
            return Err(Fault::field("/relative_id", &RELATIVE_IS_DELETED));
        }
        // Of equals, the one who was taken in first.
        let is_turned = if role == role.inverse() {
            relative.id < customer.id
        } else {
            !role.is_kept()
        };
        let (customer, role, relative) = if is_turned {
            (relative.id, role.inverse(), customer.id)
        } else {
            (customer.id, role, relative.id)
        };
        Self::between(customer, role, relative, asked, stamp)
    }

    /// The guardian of a child, both of whom are known to be what they are.
    ///
    /// # Errors
    /// 422 where the label breaks a rule.
    pub fn guardian(
        child: Id<Customer>,
        guardian: Id<Customer>,
        label: Option<String>,
        stamp: &Stamp,
    ) -> Result<Self, Fault> {
        let asked = Asked {
            label,
            ..Asked::default()
        };
        Self::between(child, RelationRole::Guardian, guardian, asked, stamp)
    }

    fn between(
        customer: Id<Customer>,
        role: RelationRole,
        relative: Id<Customer>,
        asked: Asked,
        stamp: &Stamp,
    ) -> Result<Self, Fault> {
        let is_near = matches!(role, RelationRole::Guardian | RelationRole::Parent);
        let terms = Terms {
            label: asked.label,
            valid_from: asked.valid_from,
            valid_until: asked.valid_until,
            may_view: asked.may_view.unwrap_or(is_near),
            gets_notices: asked.gets_notices.unwrap_or(is_near),
        };
        Ok(Self {
            id: stamp.id(),
            customer,
            role,
            relative,
            terms: terms.checked(role)?,
            created_at: stamp.now(),
        })
    }

    /// The relation on other terms.
    ///
    /// # Errors
    /// 422 where these break a rule.
    pub fn change(&self, terms: Terms) -> Result<Self, Fault> {
        Ok(Self {
            terms: terms.checked(self.role)?,
            ..self.clone()
        })
    }

    /// Whether it can stand beside those of the same customer in the same role; of a mutual role, on either
    /// side of it.
    ///
    /// # Errors
    /// 409 where the two are related so in that time, or the customer has another such relative then
    /// and can have only one.
    pub fn beside(&self, others: &[Self]) -> Result<(), Fault> {
        let mut others = others
            .iter()
            .filter(|other| other.terms.overlaps(&self.terms));
        let is_with = |other: &&Self| {
            other.relative == self.relative
                || (self.role.is_mutual() && other.customer == self.relative)
        };
        if others.clone().any(|other| is_with(&other)) {
            return Err(Fault::new(&RELATION_EXISTS));
        }
        if self.role.is_single() && others.next().is_some() {
            return Err(Fault::new(&REFERRER_EXISTS));
        }
        Ok(())
    }

    /// Whether it still fits once `customer`, one of the two, is of another kind; `other` is the kind
    /// of the other one.
    pub fn fits(&self, customer: Id<Customer>, kind: Kind, other: Kind) -> bool {
        self.role_to(customer).fits(kind, other)
    }

    /// The other of the two.
    pub fn relative_of(&self, customer: Id<Customer>) -> Id<Customer> {
        if self.customer == customer {
            self.relative
        } else {
            self.customer
        }
    }

    /// What the other is to this one.
    pub fn role_to(&self, customer: Id<Customer>) -> RelationRole {
        if self.customer == customer {
            self.role
        } else {
            self.role.inverse()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text_enum::TextEnum;

    #[test]
    fn each_role_has_an_inverse_and_one_of_the_two_is_kept() {
        for role in RelationRole::ALL.iter().copied() {
            assert_eq!(role.inverse().inverse(), role);
            let is_equal = role == role.inverse();
            assert_eq!(
                role.is_kept() == role.inverse().is_kept(),
                is_equal,
                "{role:?}"
            );
        }
    }

    #[test]
    fn a_role_fits_as_its_inverse_does_from_the_other_side() {
        for role in RelationRole::ALL.iter().copied() {
            for one in Kind::ALL.iter().copied() {
                for other in Kind::ALL.iter().copied() {
                    assert_eq!(role.fits(one, other), role.inverse().fits(other, one));
                }
            }
        }
    }

    #[test]
    fn spans_that_only_touch_do_not_overlap() {
        let span = |from: Option<&str>, until: Option<&str>| Terms {
            label: None,
            valid_from: from.map(|day| day.parse().unwrap()),
            valid_until: until.map(|day| day.parse().unwrap()),
            may_view: false,
            gets_notices: false,
        };
        let first = span(Some("2026-01-01"), Some("2026-03-01"));
        assert!(!first.overlaps(&span(Some("2026-03-01"), None)));
        assert!(!first.overlaps(&span(None, Some("2026-01-01"))));
        assert!(first.overlaps(&span(Some("2026-02-28"), None)));
        assert!(first.overlaps(&span(None, None)));
    }
}
