use std::{sync::Arc, time::Duration};

use actix_web::{
    Error, HttpMessage, HttpRequest,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header,
    middleware::Next,
};
use domain::{id::Id, organization::Institution};
use moka::sync::Cache;
use persistence::{
    Handle,
    access::{Authority, load},
};

use uuid::Uuid;

use super::Verified;
use crate::{
    app::App,
    files::link::{self, Link},
    http::Problem,
};

/// How long a read may go by what it knew of a principal.
const FRESH: Duration = Duration::from_millis(1500);

/// Authorities as they were read, for reads; every write checks its own again.
pub struct Authorities {
    known: Cache<Key, Arc<Authority>>,
}

/// Institution, principal, session.
type Key = (Uuid, Uuid, Option<Uuid>);

impl Default for Authorities {
    fn default() -> Self {
        Self {
            known: Cache::builder()
                .max_capacity(100_000)
                .time_to_live(FRESH)
                .support_invalidation_closures()
                .build(),
        }
    }
}

impl Authorities {
    /// Forgets what is known of an institution's principals: something of it has changed.
    pub fn forget(&self, institution: Id<Institution>) {
        let forgotten = self
            .known
            .invalidate_entries_if(move |(of, ..), _| *of == institution.uuid());
        if let Err(error) = forgotten {
            tracing::error!(%error, "authorities could not be forgotten");
        }
    }

    async fn get(&self, app: &App, who: &Verified) -> Result<Option<Arc<Authority>>, Problem> {
        let key = key(who);
        if let Some(authority) = self.known.get(&key) {
            return Ok(Some(authority));
        }
        let authority = self.read(app, &app.db.read(), who).await?;
        if let Some(authority) = &authority {
            self.known.insert(key, authority.clone());
        }
        Ok(authority)
    }

    async fn read(
        &self,
        app: &App,
        handle: &impl Handle,
        who: &Verified,
    ) -> Result<Option<Arc<Authority>>, Problem> {
        let now = app.clock.now();
        let authority = load(handle, who.institution, who.principal, who.session, now).await?;
        Ok(authority.map(Arc::new))
    }

    /// Reads an authority again that turned out to have changed.
    pub(super) async fn refresh(
        &self,
        app: &App,
        stale: &Authority,
    ) -> Result<Option<Arc<Authority>>, Problem> {
        let key = (
            stale.institution().uuid(),
            stale.principal().uuid(),
            stale.session().map(Into::into),
        );
        self.known.invalidate(&key);
        let now = app.clock.now();
        let authority = load(
            &app.db.read(),
            stale.institution(),
            stale.principal(),
            stale.session(),
            now,
        )
        .await?
        .map(Arc::new);
        match &authority {
            Some(authority) => self.known.insert(key, authority.clone()),
            None => self.known.invalidate(&key),
        }
        Ok(authority)
    }
}

fn key(who: &Verified) -> Key {
    (
        who.institution.uuid(),
        who.principal.uuid(),
        who.session.map(Into::into),
    )
}

/// Who sent a request.
#[derive(Clone)]
pub(crate) enum Caller {
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
    request.extensions_mut().insert(caller);
    next.call(request).await
}

async fn caller(request: &ServiceRequest) -> Result<Caller, Problem> {
    let mut sent = request.headers().get_all(header::AUTHORIZATION);
    let Some(credentials) = sent.next() else {
        return by_link(request).await;
    };
    // Of several, a proxy before us may have gone by another one.
    if sent.next().is_some() {
        return Ok(Caller::Unknown);
    }
    let app = App::of(request.request())?;
    let verified = credentials
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .and_then(|(_, token)| app.tokens.verify(token, app.clock.now()));
    let Some(verified) = verified else {
        return Ok(Caller::Unknown);
    };
    Ok(app
        .authorities
        .get(app, &verified)
        .await?
        .map_or(Caller::Unknown, Caller::Known))
}

/// Whoever a download link was made for, whose browser sends no credentials along with it.
async fn by_link(request: &ServiceRequest) -> Result<Caller, Problem> {
    let app = App::of(request.request())?;
    match link::read(app, request.path(), request.query_string()) {
        Link::None => Ok(Caller::Anonymous),
        Link::Invalid => Ok(Caller::Unknown),
        Link::Of(who) => Ok(app
            .authorities
            .get(app, &who)
            .await?
            .map_or(Caller::Unknown, Caller::Known)),
    }
}
