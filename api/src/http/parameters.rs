//! Query parameters, checked against the published schema: an unknown one is refused, since a
//! misspelt filter that is ignored shows too much.

use std::future::{Ready, ready};

use actix_web::{
    Error, FromRequest, HttpRequest,
    body::MessageBody,
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::StatusCode,
    middleware::Next,
};
use domain::fault::FieldFault;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, openapi::path::ParameterIn};

use super::{
    operations::OperationInfo,
    problem::{INVALID_VALUE, MALFORMED, Problem, UNKNOWN_FIELD, UNKNOWN_PARAMETER},
};
use crate::app::App;

/// Values of one filter.
const MOST_VALUES: usize = 20;

/// Parameters that are as their schema says.
#[derive(Debug)]
pub struct Parameters<T>(pub T);

impl<T> FromRequest for Parameters<T>
where
    T: DeserializeOwned + IntoParams + 'static,
{
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(App::of(request).and_then(|app| read(app, request.query_string())))
    }
}

pub(super) fn read<T>(app: &App, query: &str) -> Result<Parameters<T>, Problem>
where
    T: DeserializeOwned + IntoParams + 'static,
{
    let check = app
        .schemas
        .check::<T>(schema::<T>)
        .map_err(Problem::internal)?;
    let properties = check.schema.get("properties");
    let mut values = Map::new();
    let mut faults = Vec::new();
    for (name, text) in pairs(query)? {
        let schema = properties.and_then(|p| p.get(&name));
        match schema {
            None => faults.push(FieldFault::new(name, &UNKNOWN_PARAMETER)),
            // Twice the same parameter: which one counts would be a guess.
            Some(_) if values.contains_key(&name) => {
                faults.push(FieldFault::new(name, &UNKNOWN_PARAMETER));
            }
            Some(schema) => {
                values.insert(name, typed(&text, schema));
            }
        }
    }
    let values = Value::Object(values);
    faults.extend(check.faults(&values).into_iter().map(|mut fault| {
        // Parameters have no pointers: the first segment is the name.
        let name = fault
            .pointer
            .split('/')
            .nth(1)
            .unwrap_or_default()
            .to_owned();
        fault.pointer = name.into();
        if fault.rule == &UNKNOWN_FIELD {
            fault.rule = &UNKNOWN_PARAMETER;
        }
        fault
    }));
    if !faults.is_empty() {
        return Err(Problem::parameters(faults));
    }
    // What the schema lets through and the type does not is a fault of the schema.
    let names: Vec<String> = values
        .as_object()
        .into_iter()
        .flat_map(|values| values.keys().cloned())
        .collect();
    serde_json::from_value(values)
        .map(Parameters)
        .map_err(|error| {
            // The error itself quotes the value.
            tracing::warn!(class = ?error.classify(), ?names, "schema and type disagree");
            Problem::parameters(vec![FieldFault::new("", &INVALID_VALUE)])
        })
}

/// Checks the query of what anybody may call. Of any other operation only those who may call it
/// learn what was wrong.
pub async fn of_public(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    if !request.query_string().is_empty()
        && let Some(info) = OperationInfo::of(&request)
        && info.is_public
    {
        info.check_query(request.request())?;
    }
    next.call(request).await
}

/// Refuses every parameter, where an operation has none.
pub(crate) fn none(request: &HttpRequest) -> Result<(), Problem> {
    let unknown: Vec<FieldFault> = pairs(request.query_string())?
        .into_iter()
        .map(|(name, _)| FieldFault::new(name, &UNKNOWN_PARAMETER))
        .collect();
    if unknown.is_empty() {
        Ok(())
    } else {
        Err(Problem::parameters(unknown))
    }
}

/// Bounds the values of a parameter that takes several, unless it has a bound of its own
/// (reliability.md 5.2).
pub(crate) fn bound(schema: &mut Value) {
    if let Some(schema) = schema.as_object_mut()
        && schema.get("type") == Some(&json!("array"))
    {
        schema.entry("minItems").or_insert(json!(1));
        schema.entry("maxItems").or_insert(json!(MOST_VALUES));
    }
}

/// The parameters as one object schema.
fn schema<T: IntoParams>() -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for parameter in T::into_params(|| Some(ParameterIn::Query)) {
        let parameter = serde_json::to_value(&parameter).unwrap_or_default();
        let part = |name: &str| parameter.get(name).cloned().unwrap_or_default();
        let name = part("name").as_str().unwrap_or_default().to_owned();
        if part("required") == json!(true) {
            required.push(Value::from(name.clone()));
        }
        let mut schema = part("schema");
        bound(&mut schema);
        properties.insert(name, schema);
    }
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

/// Names and values of a query string, percent-decoded.
pub(crate) fn pairs(query: &str) -> Result<Vec<(String, String)>, Problem> {
    actix_web::web::Query::from_query(query)
        .map(actix_web::web::Query::into_inner)
        .map_err(|_| Problem::new(StatusCode::BAD_REQUEST, &MALFORMED))
}

/// The text as the value that its schema asks for; as it is where it can't be that.
fn typed(text: &str, schema: &Value) -> Value {
    let is = |name: &str| match &schema["type"] {
        Value::String(one) => one == name,
        Value::Array(several) => several.iter().any(|t| t == name),
        _ => false,
    };
    if is("array") {
        return text
            .split(',')
            .map(|item| typed(item, &schema["items"]))
            .collect();
    }
    if is("integer") {
        return text
            .parse::<i64>()
            .map_or_else(|_| text.into(), Value::from);
    }
    if is("boolean") {
        return text
            .parse::<bool>()
            .map_or_else(|_| text.into(), Value::from);
    }
    text.into()
}
