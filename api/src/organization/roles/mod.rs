//! Roles and the catalogue of permissions over HTTP.

mod body;
pub mod commands;
mod handlers;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::list_permissions)
        .service(handlers::create_role)
        .service(handlers::list_roles)
        .service(handlers::get_role)
        .service(handlers::change_role)
        .service(handlers::copy_role)
        .service(handlers::archive_role)
        .service(handlers::unarchive_role);
}
