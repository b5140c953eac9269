//! JSON bodies: bounded before they are built, checked against the published schema, then read.

use std::{fmt, future::Future, marker::PhantomData, pin::Pin, time::Duration};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::{Method, StatusCode, header},
    web,
};
use domain::fault::{Fault, FieldFault};
use futures_util::StreamExt;
use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned, DeserializeSeed, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};
use utoipa::ToSchema;
use validator::{Validate, ValidationErrors, ValidationErrorsKind};

use super::{
    problem::{
        BODY_TOO_COMPLEX, BODY_TOO_LARGE, INVALID_VALUE, MALFORMED, MEDIA_TYPE_UNSUPPORTED,
        Problem, TIMED_OUT,
    },
    schema::Schemas,
};
use crate::app::App;

const DEPTH: usize = 32;
const ITEMS: usize = 1_000;
const TEXT: usize = 10_000;

/// A body that is as its schema says, with its digest.
#[derive(Debug)]
pub struct Json<T> {
    pub value: T,
    /// Names of the fields that were sent.
    pub names: Vec<String>,
    /// Digest of the canonical body: what an idempotency key stands for.
    pub fingerprint: [u8; 32],
}

impl<T> FromRequest for Json<T>
where
    T: DeserializeOwned + ToSchema + Validate + 'static,
{
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move {
            let app = App::of(&request)?;
            let body = read(app, &request, payload).await?;
            let fingerprint = fingerprint(&body);
            let faults = app.schemas.faults::<T>(&body).map_err(Problem::internal)?;
            Fault::unless_empty(faults)?;
            Ok(Self {
                names: names(&body),
                value: typed(body)?,
                fingerprint,
            })
        })
    }
}

/// The body of a request, within its limits.
pub(crate) async fn read(
    app: &App,
    request: &HttpRequest,
    payload: Payload,
) -> Result<Value, Problem> {
    check_coding(request)?;
    media_type(request)?;
    let bytes = collect_in_time(app, request, payload).await?;
    parse(&bytes)
}

/// Digest of the canonical body: what an idempotency key stands for.
pub(crate) fn fingerprint(body: &Value) -> [u8; 32] {
    persistence::keys::digest(&[&canonical(body)])
}

/// Names of the fields of a body, and of those in its parts: `details.needs`.
fn names(body: &Value) -> Vec<String> {
    let mut names = Vec::new();
    for (name, value) in body.as_object().into_iter().flatten() {
        let parts = value.as_object().into_iter().flatten();
        names.extend(parts.map(|(part, _)| format!("{name}.{part}")));
        names.push(name.clone());
    }
    names
}

/// What a body says that is as its schema says.
fn typed<T>(body: Value) -> Result<T, Fault>
where
    T: DeserializeOwned + ToSchema + Validate,
{
    // What the schema lets through and the type does not is a fault of the schema.
    let value: T = serde_json::from_value(body).map_err(|error| {
        // The error itself quotes the value.
        tracing::warn!(class = ?error.classify(), schema = %T::name(), "schema and type disagree");
        Fault::field("", &INVALID_VALUE)
    })?;
    value.validate().map_err(|errors| {
        let mut fields = Vec::new();
        broken(&errors, "", &mut fields);
        Fault::fields(fields)
    })?;
    Ok(value)
}

/// A part of a body that is a body itself: what one of many operations is given. It is looked at by
/// itself, so that what is wrong with it is that operation's own.
#[derive(Clone)]
pub struct Sent<T> {
    body: Value,
    faults: Vec<FieldFault>,
    of: PhantomData<fn() -> T>,
}

impl<T> fmt::Debug for Sent<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<'de, T> Deserialize<'de> for Sent<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(Self {
            body: Value::deserialize(d)?,
            faults: Vec::new(),
            of: PhantomData,
        })
    }
}

impl<T: DeserializeOwned + ToSchema + Validate + 'static> Sent<T> {
    /// Looks for what breaks its schema; that is told by [`value`](Self::value).
    pub(crate) fn check(&mut self, schemas: &Schemas) -> Result<(), Problem> {
        self.faults = schemas.faults::<T>(&self.body).map_err(Problem::internal)?;
        Ok(())
    }

    /// Every field that breaks its schema.
    pub(crate) fn faults(&self) -> &[FieldFault] {
        &self.faults
    }

    /// Names of the fields that were sent.
    pub(crate) fn names(&self) -> Vec<String> {
        names(&self.body)
    }

    /// What it says.
    ///
    /// # Errors
    /// Every field that breaks a rule.
    pub(crate) fn value(&self) -> Result<T, Fault> {
        Fault::unless_empty(self.faults.clone())?;
        typed(self.body.clone())
    }
}

