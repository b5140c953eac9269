//! What people decided on the use of their data, over HTTP.

mod body;
pub mod commands;
mod handlers;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::record_consent)
        .service(handlers::list_consents)
        .service(handlers::get_consent)
        .service(handlers::get_consent_standing)
        .service(handlers::get_contact_permissions);
}
