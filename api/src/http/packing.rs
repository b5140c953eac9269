//! Answers packed by gzip, for clients that take it.

use std::io::Write;

use actix_web::{
    body::{BodySize, BoxBody, MessageBody},
    dev::ServiceResponse,
    http::header::{self, HeaderMap, HeaderValue},
};
use flate2::{Compression, write::GzEncoder};

/// Bytes below which packing gains nothing.
const WORTH_IT: u64 = 1024;
/// Where answers hold a secret: what is packed beside it would tell of it by its length.
const SECRET: [&str; 2] = ["/api/v1/auth/", "/api/v1/oauth/"];

/// Packs an answer that is whole, of some length and of text, where the client asked for it.
pub(super) fn pack(response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let path = response.request().path();
    let kept = SECRET.iter().any(|prefix| path.starts_with(prefix));
    let long = matches!(response.response().body().size(), BodySize::Sized(n) if n >= WORTH_IT);
    if kept || !long || !is_text(response.headers()) || !is_taken(response.request().headers()) {
        return response;
    }
    let mut response = response.map_body(|head, body| match body.try_into_bytes() {
        Ok(plain) => match packed(&plain) {
            Ok(packed) => {
                let gzip = HeaderValue::from_static("gzip");
                head.headers_mut().insert(header::CONTENT_ENCODING, gzip);
                BoxBody::new(packed)
            }
            // Memory does not fail to be written; the answer goes as it is.
            Err(_) => BoxBody::new(plain),
        },
        Err(body) => body,
    });
    if response.headers().contains_key(header::CONTENT_ENCODING) {
        mark(response.headers_mut());
    }
    response
}

/// The tag of a packed representation is another one; comparisons leave the suffix aside.
fn mark(headers: &mut HeaderMap) {
    let tag = headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
    let Some(inner) = tag.and_then(|tag| tag.strip_suffix('"')) else {
        return;
    };
    if let Ok(tag) = HeaderValue::from_str(&format!("{inner}-gzip\"")) {
        headers.insert(header::ETAG, tag);
    }
}

fn packed(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let room = Vec::with_capacity(plain.len() / 4);
    let mut encoder = GzEncoder::new(room, Compression::fast());
    encoder.write_all(plain)?;
    encoder.finish()
}

fn is_text(headers: &HeaderMap) -> bool {
    let media = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    !headers.contains_key(header::CONTENT_ENCODING)
        && media.is_some_and(|media| {
            media.starts_with(b"application/json")
                || media.starts_with(b"application/problem+json")
                || media.starts_with(b"text/")
        })
}

/// Whether `Accept-Encoding` takes gzip, by name or by `*`, and not with a weight of zero.
fn is_taken(headers: &HeaderMap) -> bool {
    let named = headers
        .get_all(header::ACCEPT_ENCODING)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|coding| {
            let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
            let weight = weight.trim().strip_prefix("q=").unwrap_or("1");
            let refused = weight.parse::<f32>().is_ok_and(|weight| weight <= 0.0);
            match name.trim().to_ascii_lowercase().as_str() {
                "gzip" | "x-gzip" => Some((true, !refused)),
                "*" => Some((false, !refused)),
                _ => None,
            }
        });
    // What is said of gzip itself counts before what is said of all.
    let named: Vec<_> = named.collect();
    let by_name = named.iter().find(|(by_name, _)| *by_name);
    by_name.or(named.first()).is_some_and(|(_, taken)| *taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_sent_to_those_who_take_it() {
        for (accept, taken) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("*", true),
            ("*;q=0, gzip", true),
            ("*, gzip;q=0", false),
            ("gzip;q=0.0", false),
            ("br", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            let value = HeaderValue::from_static(accept);
            headers.insert(header::ACCEPT_ENCODING, value);
            assert_eq!(is_taken(&headers), taken, "{accept}");
        }
    }
}
