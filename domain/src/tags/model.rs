use jiff::Timestamp;
use uuid::Uuid;

use super::COLOUR_INVALID;
use crate::{
    customers::{Anchor, Customer},
    fault::{Fault, FieldFault},
    id::Id,
    organization::{Campus, Holder},
    reference::Details,
    stamp::Stamp,
    text,
};

/// Longest name, in characters.
pub const NAME_MAX: usize = 50;
/// Longest definition, in characters.
pub const DEFINITION_MAX: usize = 500;
/// Longest reason, in characters.
pub const REASON_MAX: usize = 200;

/// A group of tags (标签分类, TAG-02).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagCategory {
    pub name: String,
}

impl Details for TagCategory {
    fn checked(self) -> Result<Self, Fault> {
        Ok(Self {
            name: text::line("/name", &self.name, NAME_MAX)?,
        })
    }
}

/// A tag (标签, TAG-01).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    pub name: String,
    pub category: Id<TagCategory>,
    /// Whom it fits: up to [`DEFINITION_MAX`] characters.
    pub definition: Option<String>,
    /// `#RRGGBB`, upper case.
    pub colour: Option<String>,
}

impl Details for Tag {
    fn checked(self) -> Result<Self, Fault> {
        let mut faults = Vec::new();
        let mut keep = |result: Result<String, FieldFault>| {
            result
                .map_err(|fault| faults.push(fault))
                .unwrap_or_default()
        };
        let name = keep(text::line("/name", &self.name, NAME_MAX));
        let definition = self
            .definition
            .map(|definition| keep(text::note("/definition", &definition, DEFINITION_MAX)));
        let colour = self.colour.map(|colour| keep(checked_colour(&colour)));
        Fault::unless_empty(faults)?;
        Ok(Self {
            name,
            definition,
            colour,
            ..self
        })
    }
}

fn checked_colour(colour: &str) -> Result<String, FieldFault> {
    let digits = colour.strip_prefix('#').unwrap_or_default();
    if digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        Ok(colour.to_uppercase())
    } else {
        Err(FieldFault::new("/colour", &COLOUR_INVALID))
    }
}

/// A tag on a customer, now or once (TAG-49).
#[derive(Clone, Debug)]
pub struct Tagging {
    pub id: Id<Tagging>,
    pub customer: Id<Customer>,
    pub holder: Id<Holder>,
    pub campus: Id<Campus>,
    pub tag: Id<Tag>,
    pub put_on: Act,
    pub taken_off: Option<Act>,
}

/// A tag as it is shown beside its customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagLabel {
    pub id: Id<Tag>,
    pub name: String,
    pub category: Id<TagCategory>,
    /// `#RRGGBB`, upper case.
    pub colour: Option<String>,
}

/// Who did it, when and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    pub at: Timestamp,
    pub by: Uuid,
    /// 1 to [`REASON_MAX`] characters.
    pub reason: Option<String>,
}

impl Act {
    /// Something done now.
    ///
    /// # Errors
    /// Where the reason is blank or too long.
    pub fn now(by: Uuid, reason: Option<String>, stamp: &Stamp) -> Result<Self, FieldFault> {
        Ok(Self {
            at: stamp.now(),
            by,
            reason: reason
                .map(|reason| text::line("/reason", &reason, REASON_MAX))
                .transpose()?,
        })
    }
}

impl Tagging {
    /// Puts a tag on a customer.
    pub fn new(customer: &Anchor, tag: Id<Tag>, put_on: Act, stamp: &Stamp) -> Self {
        Self {
            id: stamp.id(),
            customer: customer.id,
            holder: customer.holder,
            campus: customer.campus,
            tag,
            put_on,
            taken_off: None,
        }
    }
}
