use std::fmt;

use jiff::Timestamp;

use super::{CONTACT_REPEATED, CONTACT_UNKNOWN, CONTACT_VALUE_MISSING};
use crate::{
    email::Email,
    fault::{Fault, FieldFault, REQUIRED, Rule, TOO_MANY, VALUE_MASKED},
    id::Id,
    phone::Phone,
    stamp::Stamp,
    text, text_enum,
};

text_enum! {
    /// Kind of a contact point.
    ContactKind as "ContactKind" {
        Phone = "phone" { "电话", "Phone" }
        Email = "email" { "邮箱", "E-mail" }
        Wechat = "wechat" { "微信", "WeChat" }
        Qq = "qq" { "QQ", "QQ" }
        Address = "address" { "地址", "Address" }
    }
}

/// Contact points of one customer, at most.
pub const CONTACTS_MAX: usize = 20;
/// Longest value, in characters.
pub const CONTACT_MAX: usize = 200;
/// Longest label, in characters.
pub const LABEL_MAX: usize = 50;

/// A way to reach a customer: an own part of it, sealed wherever it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct ContactPoint {
    pub id: Id<ContactPoint>,
    pub kind: ContactKind,
    value: String,
    pub label: Option<String>,
    pub is_preferred: bool,
    /// When somebody made sure that the value is right; nothing where nobody has, or the value is another since.
    pub verified_at: Option<Timestamp>,
    /// Whether the customer does not want to be reached by it.
    pub do_not_contact: bool,
}

/// A contact point as it is asked for: an existing one by its id, or a new one. What is absent of an
/// existing one stays as it is.
#[derive(Clone, Default)]
pub struct ContactInput {
    pub id: Option<Id<ContactPoint>>,
    pub kind: Option<ContactKind>,
    pub value: Option<String>,
    /// `Some(None)` takes it away.
    pub label: Option<Option<String>>,
    pub is_preferred: Option<bool>,
    pub is_verified: Option<bool>,
    pub do_not_contact: Option<bool>,
}

impl ContactPoint {
    /// As it was stored; checked when it was taken in.
    pub fn stored(
        id: Id<Self>,
        kind: ContactKind,
        value: String,
        label: Option<String>,
        is_preferred: bool,
        verified_at: Option<Timestamp>,
        do_not_contact: bool,
    ) -> Self {
        Self {
            id,
            kind,
            value,
            label,
            is_preferred,
            verified_at,
            do_not_contact,
        }
    }

    /// The value in the clear: E.164 for phones. Only for storing, finding, reveals and exports.
    pub fn clear(&self) -> &str {
        &self.value
    }

    /// The form that every other answer carries: `138****1234`.
    pub fn safe(&self) -> String {
        match self.kind {
            ContactKind::Phone => Phone::parse(&self.value)
                .map(|phone| phone.masked())
                .unwrap_or_else(|_| HIDDEN.into()),
            ContactKind::Email => Email::parse(&self.value)
                .map(|email| email.masked())
                .unwrap_or_else(|_| HIDDEN.into()),
            ContactKind::Wechat | ContactKind::Qq => {
                let mut start: String = self.value.chars().take(2).collect();
                start.push_str(HIDDEN);
                start
            }
            ContactKind::Address => HIDDEN.into(),
        }
    }

    /// The last four digits of a phone.
    pub fn last_four(&self) -> Option<String> {
        match self.kind {
            ContactKind::Phone => Phone::parse(&self.value)
                .ok()
                .map(|phone| phone.last_four().to_owned()),
            _ => None,
        }
    }
}

const HIDDEN: &str = "***";

impl fmt::Debug for ContactPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} ***", self.kind)
    }
}

impl fmt::Debug for ContactInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The list that replaces `existing`: each input is an existing point by its id, or a new one.
///
/// # Errors
/// Every entry that breaks a rule, at once.
pub fn replace(
    existing: &[ContactPoint],
    inputs: Vec<ContactInput>,
    stamp: &Stamp,
) -> Result<Vec<ContactPoint>, Fault> {
    let mut points: Vec<ContactPoint> = Vec::new();
    let mut unsaid = Vec::new();
    let mut faults = Vec::new();
    if inputs.len() > CONTACTS_MAX {
        faults.push(FieldFault::new("/contact_points", &TOO_MANY).with("max", CONTACTS_MAX));
    }
    for (index, input) in inputs.into_iter().enumerate() {
        let (named, preferred) = (input.id, input.is_preferred);
        match point(existing, input, stamp) {
            Ok(known) if named.is_some() && points.iter().any(|each| each.id == known.id) => {
                let pointer = format!("/contact_points/{index}/id");
                faults.push(FieldFault::new(pointer, &CONTACT_REPEATED));
            }
            Ok(point) => {
                points.push(point);
                unsaid.push(preferred.is_none());
            }
            Err((field, rule)) => {
                let pointer = format!("/contact_points/{index}/{field}");
                faults.push(FieldFault::new(pointer, rule));
            }
        }
    }
    Fault::unless_empty(faults)?;
    give_way(&mut points, &unsaid);
    Ok(points)
}