/// Refuses a body that is packed, whatever it is.
pub(crate) fn check_coding(request: &HttpRequest) -> Result<(), Problem> {
    let mut codings = request.headers().get_all(header::CONTENT_ENCODING);
    if codings.all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Ok(());
    }
    Err(
        Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, &MEDIA_TYPE_UNSUPPORTED)
            .with("accepted", "Content-Encoding: identity"),
    )
}

/// What a body is, as its head says, without parameters; nothing where it says so twice.
pub(crate) fn essence(request: &HttpRequest) -> &str {
    let mut sent = request.headers().get_all(header::CONTENT_TYPE);
    let (Some(sent), None) = (sent.next(), sent.next()) else {
        return "";
    };
    let essence = sent.to_str().ok().and_then(|v| v.split(';').next());
    essence.unwrap_or_default().trim()
}

fn media_type(request: &HttpRequest) -> Result<(), Problem> {
    let patch = request.method() == Method::PATCH;
    let sent = essence(request);
    if sent.eq_ignore_ascii_case("application/json")
        || (patch && sent.eq_ignore_ascii_case("application/merge-patch+json"))
    {
        return Ok(());
    }
    let accepted = if patch {
        "application/merge-patch+json"
    } else {
        "application/json"
    };
    let problem = Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, &MEDIA_TYPE_UNSUPPORTED)
        .with("accepted", accepted);
    Err(if patch {
        problem.header(
            header::HeaderName::from_static("accept-patch"),
            "application/merge-patch+json, application/json",
        )
    } else {
        problem
    })
}

/// Refuses a body of which its head says that it is too large, before any of it comes.
pub(crate) fn check_length(request: &HttpRequest, limit: u64) -> Result<(), Problem> {
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    Ok(())
}

pub(crate) fn too_large() -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, &BODY_TOO_LARGE)
}

/// The whole body, within its limits of size and time.
pub(crate) async fn collect_in_time(
    app: &App,
    request: &HttpRequest,
    payload: Payload,
) -> Result<web::Bytes, Problem> {
    check_length(request, app.settings.body_limit.0.into())?;
    let limit = app.settings.body_limit.0 as usize;
    let patience = Duration::from_secs(app.settings.body_seconds.0.into());
    tokio::time::timeout(patience, collect(payload, limit))
        .await
        .map_err(|_| Problem::new(StatusCode::REQUEST_TIMEOUT, &TIMED_OUT))?
}

async fn collect(mut payload: Payload, limit: usize) -> Result<web::Bytes, Problem> {
    let mut body = web::BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Problem::new(StatusCode::BAD_REQUEST, &MALFORMED))?;
        if body.len() + chunk.len() > limit {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// The body as a value; its depth, lengths and keys are checked while it is built.
fn parse(bytes: &[u8]) -> Result<Value, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    // serde_json's own limit is deeper than ours.
    let value = Bounded { depth: 0 }
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value));
    value.map_err(|error| {
        if error.to_string().starts_with(TOO_COMPLEX) {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, &BODY_TOO_COMPLEX)
        } else {
            Problem::new(StatusCode::BAD_REQUEST, &MALFORMED)
        }
    })
}

/// Whole numbers up to it are not rounded as they are read.
const EXACT: f64 = 9_007_199_254_740_991.0;

const TOO_COMPLEX: &str = "too complex";

/// Builds a value within the limits.
struct Bounded {
    depth: usize,
}

impl Bounded {
    fn inner<E: de::Error>(&self) -> Result<Self, E> {
        if self.depth >= DEPTH {
            return Err(E::custom(TOO_COMPLEX));
        }
        Ok(Self {
            depth: self.depth + 1,
        })
    }
}

