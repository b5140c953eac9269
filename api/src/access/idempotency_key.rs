use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::StatusCode};
use persistence::idempotency::Key;

use crate::http::problem::{IDEMPOTENCY_KEY_REQUIRED, Problem};

const LONGEST: usize = 255;

/// `Idempotency-Key` where it is required: on whatever creates a record or a job, or moves value.
#[derive(Clone, Debug)]
pub struct IdempotencyKey {
    method: String,
    path: String,
    key: String,
}

/// `Idempotency-Key` where it is optional.
#[derive(Clone, Debug)]
pub struct OptionalIdempotencyKey(pub Option<IdempotencyKey>);

impl IdempotencyKey {
    /// The key as used for a body with this fingerprint.
    pub fn of(&self, fingerprint: [u8; 32]) -> Key {
        Key::new(&self.method, &self.path, &self.key, fingerprint)
    }

    fn read(request: &HttpRequest) -> Result<Option<Self>, Problem> {
        let mut sent = request.headers().get_all("idempotency-key");
        let Some(header) = sent.next() else {
            return Ok(None);
        };
        // Of several, a proxy before us may have gone by another one.
        if sent.next().is_some() {
            return Err(needed());
        }
        let text = header.to_str().unwrap_or_default();
        // The draft makes it a quoted string; nearly all clients send it bare.
        let key = text
            .strip_prefix('"')
            .and_then(|t| t.strip_suffix('"'))
            .unwrap_or(text);
        if key.is_empty() || key.len() > LONGEST || !key.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(needed());
        }
        Ok(Some(Self {
            method: request.method().to_string(),
            // Only ids can stand in either case.
            path: request.path().to_ascii_lowercase(),
            key: key.to_owned(),
        }))
    }
}

fn needed() -> Problem {
    Problem::of_header(
        StatusCode::BAD_REQUEST,
        "Idempotency-Key",
        &IDEMPOTENCY_KEY_REQUIRED,
    )
}

impl OptionalIdempotencyKey {
    /// The key of a command without a body.
    pub fn bare(&self) -> Option<Key> {
        self.of([0; 32])
    }

    /// The key as used for a body with this fingerprint.
    pub fn of(&self, fingerprint: [u8; 32]) -> Option<Key> {
        self.0.as_ref().map(|key| key.of(fingerprint))
    }
}

impl FromRequest for IdempotencyKey {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::read(request).and_then(|key| key.ok_or_else(needed)))
    }
}

impl FromRequest for OptionalIdempotencyKey {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(IdempotencyKey::read(request).map(Self))
    }
}
