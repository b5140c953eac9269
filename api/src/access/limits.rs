//! How many requests one principal, or one address, may make.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER},
    },
    middleware::Next,
};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DashMapStateStore,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::authenticate::Caller;
use crate::{
    app::App,
    http::{
        address,
        context::RequestContext,
        operations::OperationInfo,
        problem::{Problem, RATE_LIMITED},
    },
    settings::Settings,
};

/// What balancers ask from one address, over and over: never counted, or they would run out.
pub const PROBES: [&str; 2] = ["/livez", "/readyz"];

/// Operations that cost more than others, or are worth guessing at.
const HEAVY: [&str; 15] = [
    "bulkCustomers",
    "changePassword",
    "checkDuplicates",
    "createExport",
    "downloadExport",
    "exportAuditEvents",
    "issueClientToken",
    "logIn",
    "lookUpCaller",
    "previewScreening",
    "proposeMapping",
    "refreshTokens",
    "resetStaffPassword",
    "runScreening",
    "searchCustomers",
];
/// Operations that may hold a connection for long: a principal has some of them at once.
const LONG: [&str; 8] = [
    "bulkCustomers",
    "exportAuditEvents",
    "getDayReport",
    "getReceivablesTotal",
    "listAuditEvents",
    "previewScreening",
    "proposeMapping",
    "searchCustomers",
];
/// How long one waits for the end of what the same principal asked for before.
const PATIENCE: Duration = Duration::from_secs(3);

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit");

type Limiter =
    RateLimiter<[u8; 16], DashMapStateStore<[u8; 16]>, DefaultClock, StateInformationMiddleware>;

/// The request rates of this instance.
pub struct Limits {
    all: Policy,
    /// Of [`HEAVY`].
    heavy: Policy,
    /// Of credentials that have to be looked up before it is known whose they are.
    unknown: Policy,
    turns: Turns,
}

/// One rate.
struct Policy {
    name: &'static str,
    limiter: Limiter,
    clock: DefaultClock,
    per_second: u32,
    burst: u32,
}

impl Policy {
    fn new(name: &'static str, per_second: u32, burst: u32) -> Self {
        let one = NonZeroU32::MIN;
        let quota = Quota::per_second(NonZeroU32::new(per_second).unwrap_or(one))
            .allow_burst(NonZeroU32::new(burst).unwrap_or(one));
        Self {
            name,
            limiter: RateLimiter::dashmap(quota).with_middleware(),
            clock: DefaultClock::default(),
            per_second,
            burst,
        }
    }

    /// What `RateLimit-Policy` says of it.
    fn told(&self) -> String {
        let window = self.burst.div_ceil(self.per_second);
        format!("\"{}\";q={};w={window}", self.name, self.burst)
    }

    /// What both headers say before anything is counted.
    fn whole(&self) -> (String, String) {
        let left = format!("\"{}\";r={};t=0", self.name, self.burst);
        (self.told(), left)
    }

    /// What `RateLimit` says of it.
    ///
    /// # Errors
    /// 429 where there have been too many.
    fn check(&self, key: [u8; 16]) -> Result<String, Problem> {
        match self.limiter.check_key(&key) {
            Ok(state) => {
                let left = state.remaining_burst_capacity();
                let reset = (self.burst - left.min(self.burst)).div_ceil(self.per_second);
                Ok(format!("\"{}\";r={left};t={reset}", self.name))
            }
            Err(refused) => {
                let wait = refused.wait_time_from(self.clock.now()).as_secs();
                Err(self.refused(wait.saturating_add(1)))
            }
        }
    }

    fn refused(&self, wait: u64) -> Problem {
        Problem::new(StatusCode::TOO_MANY_REQUESTS, &RATE_LIMITED)
            .header(RETRY_AFTER, wait.to_string())
            .header(POLICY, self.told())
            .header(REMAINING, format!("\"{}\";r=0;t={wait}", self.name))
    }
}

/// What was counted of a request, for the headers of its answer, however that comes about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counted(Arc<OnceLock<(String, String)>>);

