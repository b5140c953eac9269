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

type Limiter =
    RateLimiter<[u8; 16], DashMapStateStore<[u8; 16]>, DefaultClock, StateInformationMiddleware>;

/// The request rates of this instance.
pub struct Limits {
    requests: Limiter,
    clock: DefaultClock,
    /// Value of `RateLimit-Policy`.
    policy: String,
    per_second: u32,
    burst: u32,
}

impl Limits {
    pub fn new(settings: &Settings) -> Self {
        let per_second = settings.rate_per_second.0;
        let burst = settings.rate_burst.0;
        let one = NonZeroU32::MIN;
        let quota = Quota::per_second(NonZeroU32::new(per_second).unwrap_or(one))
            .allow_burst(NonZeroU32::new(burst).unwrap_or(one));
        Self {
            requests: RateLimiter::dashmap(quota).with_middleware(),
            clock: DefaultClock::default(),
            policy: format!("\"default\";q={burst};w={}", burst.div_ceil(per_second)),
            per_second,
            burst,
        }
    }

    /// Forgets those who have been quiet for long enough.
    pub fn forget_idle(&self) {
        self.requests.retain_recent();
    }

    /// Value of `RateLimit`, or the seconds to wait.
    fn check(&self, key: [u8; 16]) -> Result<String, u64> {
        match self.requests.check_key(&key) {
            Ok(state) => {
                let left = state.remaining_burst_capacity();
                let reset = (self.burst - left.min(self.burst)).div_ceil(self.per_second);
                Ok(format!("\"default\";r={left};t={reset}"))
            }
            Err(refused) => Err(refused
                .wait_time_from(self.clock.now())
                .as_secs()
                .saturating_add(1)),
        }
    }

    /// Counts a request, and says on its answer what is left.
    pub async fn apply(
        request: ServiceRequest,
        next: Next<impl MessageBody + 'static>,
    ) -> Result<ServiceResponse<impl MessageBody>, Error> {
        let app = App::of(request.request())?.clone();
        if ["/livez", "/readyz"].contains(&request.path()) {
            // A balancer's probes come from one address and must not run out.
            return Ok(next.call(request).await?.map_into_left_body());
        }
        let limits = &app.limits;
        let checked = limits.check(key(&app, &request));
        let state = match checked {
            Ok(state) => state,
            Err(wait) => {
                return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, &RATE_LIMITED)
                    .header(header::RETRY_AFTER, wait.to_string())
                    .header(policy(), limits.policy.clone())
                    .header(remaining(), format!("\"default\";r=0;t={wait}"))
                    .into());
            }
        };
        let mut response = next.call(request).await?;
        let headers = response.headers_mut();
        for (name, value) in [(policy(), &limits.policy), (remaining(), &state)] {
            if let Ok(value) = header::HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
        Ok(response.map_into_right_body())
    }
}

fn policy() -> header::HeaderName {
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
