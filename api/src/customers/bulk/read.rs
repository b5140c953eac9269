use std::{collections::HashSet, future::Future, pin::Pin};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use domain::{
    bulk::{OPERATIONS_MAX, REF_REPEATED},
    fault::{Fault, FieldFault, REQUIRED},
};
use serde_json::Value;

use super::{
    BulkCustomers, CreateCustomerOperation, DeleteCustomerOperation, TransferCustomerOperation,
    UpdateCustomerOperation, body::VERBS,
};
use crate::{
    app::App,
    http::{
        Problem, json,
        problem::{INVALID_VALUE, NOT_IN_LIST, WRONG_TYPE},
        schema::{MOST_ERRORS, Schemas},
    },
};

/// What was asked for, and the digest of it. Of the `data` of its operations nothing is known but what
/// breaks their schemas.
pub(super) struct Asked {
    pub(super) call: BulkCustomers,
    /// Digest of the canonical body: what an idempotency key stands for.
    pub(super) fingerprint: [u8; 32],
}

impl FromRequest for Asked {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move {
            let app = App::of(&request)?;
            let body = json::read(app, &request, payload).await?;
            let fingerprint = json::fingerprint(&body);
            Fault::unless_empty(faults(&app.schemas, &body).map_err(Problem::internal)?)?;
            let mut call: BulkCustomers = serde_json::from_value(body).map_err(|error| {
                // The error itself quotes the value.
                tracing::warn!(class = ?error.classify(), "schema and type of a bulk call disagree");
                Problem::from(Fault::field("", &INVALID_VALUE))
            })?;
            for operation in &mut call.operations {
                operation.check(&app.schemas)?;
            }
            Ok(Self { call, fingerprint })
        })
    }
}

/// Everything that is wrong with the call itself.
fn faults(schemas: &Schemas, body: &Value) -> Result<Vec<FieldFault>, String> {
    const OPERATIONS: (&str, &str) = ("operations", "/items");
    let mut faults = schemas.faults_but_for::<BulkCustomers>(OPERATIONS, body)?;
    let operations = body.get("operations").and_then(Value::as_array);
    let mut refs = HashSet::new();
    for (place, operation) in operations
        .into_iter()
        .flatten()
        .take(OPERATIONS_MAX)
        .enumerate()
    {
        if faults.len() >= MOST_ERRORS {
            break;
        }
        let at = format!("/operations/{place}");
        for mut fault in of_operation(schemas, operation)? {
            fault.pointer = format!("{at}{}", fault.pointer).into();
            faults.push(fault);
        }
        let named = operation.get("ref").and_then(Value::as_str);
        if named.is_some_and(|named| !refs.insert(named)) {
            faults.push(FieldFault::new(format!("{at}/ref"), &REF_REPEATED));
        }
    }
    Ok(faults)
}

/// What is wrong with an operation, its data aside.
fn of_operation(schemas: &Schemas, operation: &Value) -> Result<Vec<FieldFault>, String> {
    const DATA: (&str, &str) = ("data", "");
    let wrong = |fault: FieldFault| Ok(vec![fault]);
    let Some(fields) = operation.as_object() else {
        return wrong(FieldFault::new("", &WRONG_TYPE).with("expected", "object"));
    };
    match fields.get("op").map(Value::as_str) {
        None => wrong(FieldFault::new("/op", &REQUIRED)),
        Some(Some("create")) => schemas.faults_but_for::<CreateCustomerOperation>(DATA, operation),
        Some(Some("update")) => schemas.faults_but_for::<UpdateCustomerOperation>(DATA, operation),
        Some(Some("delete")) => schemas.faults::<DeleteCustomerOperation>(operation),
        Some(Some("transfer")) => {
            schemas.faults_but_for::<TransferCustomerOperation>(DATA, operation)
        }
        Some(_) => wrong(FieldFault::new("/op", &NOT_IN_LIST).with("values", VERBS)),
    }
}
