//! Download links: an address that is good for one file, one person and five minutes.
//!
//! A browser that follows a link sends no access token. The address names the session that asked for
//! it, authenticated; whether that session still holds, and still may see the file, is asked anew.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::id::Id;
use jiff::{SignedDuration, Timestamp};
use persistence::access::{Authority, Bearer};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::app::App;

/// How long a link is good.
const LASTS: SignedDuration = SignedDuration::from_mins(5);
const PARAMETER: &str = "authorization=";
const ID: usize = 16;
const BODY: usize = 8 + 3 * ID;

/// What a request's address says.
pub enum Link {
    None,
    /// Made up, altered, for another file, or too old.
    Invalid,
    Of(Bearer),
}

/// The query of a link to `path`, and until when it is good.
pub(super) fn make(
    app: &App,
    authority: &Authority,
    path: &str,
    now: Timestamp,
) -> (String, Timestamp) {
    let until = now.saturating_add(LASTS).unwrap_or(now);
    let mut bytes = until.as_second().to_be_bytes().to_vec();
    for id in [
        authority.institution().uuid(),
        authority.principal().uuid(),
        authority.session().uuid(),
    ] {
        bytes.extend_from_slice(id.as_bytes());
    }
    let tag = tag(app, path, &bytes);
    bytes.extend_from_slice(&tag);
    let text = BASE64_URL_SAFE_NO_PAD.encode(bytes);
    (format!("{PARAMETER}{text}"), until)
}

/// For whom the link was made by which a request has come.
pub(crate) fn read(app: &App, path: &str, query: &str) -> Link {
    match query.strip_prefix(PARAMETER) {
        None => Link::None,
        Some(text) => open(app, path, text).map_or(Link::Invalid, Link::Of),
    }
}

fn open(app: &App, path: &str, text: &str) -> Option<Bearer> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    let (body, sent) = bytes.split_at_checked(BODY)?;
    if !bool::from(sent.ct_eq(&tag(app, path, body))) {
        return None;
    }
    let (until, ids) = body.split_first_chunk::<8>()?;
    if app.clock.now().as_second() >= i64::from_be_bytes(*until) {
        return None;
    }
    let mut ids = ids.chunks_exact(ID).map(Uuid::from_slice);
    let mut next = || ids.next()?.ok();
    let (institution, principal, session) = (next()?, next()?, next()?);
    Some(Bearer::whole(
        Id::new(institution),
        Id::new(principal),
        Id::new(session),
    ))
}

fn tag(app: &App, path: &str, body: &[u8]) -> [u8; 32] {
    app.derivation
        .of("download", &[path.as_bytes(), &[0], body].concat())
}
