//! The published document: what the handlers declare, and what holds for all of them.
//!
//! A handler declares its own: body, answer, permission. Everything that follows from a convention
//! (problem responses, required headers, ETag and Location, rate-limit headers) is added here, from
//! the shape of the operation, so that no handler repeats it and none can forget it.

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value reads as null where it has no such member, and takes the member on writing"
)]

use actix_web::App;
use domain::access::{GOVERNING, Oneself, PERMISSIONS, Permission};
use serde_json::{Map, Value, json};
use utoipa::OpenApi;
use utoipa_actix_web::AppExt;

use crate::{
    access::PROBES,
    approvals::ApprovalSide,
    audit::{AuditChange, AuditFields, AuditOutcome, AuditValue},
    conditions::{ConditionOperator, ConditionScalar, ConditionValue},
    custom_fields::{CustomFieldValue, CustomFieldValueInput},
    customers::{CustomerKind, CustomerOrder, CustomerStage, SourceChannelCode},
    enrollments::EnrollmentStatus,
    events,
    files::FilePurpose,
    follow_ups::{FollowUpMethod, FollowUpOutcome},
    http::{
        list::CreationOrder,
        money::MoneyInput,
        parameters::bound,
        problem::{FieldError, ProblemBody},
    },
    imports::ImportRowOutcome,
    payments::{ChargeStatus, PaymentMethod},
    server,
};

mod problems;
mod words;

use problems::Shape;
pub use problems::is_answered;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "educrm",
        description = "Customer relations of training schools and education groups: customers, follow-ups, \
            classes, enrollments, payments.\n\nAmounts are integers in minor units; instants are RFC 3339 in UTC; \
            ids are UUIDs. Instants that are sent lie from 1900-01-01T00:00:00Z to the end of the year 9998, with \
            at most nine digits of a second's fraction, and dates from 1900-01-01 to 9999-12-31; others are \
            refused with `out_of_range`. Every error is a problem document (RFC 9457), but for `/oauth/token`, whose \
            refusals are those of RFC 6749; programs go by its `code`. \
            Text of problems and labels is Chinese or English, by `Accept-Language`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
        contact(name = "educrm", url = "https://educrm.example/support")
    ),
    // Schemas that only parameters or shared responses name are not collected from the handlers.
    components(schemas(
        ProblemBody, FieldError,
        AuditOutcome, AuditChange, AuditFields, AuditValue,
        CustomerKind, CustomerOrder, CustomerStage, SourceChannelCode,
        EnrollmentStatus,
        FollowUpMethod, FollowUpOutcome,
        ChargeStatus, PaymentMethod,
        FilePurpose, ImportRowOutcome, CreationOrder, ApprovalSide,
        ConditionOperator, ConditionScalar, ConditionValue, CustomFieldValue, CustomFieldValueInput, MoneyInput,
    )),
    tags(
        (name = "access", description = "Log-in, sessions, and what one may do."),
        (name = "analytics", description = "Reports (统计): numbers on what happened, without the people."),
        (name = "approvals", description = "Approvals (审批): what goes on only once others have agreed, and who they are."),
        (name = "audit", description = "The audit trail (操作日志): who did what, when."),
        (name = "courses", description = "Courses (课程): subjects, courses and classes."),
        (name = "customers", description = "Customers (客户): leads, students, guardians, schools and partners in one archive."),
        (name = "enrollments", description = "Enrollments (报名): seats in classes, and lesson hours."),
        (name = "events", description = "The feed of events (事件): how others follow what happens."),
        (name = "exports", description = "Exports (导出): lists that leave as a file."),
        (name = "files", description = "Files (文件): uploads and downloads."),
        (name = "follow_ups", description = "Follow-ups (跟进): what was said to a customer, and when to speak again."),
        (name = "imports", description = "Imports (导入): lists of leads, tried and taken in."),
        (name = "jobs", description = "Jobs (后台任务): work that goes on after its request was answered."),
        (name = "notices", description = "Notices (通知): everybody's own inbox."),
        (name = "organization", description = "The institution (机构) itself, and its parts: regions, campuses, departments, positions, teams, groups."),
        (name = "payments", description = "Charges (应收), payments (收款) with their receipts, and what customers owe."),
        (name = "privacy", description = "Protection of personal data (个人信息保护): what people are told of the use of their data, and what they ask about it."),
        (name = "roles", description = "Roles (角色): what their holders may do, and how far."),
        (name = "staff", description = "Staff (员工): the directory, who works where, and who holds which roles."),
        (name = "system", description = "Health, keys, lists and the contract itself."),
        (name = "tags", description = "Tags (标签): what is known of a customer in a word."),
        (name = "views", description = "Views (视图): searches that are kept under a name.")
    )
)]
struct Base;

