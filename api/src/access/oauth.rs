//! Tokens for API clients by OAuth 2.0: the one operation that speaks as RFC 6749 says, errors
//! included, since its callers are libraries.

use std::{collections::BTreeSet, sync::Arc};

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::{StatusCode, header},
    post, web,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use persistence::access::{Bearer, load};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{authenticate::may_call_from, tokens::ACCESS_TOKEN_LASTS};
use crate::{
    app::App,
    http::{
        Problem,
        edge::Finished,
        json::{check_coding, collect_in_time, essence},
        parameters::pairs,
    },
};

/// What an API client sends for a token, as a form.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes the form, which is read pair by pair")]
pub(super) struct TokenRequest {
    /// `client_credentials`.
    #[schema(max_length = 64)]
    grant_type: String,
    /// Id of the API client. It may stand in an `Authorization: Basic` header, with the secret.
    #[schema(max_length = 64, nullable = false)]
    client_id: Option<String>,
    /// A key of the client.
    #[schema(max_length = 256, nullable = false, format = "password")]
    client_secret: Option<String>,
    /// Permissions to ask for, with blanks between; all that the client has, when absent.
    #[schema(max_length = 4000, nullable = false)]
    scope: Option<String>,
}

/// A token of an API client.
#[derive(Serialize, ToSchema)]
pub(super) struct ClientToken {
    /// Sent with every request: `Authorization: Bearer …`.
    access_token: String,
    /// Always `Bearer`.
    #[schema(pattern = "^Bearer$")]
    token_type: &'static str,
    /// Seconds for which the token is good.
    #[schema(minimum = 1)]
    expires_in: i64,
    /// Permissions of the token, with blanks between.
    scope: String,
}

/// A refusal as RFC 6749 writes it (section 5.2).
#[derive(Serialize, ToSchema)]
#[schema(as = OAuthError)]
pub(super) struct OAuthErrorBody {
    /// `invalid_request`, `invalid_client`, `invalid_scope` or `unsupported_grant_type`.
    error: &'static str,
    /// More of it, for developers.
    error_description: &'static str,
}

/// Why there is no token.
enum Refused {
    Request(&'static str),
    Grant,
    Scope,
    Client,
    Failed(Problem),
}

impl<E: Into<Problem>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Get a token for an API client (RFC 6749, section 4.4)
///
/// For programs that want short-lived tokens; the key itself is good as a bearer token, too. Client and
/// key come by HTTP Basic or in the form, not both. Refusals are those of RFC 6749, section 5.2:
/// `error` instead of `code`. `scope` narrows what the token may do.
#[utoipa::path(tag = "access",
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = ClientToken, description = "The token."),
        (status = 400, body = OAuthErrorBody,
            description = "The request is not as RFC 6749 wants it, or asks for more than the client has."),
        (status = 401, body = OAuthErrorBody, description = "The client is not known, or its key is not good.")))]
#[post("/oauth/token")]
pub(super) async fn issue_client_token(
    app: web::Data<App>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    match issue(&app, &request, payload).await {
        Ok(token) => Ok(HttpResponse::Ok()
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .json(token)),
        Err(Refused::Failed(problem)) => Err(problem),
        Err(Refused::Request(why)) => Ok(refusal(StatusCode::BAD_REQUEST, "invalid_request", why)),
        Err(Refused::Grant) => {
            let why = "grant_type must be client_credentials";
            Ok(refusal(
                StatusCode::BAD_REQUEST,
                "unsupported_grant_type",
                why,
            ))
        }
        Err(Refused::Scope) => {
            let why = "the client does not have every scope that was asked for";
            Ok(refusal(StatusCode::BAD_REQUEST, "invalid_scope", why))
        }
        Err(Refused::Client) => {
            let why = "the client is not known, or its key is not good";
            Ok(refusal(StatusCode::UNAUTHORIZED, "invalid_client", why))
        }
    }
}

