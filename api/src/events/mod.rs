//! The feed of events over HTTP.

mod body;
mod contract;
mod handlers;

pub use body::*;
pub use contract::describe;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::list_events);
}
