//! How good a record is, over HTTP, and what the institution goes by.

mod body;
pub mod commands;
mod handlers;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::get_customer_quality)
        .service(handlers::verify_customer)
        .service(handlers::get_quality_policy)
        .service(handlers::change_quality_policy);
}
