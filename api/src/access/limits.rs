//! How many requests one principal, or one address, may make.

use std::num::NonZeroU32;

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{StatusCode, header},
    middleware::Next,
};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DashMapStateStore,
};

use super::authenticate::Caller;
use crate::{
    app::App,
    http::{
        address,
        problem::{Problem, RATE_LIMITED},
    },
    settings::Settings,
};

/// What balancers ask from one address, over and over: never counted, or they would run out.
pub const PROBES: [&str; 2] = ["/livez", "/readyz"];

type Limiter =
    RateLimiter<[u8; 16], DashMapStateStore<[u8; 16]>, DefaultClock, StateInformationMiddleware>;

/// The request rates of this instance.
pub struct Limits {
    all: Policy,
    /// Of what costs more than others, or is worth guessing at.
    heavy: Policy,
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

    /// What `RateLimit` says of it, or the seconds to wait.
    fn check(&self, key: [u8; 16]) -> Result<String, u64> {
        match self.limiter.check_key(&key) {
            Ok(state) => {
                let left = state.remaining_burst_capacity();
                let reset = (self.burst - left.min(self.burst)).div_ceil(self.per_second);
                Ok(format!("\"{}\";r={left};t={reset}", self.name))
            }
            Err(refused) => Err(refused
                .wait_time_from(self.clock.now())
                .as_secs()
                .saturating_add(1)),
        }
    }
}

impl Limits {
    pub fn new(settings: &Settings) -> Self {
        Self {
            all: Policy::new("default", settings.rate_per_second.0, settings.rate_burst.0),
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
    }

    /// The rates that hold for a request.
    fn of(&self, request: &ServiceRequest) -> Vec<&Policy> {
        const HEAVY: [&str; 6] = [
            "/search",
            "/export",
            "/auth/login",
            "/auth/refresh",
            "/oauth/token",
            "/propose-mapping",
        ];
        let is_heavy = HEAVY.iter().any(|end| request.path().ends_with(end));
        let heavy = is_heavy.then_some(&self.heavy);
        std::iter::once(&self.all).chain(heavy).collect()
    }

    /// Counts a request, and says on its answer what is left.
    pub async fn apply(
        request: ServiceRequest,
        next: Next<impl MessageBody + 'static>,
    ) -> Result<ServiceResponse<impl MessageBody>, Error> {
        let app = App::of(request.request())?.clone();
        if PROBES.contains(&request.path()) {
            return Ok(next.call(request).await?.map_into_left_body());
        }
        let key = key(&app, &request);
        let policies = app.limits.of(&request);
        let told: Vec<String> = policies.iter().map(|policy| policy.told()).collect();
        let told = told.join(", ");
        let mut left = Vec::new();
        for policy in policies {
            match policy.check(key) {
                Ok(state) => left.push(state),
                Err(wait) => {
                    return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, &RATE_LIMITED)
                        .header(header::RETRY_AFTER, wait.to_string())
                        .header(policy_header(), told)
                        .header(remaining(), format!("\"{}\";r=0;t={wait}", policy.name))
                        .into());
                }
            }
        }
        let mut response = next.call(request).await?;
        let headers = response.headers_mut();
        for (name, value) in [(policy_header(), &told), (remaining(), &left.join(", "))] {
            if let Ok(value) = header::HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
        Ok(response.map_into_right_body())
    }
}

fn policy_header() -> header::HeaderName {
    header::HeaderName::from_static("ratelimit-policy")
}

fn remaining() -> header::HeaderName {
    header::HeaderName::from_static("ratelimit")
}

/// The principal, or the network of the caller.
fn key(app: &App, request: &ServiceRequest) -> [u8; 16] {
    match Caller::of(request.request()) {
        Caller::Known(authority) => authority.principal().uuid().into_bytes(),
        _ => address::network(request, app),
    }
}
