//! Field rules: the one place where they are applied, to whatever is shown, asked by or written.

use actix_web::HttpRequest;
use domain::{
    access::{FIELD_NOT_READABLE, FIELD_READ_ONLY, FieldAccess, FieldRules},
    fault::{Fault, FieldFault},
};
use persistence::{Error, Tx, access::Authority};
use serde::Serialize;
use serde_json::Value;

use crate::{
    customers::filings,
    http::{Problem, parameters::pairs},
};

/// What stands where a value is masked: it tells that there is one.
const MASK: &str = "***";

/// A record as its reader may see it.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Shown<T> {
    Whole(T),
    Ruled(Value),
}

/// A record as somebody may see it; the program itself sees everything.
pub fn show<T: Serialize>(
    reader: Option<&Authority>,
    record: &str,
    body: T,
) -> Result<Shown<T>, Error> {
    show_as(reader, record, &[], body)
}

/// The same of a body in which fields of the record stand under other names: `(name, field)`.
pub fn show_as<T: Serialize>(
    reader: Option<&Authority>,
    record: &str,
    names: &[(&str, &str)],
    body: T,
) -> Result<Shown<T>, Error> {
    let Some(rules) = reader.map(Authority::fields).filter(|r| !r.is_empty()) else {
        return Ok(Shown::Whole(body));
    };
    let mut value = serde_json::to_value(&body).map_err(Error::internal)?;
    for (known, access) in rules.of(record) {
        let other = names.iter().find(|(_, field)| *field == known.field);
        let name = other.map_or(known.field, |(name, _)| name);
        // What stands in a part goes by both names.
        let field = name
            .split('.')
            .try_fold(&mut value, |part, name| part.get_mut(name));
        if let Some(field) = field {
            rule(field, access);
        }
    }
    Ok(Shown::Ruled(value))
}

/// The same within a command, for whoever gave it.
pub fn show_in<T: Serialize>(tx: &Tx, record: &str, body: T) -> Result<Shown<T>, Error> {
    show(tx.operation().authority.as_deref(), record, body)
}

/// One field of a record that is text, as far as somebody may see it.
pub fn show_text(
    reader: Option<&Authority>,
    record: &str,
    field: &str,
    text: String,
) -> Option<String> {
    let rules = reader.map(Authority::fields);
    left(rules.and_then(|rules| rules.access(record, field)), text)
}

/// What a rule leaves of a text.
pub fn left(access: Option<FieldAccess>, text: String) -> Option<String> {
    match access {
        None | Some(FieldAccess::ReadOnly) => Some(text),
        Some(FieldAccess::Masked) => Some(MASK.into()),
        Some(FieldAccess::Hidden) => None,
    }
}

/// What the trail tells of under the rules for a record: kind, record, and the names by which it calls
/// fields otherwise, as `(name, field)`.
type Ruled = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

const RULED: &[Ruled] = &[
    ("customer", "customers", &[]),
    // Parts of a customer, with fields of it.
    ("collection", "customers", &[]),
    ("filing", "customers", &filings::REPEATED),
    ("screening", "customers", &[]),
    ("enrollment", "enrollments", &[]),
    ("follow_up", "follow_ups", &[]),
    ("payment", "payments", &[]),
];

/// Applies the rules of a reader to what the trail tells of changes: the fields of each before and after.
pub fn show_changes(reader: &Authority, changes: &mut Value) {
    for change in changes.as_array_mut().into_iter().flatten() {
        let kind = change["kind"].as_str().unwrap_or_default();
        let Some((_, record, names)) = RULED.iter().find(|(ruled, ..)| *ruled == kind) else {
            continue;
        };
        for (known, access) in reader.fields().of(record) {
            let other = names.iter().find(|(_, field)| *field == known.field);
            let called = other.map_or(known.field, |(name, _)| name);
            for side in ["before", "after"] {
                let told = change[side].as_object_mut().into_iter().flatten();
                for (_, field) in told.filter(|(name, _)| is_of(name, called)) {
                    rule(field, access);
                }
            }
        }
    }
}

/// Whether the trail names a field so, or a part of it.
fn is_of(name: &str, field: &str) -> bool {
    let rest = name.strip_prefix(field);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn rule(field: &mut Value, access: FieldAccess) {
    match (access, &*field) {
        (FieldAccess::ReadOnly, _) | (_, Value::Null) => {}
        (_, Value::Array(_)) => *field = Value::Array(Vec::new()),
        (FieldAccess::Masked, Value::String(_)) => *field = MASK.into(),
        _ => *field = Value::Null,
    }
}

/// Refuses fields of a body that its sender may not write; a new record is given what it must have.
///
/// # Errors
/// 422 at every such field.
pub fn writable(tx: &Tx, record: &str, sent: &[String], needed: &[&str]) -> Result<(), Fault> {
    let Some(authority) = &tx.operation().authority else {
        return Ok(());
    };
    let given = |name: &str| !needed.contains(&name) && sent.iter().any(|sent| sent == name);
    let faults = authority
        .fields()
        .of(record)
        .filter(|(known, _)| given(known.field))
        .map(|(known, access)| {
            let rule = match access {
                FieldAccess::ReadOnly => &FIELD_READ_ONLY,
                FieldAccess::Hidden | FieldAccess::Masked => &FIELD_NOT_READABLE,
            };
            FieldFault::new(format!("/{}", known.field.replace('.', "/")), rule)
        });
    Fault::unless_empty(faults.collect())
}

/// Refuses a list that is filtered or sorted by what its reader may not read.
///
/// # Errors
/// 422 at every such parameter.
pub fn listable(reader: &Authority, record: &str, request: &HttpRequest) -> Result<(), Problem> {
    let rules = reader.fields();
    let readable = |field: &str| rules.is_readable(record, field.trim_start_matches('-'));
    let mut faults = Vec::new();
    for (name, value) in pairs(request.query_string())? {
        // `intent`, `collected_at[gte]`, and the fields that `sort` names.
        let by_it = name.split('[').next().is_none_or(readable);
        let sorted = name != "sort" || value.split(',').all(readable);
        if !by_it || !sorted {
            faults.push(FieldFault::new(name, &FIELD_NOT_READABLE));
        }
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Problem::parameters(faults))
    }
}

/// Refuses what is found, or revealed, by fields that somebody may not read.
///
/// # Errors
/// 422 at `pointer`, or for the whole request where it is empty.
pub fn readable(
    rules: &FieldRules,
    record: &str,
    fields: impl IntoIterator<Item = &'static str>,
    pointer: &'static str,
) -> Result<(), Fault> {
    if fields
        .into_iter()
        .all(|field| rules.is_readable(record, field))
    {
        return Ok(());
    }
    Err(match pointer {
        "" => Fault::new(&FIELD_NOT_READABLE),
        pointer => Fault::field(pointer, &FIELD_NOT_READABLE),
    })
}

#[cfg(test)]
mod tests {
    use domain::access::FIELDS;

    use super::*;

    #[test]
    fn rules_for_any_record_go_for_what_the_trail_tells_of_it() {
        for known in FIELDS {
            let is_ruled = RULED.iter().any(|(_, record, _)| *record == known.record);
            assert!(is_ruled, "{}", known.record);
        }
    }
}
