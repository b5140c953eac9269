//! Cursors: where the next page begins, authenticated, and bound to the query that they continue.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

use domain::fault::FieldFault;

use super::problem::{INVALID_CURSOR, Problem};

const KEY: usize = 24;
const TAG: usize = 16;

/// Makes and reads cursors.
#[derive(Clone)]
pub struct Cursors {
    key: [u8; 32],
}

/// The last row of a page: its sort key and its id.
pub type Position = (i64, Uuid);

impl Cursors {
    pub fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// The cursor behind `position`, for the query described by `query`.
    pub fn write(&self, position: Position, query: &str) -> String {
        let mut bytes = position.0.to_be_bytes().to_vec();
        bytes.extend_from_slice(position.1.as_bytes());
        let tag = self.tag(&bytes, query);
        bytes.extend_from_slice(&tag);
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The position in a cursor.
    ///
    /// # Errors
    /// 422 `invalid_cursor` where it was not made by us for this query.
    pub fn read(&self, cursor: &str, query: &str) -> Result<Position, Problem> {
        self.open(cursor, query).ok_or_else(|| {
            Problem::parameters(vec![FieldFault::new("cursor", &INVALID_CURSOR)])
                .titled(&INVALID_CURSOR)
        })
    }

    fn open(&self, cursor: &str, query: &str) -> Option<Position> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (key, tag) = bytes.split_at_checked(KEY)?;
        let expected = self.tag(key, query);
        if !bool::from(subtle::ConstantTimeEq::ct_eq(tag, &expected[..])) {
            return None;
        }
        let (at, id) = key.split_first_chunk::<8>()?;
        Some((i64::from_be_bytes(*at), Uuid::from_slice(id).ok()?))
    }

    fn tag(&self, bytes: &[u8], query: &str) -> [u8; TAG] {
        let mut tag = [0; TAG];
        // HMAC takes keys of any length.
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) {
            mac.update(bytes);
            mac.update(query.as_bytes());
            for (to, from) in tag.iter_mut().zip(mac.finalize().into_bytes()) {
                *to = from;
            }
        }
        tag
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_serves_only_its_own_query_and_can_not_be_altered() {
        let cursors = Cursors::new([7; 32]);
        let position = (1_700_000_000_000_000, Uuid::from_u128(42));
        let cursor = cursors.write(position, "GET /customers stage=lead");
        assert_eq!(
            cursors.open(&cursor, "GET /customers stage=lead"),
            Some(position)
        );
        assert_eq!(cursors.open(&cursor, "GET /customers"), None);
        assert_eq!(
            Cursors::new([8; 32]).open(&cursor, "GET /customers stage=lead"),
            None
        );
        let mut altered = cursor.into_bytes();
        altered[0] = if altered[0] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(altered).unwrap();
        assert_eq!(cursors.open(&altered, "GET /customers stage=lead"), None);
        assert_eq!(cursors.open("", "GET /customers"), None);
    }
}