impl<'de> DeserializeSeed<'de> for Bounded {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Value, D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Bounded {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
        Ok(v.into())
    }
    fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
        Ok(v.into())
    }
    fn visit_u64<E>(self, v: u64) -> Result<Value, E> {
        Ok(v.into())
    }
    fn visit_f64<E>(self, v: f64) -> Result<Value, E> {
        // JSON has one kind of number: 3.0 and 3e0 are the whole number 3, and the schemas say so.
        if v.fract() == 0.0 && v.abs() <= EXACT {
            return Ok((v as i64).into());
        }
        Ok(Number::from_f64(v).map_or(Value::Null, Value::Number))
    }
    fn visit_str<E: de::Error>(self, v: &str) -> Result<Value, E> {
        if v.len() > TEXT && v.chars().count() > TEXT {
            return Err(E::custom(TOO_COMPLEX));
        }
        Ok(v.into())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(self.inner()?)? {
            if items.len() >= ITEMS {
                return Err(de::Error::custom(TOO_COMPLEX));
            }
            items.push(item);
        }
        Ok(items.into())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let value = map.next_value_seed(self.inner()?)?;
            if fields.len() >= ITEMS || fields.insert(name, value).is_some() {
                return Err(de::Error::custom(TOO_COMPLEX));
            }
        }
        Ok(fields.into())
    }
}

/// The same bytes for the same content, whatever the order of keys.
fn canonical(value: &Value) -> Vec<u8> {
    fn sorted(value: &Value) -> Value {
        match value {
            Value::Object(fields) => {
                let mut names: Vec<_> = fields.iter().collect();
                names.sort_by_key(|(name, _)| *name);
                names
                    .into_iter()
                    .map(|(name, value)| (name.clone(), sorted(value)))
                    .collect::<Map<_, _>>()
                    .into()
            }
            Value::Array(items) => items.iter().map(sorted).collect::<Vec<_>>().into(),
            other => other.clone(),
        }
    }
    serde_json::to_vec(&sorted(value)).unwrap_or_default()
}

/// Rules that a schema can't say, as the body's `Validate` found them.
fn broken(errors: &ValidationErrors, at: &str, fields: &mut Vec<FieldFault>) {
    for (name, kind) in errors.errors() {
        let here = format!("{at}/{name}");
        match kind {
            ValidationErrorsKind::Field(_) => fields.push(FieldFault::new(here, &INVALID_VALUE)),
            ValidationErrorsKind::Struct(inner) => broken(inner, &here, fields),
            ValidationErrorsKind::List(items) => {
                for (index, inner) in items {
                    broken(inner, &format!("{here}/{index}"), fields);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(body: &str) -> Option<u16> {
        use actix_web::ResponseError;
        parse(body.as_bytes())
            .err()
            .map(|p| p.status_code().as_u16())
    }

    #[test]
    fn depth_length_and_double_keys_are_refused_before_anything_is_built() {
        assert_eq!(
            status(&format!("{}1{}", "[".repeat(33), "]".repeat(33))),
            Some(422)
        );
        assert_eq!(
            status(&format!("{}1{}", "[".repeat(32), "]".repeat(32))),
            None
        );
        assert_eq!(status(&"[".repeat(100_000)), Some(422));
        assert_eq!(status(&format!("[{}1]", "1,".repeat(1000))), Some(422));
        assert_eq!(status(&format!("[{}1]", "1,".repeat(999))), None);
        assert_eq!(status(r#"{"a":1,"a":2}"#), Some(422));
        assert_eq!(status(&format!("\"{}\"", "客".repeat(10_001))), Some(422));
    }

    #[test]
    fn a_number_is_whole_however_it_is_written_unless_it_was_rounded() {
        let read = |body: &str| parse(body.as_bytes()).ok();
        for (text, whole) in [
            ("3.0", 3),
            ("1e2", 100),
            ("-0.0", 0),
            ("9007199254740991.0", 9_007_199_254_740_991_i64),
        ] {
            assert_eq!(read(text), Some(whole.into()), "{text}");
        }
        for text in ["1.5", "1e-1", "9007199254740993.0", "1e19", "-1e300"] {
            assert!(read(text).is_some_and(|v| v.is_f64()), "{text}");
        }
    }

    #[test]
    fn what_is_not_json_is_malformed() {
        for body in [
            "",
            "{",
            "nul",
            "{\"a\":1} x",
            "\"\\ud800\"",
            "[1e999]",
            "\u{feff}{}",
        ] {
            assert_eq!(status(body), Some(400), "{body}");
        }
    }

    #[test]
    fn the_order_of_keys_does_not_change_the_fingerprint() {
        let digest = |body: &str| parse(body.as_bytes()).map(|v| canonical(&v)).ok();
        assert_eq!(
            digest(r#"{"a":1,"b":{"c":2,"d":3}}"#),
            digest(r#"{ "b":{"d":3,"c":2}, "a":1 }"#)
        );
        assert_ne!(digest(r#"{"a":1}"#), digest(r#"{"a":2}"#));
    }
}
