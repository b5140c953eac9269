//! Responses against the published document.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex},
};

use jsonschema::Validator;
use reqwest::{Method, StatusCode, header::HeaderMap};
use serde_json::{Value, json};

/// Headers that an answer has only where the document says so.
const DECLARED: [&str; 6] = [
    "Content-Disposition",
    "ETag",
    "Link",
    "Location",
    "Retry-After",
    "Idempotency-Replayed",
];

/// The published document, ready to be compared with responses.
pub struct Contract {
    document: Value,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

impl Contract {
    pub fn new(document: &Value) -> Self {
        Self {
            document: document.clone(),
            validators: Mutex::default(),
        }
    }

    pub fn document(&self) -> &Value {
        &self.document
    }

    /// Every operation: method, path template, operation.
    pub fn operations(&self) -> impl Iterator<Item = (Method, &str, &Value)> {
        let paths = self.document["paths"].as_object().unwrap().iter();
        paths.flat_map(|(path, item)| {
            item.as_object().unwrap().iter().map(|(method, operation)| {
                let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
                (method, path.as_str(), operation)
            })
        })
    }

    /// Fails unless a response is one that the document promises.
    pub fn check(
        &self,
        method: &Method,
        path: &str,
        status: StatusCode,
        headers: &HeaderMap,
        text: &str,
    ) {
        let what = format!("{method} {path} answered {status}: {text}");
        let media = headers
            .get("content-type")
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default()
            .to_owned();
        let refused = status.is_client_error() || status.is_server_error();
        // The one operation that refuses as RFC 6749 says.
        let oauth = path.ends_with("/oauth/token") && [400, 401].contains(&status.as_u16());
        if refused && !oauth {
            assert_eq!(media, "application/problem+json", "{what}");
        }
        assert!(
            headers.contains_key("x-request-id"),
            "no X-Request-Id: {what}"
        );
        let Some((template, operation)) = self.operation(method, path) else {
            assert!(refused, "not in the contract: {what}");
            self.matches("#/components/schemas/Problem", text, &what);
            return;
        };
        let pointer = format!(
            "/paths/{}/{}/responses/{}",
            template.replace('~', "~0").replace('/', "~1"),
            method.as_str().to_lowercase(),
            status.as_u16()
        );
        let response = operation["responses"]
            .get(status.as_str())
            .unwrap_or_else(|| panic!("status is not in the contract: {what}"));
        let base = match response["$ref"].as_str() {
            Some(reference) => reference.to_owned(),
            None => format!("#{pointer}"),
        };
        let resolved = self.document.pointer(&base[1..]).unwrap();
        if !refused {
            headers_match(resolved, headers, text, &what);
        } else if !oauth {
            let listed = operation["x-problem-codes"][status.as_str()].as_array();
            let answered: Value = serde_json::from_str(text).unwrap();
            assert!(
                listed.is_some_and(|codes| codes.contains(&answered["code"])),
                "the code is not in the contract: {what}"
            );
        }
        match resolved.get("content") {
            None => assert!(
                text.is_empty(),
                "a body that is not in the contract: {what}"
            ),
            Some(content) => {
                assert!(
                    content.get(&media).is_some(),
                    "media type {media} is not in the contract: {what}"
                );
                // A page or a file is what it is: its schema says no more than that.
                if media.ends_with("json") && !media.contains("ndjson") {
                    let media = media.replace('~', "~0").replace('/', "~1");
                    self.matches(&format!("{base}/content/{media}/schema"), text, &what);
                }
            }
        }
    }

    /// Fails unless an event is as the document says of its type.
    pub fn check_event(&self, event: &Value) {
        let kind = event["type"].as_str().unwrap();
        let body = "post/requestBody/content/application~1json/schema";
        let reference = format!("#/webhooks/{kind}/{body}");
        assert!(
            self.document.pointer(&reference[1..]).is_some(),
            "{kind} is not in the contract"
        );
        self.matches(&reference, &event.to_string(), kind);
    }

    fn operation(&self, method: &Method, path: &str) -> Option<(String, &Value)> {
        let segments: Vec<&str> = path.split('/').collect();
        let paths = self.document["paths"].as_object().unwrap();
        paths.iter().find_map(|(template, item)| {
            let fits = template.split('/').count() == segments.len()
                && template
                    .split('/')
                    .zip(&segments)
                    .all(|(t, s)| t == *s || (t.starts_with('{') && is_value(s)));
            let operation = item.get(method.as_str().to_lowercase())?;
            fits.then(|| (template.clone(), operation))
        })
    }

    fn matches(&self, reference: &str, text: &str, what: &str) {
        let value: Value =
            serde_json::from_str(text).unwrap_or_else(|_| panic!("not JSON: {what}"));
        let validator = self
            .validators
            .lock()
            .unwrap()
            .entry(reference.to_owned())
            .or_insert_with(|| {
                Arc::new(
                    jsonschema::draft202012::options()
                        .should_validate_formats(true)
                        .build(&self.alone(reference))
                        .unwrap(),
                )
            })
            .clone();
        let errors: Vec<String> = validator
            .iter_errors(&value)
            .map(|e| format!("{} at {}", e, e.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{errors:?}: {what}");
    }

    /// A schema that stands alone: with the components that it leads to, and no others.
    fn alone(&self, reference: &str) -> Value {
        let pointed = self.document.pointer(&reference[1..]).unwrap();
        let mut root = json!({ "allOf": [pointed] });
        let (mut seen, mut open) = (BTreeSet::new(), references(pointed));
        while let Some(next) = open.pop() {
            if seen.insert(next) {
                let component = self.document.pointer(&next[1..]).unwrap();
                let (section, name) = next["#/components/".len()..].split_once('/').unwrap();
                root["components"][section][name] = component.clone();
                open.extend(references(component));
            }
        }
        root
    }
}

/// What a node refers to, however deep.
fn references(node: &Value) -> Vec<&str> {
    match node {
        Value::Object(fields) => {
            let own = fields.get("$ref").and_then(Value::as_str);
            own.into_iter()
                .chain(fields.values().flat_map(references))
                .collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

/// Whether a segment is served as a value: nothing is not, nor what is written in disguise.
fn is_value(segment: &str) -> bool {
    !segment.is_empty() && !segment.contains('%')
}

/// Fails unless the headers of an answer are those that the document declares.
fn headers_match(response: &Value, headers: &HeaderMap, text: &str, what: &str) {
    let none = serde_json::Map::new();
    let declared = response["headers"].as_object().unwrap_or(&none);
    for name in declared.keys() {
        let expected = match name.as_str() {
            // Only where there is a next page.
            "Link" => {
                let page: Value = serde_json::from_str(text).unwrap();
                page["next_cursor"].is_string()
            }
            "Idempotency-Replayed" => continue,
            _ => true,
        };
        assert_eq!(headers.contains_key(name), expected, "{name}: {what}");
    }
    for name in DECLARED {
        assert!(
            declared.contains_key(name) || !headers.contains_key(name),
            "{name} is not in the contract: {what}"
        );
    }
}
