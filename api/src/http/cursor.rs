//! Cursors: where the next page begins, sealed, and bound to the query that they continue. In the clear
//! they would tell of rows between two pages that their reader does not reach.

use aes_gcm::{
    Aes256Gcm, Key, Nonce,
    aead::{Aead, Payload},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

use domain::fault::FieldFault;
use persistence::scope::SortValue;

use super::problem::{INVALID_CURSOR, Problem};

const NONCE: usize = 12;

/// Makes and reads cursors.
#[derive(Clone)]
pub struct Cursors {
    cipher: Aes256Gcm,
    /// Of the nonces: the same position of the same query is the same cursor, as the ETags of lists ask.
    key: [u8; 32],
}

/// The last row of a page: its sort key and its id.
pub type Position = (i64, Uuid);

/// The same of a list that is sorted by something else than an instant.
pub type SortedPosition = (SortValue, Uuid);

/// What a sealed sort key is.
const NUMBER: u8 = 1;
const TEXT: u8 = 2;

impl Cursors {
    pub fn new(key: [u8; 32]) -> Self {
        Self {
            cipher: Aes256Gcm::new(&Key::<Aes256Gcm>::from(mixed(&key, &[b"cursor cipher"]))),
            key: mixed(&key, &[b"cursor nonce"]),
        }
    }

    /// The cursor behind `position`, for the query described by `query`.
    pub fn write(&self, position: Position, query: &str) -> String {
        let mut bytes = position.0.to_be_bytes().to_vec();
        bytes.extend_from_slice(position.1.as_bytes());
        self.seal(bytes, query)
    }

    /// The same of a list that is sorted by something else than an instant.
    pub fn write_sorted(&self, (value, id): &SortedPosition, query: &str) -> String {
        let mut bytes = id.as_bytes().to_vec();
        match value {
            SortValue::Number(number) => {
                bytes.push(NUMBER);
                bytes.extend_from_slice(&number.to_be_bytes());
            }
            SortValue::Text(text) => {
                bytes.push(TEXT);
                bytes.extend_from_slice(text.as_bytes());
            }
        }
        self.seal(bytes, query)
    }

    fn seal(&self, bytes: Vec<u8>, query: &str) -> String {
        let mut nonce = [0; NONCE];
        for (to, from) in nonce
            .iter_mut()
            .zip(mixed(&self.key, &[&bytes, query.as_bytes()]))
        {
            *to = from;
        }
        let position = Payload {
            msg: &bytes,
            aad: query.as_bytes(),
        };
        // A few hundred bytes are never too long.
        let sealed = self.cipher.encrypt(&Nonce::from(nonce), position);
        let mut cursor = nonce.to_vec();
        cursor.extend(sealed.unwrap_or_default());
        BASE64_URL_SAFE_NO_PAD.encode(cursor)
    }

    /// The position in a cursor.
    ///
    /// # Errors
    /// 422 `invalid_cursor` where it was not made by us for this query.
    pub fn read(&self, cursor: &str, query: &str) -> Result<Position, Problem> {
        let bytes = self.open(cursor, query);
        bytes.and_then(position).ok_or_else(invalid)
    }

    /// The same of a list that is sorted by something else than an instant.
    ///
    /// # Errors
    /// 422 `invalid_cursor` where it was not made by us for this query.
    pub fn read_sorted(&self, cursor: &str, query: &str) -> Result<SortedPosition, Problem> {
        let bytes = self.open(cursor, query);
        bytes.and_then(sorted_position).ok_or_else(invalid)
    }

    fn open(&self, cursor: &str, query: &str) -> Option<Vec<u8>> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE>()?;
        let sealed = Payload {
            msg: sealed,
            aad: query.as_bytes(),
        };
        self.cipher.decrypt(&Nonce::from(*nonce), sealed).ok()
    }
}

fn invalid() -> Problem {
    let fault = FieldFault::new("cursor", &INVALID_CURSOR);
    Problem::parameters(vec![fault]).titled(&INVALID_CURSOR)
}

fn position(bytes: Vec<u8>) -> Option<Position> {
    let (at, id) = bytes.split_first_chunk::<8>()?;
    Some((i64::from_be_bytes(*at), Uuid::from_slice(id).ok()?))
}

fn sorted_position(bytes: Vec<u8>) -> Option<SortedPosition> {
    let (id, value) = bytes.split_first_chunk::<16>()?;
    let value = match value.split_first()? {
        (&NUMBER, number) => SortValue::Number(i64::from_be_bytes(number.try_into().ok()?)),
        (&TEXT, text) => SortValue::Text(str::from_utf8(text).ok()?.to_owned()),
        _ => return None,
    };
    Some((value, Uuid::from_bytes(*id)))
}

/// Keyed hash of the parts, each with its length.
fn mixed(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC takes keys of any length.
    let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(key) else {
        return [0; 32];
    };
    for part in parts {
        mac.update(&part.len().to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_serves_only_its_own_query_and_can_not_be_altered() {
        let cursors = Cursors::new([7; 32]);
        let position = (1_700_000_000_000_000, Uuid::from_u128(42));
        let cursor = cursors.write(position, "GET /customers stage=lead");
        let opened = cursors.open(&cursor, "GET /customers stage=lead");
        assert_eq!(opened.and_then(super::position), Some(position));
        assert_eq!(cursors.open(&cursor, "GET /customers"), None);
        assert_eq!(
            Cursors::new([8; 32]).open(&cursor, "GET /customers stage=lead"),
            None
        );
        assert_eq!(cursors.write(position, "GET /customers stage=lead"), cursor);
        let next = cursors.write((position.0 + 1, position.1), "GET /customers stage=lead");
        let alike = cursor.bytes().zip(next.bytes()).filter(|(a, b)| a == b);
        assert!(alike.count() < 20, "{cursor} tells how far it is to {next}");
        let mut altered = cursor.into_bytes();
        altered[0] = if altered[0] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(altered).unwrap();
        assert_eq!(cursors.open(&altered, "GET /customers stage=lead"), None);
        assert_eq!(cursors.open("", "GET /customers"), None);
    }
}
