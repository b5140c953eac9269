//! What wraps every request: its ids, its deadline, its log line, problem documents, headers.

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use actix_web::{
    Error, HttpMessage, HttpResponse,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    error::InternalError,
    http::{
        Method, StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    middleware::Next,
};

use domain::organization::Locale;
use futures_util::FutureExt;
use persistence::access::Authority;
use uuid::Uuid;

use super::{
    context::RequestContext,
    packing::pack,
    problem::{
        BODY_TOO_LARGE, INTERNAL, MALFORMED, METHOD_NOT_ALLOWED, OUTCOME_UNKNOWN, Problem,
        ROUTE_UNKNOWN, TIMED_OUT,
    },
};
use crate::{access::refusals, app::App, files};

/// Set while the server is stopping, which `/readyz` says.
#[derive(Debug, Default)]
pub struct Draining(AtomicBool);

impl Draining {
    pub fn begin(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub fn is_on(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Institution and principal of a request, for its line in the log, and the institution's language.
#[derive(Clone, Default)]
pub(crate) struct Logged(Arc<OnceLock<(Uuid, Uuid, Locale)>>);

impl Logged {
    pub(crate) fn know(request: &ServiceRequest, authority: &Authority) {
        let mut extensions = request.extensions_mut();
        if let Some(logged) = extensions.get::<Self>() {
            let (institution, principal) = (authority.institution(), authority.principal());
            let who = (institution.uuid(), principal.uuid(), authority.locale());
            let _ = logged.0.set(who);
        }
        if let Some(context) = extensions.get_mut::<RequestContext>() {
            context.speak(authority.locale());
        }
    }
}

/// Marks a refusal that is not a problem document by intent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Finished;

/// Around the answers that the middleware of browser origins gives itself: to preflights.
pub async fn preflights(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if request.method() != Method::OPTIONS {
        return Ok(next.call(request).await?.map_into_boxed_body());
    }
    let app = App::of(request.request())?.clone();
    let context = RequestContext::begin(&request, &app, app.clock.stamp().id::<()>().uuid());
    let mut response = next.call(request).await?.map_into_boxed_body();
    let request_id = HeaderName::from_static("x-request-id");
    if !response.headers().contains_key(request_id) {
        if response.status().is_client_error() {
            let problem = Problem::new(response.status(), &MALFORMED);
            let document = problem.render(&context, &app.settings.public_url);
            response = response.into_response(document);
        }
        finish(response.headers_mut(), &context, &app);
    }
    Ok(response)
}

/// The middleware around all others but that of browser origins.
pub async fn edge(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let app = App::of(request.request())?.clone();
    let started = std::time::Instant::now();
    let _under_way = app.metrics.begun();
    let mut context = RequestContext::begin(&request, &app, app.clock.stamp().id::<()>().uuid());
    request.extensions_mut().insert(context.clone());
    let logged = Logged::default();
    request.extensions_mut().insert(logged.clone());
    let method = request.method().clone();
    let operation = app.operations.at(&method, request.path()).cloned();
    if let Some(operation) = &operation {
        request.extensions_mut().insert(operation.clone());
    }
    let is_upload = method == Method::POST && files::takes_uploads(request.path());
    // The time to receive a file comes on top: it ends by a deadline of its own.
    let receiving = if is_upload {
        app.settings.upload_seconds.0
    } else {
        0
    };
    let deadline = Duration::from_secs((app.settings.request_seconds.0 + receiving).into());
    let answer = AssertUnwindSafe(next.call(request)).catch_unwind();
    let result = match tokio::time::timeout(deadline, answer).await {
        Ok(Ok(answer)) => Ok(answer),
        // Where it happened is in the log by then; what was begun has been rolled back.
        Ok(Err(_)) => Ok(Err(Problem::internal("a handler has panicked").into())),
        Err(elapsed) => Err(elapsed),
    };
    let who = logged.0.get();
    if let Some((_, _, locale)) = who {
        context.speak(*locale);
    }
    let result = match result {
        Ok(Ok(response)) => {
            let mut response = response.map_into_boxed_body();
            if response.status() == StatusCode::FORBIDDEN {
                refusals::note(&response, &context, &app);
            }
            if response.status().as_u16() >= 400
                && let Some(problem) = document(&response, &context, &app)
            {
                response = response.into_response(problem);
            }
            if is_page(response.request().path()) {
                // The page of the documentation runs its own script and style, and calls this API.
                response.headers_mut().insert(
                    header::CONTENT_SECURITY_POLICY,
                    HeaderValue::from_static(
                        "default-src 'self'; style-src 'self' 'unsafe-inline'; \
                         img-src 'self' data:; frame-ancestors 'none'",
                    ),
                );
            }
            finish(response.headers_mut(), &context, &app);
            Ok(pack(response))
        }
        Ok(Err(error)) => Err(failed(&error, &context, &app)),
        Err(_) => {
            // What was begun may have been committed: only the caller's key can tell.
            let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, &OUTCOME_UNKNOWN)
                .header(header::RETRY_AFTER, "1");
            Err(rendered(&problem, &context, &app))
        }
    };
    let status = match &result {
        Ok(response) => response.status(),
        Err(error) => error.as_response_error().status_code(),
    };
    let took = started.elapsed();
    app.metrics
        .answered(operation.as_ref().map_or("-", |o| &o.name), status, took);
    tracing::info!(
        institution_id = who.map(|(institution, ..)| tracing::field::display(institution)),
        principal_id = who.map(|(_, principal, _)| tracing::field::display(principal)),
        request_id = %context.request_id,
        trace_id = %context.trace_id.simple(),
        %method,
        route = operation.as_ref().map_or("-", |o| &o.route),
        status = status.as_u16(),
        micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        "request"
    );
    result
}

/// Whether the documentation stands there, which is no operation of the contract.
fn is_page(path: &str) -> bool {
    path == "/docs" || path.starts_with("/docs/")
}

/// Refuses, once it has been counted, what no route is to see.
pub async fn passable(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    // No name here needs it: what is written so means to be taken for something else on the way.
    if request.path().contains('%') {
        return Err(Problem::new(StatusCode::NOT_FOUND, &ROUTE_UNKNOWN).into());
    }
    if is_page(request.path()) {
        if request.method() == Method::HEAD {
            // The connection knows that it sends no body.
            request.head_mut().method = Method::GET;
        }
        if request.method() != Method::GET {
            let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, &METHOD_NOT_ALLOWED);
            return Err(problem.header(header::ALLOW, "GET, HEAD").into());
        }
    }
    next.call(request).await
}

/// The problem document of a refused request, unless its response is one already.
fn document(
    response: &ServiceResponse<BoxBody>,
    context: &RequestContext,
    app: &App,
) -> Option<HttpResponse> {
    let written = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|v| v.as_bytes().starts_with(b"application/problem+json"));
    if written || response.response().extensions().contains::<Finished>() {
        return None;
    }
    let problem = response
        .response()
        .error()
        .and_then(|error| error.as_error::<Problem>());
    Some(match problem {
        Some(problem) => problem.render(context, &app.settings.public_url),
        None => generic(response.status(), response.request().path(), app)
            .render(context, &app.settings.public_url),
    })
}

/// A refusal that the framework made.
fn generic(status: StatusCode, path: &str, app: &App) -> Problem {
    match status {
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
            match app.operations.allowed(path) {
                Some(methods) => Problem::new(StatusCode::METHOD_NOT_ALLOWED, &METHOD_NOT_ALLOWED)
                    .header(header::ALLOW, methods),
                None => Problem::new(StatusCode::NOT_FOUND, &ROUTE_UNKNOWN),
            }
        }
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(status, &BODY_TOO_LARGE),
        StatusCode::REQUEST_TIMEOUT => Problem::new(status, &TIMED_OUT),
        status if status.is_client_error() => Problem::new(status, &MALFORMED),
        status => Problem::new(status, &INTERNAL),
    }
}

