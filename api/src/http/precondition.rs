//! If-Match and If-None-Match.

use std::future::{Ready, ready};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::{StatusCode, header},
};
use domain::fault::{Fault, VERSION_STALE};

use super::problem::{PRECONDITION_REQUIRED, Problem};

/// The version that a change was made from, as `If-Match` says.
#[derive(Clone, Copy, Debug)]
pub enum IfMatch {
    /// `*`: whatever it is now.
    Any,
    /// The versions of the tags of ours, as many as count; any of them may hold.
    Versions([Option<i64>; TAGS]),
}

/// Tags of ours that count; nobody has seen more versions than a few.
const TAGS: usize = 4;

/// Name of the version that a refusal tells.
pub(super) const CURRENT: &str = "version";

impl IfMatch {
    /// One version and no other.
    pub fn version(version: i64) -> Self {
        Self::of(std::iter::once(version))
    }

    fn of(versions: impl Iterator<Item = i64>) -> Self {
        let mut versions = versions.fuse();
        Self::Versions(std::array::from_fn(|_| versions.next()))
    }

    /// Refuses a change that was made from another version.
    pub fn check(self, version: i64) -> Result<(), Fault> {
        match self {
            Self::Any => Ok(()),
            Self::Versions(wanted) if wanted.contains(&Some(version)) => Ok(()),
            Self::Versions(_) => Err(Fault::new(&VERSION_STALE).with(CURRENT, version)),
        }
    }
}

/// The version that a record has now, as the refusal of a change tells that was made from another.
pub(crate) fn current_version(fault: &Fault) -> Option<i64> {
    let told = fault.params.iter().find(|(name, _)| *name == CURRENT)?;
    told.1.parse().ok().filter(|_| fault.rule == &VERSION_STALE)
}

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let lines: Vec<&str> = request
            .headers()
            .get_all(header::IF_MATCH)
            .map(|line| line.to_str().unwrap_or_default())
            .collect();
        ready(match lines.as_slice() {
            [] => Err(Problem::of_header(
                StatusCode::PRECONDITION_REQUIRED,
                "If-Match",
                &PRECONDITION_REQUIRED,
            )),
            ["*"] => Ok(Self::Any),
            lines => {
                let tags = lines.iter().flat_map(|line| line.split(','));
                Ok(Self::of(tags.filter_map(version)))
            }
        })
    }
}

/// The version in one of our tags; only it counts, whatever the representation was. A weak tag is none
/// of ours: what is to be changed is compared strongly.
fn version(tag: &str) -> Option<i64> {
    let inner = tag.trim().strip_prefix('"')?.strip_suffix('"')?;
    let digits = inner.split('-').next()?;
    let plain = digits.bytes().all(|b| b.is_ascii_digit());
    digits.parse().ok().filter(|_| plain)
}

/// Whether `If-None-Match` names this tag, a compression suffix aside.
pub(super) fn none_match_holds(request: &HttpRequest, etag: &str) -> bool {
    request
        .headers()
        .get_all(header::IF_NONE_MATCH)
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(','))
        .map(|tag| tag.trim().trim_start_matches("W/"))
        .any(|tag| tag == "*" || plain(tag) == plain(etag))
}

fn plain(tag: &str) -> &str {
    let tag = tag.trim_matches('"');
    tag.strip_suffix("-gzip").unwrap_or(tag)
}
