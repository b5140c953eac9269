//! What is learned of customers from outside, over HTTP.

mod body;
pub mod commands;
mod handlers;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::record_insight)
        .service(handlers::list_insights)
        .service(handlers::get_insight)
        .service(handlers::withdraw_insight);
}