/// An error that came without a response.
fn failed(error: &Error, context: &RequestContext, app: &App) -> Error {
    match error.as_error::<Problem>() {
        Some(problem) => rendered(problem, context, app),
        None => {
            let status = error.as_response_error().status_code();
            rendered(&generic(status, "", app), context, app)
        }
    }
}

fn rendered(problem: &Problem, context: &RequestContext, app: &App) -> Error {
    let mut response = problem.render(context, &app.settings.public_url);
    finish(response.headers_mut(), context, app);
    InternalError::from_response(problem.to_string(), response).into()
}

/// Headers that every answer carries (reliability.md 5.1), unless it has its own.
fn finish(headers: &mut HeaderMap, context: &RequestContext, app: &App) {
    const DEFAULTS: [(&str, &str); 7] = [
        ("x-content-type-options", "nosniff"),
        ("cache-control", "private, no-store"),
        (
            "content-security-policy",
            "default-src 'none'; frame-ancestors 'none'",
        ),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
        (
            "vary",
            "Accept-Encoding, Accept-Language, Authorization, Origin",
        ),
        // Counts only where a proxy serves this over TLS.
        (
            "strict-transport-security",
            "max-age=63072000; includeSubDomains",
        ),
    ];
    for (name, value) in DEFAULTS {
        let name = HeaderName::from_static(name);
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if let Ok(language) = HeaderValue::from_str(context.language.tag()) {
        headers.insert(header::CONTENT_LANGUAGE, language);
    }
    if let Ok(id) = HeaderValue::from_str(&context.request_id.to_string()) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    if let Ok(parent) = HeaderValue::from_str(&context.traceparent()) {
        headers.insert(HeaderName::from_static("traceparent"), parent);
    }
    context.counted.tell(&app.limits, headers);
}
