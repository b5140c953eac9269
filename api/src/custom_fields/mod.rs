//! Custom fields over HTTP.

mod body;
pub mod commands;
mod handlers;
mod values;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;
pub use values::*;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::create_custom_field)
        .service(handlers::list_custom_fields)
        .service(handlers::get_custom_field)
        .service(handlers::get_custom_field_history)
        .service(handlers::change_custom_field)
        .service(handlers::archive_custom_field)
        .service(handlers::unarchive_custom_field);
}