fn refusal(status: StatusCode, error: &'static str, why: &'static str) -> HttpResponse {
    let mut response = HttpResponseBuilder::new(status);
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    if status == StatusCode::UNAUTHORIZED {
        response.insert_header((header::WWW_AUTHENTICATE, "Basic realm=\"educrm\""));
    }
    response.extensions_mut().insert(Finished);
    response.json(OAuthErrorBody {
        error,
        error_description: why,
    })
}

async fn issue(
    app: &App,
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<ClientToken, Refused> {
    let form = Form::read(app, request, payload).await?;
    match form.get("grant_type") {
        None => return Err(Refused::Request("grant_type is missing")),
        Some("client_credentials") => {}
        Some(_) => return Err(Refused::Grant),
    }
    let (client, key) = credentials(request, &form)?;
    let bearer = app
        .api_keys
        .verify(app, &key)
        .await?
        .filter(|bearer| bearer.principal.to_string() == client)
        .ok_or(Refused::Client)?;
    let now = app.clock.now();
    let authority = load(&app.db.read(), &bearer, now)
        .await?
        .filter(|authority| may_call_from(authority, request, app))
        .ok_or(Refused::Client)?;
    let all = authority
        .permissions()
        .keys()
        .filter(|code| *code != "self");
    let all: BTreeSet<String> = all.cloned().collect();
    let scope = match form.get("scope") {
        None | Some("") => all,
        Some(asked) => {
            let asked: BTreeSet<_> = asked.split(' ').map(str::to_owned).collect();
            if !asked.is_subset(&all) {
                return Err(Refused::Scope);
            }
            asked
        }
    };
    let text = scope.iter().cloned().collect::<Vec<_>>().join(" ");
    let (institution, client, key) = (bearer.institution, bearer.principal, bearer.session);
    let narrowed = Bearer::within(institution, client, key, Some(Arc::new(scope)));
    app.api_keys.note(app, &narrowed);
    let token = app.tokens.issue(&narrowed, &app.clock.stamp());
    Ok(ClientToken {
        access_token: token.map_err(persistence::Error::internal)?,
        token_type: "Bearer",
        expires_in: ACCESS_TOKEN_LASTS.as_secs(),
        scope: text,
    })
}

/// Id and key of the client, from the header or from the form, not from both.
fn credentials(request: &HttpRequest, form: &Form) -> Result<(String, String), Refused> {
    let in_form = (form.get("client_id"), form.get("client_secret"));
    let Some(header) = request.headers().get(header::AUTHORIZATION) else {
        return match in_form {
            (Some(id), Some(secret)) => Ok((id.to_owned(), secret.to_owned())),
            _ => Err(Refused::Client),
        };
    };
    if in_form.1.is_some() {
        return Err(Refused::Request("one way to authenticate, not two"));
    }
    let decoded = header
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
        .and_then(|(_, text)| BASE64_STANDARD.decode(text).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    decoded
        .as_deref()
        .and_then(|text| text.split_once(':'))
        .map(|(id, secret)| (id.to_owned(), secret.to_owned()))
        .ok_or(Refused::Client)
}

/// The pairs of a form.
struct Form(Vec<(String, String)>);

impl Form {
    async fn read(
        app: &App,
        request: &HttpRequest,
        payload: web::Payload,
    ) -> Result<Self, Refused> {
        check_coding(request)?;
        if !essence(request).eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Refused::Request("send a form"));
        }
        let bytes = collect_in_time(app, request, payload.into_inner()).await?;
        let pairs = std::str::from_utf8(&bytes).ok().and_then(|t| pairs(t).ok());
        let pairs = pairs.ok_or(Refused::Request("the form can't be read"))?;
        for (name, _) in &pairs {
            if pairs.iter().filter(|(other, _)| other == name).count() > 1 {
                return Err(Refused::Request("a parameter stands twice"));
            }
        }
        Ok(Self(pairs))
    }

    fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_str())
    }
}