/// The document, with the address under which the API is reached.
pub fn document(public_url: &str) -> Value {
    let (_, document) = App::new()
        .into_utoipa_app()
        .openapi(Base::openapi())
        .configure(server::routes)
        .split_for_parts();
    let mut document = serde_json::to_value(&document).unwrap_or_default();
    document["servers"] = json!([{ "url": public_url, "description": "This installation" }]);
    document["components"]["securitySchemes"] = json!({
        "bearer": {
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "Access token of a log-in, or the key of an API client.",
        },
        "client": {
            "type": "oauth2",
            "description": "Access token of an API client, with what its scopes and its role both allow.",
            "flows": { "clientCredentials": {
                "tokenUrl": format!("{public_url}/api/v1/oauth/token"), "scopes": scopes(),
            } },
        },
    });
    document["components"]["headers"] = headers();
    document["components"]["parameters"] = parameters();
    document["components"]["responses"] = problems::responses();
    events::describe(&mut document);
    words::describe_properties(&mut document["components"]["schemas"]);
    let schemas = document["components"]["schemas"].clone();
    if let Some(paths) = document["paths"].as_object_mut() {
        for (path, item) in paths {
            for (method, operation) in item.as_object_mut().into_iter().flatten() {
                complete(path, method, operation, &schemas);
            }
        }
    }
    document
}

/// The scopes that an API client can have.
fn scopes() -> Value {
    let known = PERMISSIONS
        .iter()
        .filter(|known| known.code != Oneself::CODE && !GOVERNING.contains(&known.code));
    known
        .map(|known| (known.code.to_owned(), Value::from(known.label.en)))
        .collect::<Map<_, _>>()
        .into()
}

