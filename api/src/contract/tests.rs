use std::{collections::HashSet, env, fs, path::Path};

use domain::access::PERMISSIONS;

use super::*;
use crate::{http::problem, system};

/// Operations that anybody may call, by id. This list only shrinks: whatever is added to the
/// API names the permission that it needs.
const PUBLIC: &[&str] = &[
    "getContract",
    "getProblemType",
    "issueClientToken",
    "listEnums",
    "listSigningKeys",
    "live",
    "logIn",
    "ready",
    "refreshTokens",
];

fn published() -> Value {
    document("http://127.0.0.1:8080")
}

fn operations(document: &Value) -> impl Iterator<Item = (&str, &Value)> {
    document["paths"]
        .as_object()
        .into_iter()
        .flatten()
        .flat_map(|(_, item)| item.as_object().into_iter().flatten())
        .map(|(_, operation)| {
            let id = operation["operationId"].as_str();
            (id.unwrap_or_default(), operation)
        })
}

/// Every `$ref` below a value.
fn references<'a>(value: &'a Value, found: &mut HashSet<&'a str>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str));
            fields.values().for_each(|field| references(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn the_committed_contract_is_what_the_code_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi");
    for (name, value) in system::published() {
        let file = folder.join(name);
        let text = format!("{value:#}\n");
        if env::var("UPDATE_OPENAPI").is_ok_and(|v| v == "1") {
            fs::write(&file, &text).unwrap();
        }
        assert!(
            fs::read_to_string(&file).is_ok_and(|committed| committed == text),
            "openapi/{name} is not what the code says: run \
             `UPDATE_OPENAPI=1 cargo test --workspace the_committed_contract` and commit it"
        );
    }
}

#[test]
fn every_reference_leads_to_something() {
    let document = published();
    let mut found = HashSet::new();
    references(&document, &mut found);
    let mut dangling: Vec<_> = found
        .into_iter()
        .filter(|reference| {
            let pointer = reference.strip_prefix('#').unwrap_or_default();
            pointer.is_empty() || document.pointer(pointer).is_none()
        })
        .collect();
    dangling.sort_unstable();
    assert!(
        dangling.is_empty(),
        "a schema that only parameters name is to be listed in `Base`: {dangling:?}"
    );
}

#[test]
fn every_operation_has_a_name_of_its_own() {
    let document = published();
    let mut seen = HashSet::new();
    for (id, operation) in operations(&document) {
        assert!(!id.is_empty(), "an operation without a name: {operation}");
        assert!(seen.insert(id), "two operations are called {id}");
    }
}

#[test]
fn every_operation_names_its_permission_unless_it_is_public() {
    let document = published();
    let mut open: Vec<_> = operations(&document)
        .filter(|(_, operation)| !operation["x-required-permission"].is_string())
        .map(|(id, _)| id)
        .collect();
    open.sort_unstable();
    assert_eq!(open, PUBLIC);
}

#[test]
fn a_permission_that_is_named_exists() {
    let document = published();
    for (id, operation) in operations(&document) {
        if let Some(code) = operation["x-required-permission"].as_str() {
            let known = PERMISSIONS.iter().any(|permission| permission.code == code);
            assert!(known, "{id} needs {code}, which nobody can hold");
        }
    }
}

#[test]
fn a_code_that_an_operation_lists_is_in_the_catalogue() {
    let document = published();
    for (id, operation) in operations(&document) {
        let codes = operation["x-problem-codes"].as_object().unwrap();
        for (status, code) in codes.iter().flat_map(|(status, codes)| {
            let codes = codes.as_array().unwrap().iter();
            codes.map(move |code| (status, code))
        }) {
            let known = system::problem_rules().find(|rule| *code == rule.code);
            let known = known.unwrap_or_else(|| panic!("{id} answers {code}, which there is not"));
            assert_eq!(problem::status(known).as_str(), status, "{id}: {code}");
        }
    }
}

/// Whole numbers below a schema that have no bound, by where they stand.
fn unbounded<'a>(
    document: &'a Value,
    schema: &'a Value,
    at: &str,
    seen: &mut HashSet<&'a str>,
    found: &mut Vec<String>,
) {
    if let Some(reference) = schema["$ref"].as_str() {
        let pointer = reference.strip_prefix('#').unwrap_or_default();
        if let Some(named) = document.pointer(pointer).filter(|_| seen.insert(reference)) {
            unbounded(document, named, reference, seen, found);
        }
        return;
    }
    let kind = &schema["type"];
    let kinds = kind
        .as_array()
        .map_or(std::slice::from_ref(kind), Vec::as_slice);
    let is_bounded = schema["minimum"].is_i64() && schema["maximum"].is_i64();
    if kinds.iter().any(|kind| kind == "integer") && !is_bounded {
        found.push(at.to_owned());
    }
    let parts = [
        "properties",
        "items",
        "oneOf",
        "anyOf",
        "allOf",
        "additionalProperties",
    ];
    for part in parts {
        let inner = &schema[part];
        let all: Vec<(String, &Value)> = match inner {
            Value::Object(fields) if part == "properties" => fields
                .iter()
                .map(|(name, field)| (format!("{at}/{name}"), field))
                .collect(),
            Value::Array(branches) => branches
                .iter()
                .map(|branch| (at.to_owned(), branch))
                .collect(),
            other => vec![(at.to_owned(), other)],
        };
        for (at, inner) in all.iter().filter(|(_, inner)| inner.is_object()) {
            unbounded(document, inner, at, seen, found);
        }
    }
}

/// Else a number that the schema lets through and the type does not would be refused without a name.
#[test]
fn every_whole_number_that_is_sent_has_both_bounds() {
    let document = published();
    let (mut seen, mut found) = (HashSet::new(), Vec::new());
    for (id, operation) in operations(&document) {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let at = format!("{id} {}", parameter["name"]);
            unbounded(&document, &parameter["schema"], &at, &mut seen, &mut found);
        }
        let contents = operation["requestBody"]["content"].as_object();
        for content in contents.into_iter().flat_map(|contents| contents.values()) {
            unbounded(&document, &content["schema"], id, &mut seen, &mut found);
        }
    }
    assert!(
        seen.len() > 20,
        "only {} schemas were looked at",
        seen.len()
    );
    assert!(found.is_empty(), "without minimum or maximum: {found:?}");
}
