//! Which problems an operation answers with: a list of codes for each status, in
//! `x-problem-codes`. What follows from the shape of an operation is said here; what only it can
//! answer, beside its handler.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    fault::{NOT_FOUND, Rule, VALIDATION_FAILED, VERSION_STALE},
    organization::AGREEMENT_REQUIRED,
};
use serde_json::{Map, Value, json};

use crate::{
    http::problem::{
        BODY_TOO_COMPLEX, BODY_TOO_LARGE, IDEMPOTENCY_ANSWER_WITHHELD, IDEMPOTENCY_IN_PROGRESS,
        IDEMPOTENCY_KEY_REQUIRED, IDEMPOTENCY_KEY_REUSED, INTERNAL, INVALID_CURSOR, MALFORMED,
        MEDIA_TYPE_UNSUPPORTED, METHOD_NOT_ALLOWED, OUTCOME_UNKNOWN, PASSWORD_CHANGE_REQUIRED,
        PERMISSION_MISSING, PRECONDITION_REQUIRED, RATE_LIMITED, ROUTE_UNKNOWN, TIMED_OUT,
        UNAUTHENTICATED, UNAVAILABLE, status,
    },
    system::problem_rules,
};

/// Where an operation lists its codes.
pub(super) const CODES: &str = "x-problem-codes";

/// A response that several operations share: its status, its name, what it says, and headers
/// beside those that every answer has.
struct Shared(
    &'static str,
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

const SHARED: &[Shared] = &[
    Shared(
        "400",
        "Malformed",
        "The request can't be parsed, or a required header is missing.",
        &[],
    ),
    Shared(
        "401",
        "Unauthenticated",
        "No valid credentials.",
        &[("WWW-Authenticate", "WwwAuthenticate")],
    ),
    Shared(
        "403",
        "PermissionMissing",
        "The caller may not do this.",
        &[("WWW-Authenticate", "WwwAuthenticate")],
    ),
    Shared(
        "404",
        "NotFound",
        "There is no such record within the caller's reach.",
        &[],
    ),
    Shared(
        "408",
        "TimedOut",
        "The request was not complete in time.",
        &[],
    ),
    Shared(
        "409",
        "Conflict",
        "The present state does not allow it.",
        &[("Retry-After", "RetryAfter")],
    ),
    Shared("410", "Gone", "It was there, and is no more.", &[]),
    Shared(
        "412",
        "Stale",
        "The record has changed since the ETag that was sent.",
        &[("ETag", "ETag")],
    ),
    Shared("413", "TooLarge", "The body is larger than allowed.", &[]),
    Shared(
        "415",
        "MediaType",
        "The media type is not supported.",
        &[("Accept-Patch", "AcceptPatch")],
    ),
    Shared(
        "416",
        "RangeNotThere",
        "None of the bytes that were asked for is there.",
        &[("Content-Range", "ContentRange")],
    ),
    Shared(
        "422",
        "Invalid",
        "A field or parameter breaks a rule; `errors` names each.",
        &[],
    ),
    Shared("428", "PreconditionRequired", "If-Match is missing.", &[]),
    Shared(
        "429",
        "RateLimited",
        "Too many requests.",
        &[
            ("Retry-After", "RetryAfter"),
            ("RateLimit", "RateLimit"),
            ("RateLimit-Policy", "RateLimitPolicy"),
        ],
    ),
    Shared("500", "Internal", "A fault of the server.", &[]),
    Shared(
        "503",
        "Unavailable",
        "The server is busy or stopping.",
        &[("Retry-After", "RetryAfter")],
    ),
];

/// The responses that operations share.
pub(super) fn responses() -> Value {
    let reference = |header: &str| json!({ "$ref": format!("#/components/headers/{header}") });
    let all: Map<_, _> = SHARED
        .iter()
        .map(|Shared(_, name, says, more)| {
            let mut headers = Map::new();
            headers.insert("X-Request-Id".into(), reference("RequestId"));
            for (header, name) in *more {
                headers.insert((*header).into(), reference(name));
            }
            let schema = json!({ "$ref": "#/components/schemas/Problem" });
            let response = json!({
                "description": says,
                "headers": headers,
                "content": { "application/problem+json": { "schema": schema } },
            });
            ((*name).to_owned(), response)
        })
        .collect();
    all.into()
}

/// What of the shape of an operation says how it can be refused.
#[derive(Debug)]
pub(super) struct Shape {
    /// Whether it needs a log-in.
    pub(super) secured: bool,
    /// Whether everybody who is logged in may call it.
    pub(super) own_account: bool,
    pub(super) has_path_id: bool,
    pub(super) has_body: bool,
    /// Whether that is JSON.
    pub(super) has_json: bool,
    /// Whether it refuses as RFC 6749 says.
    pub(super) oauth: bool,
    /// Whether a cursor continues its answer.
    pub(super) is_paged: bool,
    /// Whether it takes an idempotency key.
    pub(super) command: bool,
    /// Whether it takes `If-Match`.
    pub(super) changes_shared: bool,
    /// Whether its requests are counted.
    pub(super) counted: bool,
}

impl Shape {
    fn rules(&self) -> Vec<&'static Rule> {
        let mut rules: Vec<&'static Rule> = vec![
            &VALIDATION_FAILED,
            &INTERNAL,
            &UNAVAILABLE,
            &OUTCOME_UNKNOWN,
        ];
        let mut add = |holds: bool, more: &[&'static Rule]| {
            if holds {
                rules.extend(more);
            }
        };
        add(self.counted, &[&RATE_LIMITED]);
        add(self.secured, &[&UNAUTHENTICATED]);
        add(
            self.secured && !self.own_account,
            &[
                &PERMISSION_MISSING,
                &PASSWORD_CHANGE_REQUIRED,
                &AGREEMENT_REQUIRED,
            ],
        );
        add(self.has_path_id, &[&NOT_FOUND]);
        add(
            self.has_body,
            &[&TIMED_OUT, &BODY_TOO_LARGE, &MEDIA_TYPE_UNSUPPORTED],
        );
        add(self.has_body && !self.oauth, &[&MALFORMED]);
        add(self.has_json, &[&BODY_TOO_COMPLEX]);
        add(self.is_paged, &[&INVALID_CURSOR]);
        add(
            self.command,
            &[
                &IDEMPOTENCY_KEY_REQUIRED,
                &IDEMPOTENCY_KEY_REUSED,
                &IDEMPOTENCY_ANSWER_WITHHELD,
                &IDEMPOTENCY_IN_PROGRESS,
            ],
        );
        add(
            self.changes_shared,
            &[&PRECONDITION_REQUIRED, &VERSION_STALE],
        );
        rules
    }
}

