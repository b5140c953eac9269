//! Reference data (基础资料): records that others choose from, such as campuses, teams and roles.
//!
//! They belong to the institution, not to a customer. They are archived, never deleted: what chose
//! one keeps it, and nothing new can choose it. Their names are unique among the living.

use jiff::Timestamp;

use crate::{fault::Fault, id::Id, rules, stamp::Stamp};

rules! {
    NAME_TAKEN = Conflict "name_taken" {
        "名称已被使用", "The name is taken";
        "请换一个名称；大小写和空格不作区分。", "Choose another name; letter case and spaces make no difference." }
    ARCHIVED = Conflict "archived" {
        "记录已归档", "The record is archived";
        "请先取消归档。", "Take it out of the archive first." }
    NOT_ARCHIVED = Conflict "not_archived" {
        "记录未归档", "The record is not archived";
        "只有已归档的记录才能取消归档。", "Only an archived record can be taken out of the archive." }
    IN_USE = Conflict "in_use" {
        "记录仍在使用", "The record is in use";
        "请先解除对它的使用，再归档。", "Whatever uses it must choose another before it can be archived." }
}

/// What is known of a record of reference data.
pub trait Details: Clone + PartialEq {
    /// The same in canonical form.
    ///
    /// # Errors
    /// Every field that breaks a rule, at once.
    fn checked(self) -> Result<Self, Fault>;
}

/// A record of reference data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference<T> {
    pub id: Id<T>,
    /// Raised with every change.
    pub version: i64,
    pub details: T,
    pub created_at: Timestamp,
    pub archived_at: Option<Timestamp>,
}

impl<T: Details> Reference<T> {
    pub fn create(details: T, stamp: &Stamp) -> Result<Self, Fault> {
        Self::with_id(stamp.id(), details, stamp)
    }

    /// A new record whose details were made from its id.
    pub fn with_id(id: Id<T>, details: T, stamp: &Stamp) -> Result<Self, Fault> {
        Ok(Self {
            id,
            version: 1,
            details: details.checked()?,
            created_at: stamp.now(),
            archived_at: None,
        })
    }

    /// The record with other details; the same record when nothing differs.
    ///
    /// # Errors
    /// 409 while it is archived.
    pub fn change(&self, details: T) -> Result<Self, Fault> {
        if self.archived_at.is_some() {
            return Err(Fault::new(&ARCHIVED));
        }
        let details = details.checked()?;
        if details == self.details {
            return Ok(self.clone());
        }
        Ok(Self {
            details,
            version: self.version + 1,
            ..self.clone()
        })
    }

    pub fn archive(&self, stamp: &Stamp) -> Result<Self, Fault> {
        if self.archived_at.is_some() {
            return Err(Fault::new(&ARCHIVED));
        }
        Ok(Self {
            archived_at: Some(stamp.now()),
            version: self.version + 1,
            ..self.clone()
        })
    }

    pub fn unarchive(&self) -> Result<Self, Fault> {
        if self.archived_at.is_none() {
            return Err(Fault::new(&NOT_ARCHIVED));
        }
        Ok(Self {
            archived_at: None,
            version: self.version + 1,
            ..self.clone()
        })
    }

    pub fn is_open(&self) -> bool {
        self.archived_at.is_none()
    }
}
