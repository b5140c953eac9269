//! Who asks, and whether they may.
//!
//! [`authenticate`](authenticate::authenticate) reads the token of every request; an operation asks
//! for [`Granted<P>`], which refuses whoever does not hold `P`, before anything else is read.

mod api_keys;
mod authenticate;
mod body;
pub mod clients;
pub mod commands;
pub mod fields;
mod granted;
mod guesses;
mod handlers;
mod idempotency_key;
mod limits;
mod oauth;
pub mod passwords;
pub mod refusals;
pub mod share_requests;
pub mod shares;
mod tokens;

pub use api_keys::ApiKeys;
pub(crate) use authenticate::Caller;
pub use authenticate::{Authorities, authenticate};
pub use body::*;
pub use granted::{Granted, missing};
pub use handlers::sessions_of;
pub use idempotency_key::{IdempotencyKey, OptionalIdempotencyKey};
pub(crate) use limits::Counted;
pub use limits::{Limits, PROBES};
pub use refusals::Refusals;
pub use tokens::{Tokens, Verified};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    share_requests::routes(config);
    shares::routes(config);
    clients::routes(config);
    config
        .service(oauth::issue_client_token)
        .service(handlers::log_in)
        .service(handlers::refresh_tokens)
        .service(handlers::log_out)
        .service(handlers::list_sessions)
        .service(handlers::end_session)
        .service(handlers::change_password)
        .service(handlers::get_me);
}