/// Adds to an operation the codes that it can answer, and the responses that carry them.
pub(super) fn describe(operation: &mut Value, shape: &Shape) {
    let own: Vec<&'static Rule> = operation[CODES]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|code| problem_rules().find(|rule| *code == rule.code))
        .collect();
    let mut codes: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for rule in shape.rules().iter().chain(&own) {
        let status = status(rule).as_str().to_owned();
        codes.entry(status).or_default().insert(rule.code);
    }
    for Shared(status, name, says, _) in SHARED {
        let Some(codes) = codes.get(*status) else {
            continue;
        };
        let mut response = json!({ "$ref": format!("#/components/responses/{name}") });
        if own.iter().any(|rule| codes.contains(rule.code)) {
            let codes: Vec<String> = codes.iter().map(|code| format!("`{code}`")).collect();
            response["description"] = format!("{says} One of {}.", codes.join(", ")).into();
        }
        operation["responses"][*status] = response;
    }
    operation[CODES] = json!(codes);
}

/// Whether answers name this rule as their `code`, in this document. All others are of single
/// fields, of rows of an import, or of jobs.
pub fn is_answered(document: &Value, rule: &Rule) -> bool {
    // Of what there is no operation for.
    if rule == &ROUTE_UNKNOWN || rule == &METHOD_NOT_ALLOWED {
        return true;
    }
    let paths = document["paths"].as_object().into_iter().flatten();
    paths
        .flat_map(|(_, item)| item.as_object().into_iter().flatten())
        .filter_map(|(_, operation)| operation[CODES].as_object())
        .flat_map(|codes| codes.values())
        .filter_map(Value::as_array)
        .any(|codes| codes.iter().any(|code| *code == rule.code))
}