impl Counted {
    /// Says what is left. What is not counted has the whole quota, as long as one likes.
    pub(crate) fn tell(&self, limits: &Limits, headers: &mut HeaderMap) {
        if headers.contains_key(POLICY) {
            return;
        }
        let (policy, left) = self.0.get().cloned().unwrap_or_else(|| limits.all.whole());
        for (name, value) in [(POLICY, policy), (REMAINING, left)] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
    }
}

/// The turns of everybody who asks for what may take long.
struct Turns {
    at_once: usize,
    of: Mutex<HashMap<[u8; 16], Arc<Semaphore>>>,
}

impl Turns {
    /// A turn, once one is free; `None` where none comes free in time.
    async fn take(&self, key: [u8; 16]) -> Option<OwnedSemaphorePermit> {
        let own = {
            let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
            let own = of.entry(key);
            own.or_insert_with(|| Arc::new(Semaphore::new(self.at_once)))
                .clone()
        };
        timeout(PATIENCE, own.acquire_owned()).await.ok()?.ok()
    }

    /// Forgets those who have all their turns.
    fn forget_idle(&self) {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        of.retain(|_, own| Arc::strong_count(own) > 1);
    }
}

impl Limits {
    pub fn new(settings: &Settings) -> Self {
        Self {
            all: Policy::new("default", settings.rate_per_second.0, settings.rate_burst.0),
            unknown: Policy::new("default", settings.rate_per_second.0, settings.rate_burst.0),
            turns: Turns {
                at_once: usize::try_from(settings.heavy_at_once.0).unwrap_or(1),
                of: Mutex::default(),
            },
            heavy: Policy::new(
                "heavy",
                settings.heavy_rate_per_second.0,
                settings.heavy_rate_burst.0,
            ),
        }
    }

    /// Forgets those who have been quiet for long enough.
    pub fn forget_idle(&self) {
        self.all.limiter.retain_recent();
        self.heavy.limiter.retain_recent();
        self.unknown.limiter.retain_recent();
        self.turns.forget_idle();
    }

    /// Counts credentials that have to be looked up, by the network that they come from.
    ///
    /// # Errors
    /// 429 where there have been too many.
    pub(super) fn look_up(&self, network: [u8; 16]) -> Result<(), Problem> {
        self.unknown.check(network).map(|_| ())
    }

    /// Counts a request; the edge says on its answer what is left.
    pub async fn apply(
        request: ServiceRequest,
        next: Next<impl MessageBody + 'static>,
    ) -> Result<ServiceResponse<impl MessageBody>, Error> {
        let app = App::of(request.request())?.clone();
        if PROBES.contains(&request.path()) {
            return next.call(request).await;
        }
        let limits = &app.limits;
        let info = OperationInfo::of(&request);
        let is_one_of = |all: &[&str]| info.as_ref().is_some_and(|info| all.contains(&&*info.name));
        let key = key(&app, &request);
        let heavy = is_one_of(&HEAVY).then_some(&limits.heavy);
        let (mut told, mut left) = (Vec::new(), Vec::new());
        for policy in std::iter::once(&limits.all).chain(heavy) {
            told.push(policy.told());
            left.push(policy.check(key)?);
        }
        let context = RequestContext::of(request.request());
        let _ = context.counted.0.set((told.join(", "), left.join(", ")));
        let is_known = matches!(Caller::of(request.request()), Caller::Known(_));
        let _turn = if is_known && is_one_of(&LONG) {
            let turn = limits.turns.take(key).await;
            Some(turn.ok_or_else(|| limits.heavy.refused(1))?)
        } else {
            None
        };
        next.call(request).await
    }
}

/// The principal, or the network of the caller.
fn key(app: &App, request: &ServiceRequest) -> [u8; 16] {
    match Caller::of(request.request()) {
        Caller::Known(authority) => authority.principal().uuid().into_bytes(),
        _ => address::network(request, app),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{HEAVY, LONG};

    #[test]
    fn what_has_limits_of_its_own_is_in_the_contract() {
        let document = crate::contract::document("http://127.0.0.1:8080");
        let items = document["paths"].as_object().unwrap().values();
        let known: HashSet<&str> = items
            .flat_map(|item| item.as_object().unwrap().values())
            .filter_map(|operation| operation["operationId"].as_str())
            .collect();
        for name in HEAVY.iter().chain(&LONG) {
            assert!(known.contains(name), "{name}");
        }
    }
}
