//! Legal holds over HTTP.

mod body;
pub mod commands;
mod handlers;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::place_legal_hold)
        .service(handlers::list_legal_holds)
        .service(handlers::get_legal_hold)
        .service(handlers::release_legal_hold);
}
