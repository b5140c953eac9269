//! The institution itself over HTTP.

mod body;
pub mod commands;
mod handlers;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::get_institution)
        .service(handlers::change_institution);
}
