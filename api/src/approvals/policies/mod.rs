//! Approval policies over HTTP.

mod body;
pub mod commands;
mod handlers;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::create_approval_policy)
        .service(handlers::list_approval_policies)
        .service(handlers::get_approval_policy)
        .service(handlers::change_approval_policy)
        .service(handlers::archive_approval_policy)
        .service(handlers::unarchive_approval_policy);
}
