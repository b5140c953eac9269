//! What is known of a request before anything is asked of it.

use actix_web::{HttpMessage, HttpRequest, dev::ServiceRequest, http::header};
use domain::organization::Locale;
use persistence::database::Origin;
use uuid::Uuid;

use super::address;
use crate::{access::Counted, app::App};

/// The language of titles, details and labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    Chinese,
    English,
}

impl Language {
    pub fn tag(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }

    pub fn of(self, text: domain::fault::Text) -> &'static str {
        match self {
            Self::Chinese => text.zh,
            Self::English => text.en,
        }
    }

    /// The better of the two by the q-values of `Accept-Language`; Chinese where both are equal. `None`
    /// where it names neither.
    fn accepted(header: &str) -> Option<Self> {
        let mut best = (None, 0.0_f32);
        for range in header.split(',') {
            let (tag, quality) = match range.split_once(';') {
                Some((tag, q)) => (
                    tag,
                    q.trim()
                        .strip_prefix("q=")
                        .and_then(|q| q.parse().ok())
                        .unwrap_or(0.0),
                ),
                None => (range, 1.0),
            };
            let language = match tag.trim().split('-').next().unwrap_or_default() {
                tag if tag.eq_ignore_ascii_case("zh") => Self::Chinese,
                tag if tag.eq_ignore_ascii_case("en") => Self::English,
                _ => continue,
            };
            if quality > best.1 {
                best = (Some(language), quality);
            }
        }
        best.0
    }
}

impl From<Locale> for Language {
    fn from(locale: Locale) -> Self {
        match locale {
            Locale::Chinese => Self::Chinese,
            Locale::English => Self::English,
        }
    }
}

impl From<Language> for Locale {
    fn from(language: Language) -> Self {
        match language {
            Language::Chinese => Self::Chinese,
            Language::English => Self::English,
        }
    }
}

/// Ids, language and origin of one request.
#[derive(Clone, Debug)]
pub struct RequestContext {
    pub request_id: Uuid,
    pub trace_id: Uuid,
    pub language: Language,
    /// Whether the request asks for it.
    is_asked_for: bool,
    pub origin: Origin,
    /// What its answer tells of limits.
    pub(crate) counted: Counted,
}

impl RequestContext {
    pub fn of(request: &HttpRequest) -> Self {
        request.extensions().get::<Self>().cloned().unwrap_or(Self {
            request_id: Uuid::nil(),
            trace_id: Uuid::nil(),
            language: Language::Chinese,
            is_asked_for: false,
            origin: Origin::default(),
            counted: Counted::default(),
        })
    }

    /// Goes by the language of the caller's institution where the request asks for none.
    pub(crate) fn speak(&mut self, locale: Locale) {
        if !self.is_asked_for {
            self.language = locale.into();
        }
    }

    /// `traceparent` of this request's own span, for whoever goes on from its answer.
    pub(super) fn traceparent(&self) -> String {
        let (_, span) = self.request_id.as_u64_pair();
        format!("00-{}-{span:016x}-01", self.trace_id.simple())
    }

    pub(super) fn begin(request: &ServiceRequest, app: &App, request_id: Uuid) -> Self {
        let header = |name: &str| {
            request
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        let asked_for = header(header::ACCEPT_LANGUAGE.as_str()).and_then(Language::accepted);
        Self {
            request_id,
            trace_id: header("traceparent")
                .and_then(trace_id)
                .unwrap_or(request_id),
            language: asked_for.unwrap_or(Language::Chinese),
            is_asked_for: asked_for.is_some(),
            origin: address::origin(request.request(), app),
            counted: Counted::default(),
        }
    }
}

/// Trace id of a W3C `traceparent`; `None` where it is malformed or all zero.
fn trace_id(header: &str) -> Option<Uuid> {
    let hex = |s: &str| {
        s.bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let mut parts = header.split('-');
    let (version, trace, span, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let well_formed = version.len() == 2
        && version != "ff"
        && trace.len() == 32
        && span.len() == 16
        && flags.len() == 2
        && [version, trace, span, flags].into_iter().all(hex)
        && (version != "00" || parts.next().is_none())
        && span.bytes().any(|b| b != b'0');
    if !well_formed {
        return None;
    }
    Uuid::try_parse(trace).ok().filter(|id| !id.is_nil())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_follows_the_quality_values() {
        let (chinese, english) = (Some(Language::Chinese), Some(Language::English));
        assert_eq!(Language::accepted("en"), english);
        assert_eq!(Language::accepted("en;q=0.5, zh-CN;q=0.9"), chinese);
        assert_eq!(Language::accepted("fr, en;q=0.1"), english);
        for neither in ["*", "fr", "", "en;q=0"] {
            assert_eq!(Language::accepted(neither), None, "{neither}");
        }
    }

    #[test]
    fn a_malformed_or_empty_trace_is_not_taken_over() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert!(trace_id(good).is_some());
        for bad in [
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "nonsense",
        ] {
            assert!(trace_id(bad).is_none(), "{bad}");
        }
    }
}
