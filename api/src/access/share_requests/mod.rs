//! Requests for shares over HTTP: those of one's own, and those that one decides.

mod body;
pub mod commands;
mod handlers;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::ask_for_share)
        .service(handlers::list_share_requests)
        .service(handlers::get_share_request)
        .service(handlers::take_back_share_request)
        .service(handlers::list_received_share_requests)
        .service(handlers::get_received_share_request)
        .service(handlers::grant_share_request)
        .service(handlers::refuse_share_request);
}
