//! Erasing people over HTTP.

mod body;
pub mod commands;
mod handlers;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::preview_erasure)
        .service(handlers::erase_customer)
        .service(handlers::list_erasures)
        .service(handlers::get_erasure);
}
