//! That data of a customer was shared with a recipient (对外提供).

use jiff::{Timestamp, civil::Date};

use super::{
    CATEGORY_NOT_REGISTERED, DISCLOSURE_IN_FUTURE, DataCategory, RECIPIENT_NOT_VALID, Recipient,
    SHARING_NOT_AGREED,
};
use crate::{
    customers::{Consent, Customer, LawfulBasis},
    fault::{Fault, FieldFault},
    id::Id,
    reference::Reference,
    stamp::Stamp,
    text,
};

/// Longest word on what was shared, in characters.
pub const DISCLOSURE_DETAILS_MAX: usize = 500;

/// Data of a customer that a recipient has been given. It is never changed.
#[derive(Clone, PartialEq, Eq)]
pub struct Disclosure {
    pub id: Id<Disclosure>,
    pub customer: Id<Customer>,
    pub recipient: Id<Recipient>,
    /// The version of its entry by which it was allowed.
    pub recipient_version: i64,
    pub lawful_basis: LawfulBasis,
    /// The decision by which the person agreed, where that is needed.
    pub consent: Option<Id<Consent>>,
    pub categories: Vec<DataCategory>,
    /// What was shared, in words: 1 to [`DISCLOSURE_DETAILS_MAX`] characters.
    pub details: Option<String>,
    pub disclosed_at: Timestamp,
    pub recorded_at: Timestamp,
}

/// A disclosure as it is told.
#[derive(Clone)]
pub struct NewDisclosure {
    pub categories: Vec<DataCategory>,
    pub details: Option<String>,
    /// Now, where nothing is said.
    pub disclosed_at: Timestamp,
}

/// What a disclosure is checked against.
pub struct SharingGround<'a> {
    pub customer: Id<Customer>,
    pub recipient: &'a Reference<Recipient>,
    /// The day of the disclosure, at the customer's campus.
    pub on: Date,
    /// The decision by which the person agrees to sharing as it stands.
    pub consent: Option<&'a Consent>,
}

impl std::fmt::Debug for Disclosure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Disclosure({})", self.id)
    }
}

impl Disclosure {
    /// # Errors
    /// 422 with every field that breaks a rule: a recipient whose entry did not hold on that day, categories
    /// that it does not name, a time to come; 409 where the person has to agree and had not by then.
    pub fn new(
        new: NewDisclosure,
        ground: &SharingGround<'_>,
        stamp: &Stamp,
    ) -> Result<Self, Fault> {
        let recipient = &ground.recipient.details;
        let mut faults = Vec::new();
        if !recipient.is_valid_on(ground.on) {
            faults.push(FieldFault::new("/recipient_id", &RECIPIENT_NOT_VALID));
        }
        let is_registered = |category: &DataCategory| recipient.categories.contains(category);
        if !new.categories.iter().all(is_registered) {
            faults.push(FieldFault::new("/categories", &CATEGORY_NOT_REGISTERED));
        }
        if new.disclosed_at > stamp.now() {
            faults.push(FieldFault::new("/disclosed_at", &DISCLOSURE_IN_FUTURE));
        }
        let details = new.details.map(|details| {
            text::note("/details", &details, DISCLOSURE_DETAILS_MAX)
                .map_err(|fault| faults.push(fault))
                .unwrap_or_default()
        });
        Fault::unless_empty(faults)?;
        let agreed = ground
            .consent
            .filter(|by| by.decided_at <= new.disclosed_at);
        if recipient.needs_consent() && agreed.is_none() {
            return Err(Fault::new(&SHARING_NOT_AGREED));
        }
        let mut categories = new.categories;
        categories.sort_unstable();
        categories.dedup();
        Ok(Self {
            id: stamp.id(),
            customer: ground.customer,
            recipient: ground.recipient.id,
            recipient_version: ground.recipient.version,
            lawful_basis: recipient.lawful_basis,
            consent: agreed.filter(|_| recipient.needs_consent()).map(|by| by.id),
            categories,
            details,
            disclosed_at: new.disclosed_at,
            recorded_at: stamp.now(),
        })
    }
}
