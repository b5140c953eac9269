//! Notices that people read before they agree, over HTTP.

mod body;
pub mod commands;
mod handlers;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::publish_privacy_notice)
        .service(handlers::list_privacy_notices)
        .service(handlers::get_privacy_notice);
}
