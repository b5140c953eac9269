//! What people read before they agree (告知书): articles 17 and 18 of the personal information protection
//! law.

use jiff::Timestamp;

use super::NOTICE_TEXT_EMPTY;
use crate::{
    customers::Purpose,
    fault::{Fault, FieldFault},
    id::Id,
    organization::Locale,
    stamp::Stamp,
    text,
};

/// Longest title, in characters.
pub const NOTICE_TITLE_MAX: usize = 100;
/// Longest text, in characters.
pub const NOTICE_TEXT_MAX: usize = 9_000;

/// One revision of the notice of a purpose. It is never changed: another revision replaces it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrivacyNotice {
    pub id: Id<PrivacyNotice>,
    pub purpose: Purpose,
    /// From 1 on, of each purpose for itself.
    pub revision: i64,
    pub language: Locale,
    /// 1 to [`NOTICE_TITLE_MAX`] characters.
    pub title: String,
    /// 1 to [`NOTICE_TEXT_MAX`] characters.
    pub text: String,
    /// Whether what was given after an older revision has to be asked for anew: purpose or means have
    /// changed (article 14).
    pub asks_anew: bool,
    pub published_at: Timestamp,
}

/// A notice as it is to be published.
#[derive(Clone, Debug)]
pub struct NewNotice {
    pub purpose: Purpose,
    pub language: Locale,
    pub title: String,
    pub text: String,
    pub asks_anew: bool,
}

impl PrivacyNotice {
    /// The revision behind `last`.
    ///
    /// # Errors
    /// 422 with every field that breaks a rule.
    pub fn publish(new: NewNotice, last: i64, stamp: &Stamp) -> Result<Self, Fault> {
        let mut faults = Vec::new();
        let mut keep = |result: Result<String, FieldFault>| {
            result
                .map_err(|fault| faults.push(fault))
                .unwrap_or_default()
        };
        let title = keep(text::line("/title", &new.title, NOTICE_TITLE_MAX));
        let text = keep(text::note("/text", &new.text, NOTICE_TEXT_MAX));
        if new.text.trim().is_empty() {
            faults.push(FieldFault::new("/text", &NOTICE_TEXT_EMPTY));
        }
        Fault::unless_empty(faults)?;
        Ok(Self {
            id: stamp.id(),
            purpose: new.purpose,
            revision: last + 1,
            language: new.language,
            title,
            text,
            asks_anew: new.asks_anew,
            published_at: stamp.now(),
        })
    }
}
