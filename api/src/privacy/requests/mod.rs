//! What people ask about their own data, over HTTP.

mod body;
pub mod commands;
mod handlers;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::record_privacy_request)
        .service(handlers::list_privacy_requests)
        .service(handlers::get_privacy_request)
        .service(handlers::decide_privacy_request)
        .service(handlers::complete_privacy_request);
}
