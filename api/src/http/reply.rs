//! Finished answers: status, headers and body in one piece, so that they can be kept and given again.

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder, Responder,
    body::BoxBody,
    http::{Method, StatusCode, header},
};
use serde::{Deserialize, Serialize};

use persistence::Error;

use super::precondition;

/// A finished answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reply {
    status: u16,
    etag: Option<String>,
    location: Option<String>,
    link: Option<String>,
    body: String,
    /// Media type and name of a file, where the body is no JSON.
    #[serde(default)]
    file: Option<(String, String)>,
    #[serde(skip)]
    replayed: bool,
}

impl Reply {
    /// 200 with a body.
    pub fn ok(body: &impl Serialize) -> Result<Self, Error> {
        Ok(Self {
            status: 200,
            etag: None,
            location: None,
            link: None,
            body: serde_json::to_string(body).map_err(Error::internal)?,
            file: None,
            replayed: false,
        })
    }

    /// 200 with a list: none of its records gives the ETag a version.
    pub fn list(body: &impl Serialize) -> Result<Self, Error> {
        Self::record(0, body)
    }

    /// 200 with one record: its ETag carries its version and a digest of what is shown.
    pub fn record(version: i64, body: &impl Serialize) -> Result<Self, Error> {
        let mut reply = Self::ok(body)?;
        reply.etag = Some(etag(version, &reply.body));
        Ok(reply)
    }

    /// 200 with what was worked out at an instant: when that was is not in the digest.
    pub fn evaluated(body: &impl Serialize) -> Result<Self, Error> {
        let mut shown = serde_json::to_value(body).map_err(Error::internal)?;
        if let Some(fields) = shown.as_object_mut() {
            fields.remove("evaluated_at");
        }
        Ok(Self {
            etag: Some(etag(0, &shown.to_string())),
            ..Self::ok(body)?
        })
    }

    /// 201 with a new record.
    pub fn created(location: String, version: i64, body: &impl Serialize) -> Result<Self, Error> {
        Ok(Self {
            status: 201,
            location: Some(location),
            ..Self::record(version, body)?
        })
    }

    /// 202 with the job that goes on with it.
    pub fn accepted(location: String, body: &impl Serialize) -> Result<Self, Error> {
        Ok(Self {
            status: 202,
            location: Some(location),
            ..Self::ok(body)?
        })
    }

    /// Whether it was given before.
    pub(crate) fn is_replay(&self) -> bool {
        self.replayed
    }

    /// 204.
    pub fn no_content() -> Self {
        Self {
            status: 204,
            etag: None,
            location: None,
            link: None,
            body: String::new(),
            file: None,
            replayed: false,
        }
    }

    /// 200 with a file to be kept; `name` is plain ASCII.
    pub fn file(media: &str, name: &str, body: String) -> Self {
        Self {
            status: 200,
            body,
            file: Some((media.to_owned(), name.to_owned())),
            ..Self::no_content()
        }
    }

    /// With the address of the next page.
    pub fn with_next(mut self, next: Option<String>) -> Self {
        self.link = next.map(|address| format!("<{address}>; rel=\"next\""));
        self
    }

    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        serde_json::to_vec(self).map_err(Error::internal)
    }

    /// A kept answer, given again.
    pub(crate) fn again(bytes: &[u8]) -> Result<Self, Error> {
        let reply: Self = serde_json::from_slice(bytes).map_err(Error::internal)?;
        Ok(Self {
            replayed: true,
            ..reply
        })
    }
}

fn etag(version: i64, shown: &str) -> String {
    let digest = persistence::keys::digest(&[shown.as_bytes()]);
    let (short, _) = digest.split_at(8);
    format!("\"{version}-{}\"", persistence::keys::hex(short))
}

impl Responder for Reply {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let unchanged = status == StatusCode::OK
            && request.method() == Method::GET
            && self
                .etag
                .as_deref()
                .is_some_and(|etag| precondition::none_match_holds(request, etag));
        let mut response = HttpResponseBuilder::new(if unchanged {
            StatusCode::NOT_MODIFIED
        } else {
            status
        });
        if let Some(etag) = self.etag {
            response.insert_header((header::ETAG, etag));
        }
        if let Some(location) = self.location {
            response.insert_header((header::LOCATION, location));
        }
        if let Some(link) = self.link {
            response.insert_header((header::LINK, link));
        }
        if status == StatusCode::ACCEPTED {
            response.insert_header((header::RETRY_AFTER, "1"));
        }
        if self.replayed {
            response.insert_header(("idempotency-replayed", "true"));
        }
        if unchanged || self.body.is_empty() {
            return response.finish();
        }
        match self.file {
            Some((media, name)) => response
                .content_type(format!("{media}; charset=utf-8"))
                .insert_header((
                    header::CONTENT_DISPOSITION,
                    format!("attachment; filename=\"{name}\""),
                ))
                .body(self.body),
            None => response
                .content_type("application/json; charset=utf-8")
                .body(self.body),
        }
    }
}
