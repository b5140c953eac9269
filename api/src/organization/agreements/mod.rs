//! Confidentiality agreements over HTTP.

mod body;
pub mod commands;
mod handlers;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::get_agreement_text)
        .service(handlers::set_agreement_text)
        .service(handlers::list_staff_agreements)
        .service(handlers::record_staff_agreement)
        .service(handlers::get_staff_agreement);
}
