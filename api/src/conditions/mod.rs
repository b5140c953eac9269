//! Conditions over HTTP: trees as they are sent, and the registry that they go by.

mod body;
mod handlers;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::list_condition_fields);
}