/// Adds to an operation what follows from its shape.
fn complete(path: &str, method: &str, operation: &mut Value, schemas: &Value) {
    let secured = operation.get("security").is_some();
    let has_body = operation.get("requestBody").is_some();
    let creates = ["201", "202"]
        .iter()
        .any(|status| operation["responses"].get(*status).is_some())
        || operation["x-creates"] == json!(true)
        || operation["x-moves-value"] == json!(true);
    let changes_shared = matches!(method, "patch" | "put" | "delete");
    let account = path.contains("/auth/");
    // Asked again they answer anew, and are on the trail again.
    let asked_anew = ["/reveal", "/export", "/duplicate-check", "/lookup"];
    let command = method == "post"
        && secured
        && !account
        && !asked_anew.iter().any(|ending| path.ends_with(ending))
        && !is_read_only(operation);

    if let Some(name) = operation["operationId"].as_str() {
        operation["operationId"] = lower_camel(name).into();
    }
    let permissions: Vec<String> = operation["security"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|each| each["bearer"][0].as_str().map(str::to_owned))
        .collect();
    if let Some(permission) = permissions.first() {
        operation["x-required-permission"] = permission.clone().into();
        if permissions.len() > 1 {
            // Any of them opens it.
            operation["x-sufficient-permissions"] = json!(permissions);
        }
        // Scopes belong to OAuth schemes; for bearer tokens the extension names the permission.
        operation["security"] = match permission.as_str() {
            code if GOVERNING.contains(&code) => json!([{ "bearer": [] }]),
            Oneself::CODE if account => json!([{ "bearer": [] }]),
            Oneself::CODE => json!([{ "bearer": [] }, { "client": [] }]),
            _ => {
                let clients = permissions.iter().map(|code| json!({ "client": [code] }));
                [json!({ "bearer": [] })]
                    .into_iter()
                    .chain(clients)
                    .collect()
            }
        };
    } else if !secured {
        operation["security"] = json!([]);
    }
    let mut refs = vec!["AcceptLanguage", "TraceParent"];
    if changes_shared {
        refs.push("IfMatch");
    } else if creates && command {
        refs.push("IdempotencyKey");
    } else if command {
        refs.push("OptionalIdempotencyKey");
    }
    let tagged = tagged(method, operation, schemas);
    if method == "get" && tagged {
        refs.push("IfNoneMatch");
        operation["responses"]["304"] = json!({ "description": "" });
    }
    let list = operation
        .as_object_mut()
        .map(|o| o.entry("parameters").or_insert_with(|| json!([])));
    if let Some(Value::Array(list)) = list {
        for parameter in list.iter_mut() {
            bound(&mut parameter["schema"]);
            words::describe_parameter(parameter);
        }
        for name in refs {
            list.push(json!({ "$ref": format!("#/components/parameters/{name}") }));
        }
    }
    for parameter in operation["parameters"].as_array_mut().into_iter().flatten() {
        // One is given or absent, never null.
        let kind = parameter["schema"]["type"].as_array();
        if let Some(kind) = kind.and_then(|kinds| kinds.iter().find(|kind| *kind != "null")) {
            parameter["schema"]["type"] = kind.clone();
        }
    }
    if method == "patch" {
        let content = &mut operation["requestBody"]["content"];
        let schema = content["application/json"].clone();
        *content = json!({ "application/merge-patch+json": schema, "application/json": schema });
    }
    describe_success(method, operation, tagged);
    let content = &operation["requestBody"]["content"];
    problems::describe(
        operation,
        &Shape {
            secured,
            own_account: operation["x-required-permission"] == Oneself::CODE,
            has_path_id: path.contains('{'),
            has_body,
            has_json: !content["application/json"].is_null(),
            // Its refusals are those of RFC 6749 (section 5.2), which libraries know.
            oauth: path.ends_with("/oauth/token"),
            is_paged: answered(operation).is_some_and(|name| name.ends_with("Page")),
            command,
            changes_shared,
            counted: !PROBES.contains(&path),
        },
    );
    if let Some(responses) = operation["responses"].as_object_mut() {
        let mut sorted: Vec<_> = std::mem::take(responses).into_iter().collect();
        sorted.sort_by(|a, b| a.0.cmp(&b.0));
        *responses = sorted.into_iter().collect();
    }
}

/// Searches and checks are sent by POST because of what they carry, and change nothing.
fn is_read_only(operation: &Value) -> bool {
    operation["x-read-only"] == json!(true)
}

/// Whether the answer has an ETag: what one may read, pages aside; a record that was changed; and
/// whatever its handler says so of.
fn tagged(method: &str, operation: &Value, schemas: &Value) -> bool {
    let answer = &operation["responses"]["200"];
    if !answer["headers"]["ETag"].is_null() {
        return true;
    }
    let Some(name) = answered(operation).filter(|name| !name.ends_with("Page")) else {
        return false;
    };
    match method {
        "get" => operation["security"] != json!([]),
        "post" => !schemas[name]["properties"]["version"].is_null(),
        _ => true,
    }
}

/// Name of the schema of the answer.
fn answered(operation: &Value) -> Option<&str> {
    operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
        .as_str()
        .and_then(|reference| reference.rsplit('/').next())
}

