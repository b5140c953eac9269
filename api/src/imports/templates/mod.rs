//! Templates of imports over HTTP.

mod body;
pub mod commands;
mod handlers;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::create_import_template)
        .service(handlers::list_import_templates)
        .service(handlers::get_import_template)
        .service(handlers::change_import_template)
        .service(handlers::delete_import_template);
}
