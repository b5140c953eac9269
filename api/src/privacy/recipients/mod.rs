//! Recipients of personal data over HTTP.

mod body;
pub mod commands;
mod handlers;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::create_recipient)
        .service(handlers::list_recipients)
        .service(handlers::get_recipient)
        .service(handlers::change_recipient)
        .service(handlers::archive_recipient)
        .service(handlers::unarchive_recipient);
}
