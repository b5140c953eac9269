//! Documents with all that is known of a person, over HTTP.

mod body;
pub mod commands;
mod handlers;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::export_personal_data)
        .service(handlers::list_personal_data_exports)
        .service(handlers::get_personal_data_export)
        .service(handlers::download_personal_data);
}