/// Points of which nothing was said are no longer tried first where another of their kind is said to be.
fn give_way(points: &mut [ContactPoint], unsaid: &[bool]) {
    let said = points.iter().zip(unsaid);
    let said: Vec<ContactKind> = said
        .filter(|(point, unsaid)| !**unsaid && point.is_preferred)
        .map(|(point, _)| point.kind)
        .collect();
    for (point, unsaid) in points.iter_mut().zip(unsaid) {
        if *unsaid && said.contains(&point.kind) {
            point.is_preferred = false;
        }
    }
}

type Broken = (&'static str, &'static Rule);

fn point(
    existing: &[ContactPoint],
    input: ContactInput,
    stamp: &Stamp,
) -> Result<ContactPoint, Broken> {
    let known = match input.id {
        Some(id) => Some(
            existing
                .iter()
                .find(|point| point.id == id)
                .ok_or(("id", &CONTACT_UNKNOWN))?,
        ),
        None => None,
    };
    let kind = input
        .kind
        .or(known.map(|k| k.kind))
        .ok_or(("kind", &REQUIRED))?;
    let value = match (input.value, known) {
        (Some(text), _) => value(kind, &text).map_err(|rule| ("value", rule))?,
        (None, Some(known)) if known.kind == kind => known.value.clone(),
        (None, _) => return Err(("value", &CONTACT_VALUE_MISSING)),
    };
    let label = match input.label {
        None => known.and_then(|known| known.label.clone()),
        Some(None) => None,
        Some(Some(text)) => {
            Some(text::line("", &text, LABEL_MAX).map_err(|fault| ("label", fault.rule))?)
        }
    };
    let is_same = known.is_some_and(|known| known.kind == kind && known.value == value);
    let verified_before = known
        .and_then(|known| known.verified_at)
        .filter(|_| is_same);
    Ok(ContactPoint {
        id: known.map_or_else(|| stamp.id(), |k| k.id),
        kind,
        value,
        label,
        is_preferred: input
            .is_preferred
            .or(known.map(|k| k.is_preferred))
            .unwrap_or_default(),
        verified_at: match input.is_verified {
            None => verified_before,
            Some(true) => verified_before.or_else(|| Some(stamp.now())),
            Some(false) => None,
        },
        do_not_contact: input
            .do_not_contact
            .or(known.map(|k| k.do_not_contact))
            .unwrap_or_default(),
    })
}

/// The value in its one form.
fn value(kind: ContactKind, text: &str) -> Result<String, &'static Rule> {
    // What we show in place of a value must not come back as one.
    if text.contains("**") {
        return Err(&VALUE_MASKED);
    }
    match kind {
        ContactKind::Phone => Phone::parse(text).map(|phone| phone.e164().to_owned()),
        ContactKind::Email => Email::parse(text).map(|email| email.address().to_owned()),
        _ => text::line("", text, CONTACT_MAX).map_err(|fault| fault.rule),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn stamp() -> Stamp {
        Stamp::new(Timestamp::UNIX_EPOCH, |_| Uuid::from_u128(7))
    }

    fn phone(text: &str) -> ContactInput {
        ContactInput {
            kind: Some(ContactKind::Phone),
            value: Some(text.into()),
            ..ContactInput::default()
        }
    }

    #[test]
    fn a_masked_value_does_not_come_back_as_one() {
        let points = replace(&[], vec![phone("138 0013 8000")], &stamp()).unwrap();
        assert_eq!(points[0].clear(), "+8613800138000");
        let masked = points[0].safe();
        assert_eq!(masked, "138****8000");
        let fault = replace(&points, vec![phone(&masked)], &stamp()).unwrap_err();
        assert_eq!(fault.fields[0].rule.code, "masked_value");
        assert_eq!(fault.fields[0].pointer, "/contact_points/0/value");
    }

    #[test]
    fn an_existing_point_keeps_its_value_when_none_is_sent() {
        let points = replace(&[], vec![phone("13800138000")], &stamp()).unwrap();
        let kept = ContactInput {
            id: Some(points[0].id),
            label: Some(Some("妈妈".into())),
            ..ContactInput::default()
        };
        let after = replace(&points, vec![kept], &stamp()).unwrap();
        assert_eq!(after[0].clear(), "+8613800138000");
        assert_eq!(after[0].label.as_deref(), Some("妈妈"));
    }

    #[test]
    fn what_was_made_sure_of_is_so_until_the_value_is_another() {
        let verified = ContactInput {
            is_verified: Some(true),
            ..phone("13800138000")
        };
        let points = replace(&[], vec![verified], &stamp()).unwrap();
        assert_eq!(points[0].verified_at, Some(Timestamp::UNIX_EPOCH));
        let again = |value: &str, is_verified| ContactInput {
            id: Some(points[0].id),
            is_verified,
            ..phone(value)
        };
        let later = Stamp::new(Timestamp::from_second(9).unwrap(), |_| Uuid::from_u128(8));
        for (input, verified) in [
            (again("138 0013 8000", None), Some(0)),
            (again("138 0013 8000", Some(true)), Some(0)),
            (again("138 0013 8000", Some(false)), None),
            (again("139 0013 8000", None), None),
            (again("139 0013 8000", Some(true)), Some(9)),
        ] {
            let after = replace(&points, vec![input], &later).unwrap();
            assert_eq!(after[0].verified_at.map(Timestamp::as_second), verified);
        }
    }
}