/// Headers and words of the answers when all is well.
fn describe_success(method: &str, operation: &mut Value, tagged: bool) {
    // The next page of a search has no address: its query stands in the body.
    let page = method == "get" && answered(operation).is_some_and(|name| name.ends_with("Page"));
    let read_only = is_read_only(operation);
    let takes_key = operation["parameters"].as_array().is_some_and(|all| {
        all.iter()
            .filter_map(|parameter| parameter["$ref"].as_str())
            .any(|reference| reference.ends_with("IdempotencyKey"))
    });
    for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
        let declared: Vec<String> = response["headers"]
            .as_object()
            .into_iter()
            .flat_map(|headers| headers.keys().cloned())
            .collect();
        let mut headers = Map::new();
        let mut add = |header: &str, name: &str| {
            headers.insert(
                header.into(),
                json!({ "$ref": format!("#/components/headers/{name}") }),
            );
        };
        add("X-Request-Id", "RequestId");
        for header in &declared {
            add(header, &header.replace('-', ""));
        }
        add("RateLimit", "RateLimit");
        add("RateLimit-Policy", "RateLimitPolicy");
        match status.as_str() {
            "201" => {
                add("Location", "Location");
                add("ETag", "ETag");
            }
            "202" => {
                add("Location", "Location");
                add("Retry-After", "RetryAfter");
            }
            "200" | "304" if tagged => add("ETag", "ETag"),
            _ => {}
        }
        if status == "200" && page {
            add("Link", "Link");
        }
        if takes_key && status.starts_with('2') {
            add("Idempotency-Replayed", "IdempotencyReplayed");
        }
        response["headers"] = headers.into();
        if response["description"]
            .as_str()
            .unwrap_or_default()
            .is_empty()
        {
            response["description"] = match (status.as_str(), method) {
                ("201", _) => "Made: the new record.",
                ("202", _) => "Accepted: the job that goes on with it.",
                ("204", _) => "Done; there is nothing more to say.",
                ("304", _) => "Unchanged since the ETag that was sent.",
                (_, "get") if page => "One page of the list.",
                (_, "get") => "As it is now.",
                _ if read_only => "What was asked for; nothing has changed.",
                _ => "As it is now, after the change.",
            }
            .into();
        }
    }
}

fn lower_camel(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut upper = false;
    for c in name.chars() {
        if c == '_' {
            upper = true;
        } else if upper {
            out.extend(c.to_uppercase());
            upper = false;
        } else {
            out.push(c);
        }
    }
    out
}

fn headers() -> Value {
    let text =
        |description: &str| json!({ "description": description, "schema": { "type": "string" } });
    json!({
        "ETag": text("`\"<version>-<digest>\"`, with 412 `\"<version>\"`. Send it back in If-Match to change the record."),
        "Location": text("Address of the new record."),
        "Link": text("Address of the next page, with `rel=\"next\"`."),
        "ContentDisposition": text("That it is to be saved, and under which name."),
        "AcceptRanges": text("That a part of it can be asked for, in `bytes`."),
        "ContentRange": text("Which bytes of how many these are: `bytes 0-1023/4096`."),
        "AcceptPatch": text("Of PATCH: the media types that it takes."),
        "RequestId": text("Id of this request, as logs name it."),
        "RateLimit": text("What is left of the quota: `\"default\";r=<requests>;t=<seconds>`."),
        "RateLimitPolicy": text("The quota: `\"default\";q=<requests>;w=<seconds>`."),
        "RetryAfter": text("Seconds to wait."),
        "IdempotencyReplayed": text("`true` where this answer was given before."),
        "WwwAuthenticate": text("How to authenticate (RFC 6750)."),
    })
}

fn parameters() -> Value {
    let header = |name: &str, required: bool, description: &str, schema: Value| json!({ "name": name, "in": "header", "required": required, "description": description, "schema": schema });
    let key = json!({ "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$" });
    json!({
        "AcceptLanguage": header("Accept-Language", false, "Language of texts: zh-CN or en. That of the institution, when absent; zh-CN before log-in.",
            json!({ "type": "string", "maxLength": 200 })),
        "TraceParent": header("traceparent", false, "W3C trace context of the caller.",
            json!({ "type": "string", "maxLength": 200 })),
        "IfMatch": header("If-Match", true, "ETag of the version that the change was made from, or `*`.",
            json!({ "type": "string", "maxLength": 200 })),
        "IfNoneMatch": header("If-None-Match", false, "ETags of the copies that the caller has.",
            json!({ "type": "string", "maxLength": 1000 })),
        "IdempotencyKey": header("Idempotency-Key", true,
            "A key of the caller's own for this command; the same key gets the same answer for 24 hours.", key.clone()),
        "OptionalIdempotencyKey": header("Idempotency-Key", false,
            "A key of the caller's own for this command; the same key gets the same answer for 24 hours.", key),
    })
}

#[cfg(test)]
mod tests;
