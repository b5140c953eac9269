//! Every operation of the document: done, done again, and refused in the usual ways.

use tests::{Value, World, json, policy::doer};

use super::Transcript;

/// What is in them comes in the order in which it got its position, a moment after it was committed.
const ORDERED_LATER: &[&str] = &[
    "listAuditEvents",
    "getAuditEvent",
    "exportAuditEvents",
    "listEvents",
];

pub(super) async fn play(w: &World, told: &mut Transcript) {
    for operation in w.server.contract.callable() {
        if operation.permission.is_none() || ORDERED_LATER.contains(&operation.id.as_str()) {
            continue;
        }
        let (boss, ids) = doer(w, &operation).await;
        let example = operation.example(w).await;
        let call = operation.call_with(&ids, example.as_ref());
        // A repetition breaks one rule: where it breaks two, either may be told.
        let mut repeated = example.clone();
        if let Some(fields) = repeated.as_mut().and_then(Value::as_object_mut) {
            fields.remove("number");
        }
        let again = operation.call_with(&ids, repeated.as_ref());
        let nowhere = operation.call_with(&operation.random_ids(), example.as_ref());
        let stale = call.clone().with("if-match", "\"7-00112233aabbccdd\"");
        let empty = call.clone().with_body(&json!({}));
        let mut refused = vec![
            ("by an employee", w.actor("employee"), call.clone()),
            ("by nobody", w.as_anonymous(), call.clone()),
        ];
        if !ids.is_empty() {
            refused.push(("nowhere", boss.clone(), nowhere));
            refused.push(("by a stranger", w.as_stranger(), call.clone()));
        }
        if operation.takes("if-match") {
            refused.push(("of an older version", boss.clone(), stale));
            let blind = call.clone().without("if-match");
            refused.push(("of no version", boss.clone(), blind));
        }
        if operation.body.is_some() && !operation.takes_form() {
            refused.push(("with nothing", boss.clone(), empty));
            let broken = call.clone().with_text("{");
            refused.push(("with what is no JSON", boss.clone(), broken));
        }
        for (how, who, call) in refused {
            let what = format!("{} {how}", operation.id);
            told.note(&what, &who.call(&call).await);
        }
        for (how, call) in [("done", call), ("done again", again)] {
            let what = format!("{} {how}", operation.id);
            told.note(&what, &boss.call(&call).await);
        }
    }
}
