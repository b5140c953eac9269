//! Cursors: where the next page begins, authenticated, and bound to the query that they continue.

use actix_web::HttpRequest;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

use domain::fault::FieldFault;

use super::problem::{INVALID_CURSOR, Problem};
use crate::app::App;

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

/// Rows of a page when nothing is said.
const DEFAULT_LIMIT: u16 = 50;

/// Which part of a list was asked for.
pub struct Part<'a> {
    app: &'a App,
    /// What the cursor is bound to: path and query, without the cursor.
    query: String,
    /// Rows to show.
    pub limit: u64,
    pub after: Option<Position>,
}

/// What is shown of the rows read.
pub struct Shown<T> {
    pub items: Vec<T>,
    pub next_cursor: Option<String>,
    /// Address of the next page, for `Link`.
    pub next_address: Option<String>,
}

/// Reads limit and cursor of a list.
pub fn part<'a>(
    app: &'a App,
    request: &HttpRequest,
    limit: Option<u16>,
    cursor: Option<&str>,
) -> Result<Part<'a>, Problem> {
    let kept: Vec<&str> = request
        .query_string()
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="))
        .collect();
    let query = format!("{}?{}", request.path(), kept.join("&"));
    part_of(app, query, limit, cursor)
}

/// The same for a search, whose query stands in its body.
pub fn part_of<'a>(
    app: &'a App,
    query: String,
    limit: Option<u16>,
    cursor: Option<&str>,
) -> Result<Part<'a>, Problem> {
    Ok(Part {
        after: cursor.map(|c| app.cursors.read(c, &query)).transpose()?,
        limit: limit.unwrap_or(DEFAULT_LIMIT).into(),
        app,
        query,
    })
}

impl Part<'_> {
    /// The cursor that continues behind a position.
    pub fn cursor(&self, position: Position) -> String {
        self.app.cursors.write(position, &self.query)
    }

    /// Cuts off the row that was read to learn whether there are more.
    pub fn cut<T>(&self, mut rows: Vec<T>, position: impl Fn(&T) -> Position) -> Shown<T> {
        let wanted = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = rows.len() > wanted;
        rows.truncate(wanted);
        let next_cursor = rows
            .last()
            .filter(|_| more)
            .map(|row| self.cursor(position(row)));
        let separator = if self.query.ends_with('?') { "" } else { "&" };
        let next_address = next_cursor
            .as_ref()
            .map(|cursor| format!("{}{separator}cursor={cursor}", self.query));
        Shown {
            items: rows,
            next_cursor,
            next_address,
        }
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
