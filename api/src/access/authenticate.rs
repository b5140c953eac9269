use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use actix_web::{
    Error, HttpMessage, HttpRequest,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header,
    middleware::Next,
};
use domain::{access::PrincipalKind, id::Id, organization::Institution};
use moka::sync::Cache;
use persistence::access::{Authority, Bearer, load};

use super::api_keys;
use crate::{
    app::App,
    files::link::{self, Link},
    http::{Problem, address, edge::Logged},
};

/// How long a read may go by what it knew of a principal.
const FRESH: Duration = Duration::from_millis(1500);

/// Authorities as they were read, for reads; every write checks its own again.
pub struct Authorities {
    /// `None`: it can't act.
    known: Cache<Bearer, Option<Arc<Authority>>>,
    /// How often something was forgotten: what was read before may be out of date.
    forgotten: AtomicU64,
}

impl Default for Authorities {
    fn default() -> Self {
        Self {
            known: Cache::builder()
                .max_capacity(100_000)
                .time_to_live(FRESH)
                .support_invalidation_closures()
                .build(),
            forgotten: AtomicU64::new(0),
        }
    }
}

impl Authorities {
    /// Forgets what is known of an institution's principals: something of it has changed.
    pub fn forget(&self, institution: Id<Institution>) {
        self.forgotten.fetch_add(1, Ordering::AcqRel);
        let forgotten = self
            .known
            .invalidate_entries_if(move |of, _| of.institution == institution);
        if let Err(error) = forgotten {
            tracing::error!(%error, "authorities could not be forgotten");
        }
    }

    async fn get(&self, app: &App, who: &Bearer) -> Result<Option<Arc<Authority>>, Problem> {
        if let Some(authority) = self.known.get(who) {
            return Ok(authority);
        }
        self.read(app, who).await
    }

    async fn read(&self, app: &App, who: &Bearer) -> Result<Option<Arc<Authority>>, Problem> {
        let forgotten = self.forgotten.load(Ordering::Acquire);
        let authority = load(&app.db.read(), who, app.clock.now()).await?;
        let authority = authority.map(Arc::new);
        if self.forgotten.load(Ordering::Acquire) == forgotten {
            self.known.insert(who.clone(), authority.clone());
        }
        Ok(authority)
    }

    /// Reads an authority again that turned out to have changed.
    pub(super) async fn refresh(
        &self,
        app: &App,
        stale: &Authority,
    ) -> Result<Option<Arc<Authority>>, Problem> {
        self.known.invalidate(stale.bearer());
        self.read(app, stale.bearer()).await
    }
}

/// Who sent a request.
#[derive(Clone)]
pub(crate) enum Caller {
    /// Without credentials that are taken here.
    Anonymous,
    /// With credentials that are not valid.
    Unknown,
    Known(Arc<Authority>),
}

impl Caller {
    pub(crate) fn of(request: &HttpRequest) -> Self {
        request
            .extensions()
            .get::<Self>()
            .cloned()
            .unwrap_or(Self::Anonymous)
    }
}

/// Reads the credentials of a request; operations decide what they need.
pub async fn authenticate(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let caller = caller(&request).await?;
    if let Caller::Known(authority) = &caller {
        Logged::know(&request, authority);
    }
    request.extensions_mut().insert(caller);
    next.call(request).await
}

async fn caller(request: &ServiceRequest) -> Result<Caller, Problem> {
    let sent = request.headers().get_all(header::AUTHORIZATION);
    let sent: Vec<&[u8]> = sent.map(header::HeaderValue::as_bytes).collect();
    if sent.is_empty() {
        return by_link(request).await;
    }
    if !sent.iter().any(|credentials| is_bearer(credentials)) {
        return Ok(Caller::Anonymous);
    }
    // Of several, a proxy before us may have gone by another one.
    let [credentials] = sent.as_slice() else {
        return Ok(Caller::Unknown);
    };
    let app = App::of(request.request())?;
    let credentials = std::str::from_utf8(credentials).ok();
    let bearer = match credentials.and_then(|text| text.split_once(' ')) {
        Some((_, key)) if api_keys::is_key(key) => {
            if !app.api_keys.knows(key) {
                app.limits.look_up(address::network(request, app))?;
            }
            app.api_keys.verify(app, key).await?
        }
        Some((_, token)) => app
            .tokens
            .verify(token, app.clock.now())
            .map(|verified| verified.bearer),
        None => None,
    };
    let Some(bearer) = bearer else {
        return Ok(Caller::Unknown);
    };
    let authority = app.authorities.get(app, &bearer).await?;
    let Some(authority) = authority.filter(|a| may_call_from(a, request.request(), app)) else {
        return Ok(Caller::Unknown);
    };
    if authority.kind() == PrincipalKind::ApiClient {
        app.api_keys.note(app, &bearer);
    }
    Ok(Caller::Known(authority))
}

/// Whether credentials are of the one scheme that is taken here.
fn is_bearer(credentials: &[u8]) -> bool {
    let scheme = credentials.split(|byte| *byte == b' ').next();
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer"))
}

/// Whether a principal may call from where a request came from.
pub(super) fn may_call_from(authority: &Authority, request: &HttpRequest, app: &App) -> bool {
    let networks = authority.networks();
    networks.is_empty()
        || address::client(request, app)
            .is_some_and(|ip| networks.iter().any(|n| n.contains(&ip.to_canonical())))
}

/// Whoever a download link was made for, whose browser sends no credentials along with it.
async fn by_link(request: &ServiceRequest) -> Result<Caller, Problem> {
    let app = App::of(request.request())?;
    match link::read(app, request.path(), request.query_string()) {
        Link::None => Ok(Caller::Anonymous),
        Link::Invalid => Ok(Caller::Unknown),
        Link::Of(who) => {
            let authority = app.authorities.get(app, &who).await?;
            let authority = authority.filter(|a| may_call_from(a, request.request(), app));
            Ok(authority.map_or(Caller::Unknown, Caller::Known))
        }
    }
}
