//! Types of events in the contract: a named schema each, under `webhooks`.

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value takes the member on writing"
)]

use persistence::events::{EventType, registry};
use serde_json::{Value, json};

/// Adds every type of the registry to the document.
pub fn describe(document: &mut Value) {
    document["webhooks"] = json!({});
    for kind in registry::types() {
        let schema = format!("{}Event", camel(kind.name));
        document["components"]["schemas"][&schema] = described(kind);
        document["webhooks"][kind.name] = json!({ "post": {
            "tags": ["events"],
            "summary": format!("`{}` has happened", kind.name),
            "description": "As `GET /events` gives it.",
            "operationId": format!("on{}", camel(kind.name)),
            "requestBody": {
                "required": true,
                "content": { "application/json": {
                    "schema": { "$ref": format!("#/components/schemas/{schema}") },
                } },
            },
            "responses": { "204": { "description": "Taken." } },
            "security": [],
        } });
    }
}

/// The general event, with what is fixed in this type.
fn described(kind: &EventType) -> Value {
    let (subject, _) = kind.name.split_once('.').unwrap_or_default();
    json!({
        "description": format!("The event `{}`.", kind.name),
        "allOf": [
            { "$ref": "#/components/schemas/Event" },
            { "type": "object", "properties": {
                "type": { "type": "string", "const": kind.name },
                "schema_version": { "type": "integer", "const": kind.schema_version },
                "subject": { "type": "object", "properties": {
                    "kind": { "type": "string", "const": subject },
                } },
            } },
        ],
    })
}

fn camel(name: &str) -> String {
    name.split(['.', '_'])
        .map(|part| {
            let mut letters = part.chars();
            let first = letters.next().into_iter().flat_map(char::to_uppercase);
            first.chain(letters).collect::<String>()
        })
        .collect()
}
