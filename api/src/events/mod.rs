//! The feed of events over HTTP.

mod body;
mod contract;
mod handlers;
mod labels;

pub use body::*;
pub use contract::describe;
pub use labels::TYPES;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::list_events);
}
